/// The checks of those registrations that have any, beside the table: a registration without checks costs nothing.
struct Checks {
    /// One check and what it has come to.
    struct State {
        let check: Check
        /// Its place in the agenda.
        var place: Int32
        /// The grace counts from here.
        let began: Instant
        var verdict = CheckVerdict.pending
        var since: Instant
        /// It has passed once: before that nothing is sent.
        var hasPassed = false
        /// Results in a row.
        var failures: UInt16 = 0
        var passes: UInt16 = 0
        var output = ""
        var lastResultAt: Instant?
        /// When the next run is due.
        var due: Instant
        /// The run that is with the shell.
        var inFlight: UInt32?
        var expiresAt: Instant?
        var processStart: UInt64?
    }

    private var sets: [Int32: [State]] = [:]
    private var nextRun: UInt32 = 1

    /// The checks of a registration; empty for one without.
    subscript(_ slot: Int32) -> [State] { sets[slot] ?? [] }

    /// The agenda's places of all checks of a registration, which has none from now on.
    mutating func removeAll(_ slot: Int32) -> [Int32] {
        sets.removeValue(forKey: slot)?.map(\.place) ?? []
    }

    mutating func set(_ states: [State], of slot: Int32) { sets[slot] = states.isEmpty ? nil : states }

    /// Changes one check in its place.
    mutating func change<Result>(_ slot: Int32, _ index: Int, _ body: (inout State) -> Result) -> Result? {
        guard let count = sets[slot]?.count, index < count else { return nil }
        return body(&sets[slot, default: []][index])
    }

    /// A number that no other run has.
    mutating func takeRunNumber() -> UInt32 {
        defer { nextRun &+= 1 }
        return nextRun
    }

    /// How far the checks hold their registration back. A deregistration goes before the first pass: it is only sent
    /// for an instance that Nacos knows.
    func hold(_ slot: Int32, _ mode: OnUnhealthy) -> Hold {
        guard let states = sets[slot] else { return .none }
        let fails = states.contains { $0.verdict == .failing }
        if fails, mode == .deregister { return .absent }
        guard states.allSatisfy(\.hasPassed) else { return .stopped }
        guard fails else { return .none }
        switch mode {
        case .stop: return .stopped
        case .disable: return .disabled
        case .deregister: return .absent
        }
    }

    /// The check that a person should look at: the first that fails, else the first that has not passed yet.
    func worst(_ slot: Int32) -> State? {
        let states = self[slot]
        return states.first { $0.verdict == .failing } ?? states.first { !$0.hasPassed }
    }

    /// True when a check has not passed for the first time.
    func awaitsFirstPass(_ slot: Int32) -> Bool { self[slot].contains { !$0.hasPassed } }
}

extension Checks.State {
    /// Takes a result; true when the verdict is another one now.
    mutating func take(_ result: CheckResult, _ output: String, at now: Instant) -> Bool {
        self.output = output
        lastResultAt = now
        let next: CheckVerdict
        switch result {
        case .passing, .warning:
            failures = 0
            if passes < .max { passes += 1 }
            switch verdict {
            case .pending, .failing: guard passes >= check.rise else { return false }
            case .passing, .warning: break
            }
            hasPassed = true
            next = CheckVerdict(result)
        case .failing:
            passes = 0
            guard now >= began + check.grace else { return false }
            if failures < .max { failures += 1 }
            // A program that says by itself that it is unwell, or says nothing any more, is believed at once.
            guard failures >= check.fall || check.kind == .ttl else { return false }
            next = .failing
        }
        guard next != verdict else { return false }
        verdict = next
        since = now
        return true
    }

    /// Takes what was kept over a restart, while it is fresh: a `ttl` until it expires, others for one `every`. An older
    /// one stays pending, and its instance is left as it is at Nacos. What lies in the future is from a clock that was
    /// set back, and not fresh.
    mutating func restore(_ record: CheckRecord, at now: Instant) {
        processStart = record.processStart
        output = record.output
        let isFresh: Bool
        switch check.target {
        case .ttl(let ttl): isFresh = record.expiresAt.map { $0 > now && $0 <= now + ttl } ?? false
        case .http, .tcp, .pid, .exec:
            isFresh = record.lastResultAt.map { $0 <= now && now - $0 <= check.every } ?? false
        }
        guard isFresh, record.verdict != .pending else { return }
        verdict = record.verdict
        since = record.since
        lastResultAt = record.lastResultAt
        expiresAt = record.expiresAt
        hasPassed = record.hasPassed
        switch record.verdict {
        case .passing, .warning: passes = check.rise
        case .failing: failures = check.fall
        case .pending: break
        }
    }

    var record: CheckRecord {
        CheckRecord(
            verdict: verdict, hasPassed: hasPassed, since: since, lastResultAt: lastResultAt, expiresAt: expiresAt,
            output: output,
            processStart: processStart)
    }
}
