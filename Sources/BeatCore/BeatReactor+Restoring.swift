// The start: what an earlier process has stored goes on as if nothing had happened.
extension BeatReactor {
    /// Takes a piece of what was stored; `total` is the number of all rows, `rev` the change counter.
    ///
    /// A registration that Nacos had accepted is not registered again: it is beaten lightly, and a server that has lost
    /// it says so. What Nacos had not accepted is registered, and tombstones are finished.
    mutating func restore(_ pieces: [StoredRegistration], rev stored: UInt64, total: Int, at now: Instant) {
        rev = max(rev, stored)
        table.reserve(total)
        for index in pieces.indices { restore(pieces[index], at: now) }
        wheel.grow(to: table.rows.count)
    }

    private mutating func restore(_ piece: StoredRegistration, at now: Instant) {
        let fingerprint = piece.document.key.fingerprint
        guard table.find(fingerprint) == nil else { return }
        rev = max(rev, piece.rev, piece.serial)
        let slot = table.insert(piece.document, fingerprint: fingerprint, rev: piece.rev, at: piece.createdAt)
        table.markRestored(slot, serial: piece.serial, updatedAt: piece.updatedAt)
        if let id = piece.chosenID { restoreID(id, isKept: piece.stage == .kept, slot) }
        let position = Int(slot)
        table.rows[position].generation = piece.generation
        table.rows[position].acceptedGeneration = piece.acceptedGeneration
        table.rows[position].acceptedIsStored = piece.acceptedGeneration == piece.generation
        table.rows[position].periodTicks = Period.ticks(piece.document.requestedPeriod)
        table.rows[position].lightServer = Row.anyServer
        table.rows[position].mayExist = true
        switch piece.stage {
        case .kept:
            beginHold(slot, at: now)
            restoreHold(slot, piece.hold ?? HoldRecord(), at: now)
            if piece.hold != nil { storedHolds[slot] = now }
        case .leaving:
            table.rows[position].stage = .leaving
            table.move(slot, to: .deregistering)
        }
    }

    /// Everything is restored: from now on it is due. Not from the first piece on, since what fell due while the rest
    /// was read would come all at once.
    mutating func beginRestored(total: Int, at now: Instant) {
        for slot in 0..<slotEnd where !wheel.isScheduled(slot) {
            let first = firstTick(slot, total: total, at: now)
            if isWanted(slot), table.rows[Int(slot)].acceptedGeneration != 0 { table.rows[Int(slot)].nextDue = first }
            wheel.schedule(slot, at: first)
        }
    }

    /// An id belongs to the registration that is wanted, whichever comes first: its tombstone had let it go.
    private mutating func restoreID(_ id: String, isKept: Bool, _ slot: Int32) {
        if let holder = table.chosenIDs.slot(of: id) {
            guard isKept else { return }
            table.chosenIDs.set(nil, of: holder)
        }
        table.chosenIDs.set(id, of: slot)
    }

    /// When a restored registration is looked at first.
    ///
    /// Those whose beat fell due while no process ran are overdue, and nobody knows which they are. Few registrations
    /// are therefore all beaten at once. Many begin with the phases of `restoreDowntime` ago, and go through theirs at
    /// `restorePace` until they are up to time: the most overdue first, no burst, and no gap is longer than 5 + 2 s
    /// and the `restoreLead`.
    private func firstTick(_ slot: Int32, total: Int, at now: Instant) -> Int64 {
        let fingerprint = table.rows[Int(slot)].fingerprint
        let current = wheel.tick(at: now)
        func ticks(_ duration: Duration) -> Int64 { duration.wholeNanoseconds / TimingWheel.slotNanoseconds }
        guard total > Limits.restoredAtOnce else {
            return current + Int64(fingerprint % UInt64(ticks(Limits.restoreSpread)))
        }
        let period = Int64(table.rows[Int(slot)].periodTicks)
        let pace = Limits.restorePace
        // At this pace, making up for more than that would reach into the next period, whose beats come on top.
        let begin = current - min(ticks(Limits.restoreDowntime), period - period * pace.time / pace.phases)
        let grid = Phase.grid(registrations: total, periodTicks: period)
        let phase = Phase.next(after: begin - 1, fingerprint: fingerprint, periodTicks: period, grid: grid)
        // Off the grid, whose steps would make lumps at this pace.
        let early = Int64((fingerprint >> 40) % UInt64(grid)) * pace.time / pace.phases
        return current + ticks(Limits.restoreLead)
            + max((phase - begin) * pace.time / pace.phases - early, phase - current, 0)
    }
}
