import Glibc

/// The clock that all deadlines are given in (CLOCK_MONOTONIC): it never jumps, and it stands still in suspend.
public enum MonotonicClock {
    /// Nanoseconds since some moment before the process began. Any thread.
    public static func nanoseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}

/// The clock that people read; it may jump either way, so nothing is scheduled by it.
public enum WallClock {
    /// Milliseconds since 1970-01-01T00:00:00Z. Any thread.
    public static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }
}
