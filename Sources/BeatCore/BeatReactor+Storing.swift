// What has to survive the process, and what the disk says to it.
extension BeatReactor {
    /// True while writes are refused because they could not be made durable; beats go on.
    public var isReadOnly: Bool { durability.isReadOnly }

    /// Why writes are refused, in words; nil while they are not.
    public var storageFailure: String? { durability.isReadOnly ? durability.failure : nil }

    // MARK: handing over

    /// The registration or tombstone in a slot has changed.
    mutating func store(_ slot: Int32, into effects: inout [Effect]) {
        guard durability.mode != .off else { return }
        let change = stored(slot)
        if case .put(let stored) = change, stored.hold != nil {
            storedHolds[slot] = storedHolds[slot] ?? epoch
        } else if !storedHolds.isEmpty {
            storedHolds[slot] = nil
        }
        guard let number = durability.hand(row(slot), isAwaited: true) else { return }
        effects.append(.store(change, number: number))
    }

    /// Nacos has accepted the document as it is.
    mutating func storeAccepted(_ slot: Int32, into effects: inout [Effect]) {
        let generation = documentGeneration(slot)
        guard durability.mode != .off, table.rows[Int(slot)].acceptedIsStored != true else { return }
        table.rows[Int(slot)].acceptedIsStored = true
        let row = row(slot)
        guard let number = durability.hand(row, isAwaited: false) else { return }
        effects.append(.store(.accepted(serial: row.serial, generation: generation), number: number))
    }

    /// What holds a registration back has changed.
    mutating func storeHold(_ slot: Int32, isAwaited: Bool, at now: Instant, into effects: inout [Effect]) {
        guard durability.mode != .off, isWanted(slot) else { return }
        let record = holdRecord(slot)
        guard record != nil || storedHolds[slot] != nil else { return }
        storedHolds[slot] = record == nil ? nil : now
        let row = row(slot)
        guard let number = durability.hand(row, isAwaited: isAwaited) else { return }
        effects.append(.store(.hold(serial: row.serial, record, isAwaited: isAwaited), number: number))
    }

    /// A check has said the same as before: that it is fresh is stored now and then.
    mutating func storeFreshness(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        guard durability.mode != .off else { return }
        if let last = storedHolds[slot], now - last < Limits.holdSpacing { return }
        storeHold(slot, isAwaited: false, at: now, into: &effects)
    }

    /// The maintenance of the whole sidecar has begun or ended.
    mutating func storeSidecar(isAwaited: Bool, into effects: inout [Effect]) {
        guard let number = durability.hand(.sidecar, isAwaited: isAwaited) else { return }
        effects.append(.store(.sidecar(sidecarMaintenance, isAwaited: isAwaited), number: number))
    }

    /// The place is free: nothing is left to do about the registration, here or at Nacos.
    mutating func storeDropped(_ slot: Int32, into effects: inout [Effect]) {
        storedHolds[slot] = nil
        guard durability.mode != .off else { return }
        let row = row(slot)
        guard !table.rows[Int(slot)].staysStored else { return durability.leave(row) }
        guard let number = durability.hand(row, isAwaited: false) else { return }
        effects.append(.store(.delete(serial: row.serial), number: number))
    }

    private func row(_ slot: Int32) -> Durability.Row {
        Durability.Row(serial: table.records[Int(slot)].serial, fingerprint: table.rows[Int(slot)].fingerprint)
    }

    private func stored(_ slot: Int32) -> StoreChange {
        let row = table.rows[Int(slot)]
        let record = table.records[Int(slot)]
        let isLeaving = row.stage == .leaving && !row.staysStored
        if isLeaving, row.withoutDeregister { return .delete(serial: record.serial) }
        let generation = documentGeneration(slot)
        return .put(
            StoredRegistration(
                serial: record.serial, document: table.document(slot), stage: isLeaving ? .leaving : .kept,
                generation: generation, acceptedGeneration: storedAcceptance(slot), rev: record.rev,
                createdAt: record.createdAt,
                updatedAt: record.updatedAt, chosenID: table.chosenIDs.id(of: slot),
                hold: isLeaving ? nil : holdRecord(slot)))
    }

    /// The document's generation when Nacos has accepted it as it is wanted now, visible or not; else another one.
    private func storedAcceptance(_ slot: Int32) -> UInt32 {
        let row = table.rows[Int(slot)]
        let generation = documentGeneration(slot)
        if row.acceptedGeneration == row.generation { return generation }
        return min(observedGeneration(slot), generation &- 1)
    }

    /// Holds back the answers behind `first` that promise what is not durable yet.
    mutating func holdAnswers(from first: Int, at now: Instant, in effects: inout [Effect]) {
        guard durability.isBehind else { return }
        func isHeld(_ effect: Effect) -> Bool {
            if case .answer(_, let answer) = effect { answer.promisesDurability } else { false }
        }
        guard var kept = effects[first...].firstIndex(where: isHeld) else { return }
        for position in kept..<effects.count {
            let effect = effects[position]
            if case .answer(let token, let answer) = effect, answer.promisesDurability {
                if !durability.isReadOnly {
                    durability.hold(token, answer, since: now)
                    continue
                }
                effects[kept] = .answer(token, .storageUnavailable)
            } else {
                effects[kept] = effect
            }
            kept += 1
        }
        effects.removeSubrange(kept...)
    }

    // MARK: what the disk says

    mutating func stored(through number: UInt64, into effects: inout [Effect]) {
        for (token, answer) in durability.stored(through: number) { effects.append(.answer(token, answer)) }
        if durability.mode == .stalled, durability.durable == durability.handed { recover(into: &effects) }
        finishIfDrained(into: &effects)
    }

    mutating func storeFailed(_ detail: String, at now: Instant, into effects: inout [Effect]) {
        switch durability.mode {
        // What was handed over before the failure fails behind it.
        case .off, .failed: return
        case .writable, .stalled: effects.append(.log(.storageFailed(detail: detail)))
        case .reopening: break
        }
        durability.failure = detail
        durability.mode = .failed(retryAt: now + Limits.storageRetry)
        durability.lost()
        refuseHeld(into: &effects)
        finishIfDrained(into: &effects)
    }

    /// The database was opened anew; `isEmpty` when it had to be begun from nothing.
    mutating func storageReopened(isEmpty: Bool, into effects: inout [Effect]) {
        durability.beginAnew()
        recover(isEmpty: isEmpty, into: &effects)
    }

    private mutating func recover(isEmpty: Bool = false, into effects: inout [Effect]) {
        if durability.isReadOnly { effects.append(.log(.storageRecovered)) }
        durability.mode = .writable
        let unwritten = durability.takeUnwritten()
        if isEmpty {
            if sidecarMaintenance != nil { storeSidecar(isAwaited: true, into: &effects) }
            for slot in 0..<slotEnd where table.rows[Int(slot)].stage != .vacant { store(slot, into: &effects) }
            return
        }
        for row in unwritten {
            if row.serial == Durability.Row.sidecar.serial {
                storeSidecar(isAwaited: true, into: &effects)
            } else if let slot = table.find(row.fingerprint), table.records[Int(slot)].serial == row.serial {
                store(slot, into: &effects)
            } else if let number = durability.hand(row, isAwaited: true) {
                effects.append(.store(.delete(serial: row.serial), number: number))
            }
        }
    }

    /// Writes have waited for too long, or it is time to open the database anew.
    mutating func tickStorage(at now: Instant, into effects: inout [Effect]) {
        guard let deadline = durability.nextDeadline, deadline <= now else { return }
        switch durability.mode {
        case .writable:
            durability.mode = .stalled
            durability.failure = "the disk has not answered for \(DurationText.text(Limits.storageWait))"
            effects.append(.log(.storageFailed(detail: durability.failure)))
            refuseHeld(into: &effects)
        case .failed:
            durability.mode = .reopening
            effects.append(.reopenStorage)
        case .off, .stalled, .reopening: break
        }
    }

    private mutating func refuseHeld(into effects: inout [Effect]) {
        for token in durability.giveUp() { effects.append(.answer(token, .storageUnavailable)) }
    }
}

extension Answer {
    /// Whether the answer says that a change was made, or that what was asked for stands.
    fileprivate var promisesDurability: Bool {
        switch self {
        case .created, .updated, .unchanged, .removed, .removing, .maintained: true
        case .batch(let answers): answers.contains { $0.promisesDurability }
        case .exists, .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld, .refused, .draining, .storageUnavailable,
            .notFound, .beaten, .notBeaten, .beatTooSoon, .renewed, .noTTLCheck, .drained, .drainUnderWay:
            false
        }
    }
}
