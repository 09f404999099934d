// The schedule: what a registration needs next, and the beats (the classic BeatTask).
extension BeatReactor {
    /// What is missing between what is wanted and what Nacos has accepted.
    enum Work {
        /// `held`: by checks or a person; what ends that comes back here.
        case nothing, held, drop, deregister, register, beat
    }

    func work(_ slot: Int32) -> Work {
        let row = table.rows[Int(slot)]
        switch row.stage {
        case .vacant: return .nothing
        case .leaving: return row.mayExist && !row.withoutDeregister ? .deregister : .drop
        case .kept:
            if row.mustDeregisterFirst { return .deregister }
            if row.hold.isSilent { return row.hold == .absent && row.mayExist ? .deregister : .held }
            return row.acceptedGeneration == row.generation ? .beat : .register
        // A refused change takes nothing away from an instance that Nacos knows.
        case .refused:
            if row.hold.isSilent { return row.hold == .absent && row.mayExist ? .deregister : .held }
            return row.acceptedGeneration == 0 ? .nothing : .beat
        }
    }

    /// Begins what the registration needs next, unless an exchange is in flight: its reply comes back here.
    mutating func advance(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        if case .inFlight = table.rows[Int(slot)].activity { return }
        table.rows[Int(slot)].activity = .idle
        switch work(slot) {
        case .nothing: wheel.schedule(slot, at: wheel.tick(notBefore: now + Limits.rejectedRetry))
        case .held:
            if table.rows[Int(slot)].nextDue == Row.noTick { wheel.cancel(slot) } else { scheduleWake(slot) }
        case .drop: drop(slot, into: &effects)
        case .deregister: begin(slot, .deregister, at: now, into: &effects)
        case .register: begin(slot, .register, at: now, into: &effects)
        case .beat:
            // The first beat follows the acceptance at once, as the classic schedule with delay 0 does.
            if table.rows[Int(slot)].nextDue == Row.noTick {
                table.rows[Int(slot)].nextDue = wheel.tick(at: now)
                beat(slot, due: now, at: now, into: &effects)
            } else if !asked.isEmpty, asked.contains(slot) {
                beatBetween(slot, at: now, into: &effects)
            } else {
                wheel.schedule(slot, at: table.rows[Int(slot)].nextDue)
            }
        }
    }

    /// The wheel has come to a registration.
    mutating func wake(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        let nextDue = table.rows[Int(slot)].nextDue
        let beatIsDue = nextDue != Row.noTick && nextDue <= wheel.tick(at: now)
        switch table.rows[Int(slot)].activity {
        case .inFlight(.register, _, _) where beatIsDue && isKnownToNacos(slot):
            // It follows the register's end: a change costs no beat.
            return
        case .inFlight:
            guard beatIsDue else { return scheduleWake(slot) }
            counters.skipped.add(.inFlight)
            stepSchedule(slot, at: now)
        case .backingOff(let kind) where kind.isBeat && beatIsDue:
            endFailedBeat(slot, at: now, into: &effects)
            beatIfKept(slot, at: now, into: &effects)
        case .backingOff(.register) where beatIsDue && isKnownToNacos(slot):
            // A change that Nacos does not take must not cost the instance its beats. The register follows the beat.
            beat(slot, due: wheel.begin(of: nextDue), at: now, into: &effects)
        case .backingOff(let kind):
            scheduleWake(slot)
            retry(slot, kind, at: now, into: &effects)
        case .idle:
            if table.rows[Int(slot)].stage == .refused, table.rows[Int(slot)].acceptedGeneration == 0 {
                table.rows[Int(slot)].stage = .kept
            }
            guard beatIsDue else { return advance(slot, at: now, into: &effects) }
            beatIfKept(slot, at: now, into: &effects)
        }
    }

    /// True when Nacos has accepted it and is to keep it: what is registered now is a change, and beats go on.
    func isKnownToNacos(_ slot: Int32) -> Bool {
        let row = table.rows[Int(slot)]
        return row.stage == .kept && row.acceptedGeneration != 0 && !row.mustDeregisterFirst
    }

    private mutating func beatIfKept(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        switch work(slot) {
        case .beat: beat(slot, due: wheel.begin(of: table.rows[Int(slot)].nextDue), at: now, into: &effects)
        case .held:
            counters.skipped.add(skipReason(slot))
            stepSchedule(slot, at: now)
        case .nothing, .drop, .deregister, .register: advance(slot, at: now, into: &effects)
        }
    }

    /// One BeatTask: sends the beat that is due and plans the next one, at a fixed rate.
    private mutating func beat(_ slot: Int32, due: Instant, at now: Instant, into effects: inout [Effect]) {
        table.rows[Int(slot)].attempt = Row.Attempt(due: due, tried: askedInVain(slot, table.rows[Int(slot)].server))
        stepSchedule(slot, at: now)
        dispatch(slot, .fullBeat, at: now, into: &effects)
    }

    /// Light when the server that would get it allowed that. A disabled instance is always beaten lightly: no beat
    /// carries `enabled`, and what a server rebuilds from a full one would be visible to consumers.
    func beatKind(_ slot: Int32, on server: ServerIndex) -> Exchange.Kind {
        guard !servers.upsertsOnBeat(server) else { return .fullBeat }
        guard table.rows[Int(slot)].enabled, !table.rows[Int(slot)].isHidden else { return .lightBeat }
        // v3 knows no other kind (nacos.md §3.3).
        guard servers.dialect(of: server) != .v3 else { return .lightBeat }
        let lightServer = table.rows[Int(slot)].lightServer
        return lightServer == server || lightServer == Row.anyServer ? .lightBeat : .fullBeat
    }

    // MARK: the schedule

    /// next due = previous due + period; periods that a stall swallowed are counted, not queued.
    private mutating func stepSchedule(_ slot: Int32, at now: Instant) {
        let current = wheel.tick(at: now)
        let period = Int64(table.rows[Int(slot)].periodTicks)
        let next = Phase.next(
            after: table.rows[Int(slot)].nextDue, fingerprint: table.rows[Int(slot)].fingerprint, periodTicks: period,
            grid: grid(period))
        if next > current {
            table.rows[Int(slot)].nextDue = next
        } else {
            let missed = (current - next) / period + 1
            counters.skipped.add(.inFlight, times: UInt64(missed))
            table.rows[Int(slot)].nextDue = next + missed * period
        }
        wheel.schedule(slot, at: table.rows[Int(slot)].nextDue)
    }

    /// Begins the schedule anew from the next phase, after a change of period or a break.
    mutating func scheduleNextPhase(_ slot: Int32, at now: Instant) {
        let period = Int64(table.rows[Int(slot)].periodTicks)
        table.rows[Int(slot)].nextDue = Phase.next(
            after: wheel.tick(at: now), fingerprint: table.rows[Int(slot)].fingerprint, periodTicks: period,
            grid: grid(period))
        wheel.schedule(slot, at: table.rows[Int(slot)].nextDue)
    }

    mutating func scheduleWake(_ slot: Int32) {
        guard table.rows[Int(slot)].nextDue != Row.noTick else { return }
        wheel.schedule(slot, at: table.rows[Int(slot)].nextDue)
    }

    private func grid(_ periodTicks: Int64) -> Int64 {
        Phase.grid(registrations: dom2BeatSize, periodTicks: periodTicks)
    }
}
