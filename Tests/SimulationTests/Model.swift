@testable import BeatCore

/// What the reference model knows of one key.
struct KeyModel {
    let key: InstanceKey
    let fingerprint: UInt64
    /// What was asked for last; nil: removed, or never posted.
    var wanted: RegistrationDocument?
    /// Something that may make the instance was written since Nacos last confirmed a deletion.
    var mayExist = false
    /// A deletion was promised and is not confirmed: until then no register may be written.
    var owesDeregister = false
    /// Removed with `deregister=false`, and nothing written since: Nacos forgets it when its time is over.
    var leftToExpire = false
    /// When the servers last refreshed the instance, while nothing excuses a gap.
    var refreshedAt: Instant?
    /// The register whose acceptance was told last, for the first beat that follows it.
    var registeredAt: Instant?
    /// Beats that were asked for.
    var asks = 0
    /// The scheduled beat that was handed out last.
    var lastBeat: ScheduledBeat?
    /// What its check looks at is well.
    var isWell = true
    /// Nothing was to be sent for it after the last input.
    var wasSilent = false
    /// It may beat again: the first beat follows at once.
    var isReleased = false

    struct ScheduledBeat {
        var due: Instant
        var handedOutAt: Instant
        var periodTicks: UInt16
        var onPhase: Bool
        var attempts = 1
    }

    init(_ key: InstanceKey) {
        self.key = key
        fingerprint = key.fingerprint
    }

    /// True when Nacos would take it.
    var isAcceptable: Bool { wanted.map { $0.weight != FakeCluster.refusedWeight } ?? false }
}

/// A request of the API and what may be answered to it.
struct TokenModel {
    enum Expected {
        case created, updated, unchanged, exists, tooMany, draining
        /// `promised`: `removed` means gone from Nacos, and until then it is `removing`; else `removed` at once.
        case removal(promised: Bool)
        case maintenance
        /// One beat now; of a registration that is gone.
        case beat, goneBeat
    }

    var expected: Expected
    var key: Int
    var deadline: Instant
    /// The registration's generation with this request; 0 for a removal.
    var generation: UInt32 = 0
    var answered = false
    var abandoned = false
}

// What must hold.
extension Simulation {
    /// P7 and the fixed rate: a beat was handed out.
    func checkBeat(_ exchange: Exchange, _ key: Int) {
        let period = reactor.periodTicks(exchange.slot)
        if var last = keys[key].lastBeat, last.due == exchange.due {
            last.attempts += 1
            keys[key].lastBeat = last
            // Each server once, then again after 0.5 s and each 1.5 s of a period of 5 s at most (10 s if directed).
            let most = (8 + keys[key].asks) * cluster.faults.count
            return check(last.attempts <= most, "\(last.attempts) attempts at one beat")
        }
        let onPhase = reactor.isOnPhase(exchange.due, fingerprint: keys[key].fingerprint, periodTicks: period)
        if !onPhase {
            check(
                keys[key].registeredAt == exchange.due
                    || exchange.due == now && (isAsked(key) || keys[key].isReleased || isReleasedNow(key)),
                "a beat off its phase that nobody asked for and that follows no acceptance: \(exchange)")
        }
        keys[key].isReleased = false
        keys[key].wasSilent = false
        if let last = keys[key].lastBeat {
            check(exchange.due >= last.handedOutAt, "a beat that was due before the last one left: a burst")
            if onPhase, last.onPhase, period == last.periodTicks {
                let least = Period.duration(ticks: period)
                check(exchange.due - last.due >= least, "two beats due within a period")
            }
        }
        check(exchange.due <= now, "a beat handed out before it is due")
        keys[key].lastBeat = KeyModel.ScheduledBeat(
            due: exchange.due, handedOutAt: now, periodTicks: period, onPhase: onPhase)
    }

    /// Whether somebody waits for a beat of this key.
    private func isAsked(_ key: Int) -> Bool {
        tokens[min(firstOpenToken, tokens.count)...].contains { token in
            guard case .beat = token.expected else { return false }
            return token.key == key && !token.answered && !token.abandoned
        }
    }

    /// P3: an exchange begins on the wire.
    func checkWire(_ exchange: Exchange, _ key: Int, _ document: RegistrationDocument) {
        guard exchange.kind != .deregister else { return }
        guard let wanted = keys[key].wanted else { return fail("a ghost: \(exchange) after the removal") }
        checkHeld(exchange, wanted, document)
        check(!keys[key].owesDeregister, "\(exchange.kind) overtakes the deletion")
        check(document.enabled || exchange.kind != .fullBeat, "a full beat of a disabled instance")
        guard exchange.kind != .lightBeat, keys[key].isAcceptable else { return }
        keys[key].mayExist = true
        keys[key].leftToExpire = false
    }

    /// P1: the servers have refreshed an instance.
    func refreshed(_ key: Int) {
        guard plan.singleFault, let last = keys[key].refreshedAt else { return }
        check(now - last <= Simulation.gapLimit, "a gap of \(now - last)")
        keys[key].refreshedAt = now
    }

    func checkAnswer(_ token: RequestToken, _ answer: Answer) {
        let index = Int(token.number)
        guard tokens.indices.contains(index) else { return fail("an answer to nobody: \(token)") }
        check(!tokens[index].answered, "a second answer to \(token)")
        check(!tokens[index].abandoned, "an answer to \(token), which is abandoned")
        tokens[index].answered = true
        switch (tokens[index].expected, answer) {
        case (.created, .created), (.updated, .updated), (.unchanged, .unchanged), (.exists, .exists),
            (.tooMany, .tooManyRegistrations), (.draining, .draining):
            break
        case (.removal(promised: true), .removed): checkRemoved(tokens[index].key)
        case (.beat, .beaten), (.beat, .notBeaten), (.beat, .beatTooSoon), (.goneBeat, .notFound): break
        // Removed while it was waited for.
        case (.beat, .notFound): check(keys[tokens[index].key].wanted == nil, "a beat of what is there: not found")
        case (.removal(promised: true), .removing), (.removal(promised: false), .removed): break
        case (.maintenance, .maintained), (.maintenance, .notFound): break
        default: fail("expected \(tokens[index].expected), got \(answer)")
        }
    }

    /// P3: `removed` was answered.
    private func checkRemoved(_ key: Int) {
        guard !keys[key].leftToExpire else { return }
        cluster.sweep(at: now)
        check(cluster.instances[key] == nil, "answered as removed, and Nacos still shows it")
    }

    /// After each input.
    func checkInvariants(_ input: Input) {
        checkServers()
        let rows = reactor.rows
        var counts = [Int](repeating: 0, count: RegistrationState.allCases.count)
        var inFlight = 0
        for slot in rows.indices where rows[slot].stage != .vacant {
            counts[Int(rows[slot].state.rawValue)] += 1
            check(
                (rows[slot].stage == .leaving) == (rows[slot].state == .deregistering),
                "stage \(rows[slot].stage) in state \(rows[slot].state)")
            if case .inFlight = rows[slot].activity {
                inFlight += 1
            } else {
                check(
                    reactor.isScheduled(Int32(slot)) || rows[slot].hold.isSilent && rows[slot].nextDue == Row.noTick,
                    "a lost timer: \(rows[slot])")
            }
        }
        for state in RegistrationState.allCases {
            check(reactor.count(of: state) == counts[Int(state.rawValue)], "the count of \(state) is wrong")
        }
        check(inFlight == outstanding.count, "\(inFlight) rows in flight, \(outstanding.count) exchanges")
        let wanted = keys.count { $0.wanted != nil }
        check(reactor.dom2BeatSize == wanted, "dom2BeatSize \(reactor.dom2BeatSize), wanted \(wanted)")
        check(reactor.dom2BeatSize <= plan.maxRegistrations, "more registrations than the limit")
        check(reactor.rev >= rev, "rev fell")
        rev = reactor.rev
        let deadline = reactor.nextDeadline?.at
        if inFlight < rows.count(where: { $0.stage != .vacant && !$0.hold.isSilent }) {
            check(deadline != nil, "no deadline")
        }
        if input == .tick, let deadline { check(deadline > now, "the deadline is not later after a tick: it spins") }
    }

    /// Once a turn.
    func checkTime() {
        for token in firstOpenToken..<max(tokens.count, firstOpenToken)
        where !tokens[token].answered && !tokens[token].abandoned {
            check(now <= tokens[token].deadline + .milliseconds(20), "token \(token) waits on: \(tokens[token])")
        }
        skipClosedTokens()
        guard plan.singleFault else { return }
        for key in keys.indices {
            guard let last = keys[key].refreshedAt else { continue }
            check(now - last <= Simulation.gapLimit, "key \(key) was not refreshed for \(now - last)")
        }
    }

    /// A register was answered for good: whoever waited for that very document knows.
    func checkWaiters(_ exchange: Exchange, _ key: Int) {
        guard exchange.kind == .register, keys[key].wanted != nil,
            exchange.generation == reactor.generation(keys[key].key)
        else { return }
        for token in firstOpenToken..<max(tokens.count, firstOpenToken)
        where tokens[token].key == key && tokens[token].generation == exchange.generation {
            check(tokens[token].answered || tokens[token].abandoned, "token \(token) is not told of \(exchange)")
        }
    }

    private func skipClosedTokens() {
        while firstOpenToken < tokens.count, tokens[firstOpenToken].answered || tokens[firstOpenToken].abandoned {
            firstOpenToken += 1
        }
    }

    /// What the servers hold is what is wanted.
    func isConverged() -> Bool {
        skipClosedTokens()
        guard reactor.tombstones == 0, firstOpenToken == tokens.count else { return false }
        cluster.sweep(at: now)
        return keys.indices.allSatisfy { key in
            guard let wanted = keys[key].wanted else { return cluster.instances[key] == nil }
            // Of a document that Nacos refuses, an earlier accepted one may stay.
            guard keys[key].isAcceptable else { return true }
            guard let held = cluster.instances[key] else { return false }
            return held.weight == wanted.weight && held.enabled == wanted.enabled
                && held.metadata == wanted.wireMetadata
        }
    }
}

extension BeatReactor {
    /// For looking at, between inputs.
    var rows: [Row] { table.rows }

    func generation(_ key: InstanceKey) -> UInt32 { find(key).map { table.rows[Int($0.slot)].generation } ?? 0 }

    func periodTicks(_ slot: Int32) -> UInt16 { table.rows[Int(slot)].periodTicks }

    func isScheduled(_ slot: Int32) -> Bool { wheel.isScheduled(slot) }

    /// True when a key with this fingerprint may be due at that instant.
    func isOnPhase(_ due: Instant, fingerprint: UInt64, periodTicks: UInt16) -> Bool {
        let tick = wheel.tick(at: due)
        guard wheel.begin(of: tick) == due else { return false }
        let next = Phase.next(
            after: tick - 1, fingerprint: fingerprint, periodTicks: Int64(periodTicks), grid: Phase.coarseGrid)
        return next == tick
    }
}
