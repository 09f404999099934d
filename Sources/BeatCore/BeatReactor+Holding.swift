// Holding a registration back: by its checks, or by a person.
extension BeatReactor {
    /// What has counted up a generation without a change of the document.
    struct HeldGeneration {
        /// The row's generation is so much ahead of the document's.
        var ahead: UInt32 = 0
        /// The document's generation that Nacos accepted last.
        var observed: UInt32 = 0
    }

    /// True unless it is a tombstone or nothing.
    func isWanted(_ slot: Int32) -> Bool {
        switch table.rows[Int(slot)].stage {
        case .kept, .refused: true
        case .leaving, .vacant: false
        }
    }

    private func wantedHold(_ slot: Int32) -> Hold {
        max(
            checks.hold(slot, table.records[Int(slot)].onUnhealthy), maintenanceOf(slot)?.hold ?? .none,
            sidecarMaintenance?.hold ?? .none, drainRun?.hides == true ? .disabled : .none)
    }

    /// The state of a registration that is held back: people go before checks.
    private func heldState(_ slot: Int32) -> RegistrationState {
        if isInMaintenance(slot) { return .maintenance }
        return checks.awaitsFirstPass(slot) ? .pending : .unhealthy
    }

    /// The state of a registration that Nacos has just accepted something of.
    func acceptedState(_ slot: Int32) -> RegistrationState {
        table.rows[Int(slot)].hold == .none ? .beating : heldState(slot)
    }

    /// Begins checks and holds of a document that is new, or new in this place; nothing has been sent of it.
    mutating func beginHold(_ slot: Int32, at now: Instant) {
        beginChecks(slot, at: now)
        setHold(slot, wantedHold(slot))
    }

    /// A document was changed, and its new generation has begun.
    mutating func renewHold(_ slot: Int32, at now: Instant) {
        beginChecks(slot, at: now)
        let hold = wantedHold(slot)
        if hold != table.rows[Int(slot)].hold {
            setHold(slot, hold)
        } else if hold != .none {
            table.move(slot, to: heldState(slot))
        }
    }

    /// Ends checks and maintenance of a registration that is removed.
    mutating func endHold(_ slot: Int32) {
        endChecks(slot)
        endMaintenance(slot)
        table.rows[Int(slot)].hold = .none
        table.rows[Int(slot)].isHidden = false
    }

    /// Looks anew at what holds a registration back, and acts on a change: a new generation begins, so that what is in
    /// flight cannot be taken for an answer to what is wanted now.
    mutating func updateHold(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        guard isWanted(slot) else { return }
        let position = Int(slot)
        let hold = wantedHold(slot)
        guard hold != table.rows[position].hold else {
            if hold != .none { table.move(slot, to: heldState(slot)) }
            return
        }
        let row = table.rows[position]
        noteObserved(slot)
        supersede(slot, into: &effects)
        heldGenerations[slot, default: HeldGeneration(observed: row.acceptedGeneration)].ahead &+= 1
        waiters.carry(table.handle(slot), to: table.rows[position].generation)
        setHold(slot, hold)
        if hold == .absent {
            // A process that comes after this one is to register it again.
            table.rows[position].acceptedIsStored = false
            store(slot, into: &effects)
        } else if row.acceptedGeneration == row.generation {
            if row.isHidden == table.rows[position].isHidden {
                table.rows[position].acceptedGeneration = table.rows[position].generation
            } else {
                counters.reregistrations.add(.change)
                // A process that comes after this one is to register it again.
                table.rows[position].acceptedIsStored = false
                store(slot, into: &effects)
            }
        }
        advance(slot, at: now, into: &effects)
    }

    /// Notes how far a registration is held back from now on; what follows is `advance`'s matter.
    private mutating func setHold(_ slot: Int32, _ hold: Hold) {
        let position = Int(slot)
        let before = table.rows[position].hold
        table.rows[position].hold = hold
        switch hold {
        case .none: table.rows[position].isHidden = false
        case .disabled: table.rows[position].isHidden = true
        case .stopped: break
        case .absent:
            table.rows[position].acceptedGeneration = 0
            table.rows[position].nextDue = Row.noTick
        }
        if hold.isSilent {
            // A gap that somebody wants is none to be measured.
            table.rows[position].lastAcceptedBeat = Row.never
            table.rows[position].failures = 0
            details[slot] = nil
        } else if before.isSilent {
            // Without a next beat, the first one follows at once.
            table.rows[position].nextDue = Row.noTick
            if table.rows[position].stage == .refused { table.rows[position].stage = .kept }
        }
        if hold != .none {
            table.move(slot, to: heldState(slot))
        } else if before != .none {
            table.move(slot, to: .pending)
        }
    }

    /// A due beat of a registration that is held back is counted, not sent.
    func skipReason(_ slot: Int32) -> SkipReason { isInMaintenance(slot) ? .maintenance : .check }

    // MARK: generations

    /// The generation of the document, which the API shows.
    func documentGeneration(_ slot: Int32) -> UInt32 {
        table.rows[Int(slot)].generation &- (heldGenerations[slot]?.ahead ?? 0)
    }

    /// The generation of the document that Nacos accepted last; 0 when the instance has to be registered.
    func observedGeneration(_ slot: Int32) -> UInt32 {
        let row = table.rows[Int(slot)]
        guard row.acceptedGeneration != 0, let held = heldGenerations[slot] else { return row.acceptedGeneration }
        return row.acceptedGeneration == row.generation ? documentGeneration(slot) : held.observed
    }

    /// Nacos has accepted this generation: keeps it for when another one begins.
    mutating func noteObserved(_ slot: Int32) {
        guard !heldGenerations.isEmpty, heldGenerations[slot] != nil else { return }
        let observed = observedGeneration(slot)
        if observed != 0 { heldGenerations[slot]?.observed = observed }
    }

    // MARK: a restart

    /// What holds this registration back, as it is to be kept over a restart; nil when nothing could.
    func holdRecord(_ slot: Int32) -> HoldRecord? {
        let states = checks[slot]
        if states.isEmpty, maintained.isEmpty, !table.rows[Int(slot)].isHidden { return nil }
        let isNew = states.allSatisfy { $0.lastResultAt == nil && $0.processStart == nil }
        let record = HoldRecord(
            checks: isNew ? [] : states.map(\.record), maintenance: maintenanceOf(slot),
            isHidden: table.rows[Int(slot)].isHidden)
        return record == HoldRecord() ? nil : record
    }

    /// Takes what was kept over a restart; nothing has been sent by this process. Of checks, as many as the document
    /// has; of others nothing is taken.
    mutating func restoreHold(_ slot: Int32, _ record: HoldRecord, at now: Instant) {
        if record.checks.count == checks[slot].count {
            for (index, kept) in record.checks.enumerated() {
                _ = checks.change(slot, index) { $0.restore(kept, at: now) }
                if let end = checks[slot][index].expiresAt { agenda.schedule(checks[slot][index].place, at: end) }
            }
        }
        if let maintenance = record.maintenance { setMaintenance(maintenance, of: slot, at: now) }
        let hold = wantedHold(slot)
        if hold != table.rows[Int(slot)].hold {
            setHold(slot, hold)
        } else if hold != .none {
            table.move(slot, to: heldState(slot))
        }
        if hold.isSilent {
            table.rows[Int(slot)].isHidden = record.isHidden
        } else if table.rows[Int(slot)].isHidden != record.isHidden {
            // Nacos has it otherwise than it is wanted now.
            table.rows[Int(slot)].acceptedGeneration = 0
            table.rows[Int(slot)].acceptedIsStored = false
        }
    }
}

// MARK: in words

extension BeatReactor {
    /// Why a registration is held back; nil when its state has a reason of its own.
    func holdReason(_ slot: Int32) -> String? {
        switch table.rows[Int(slot)].state {
        case .maintenance:
            if isBeingDrained { return "the sidecar is being drained" }
            guard let maintenance = maintenanceOf(slot) ?? sidecarMaintenance else { return nil }
            let scope = maintenanceOf(slot) == nil ? "the whole sidecar is held out" : "held out"
            return maintenance.reason.isEmpty ? scope : "\(scope): \(maintenance.reason)"
        case .pending:
            return checks.worst(slot).map { "waiting for its \($0.check.kind.label) check to pass\(said($0))" }
        case .unhealthy:
            return checks.worst(slot).map { "its \($0.check.kind.label) check fails\(said($0))" }
        case .beating, .degraded, .critical, .deregistering, .stopped: return nil
        }
    }

    /// The first line of what the check said.
    func said(_ state: Checks.State) -> String {
        let line = state.output.prefix { $0 != "\n" }.prefix(Limits.detailLength)
        return line.isEmpty ? "" : ": \(line)"
    }
}
