// Checks: when they run, what their results mean.
extension BeatReactor {
    /// Begins the checks of a new or changed document. A check that the document had before goes on as it was.
    mutating func beginChecks(_ slot: Int32, at now: Instant) {
        guard table.records[Int(slot)].hasChecks || !checks[slot].isEmpty else { return }
        var before = checks[slot]
        let isLate = table.rows[Int(slot)].acceptedGeneration != 0
        var states: [Checks.State] = []
        for (index, check) in table.checks(slot).enumerated() {
            if let same = before.firstIndex(where: { $0.check == check }) {
                var state = before.remove(at: same)
                agenda.remove(state.place)
                state.place = agenda.add(.check(slot: slot, index: index))
                schedule(state)
                states.append(state)
            } else {
                let spread = isLate ? min(check.every, Limits.lateCheckSpread) : check.every
                let due = firstRun(slot, index, over: spread, at: now)
                let state = Checks.State(
                    check: check, place: agenda.add(.check(slot: slot, index: index)), began: now, since: now, due: due)
                schedule(state)
                states.append(state)
            }
        }
        for state in before { agenda.remove(state.place) }
        checks.set(states, of: slot)
    }

    /// Ends the checks of a registration.
    mutating func endChecks(_ slot: Int32) {
        for place in checks.removeAll(slot) { agenda.remove(place) }
    }

    private mutating func schedule(_ state: Checks.State) {
        switch state.check.target {
        case .ttl:
            if let end = state.expiresAt { agenda.schedule(state.place, at: end) } else { agenda.cancel(state.place) }
        case .http, .tcp, .pid, .exec: agenda.schedule(state.place, at: state.due)
        }
    }

    /// First runs are spread over `every`, by the hash of the key, on the grid of the beats.
    private func firstRun(_ slot: Int32, _ index: Int, over spread: Duration, at now: Instant) -> Instant {
        let grid = Phase.coarseGrid * TimingWheel.slotNanoseconds
        let places = UInt64(max(spread.wholeNanoseconds / grid, 1))
        let hash = (table.rows[Int(slot)].fingerprint &+ UInt64(index)) &* 0x9e37_79b9_7f4a_7c15
        return now + .nanoseconds(Int64((hash >> 32) % places) * grid)
    }

    // MARK: running

    /// A check is due: begins a run, unless one is under way, or ends a `ttl`.
    mutating func checkDue(_ slot: Int32, _ index: Int, at now: Instant, into effects: inout [Effect]) {
        guard checks[slot].indices.contains(index) else { return }
        let state = checks[slot][index]
        if case .ttl(let ttl) = state.check.target {
            return take(
                .failing, "not renewed for \(DurationText.text(ttl))", nil, slot, index, at: now, into: &effects)
        }
        if state.inFlight == nil {
            let number = checks.takeRunNumber()
            _ = checks.change(slot, index) { $0.inFlight = number }
            effects.append(.runCheck(CheckRun(handle: table.handle(slot), index: UInt8(index), number: number)))
        }
        // Fixed rate, as beats; what a stall swallows is left out.
        let every = state.check.every.wholeNanoseconds
        let missed = max(0, (now - state.due).wholeNanoseconds / every)
        let due = state.due + .nanoseconds((missed + 1) * every)
        _ = checks.change(slot, index) { $0.due = due }
        agenda.schedule(state.place, at: due)
    }

    mutating func checkFinished(
        _ run: CheckRun, _ outcome: CheckOutcome, at now: Instant, into effects: inout [Effect]
    ) {
        guard let slot = table.slot(run.handle), let index = index(of: run) else { return }
        _ = checks.change(slot, index) { state in
            state.inFlight = nil
            if state.processStart == nil { state.processStart = outcome.processStart }
        }
        take(outcome.result, outcome.output, outcome.duration, slot, index, at: now, into: &effects)
    }

    /// Which check a run belongs to; nil when it was changed or removed since.
    private func index(of run: CheckRun) -> Int? {
        guard let slot = table.slot(run.handle) else { return nil }
        return checks[slot].firstIndex { $0.inFlight == run.number }
    }

    /// What a run is about, and when the process of a `pid` check began as far as is known; nil for a stale run.
    public func subject(of run: CheckRun) -> (check: Check, processStart: UInt64?)? {
        guard let index = index(of: run) else { return nil }
        let state = checks[run.handle.slot][index]
        return (state.check, state.processStart)
    }

    /// A program renews the `ttl` checks of its registration, or says that it is unwell.
    mutating func alive(
        _ handle: RegistrationHandle, _ result: CheckResult, _ note: String, _ token: RequestToken, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard let slot = table.slot(handle), isWanted(slot) else { return effects.append(.answer(token, .notFound)) }
        var isRenewed = false
        for (index, state) in checks[slot].enumerated() {
            guard case .ttl(let ttl) = state.check.target else { continue }
            isRenewed = true
            _ = checks.change(slot, index) { $0.expiresAt = now + ttl }
            agenda.schedule(state.place, at: now + ttl)
            take(result, note, nil, slot, index, at: now, into: &effects)
        }
        effects.append(.answer(token, isRenewed ? .renewed : .noTTLCheck))
    }

    private mutating func take(
        _ result: CheckResult, _ output: String, _ duration: Duration?, _ slot: Int32, _ index: Int, at now: Instant,
        into effects: inout [Effect]
    ) {
        let output = output.cut(toBytes: Limits.checkOutputBytes)
        let changed = checks.change(slot, index) { $0.take(result, output, at: now) } ?? false
        let state = checks[slot][index]
        checkMetrics.add(state.check.kind, result, duration: duration)
        guard changed else { return storeFreshness(slot, at: now, into: &effects) }
        checkMetrics.addTransition(state.check.kind, to: result)
        let key = table.key(slot)
        effects.append(
            .log(
                .checkChanged(
                    key: key, id: key.id, output: output, kind: state.check.kind, verdict: state.verdict)
            ))
        updateHold(slot, at: now, into: &effects)
        tellVerdict(slot, state, into: &effects)
        storeHold(slot, isAwaited: false, at: now, into: &effects)
    }

    // MARK: reading

    func checkViews(_ slot: Int32) -> [CheckView] {
        checks[slot].map {
            CheckView(kind: $0.check.kind, verdict: $0.verdict, since: $0.since, output: $0.output)
        }
    }
}

extension String {
    /// At most so many bytes, ending with a whole character.
    func cut(toBytes count: Int) -> String {
        guard utf8.count > count else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: count)
        while end > utf8.startIndex, utf8[end] & 0xc0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
