/// Rations the lines of each event, so that a fault which repeats cannot fill a disk (libevent at `EMFILE` wrote 48 MB
/// in two seconds).
package struct LogLimiter: Sendable {
    /// Lines of one event that may come at once: enough to see a pattern.
    package static let burst: Int64 = 5
    /// After them one line in this time, so that no event writes more than ten lines in any minute (reliability.md,
    /// row 28).
    package static let intervalNanoseconds: Int64 = 12_000_000_000
    /// Slugs are constants of the program, a few dozen. Should they ever be made at run time, memory stays bounded.
    private static let eventsMax = 256

    private struct State {
        /// When all lines so far are paid for (the "theoretical arrival time" of the generic cell rate algorithm).
        var paidUntil: Int64
        var suppressed: Int

        mutating func admit(at now: Int64) -> Int? {
            paidUntil = max(paidUntil, now)
            guard paidUntil - now <= (LogLimiter.burst - 1) * LogLimiter.intervalNanoseconds else {
                suppressed += 1
                return nil
            }
            paidUntil += LogLimiter.intervalNanoseconds
            defer { suppressed = 0 }
            return suppressed
        }
    }

    private var states: [String: State] = [:]

    package init() {}

    /// Whether a line of `event` may be written at `now`, nanoseconds on the monotonic clock: how many were suppressed
    /// before it, or nil when it is suppressed too.
    package mutating func admit(_ event: String, at now: Int64) -> Int? {
        if states.count >= LogLimiter.eventsMax, states[event] == nil { states.removeAll(keepingCapacity: true) }
        return states[event, default: State(paidUntil: now, suppressed: 0)].admit(at: now)
    }
}
