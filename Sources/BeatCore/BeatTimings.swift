/// Latency, lateness and gaps of beats, since the process began and over the last minutes.
public struct BeatTimings: Sendable {
    init(at now: Instant) {}
    mutating func recordLatency(_ latency: Duration, ok: Bool, at now: Instant) {}
    mutating func recordLateness(_ lateness: Duration, at now: Instant) {}
    mutating func recordGap(_ gap: Duration, at now: Instant) {}
}
