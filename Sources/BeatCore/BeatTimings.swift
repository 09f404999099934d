/// Latency, lateness and gaps of beats, since the process began and over the last minutes.
public struct BeatTimings: Sendable {
    /// Sent to answered, over the last minutes.
    public private(set) var latency = WindowedHistogram()
    /// Due to sent, first attempts only: retries are late by intent.
    public private(set) var lateness = WindowedHistogram()
    /// Between two accepted beats of one registration.
    public private(set) var gap = WindowedHistogram()

    /// `beatd_beat_duration_seconds{outcome="ok"}`.
    public private(set) var okDurations = BucketHistogram(bounds: durationBounds)
    /// `beatd_beat_duration_seconds{outcome="error"}`.
    public private(set) var errorDurations = BucketHistogram(bounds: durationBounds)
    /// `beatd_beat_lateness_seconds`.
    public private(set) var latenessBuckets = BucketHistogram(bounds: latenessBounds)
    /// `beatd_beat_gap_seconds`.
    public private(set) var gapBuckets = BucketHistogram(bounds: gapBounds)

    private static let millisecond: Int64 = 1_000_000
    private static let second: Int64 = 1_000_000_000
    /// A millisecond is a server on the same host, 2 s the forwarding to a hung node, 3 s the request time-out.
    private static let durationBounds =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * millisecond } + [1, 2, 3, 5].map { $0 * second }
    /// The promises are 20 ms in calm and 100 ms under attack (reliability.md, P4).
    private static let latenessBounds =
        [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * millisecond } + [1, 3, 5].map { $0 * second }
    /// A default period is 5 s, the promise 12 s, the lease 15 s (control-api.md §5).
    private static let gapBounds = [5, 6, 8, 10, 12, 15, 30].map { Int64($0) * second }

    init() {}

    mutating func recordLatency(nanoseconds: Int64, ok: Bool, at now: Instant) {
        latency.record(nanoseconds, at: now.nanoseconds)
        if ok { okDurations.record(nanoseconds) } else { errorDurations.record(nanoseconds) }
    }

    mutating func recordLateness(nanoseconds: Int64, at now: Instant) {
        lateness.record(nanoseconds, at: now.nanoseconds)
        latenessBuckets.record(nanoseconds)
    }

    mutating func recordGap(nanoseconds: Int64, at now: Instant) {
        gap.record(nanoseconds, at: now.nanoseconds)
        gapBuckets.record(nanoseconds)
    }
}
