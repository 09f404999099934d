// Emptying the sidecar: hide, let consumers notice, stop, deregister, look whether all is gone.
extension BeatReactor {
    /// True from the begin of a drain on: nothing is taken any more.
    public var isBeingDrained: Bool { drainRun != nil }

    /// Endpoint 19. Nil options join a drain that is under way, or begin one with the defaults.
    mutating func beginDrain(
        _ options: DrainOptions?, _ token: RequestToken, wait: Duration?, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard !draining else { return effects.append(.answer(token, .draining)) }
        if let drainRun, let options, options != drainRun.options {
            return effects.append(.answer(token, .drainUnderWay(drainRun.options)))
        }
        if drainRun == nil {
            drainRun = Drain(options ?? Limits.drainDefaults, at: now)
            effects.append(.log(.drainBegun(registrations: dom2BeatSize)))
            for slot in 0..<slotEnd { updateHold(slot, at: now, into: &effects) }
            keepMovesQuiet()
            publish(.maintenanceOn, "the sidecar is being drained: all are hidden, then removed", into: &effects)
            workDrain(at: now, into: &effects)
        }
        guard let wait, wait > .zero, drainRun?.phase != .done, (drainRun?.waiters.count ?? 0) < Limits.waiters else {
            return effects.append(.answer(token, .drained(drainReport())))
        }
        drainRun?.waiters.append((token, now + wait))
    }

    /// Goes on with a drain, and answers those who have waited long enough.
    mutating func workDrain(at now: Instant, into effects: inout [Effect]) {
        guard let phase = drainRun?.phase else { return }
        switch phase {
        case .hiding(let until): hide(until: until, at: now, into: &effects)
        case .settling(let until): if now >= until { stopAll(at: now, into: &effects) }
        case .removing: lookForGone(at: now, into: &effects)
        case .done: break
        }
        answerDrainWaiters(at: now, into: &effects)
    }

    private mutating func hide(until: Instant, at now: Instant, into effects: inout [Effect]) {
        guard let run = drainRun, now >= run.nextLook else { return }
        let isHidden = table.rows.allSatisfy { row in
            switch row.stage {
            case .vacant, .leaving, .refused: true
            case .kept: row.hold.isSilent || row.acceptedGeneration == row.generation
            }
        }
        guard isHidden || now >= until else {
            drainRun?.nextLook = now + Limits.drainLook
            return
        }
        // Without a registration there is nobody to notice.
        let settle = dom2BeatSize == 0 ? .zero : run.options.settle
        let end = min(now + settle, max(now, run.deadline - Limits.drainRemoval))
        drainRun?.phase = .settling(until: end)
        if end <= now { stopAll(at: now, into: &effects) }
    }

    private mutating func stopAll(at now: Instant, into effects: inout [Effect]) {
        drainRun?.phase = .removing
        drainRun?.nextLook = now + Limits.drainLook
        for slot in 0..<slotEnd where isWanted(slot) {
            table.rows[Int(slot)].withoutDeregister = false
            counters.deleted &+= 1
            removeBeatInfo(slot, at: now, into: &effects)
        }
        lookForGone(at: now, into: &effects)
    }

    /// Nacos has said that an instance is deregistered.
    mutating func noteDrained(_ slot: Int32, _ result: DeregisterResult, at now: Instant) {
        guard drainRun != nil, result == .ok else { return }
        drainRun?.deregistered += 1
        drainRun?.gone.append(
            Drain.Gone(id: table.id(slot), handle: table.handle(slot), key: table.key(slot), notBefore: now))
    }

    private mutating func lookForGone(at now: Instant, into effects: inout [Effect]) {
        // Never a copy of the run beside it: changing it would copy its lists.
        guard drainRun?.phase == .removing, let deadline = drainRun?.deadline else { return }
        let allGone = tombstones == 0 && drainRun?.gone.isEmpty == true && drainRun?.looking.isEmpty == true
        if now >= deadline || allGone { return endDrain(into: &effects) }
        drainRun?.nextLook = min(now + Limits.drainLook, deadline)
        guard let reader = servers.views().first(where: { $0.state == .up && $0.dialect != nil })?.index else { return }
        while let gone = drainRun?.takeDue(at: now) {
            effects.append(
                .verify(
                    InstanceReading(
                        registration: gone.handle, generation: Drain.generation, key: gone.key, server: reader,
                        reader: reader)))
        }
    }

    /// Takes the outcome of a reading that a drain wanted; false when it was none.
    mutating func drainVerified(
        _ reading: InstanceReading, _ outcome: ReadingOutcome, at now: Instant, into effects: inout [Effect]
    ) -> Bool {
        guard reading.generation == Drain.generation,
            let place = drainRun?.looking.firstIndex(where: { $0.handle == reading.registration }),
            var gone = drainRun?.looking.remove(at: place)
        else { return reading.generation == Drain.generation }
        switch outcome {
        case .missing: drainRun?.verified += 1
        // Nodes lag behind one another by up to a second, and a server that does not answer may do so later.
        case .listed, .failed:
            gone.notBefore = now + Limits.drainLookAgain
            drainRun?.gone.append(gone)
        }
        workDrain(at: now, into: &effects)
        return true
    }

    private mutating func endDrain(into effects: inout [Effect]) {
        drainRun?.phase = .done
        let report = drainReport()
        effects.append(
            .log(
                .drainEnded(
                    deregistered: report.deregistered, verified: report.verified, left: report.left.count)))
    }

    private mutating func answerDrainWaiters(at now: Instant, into effects: inout [Effect]) {
        let isDone = drainRun?.phase == .done
        let answered = (drainRun?.waiters ?? []).filter { isDone || $0.until <= now }
        guard !answered.isEmpty else { return }
        let report = drainReport()
        for waiter in answered { effects.append(.answer(waiter.token, .drained(report))) }
        drainRun?.waiters.removeAll { isDone || $0.until <= now }
    }

    /// The client that waited is gone.
    mutating func abandonDrain(_ token: RequestToken) { drainRun?.waiters.removeAll { $0.token == token } }

    private func drainReport() -> DrainReport {
        guard let run = drainRun else { return DrainReport(isDone: false, deregistered: 0, verified: 0, left: []) }
        var left = run.looking.map(\.id) + run.gone.prefix(Limits.drainLeftShown - run.looking.count).map(\.id)
        for slot in 0..<slotEnd where left.count < Limits.drainLeftShown {
            if table.rows[Int(slot)].stage != .vacant { left.append(table.id(slot)) }
        }
        return DrainReport(
            isDone: run.phase == .done, deregistered: run.deregistered, verified: run.verified, left: left)
    }
}

extension Drain {
    /// No registration has it: readings with it are those of a drain.
    static let generation: UInt32 = 0
}
