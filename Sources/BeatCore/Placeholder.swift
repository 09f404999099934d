enum BeatCorePlaceholder {}
