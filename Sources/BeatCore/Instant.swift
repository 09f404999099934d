/// A point on the monotonic clock. The core never reads a clock: every instant is handed to it.
public struct Instant: Comparable, Hashable, Sendable {
    /// Nanoseconds since an epoch that only one process knows (`CLOCK_MONOTONIC`).
    public var nanoseconds: Int64

    /// An instant by its nanoseconds on the monotonic clock.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Whole milliseconds on the monotonic clock, what is finer cut off downwards.
    @inlinable
    public var wholeMilliseconds: Int64 {
        nanoseconds >= 0 ? nanoseconds / 1_000_000 : (nanoseconds - 999_999) / 1_000_000
    }

    /// Earlier than.
    @inlinable
    public static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// The instant so much later.
    @inlinable
    public static func + (lhs: Instant, rhs: Duration) -> Instant {
        Instant(nanoseconds: lhs.nanoseconds + rhs.wholeNanoseconds)
    }

    /// The instant so much earlier.
    @inlinable
    public static func - (lhs: Instant, rhs: Duration) -> Instant {
        Instant(nanoseconds: lhs.nanoseconds - rhs.wholeNanoseconds)
    }

    /// The time from `rhs` to `lhs`.
    @inlinable
    public static func - (lhs: Instant, rhs: Instant) -> Duration {
        // As `.nanoseconds(…)`, which calls into the library for it.
        Duration(attoseconds: Int128(lhs.nanoseconds - rhs.nanoseconds) * 1_000_000_000)
    }

    /// The nanoseconds from `earlier` to this instant: what `-` gives, for what is measured at each beat.
    @inlinable
    public func nanoseconds(since earlier: Instant) -> Int64 { nanoseconds - earlier.nanoseconds }
}

extension Duration {
    /// The duration in whole nanoseconds, what is finer cut off; ±292 years.
    @inlinable
    public var wholeNanoseconds: Int64 {
        let attoseconds = attoseconds
        // A nanosecond has 2^9 * 1 953 125 of them: up to 78 minutes no division of 128 bits is needed, which is a call.
        let shifted = Int64(truncatingIfNeeded: attoseconds >> 9)
        if attoseconds >= 0, attoseconds >> 9 == Int128(shifted) { return shifted / 1_953_125 }
        return Int64(attoseconds / 1_000_000_000)
    }

    /// The duration in whole milliseconds, what is finer cut off.
    @inlinable
    public var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}

extension Optional where Wrapped == Instant {
    /// The earlier of two instants; nil is later than all.
    public func earlier(_ other: Instant?) -> Instant? {
        guard let self, let other else { return self ?? other }
        return Swift.min(self, other)
    }
}
