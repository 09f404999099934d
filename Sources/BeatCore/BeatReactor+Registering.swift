// registerInstance and deregisterInstance as the API asks for them.
extension BeatReactor {
    mutating func register(
        _ document: RegistrationDocument, _ token: RequestToken, _ options: RegisterOptions, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard !draining, !isBeingDrained else { return effects.append(.answer(token, .draining)) }
        guard !isReadOnly else { return effects.append(.answer(token, .storageUnavailable)) }
        let fingerprint = document.key.fingerprint
        switch claim(document.key, fingerprint, options.id) {
        case .keyConflict: effects.append(.answer(token, .keyConflict))
        case .keyHeld(let slot): effects.append(.answer(token, .keyHeld(table.handle(slot))))
        case .idHeld(let slot): effects.append(.answer(token, .idHeld(table.handle(slot))))
        case .new(let tombstone):
            guard hasRoom(token, into: &effects) else { return }
            let slot = create(document, fingerprint, options.id, tombstone, at: now, into: &effects)
            respond(slot, .created, token, options, at: now, into: &effects)
        case .kept(let slot):
            guard !options.mustCreate else { return effects.append(.answer(token, .exists(table.handle(slot)))) }
            let changed = table.document(slot) != document
            if changed {
                replace(slot, document, at: now, into: &effects)
            } else {
                offerAgain(slot, at: now, into: &effects)
            }
            respond(slot, changed ? .updated : .unchanged, token, options, at: now, into: &effects)
        }
    }

    /// Whose key and whose id a write names: one key and one id belong to one registration.
    private enum Claim {
        /// Nobody's, but for the tombstone of the same key.
        case new(tombstone: Int32?)
        case kept(Int32)
        case keyHeld(Int32)
        case idHeld(Int32)
        case keyConflict
    }

    private func claim(_ key: InstanceKey, _ fingerprint: UInt64, _ id: String?) -> Claim {
        let same = table.find(fingerprint)
        if let same, table.key(same) != key { return .keyConflict }
        let current = same.flatMap { isKept($0) ? $0 : nil }
        // While nobody has chosen an id, each key has its own.
        if id == nil, table.chosenIDs.isEmpty { return current.map { .kept($0) } ?? .new(tombstone: same) }
        let wanted = id ?? current.map { table.id($0) } ?? key.id
        if let holder = table.find(id: wanted), holder != same, isKept(holder) { return .idHeld(holder) }
        guard let current else { return .new(tombstone: same) }
        return table.id(current) == wanted ? .kept(current) : .keyHeld(current)
    }

    /// A new registration, in the place of its own tombstone if there is one. Another tombstone that has the id lets
    /// it go: deleted under a name, the next one may have it. (On the disk both have it; a restart gives it to the one
    /// that is wanted.)
    private mutating func create(
        _ document: RegistrationDocument, _ fingerprint: UInt64, _ id: String?, _ tombstone: Int32?, at now: Instant,
        into effects: inout [Effect]
    ) -> Int32 {
        let own = RegistrationID.text(of: fingerprint)
        let chosen = id == own ? nil : id
        if let holder = table.chosenIDs.slot(of: chosen ?? own) { table.chosenIDs.set(nil, of: holder) }
        guard let tombstone else { return addBeatInfo(document, fingerprint, chosen, at: now, into: &effects) }
        table.chosenIDs.set(chosen, of: tombstone)
        revive(tombstone, document, at: now, into: &effects)
        return tombstone
    }

    /// False, and the request is answered, when the limit on registrations is reached. A tombstone's place is no
    /// longer one of them.
    private mutating func hasRoom(_ token: RequestToken, into effects: inout [Effect]) -> Bool {
        guard dom2BeatSize >= maxRegistrations else { return true }
        counters.createRejected &+= 1
        effects.append(.answer(token, .tooManyRegistrations(limit: maxRegistrations)))
        return false
    }

    mutating func remove(
        _ handle: RegistrationHandle, _ token: RequestToken, _ options: RemoveOptions, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard let slot = table.slot(handle) else { return effects.append(.answer(token, .notFound)) }
        guard !isReadOnly else { return effects.append(.answer(token, .storageUnavailable)) }
        if table.rows[Int(slot)].stage != .leaving {
            table.rows[Int(slot)].withoutDeregister = !options.deregister
            counters.deleted &+= 1
            removeBeatInfo(slot, at: now, into: &effects)
        }
        guard table.slot(handle) != nil, options.deregister else {
            return effects.append(.answer(token, .removed))
        }
        let waiter = Waiters.Waiter(
            token: token, handle: handle, generation: table.rows[Int(slot)].generation, kind: .removed,
            deadline: now + min(options.wait, Limits.waitMax))
        if options.wait <= .zero || !waiters.add(waiter) {
            effects.append(.answer(token, .removing(handle)))
        }
    }

    /// Puts a new registration into `dom2Beat` and registers its instance; the first beat follows the acceptance.
    private mutating func addBeatInfo(
        _ document: RegistrationDocument, _ fingerprint: UInt64, _ chosenID: String?, at now: Instant,
        into effects: inout [Effect]
    ) -> Int32 {
        rev += 1
        counters.created &+= 1
        let slot = table.insert(document, fingerprint: fingerprint, rev: rev, at: now)
        table.chosenIDs.set(chosenID, of: slot)
        wheel.grow(to: table.rows.count)
        table.rows[Int(slot)].periodTicks = Period.ticks(document.requestedPeriod)
        beginHold(slot, at: now)
        effects.append(.log(.addingBeat(key: document.key, id: table.id(slot))))
        publish(.registered, slot, into: &effects)
        store(slot, into: &effects)
        advance(slot, at: now, into: &effects)
        return slot
    }

    /// Stops a registration's beats at once and for good (`stopped` in BeatInfo) and begins its deletion.
    mutating func removeBeatInfo(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        rev += 1
        let key = table.key(slot)
        effects.append(.log(.removingBeat(key: key, id: table.id(slot))))
        supersede(slot, into: &effects)
        wheel.cancel(slot)
        table.rows[Int(slot)].nextDue = Row.noTick
        table.rows[Int(slot)].stage = .leaving
        endHold(slot)
        table.move(slot, to: .deregistering)
        details[slot] = nil
        publish(
            .removed, slot, table.rows[Int(slot)].withoutDeregister ? "its instance is left to expire at Nacos" : nil,
            into: &effects)
        refuseAsked(slot, into: &effects)
        for waiter in waiters.take(where: { $0.handle.slot == slot && $0.kind != .removed }) {
            effects.append(.answer(waiter.token, answer(waiter, .pending)))
        }
        if !table.rows[Int(slot)].staysStored { store(slot, into: &effects) }
        advance(slot, at: now, into: &effects)
    }

    /// A tombstone's key is posted again: the deletion goes on first, then the new document is registered.
    private mutating func revive(
        _ slot: Int32, _ document: RegistrationDocument, at now: Instant, into effects: inout [Effect]
    ) {
        rev += 1
        counters.created &+= 1
        supersede(slot, into: &effects)
        table.set(document, of: slot, rev: rev, at: now)
        table.markCreated(slot, at: now)
        let position = Int(slot)
        table.rows[position].mustDeregisterFirst = table.rows[position].mayExist
        table.rows[position].withoutDeregister = false
        table.rows[position].stage = .kept
        table.rows[position].acceptedGeneration = 0
        table.rows[position].nextDue = Row.noTick
        table.rows[position].lastAccepted = Row.never
        table.rows[position].lastAcceptedBeat = Row.never
        table.rows[position].lightServer = Row.noServer
        table.rows[position].failures = 0
        table.rows[position].periodTicks = Period.ticks(document.requestedPeriod)
        table.rows[position].acceptedIsStored = false
        table.move(slot, to: .pending)
        beginHold(slot, at: now)
        effects.append(.log(.addingBeat(key: document.key, id: table.id(slot))))
        publish(.registered, slot, into: &effects)
        store(slot, into: &effects)
        advance(slot, at: now, into: &effects)
    }

    /// A changed document reaches Nacos by registering again at once (nacos.md §4.5: never by PUT); beats go on.
    private mutating func replace(
        _ slot: Int32, _ document: RegistrationDocument, at now: Instant, into effects: inout [Effect]
    ) {
        rev += 1
        counters.updated &+= 1
        noteObserved(slot)
        supersede(slot, into: &effects)
        table.set(document, of: slot, rev: rev, at: now)
        let position = Int(slot)
        table.rows[position].stage = .kept
        table.rows[position].acceptedIsStored = false
        let period = Period.ticks(document.requestedPeriod)
        if period != table.rows[position].periodTicks {
            table.rows[position].periodTicks = period
            if table.rows[position].nextDue != Row.noTick { scheduleNextPhase(slot, at: now) }
        }
        if table.rows[position].acceptedGeneration != 0 { counters.reregistrations.add(.change) }
        renewHold(slot, at: now)
        effects.append(
            .log(
                .updatingBeat(
                    key: document.key, id: table.id(slot),
                    generation: documentGeneration(slot))))
        publish(.updated, slot, into: &effects)
        store(slot, into: &effects)
        advance(slot, at: now, into: &effects)
    }

    /// The same document was posted again: a refused one is offered to Nacos once more, now.
    private mutating func offerAgain(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        guard table.rows[Int(slot)].stage == .refused else { return }
        table.rows[Int(slot)].stage = .kept
        advance(slot, at: now, into: &effects)
    }

    /// The next generation begins: whatever is in flight answers an older one.
    mutating func supersede(_ slot: Int32, into effects: inout [Effect]) {
        table.rows[Int(slot)].generation &+= 1
        switch table.rows[Int(slot)].activity {
        case .idle: break
        case .backingOff: table.rows[Int(slot)].activity = .idle
        case .inFlight(let kind, let generation, let server):
            guard kind != .deregister else { return }
            effects.append(
                .cancel(
                    Exchange(
                        slot: slot, generation: generation, epoch: table.rows[Int(slot)].epoch, kind: kind,
                        dialect: table.rows[Int(slot)].attempt.dialect, server: server,
                        due: table.rows[Int(slot)].attempt.due)))
        }
    }

    // MARK: answering

    private mutating func respond(
        _ slot: Int32, _ kind: Waiters.Kind, _ token: RequestToken, _ options: RegisterOptions, at now: Instant,
        into effects: inout [Effect]
    ) {
        let row = table.rows[Int(slot)]
        let waiter = Waiters.Waiter(
            token: token, handle: table.handle(slot), generation: row.generation, kind: kind,
            deadline: now + min(options.wait ?? .zero, Limits.waitMax))
        guard options.wait != nil else {
            return effects.append(.answer(token, answer(waiter, .notAwaited)))
        }
        if row.acceptedGeneration == row.generation {
            effects.append(.answer(token, answer(waiter, .accepted)))
        } else if waiter.deadline <= now || !waiters.add(waiter) {
            effects.append(.answer(token, answer(waiter, .pending)))
        }
    }

    func answer(_ waiter: Waiters.Waiter, _ confirmation: Confirmation) -> Answer {
        switch waiter.kind {
        case .created: .created(waiter.handle, confirmed: confirmation)
        case .updated: .updated(waiter.handle, confirmed: confirmation)
        case .unchanged: .unchanged(waiter.handle, confirmed: confirmation)
        case .removed: confirmation == .accepted ? .removed : .removing(waiter.handle)
        }
    }

    /// Answers those who wait for this registration to be accepted or refused.
    mutating func confirm(_ slot: Int32, _ confirmation: Confirmation, into effects: inout [Effect]) {
        let generation = table.rows[Int(slot)].generation
        let taken = waiters.take {
            $0.handle.slot == slot && $0.kind != .removed && $0.generation == generation
        }
        for waiter in taken { effects.append(.answer(waiter.token, answer(waiter, confirmation))) }
    }

    /// Answers those who wait for this registration to be gone.
    mutating func confirmRemoved(_ slot: Int32, into effects: inout [Effect]) {
        for waiter in waiters.take(where: { $0.handle.slot == slot && $0.kind == .removed }) {
            effects.append(.answer(waiter.token, .removed))
        }
    }
}
