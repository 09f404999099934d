// Held out by a person: one registration, or all of them.
extension BeatReactor {
    /// A registration's own maintenance with its place in the agenda.
    struct Held {
        var maintenance: Maintenance
        var place: Int32
    }

    func maintenanceOf(_ slot: Int32) -> Maintenance? {
        maintained.isEmpty ? nil : maintained[slot]?.maintenance
    }

    func isInMaintenance(_ slot: Int32) -> Bool {
        isBeingDrained || sidecarMaintenance != nil || maintenanceOf(slot) != nil
    }

    /// Endpoint 8: nil ends it.
    mutating func maintain(
        _ handle: RegistrationHandle, _ maintenance: Maintenance?, _ token: RequestToken, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard let slot = table.slot(handle), isWanted(slot) else { return effects.append(.answer(token, .notFound)) }
        guard !isReadOnly else { return effects.append(.answer(token, .storageUnavailable)) }
        let had = maintenanceOf(slot) != nil
        if let maintenance {
            setMaintenance(maintenance, of: slot, at: now)
            logMaintenance(slot, maintenance, into: &effects)
        } else if had {
            endMaintenance(slot)
            logMaintenance(slot, nil, into: &effects)
        }
        updateHold(slot, at: now, into: &effects)
        if maintenance != nil || had { tellMaintenance(slot, into: &effects) }
        storeHold(slot, isAwaited: true, at: now, into: &effects)
        effects.append(.answer(token, .maintained(handle)))
    }

    /// Endpoint 18: nil ends it.
    mutating func maintainSidecar(
        _ maintenance: Maintenance?, _ token: RequestToken, at now: Instant, into effects: inout [Effect]
    ) {
        guard !isReadOnly else { return effects.append(.answer(token, .storageUnavailable)) }
        if maintenance != sidecarMaintenance {
            maintainSidecar(maintenance, at: now, into: &effects)
            storeSidecar(isAwaited: true, into: &effects)
        }
        effects.append(.answer(token, .maintained(nil)))
    }

    /// Begins the maintenance of the whole sidecar, or (nil) ends it.
    mutating func maintainSidecar(_ maintenance: Maintenance?, at now: Instant, into effects: inout [Effect]) {
        guard maintenance != nil || sidecarMaintenance != nil else { return }
        sidecarMaintenance = maintenance
        if let place = sidecarPlace { agenda.remove(place) }
        sidecarPlace = maintenance?.until.map { end in
            let place = agenda.add(.sidecarMaintenanceEnd)
            agenda.schedule(place, at: end)
            return place
        }
        effects.append(
            .log(.sidecarMaintenance(reason: maintenance?.reason ?? "", mode: maintenance?.mode)))
        for slot in 0..<slotEnd { updateHold(slot, at: now, into: &effects) }
        // One event for all of them.
        keepMovesQuiet()
        if let maintenance {
            let reason = maintenance.reason.isEmpty ? "" : ": \(maintenance.reason)"
            publish(.maintenanceOn, "the whole sidecar is held out\(reason)", into: &effects)
        } else {
            publish(.maintenanceOff, "the maintenance of the whole sidecar is over", into: &effects)
        }
    }

    mutating func setMaintenance(_ maintenance: Maintenance, of slot: Int32, at now: Instant) {
        endMaintenance(slot)
        let place = agenda.add(.maintenanceEnd(slot: slot))
        if let end = maintenance.until { agenda.schedule(place, at: end) }
        maintained[slot] = Held(maintenance: maintenance, place: place)
    }

    mutating func endMaintenance(_ slot: Int32) {
        guard !maintained.isEmpty, let held = maintained.removeValue(forKey: slot) else { return }
        agenda.remove(held.place)
    }

    private func logMaintenance(_ slot: Int32, _ maintenance: Maintenance?, into effects: inout [Effect]) {
        let key = table.key(slot)
        effects.append(
            .log(
                .maintenance(
                    key: key, id: key.id, reason: maintenance?.reason ?? "", mode: maintenance?.mode)))
    }

    private mutating func tellMaintenance(_ slot: Int32, into effects: inout [Effect]) {
        if maintenanceOf(slot) == nil {
            publish(.maintenanceOff, slot, "its maintenance is over", into: &effects)
        } else {
            publish(.maintenanceOn, slot, into: &effects)
        }
    }

    // MARK: the agenda

    /// Does what the agenda has for now, bounded, so that the rest of the turn is reached.
    mutating func workAgenda(at now: Instant, into effects: inout [Effect]) {
        for _ in 0..<Limits.agendaPerTurn {
            guard let item = agenda.popDue(at: now) else { return }
            switch item {
            case .check(let slot, let index): checkDue(slot, index, at: now, into: &effects)
            case .maintenanceEnd(let slot):
                endMaintenance(slot)
                logMaintenance(slot, nil, into: &effects)
                updateHold(slot, at: now, into: &effects)
                tellMaintenance(slot, into: &effects)
                storeHold(slot, isAwaited: false, at: now, into: &effects)
            case .sidecarMaintenanceEnd:
                maintainSidecar(nil, at: now, into: &effects)
                storeSidecar(isAwaited: false, into: &effects)
            }
        }
    }
}
