/// Beats that the API asked for now, and the requests that wait for their outcome.
struct AskedBeats {
    private struct Asked {
        var token: RequestToken
        var handle: RegistrationHandle
        var deadline: Instant
    }

    private var waiting: [Asked] = []
    /// When a beat was last asked for, of registrations where that was within `Limits.askedBeatSpacing`.
    private var lastAsked: [Int32: Instant] = [:]
    /// The attempt that ended last, of registrations that somebody waits for.
    private var lastAttempt: [Int32: AttemptView] = [:]

    var isEmpty: Bool { waiting.isEmpty }

    /// When the first wait is over.
    var nextDeadline: Instant? { waiting.reduce(nil) { $0.earlier($1.deadline) } }

    /// Waits for the outcome of a beat; else how long to stay away.
    mutating func add(_ handle: RegistrationHandle, _ token: RequestToken, at now: Instant) -> Duration? {
        if let last = lastAsked[handle.slot], now - last < Limits.askedBeatSpacing {
            return Limits.askedBeatSpacing - (now - last)
        }
        if lastAsked.count >= Limits.askedBeats {
            lastAsked = lastAsked.filter { now - $0.value < Limits.askedBeatSpacing }
        }
        guard lastAsked.count < Limits.askedBeats, waiting.count < Limits.askedBeats else {
            return Limits.askedBeatSpacing
        }
        lastAsked[handle.slot] = now
        waiting.append(Asked(token: token, handle: handle, deadline: now + Limits.askedBeatWait))
        return nil
    }

    /// Whether somebody waits for a beat of the registration in this slot.
    func contains(_ slot: Int32) -> Bool { waiting.contains { $0.handle.slot == slot } }

    mutating func note(_ attempt: AttemptView, of slot: Int32) {
        if contains(slot) { lastAttempt[slot] = attempt }
    }

    /// Those who wait for this registration, with the attempt that ended last.
    mutating func take(_ slot: Int32) -> (tokens: [RequestToken], attempt: AttemptView?) {
        let tokens = waiting.filter { $0.handle.slot == slot }.map(\.token)
        waiting.removeAll { $0.handle.slot == slot }
        return (tokens, lastAttempt.removeValue(forKey: slot))
    }

    /// Those whose wait is over.
    mutating func takeOverdue(at now: Instant) -> [(token: RequestToken, handle: RegistrationHandle, AttemptView?)] {
        let overdue = waiting.filter { $0.deadline <= now }
        waiting.removeAll { $0.deadline <= now }
        let answers = overdue.map { ($0.token, $0.handle, lastAttempt[$0.handle.slot]) }
        forgetUnwaited()
        return answers
    }

    mutating func abandon(_ token: RequestToken) {
        waiting.removeAll { $0.token == token }
        forgetUnwaited()
    }

    private mutating func forgetUnwaited() {
        lastAttempt = lastAttempt.filter { slot, _ in waiting.contains { $0.handle.slot == slot } }
    }
}
