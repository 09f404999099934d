internal import BeatCore
internal import ControlAPI

/// What the process used and sent over the last minute, from samples that turns take every 5 s: no timer of its own.
struct LoadMeter {
    private struct Sample {
        var at: Instant
        var cpuSeconds: Double
        var beats: UInt64
    }

    private static let spacing = Duration.seconds(5)
    /// One more than the minute has, so that the oldest is a minute old.
    private static let samplesMax = 13
    /// Before it, what was measured is the start.
    private static let windowMin = Duration.seconds(1)

    private var samples: [Sample] = []

    /// Whether it is time for the next sample.
    func isDue(at now: Instant) -> Bool { samples.last.map { now - $0.at >= LoadMeter.spacing } ?? true }

    /// Takes a sample: CPU time of the process and beats on the wire, both since its start.
    mutating func note(cpuSeconds: Double, beats: UInt64, at now: Instant) {
        samples.append(Sample(at: now, cpuSeconds: cpuSeconds, beats: beats))
        samples.removeFirst(max(0, samples.count - LoadMeter.samplesMax))
    }

    /// From the oldest sample until now; nil when that is too short to tell.
    func window(cpuSeconds: Double, beats: UInt64, at now: Instant) -> LoadMetrics? {
        guard let first = samples.first, now - first.at >= LoadMeter.windowMin else { return nil }
        return LoadMetrics(
            window: now - first.at, cpuSeconds: max(0, cpuSeconds - first.cpuSeconds), beats: beats &- first.beats)
    }
}
