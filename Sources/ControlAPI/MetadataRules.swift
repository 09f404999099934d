internal import BeatCore

/// The rules for metadata, labels and the times in them (control-api.md §2, nacos.md §1.3).
enum MetadataRules {
    /// The times that Nacos reads from metadata.
    private static let times = [
        PreservedMetadata.heartBeatInterval, PreservedMetadata.heartBeatTimeout, PreservedMetadata.ipDeleteTimeout,
    ]

    /// What is wrong with a time between beats, or nil.
    static func faultOfPeriod(_ period: Duration) -> String? {
        (Limits.periodMin...Limits.periodMax).contains(period)
            ? nil : "must be \(DurationText.text(Limits.periodMin))…\(DurationText.text(Limits.periodMax))"
    }

    /// What is wrong with the metadata, alone and together with the period.
    static func faults(metadata: StringMap, period: Duration?) -> [Problem.Item] {
        // The defaults agree with one another.
        if metadata.isEmpty, period == nil { return [] }
        var items: [Problem.Item] = []
        for name in times {
            // Some servers read a value that is no number as 0, and drop the instance at once.
            if let value = metadata[name], PreservedMetadata.milliseconds(name, in: metadata) == nil {
                items.append(
                    .init(pointer: pointer(name), "must be whole milliseconds, such as \"5000\", got \(quoted(value))"))
            }
        }
        guard items.isEmpty else { return items }
        items += faultsOfTimes(metadata, period)
        var sent = metadata
        if let period { sent[PreservedMetadata.heartBeatInterval] = String(period.wholeMilliseconds) }
        let length = self.length(sent)
        if length > Limits.metadataLength {
            let added = period != nil ? " with the \(PreservedMetadata.heartBeatInterval) that period adds" : ""
            items.append(.init(pointer: "/metadata", tooLong(length, added)))
        }
        return items
    }

    /// What is wrong with the labels.
    static func faults(labels: StringMap) -> [Problem.Item] {
        let length = self.length(labels)
        return length > Limits.metadataLength ? [.init(pointer: "/labels", tooLong(length, ""))] : []
    }

    private static func faultsOfTimes(_ metadata: StringMap, _ period: Duration?) -> [Problem.Item] {
        var items: [Problem.Item] = []
        let interval = PreservedMetadata.milliseconds(PreservedMetadata.heartBeatInterval, in: metadata)
        let pointerOfPeriod = period != nil ? "/period" : pointer(PreservedMetadata.heartBeatInterval)
        if let interval, let fault = faultOfPeriod(interval) {
            items.append(
                .init(pointer: pointer(PreservedMetadata.heartBeatInterval), "\(fault) in milliseconds"))
        } else if let interval, let period, interval != period {
            items.append(
                .init(
                    pointer: "/period",
                    "contradicts metadata \(PreservedMetadata.heartBeatInterval); give one of them"))
        }
        guard items.isEmpty else { return items }
        let wanted = period ?? PreservedMetadata.interval(in: metadata)
        for (name, timeout) in [
            (PreservedMetadata.heartBeatTimeout, PreservedMetadata.timeout(in: metadata)),
            (PreservedMetadata.ipDeleteTimeout, PreservedMetadata.deleteTimeout(in: metadata)),
        ] where wanted > timeout {
            items.append(
                .init(
                    // The default period has no place of its own; the time-out that is too short has.
                    pointer: period == nil && interval == nil ? pointer(name) : pointerOfPeriod,
                    "a period of \(DurationText.text(wanted)) exceeds \(name) (\(DurationText.text(timeout))); "
                        + "shorten the period or give a longer time-out in the metadata"))
        }
        return items
    }

    private static func tooLong(_ length: Int, _ added: String) -> String {
        "keys and values may have \(Limits.metadataLength) UTF-16 units together, got \(length)\(added)"
    }

    private static func length(_ map: StringMap) -> Int {
        map.entries.reduce(0) { $0 + $1.key.utf16.count + $1.value.utf16.count }
    }

    private static func pointer(_ name: String) -> String { "/metadata" + Pointer.to(name) }

    private static func quoted(_ text: String) -> String { NameRules.quoted(text) }
}
