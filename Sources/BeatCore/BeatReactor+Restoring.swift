// The start: what an earlier process has stored goes on as if nothing had happened.
extension BeatReactor {
    /// Takes a piece of what was stored; `total` is the number of all rows, `rev` the change counter.
    ///
    /// A registration that Nacos had accepted is not registered again: it is beaten lightly, and a server that has lost
    /// it says so. What Nacos had not accepted is registered, and tombstones are finished.
    mutating func restore(_ pieces: [StoredRegistration], rev stored: UInt64, total: Int, at now: Instant) {
        rev = max(rev, stored)
        for piece in pieces {
            let fingerprint = piece.document.key.fingerprint
            guard table.find(fingerprint) == nil else { continue }
            rev = max(rev, piece.rev, piece.serial)
            let slot = table.insert(piece.document, fingerprint: fingerprint, rev: piece.rev, at: piece.createdAt)
            table.markRestored(slot, serial: piece.serial, updatedAt: piece.updatedAt)
            restoreID(piece, slot)
            wheel.grow(to: table.rows.count)
            let position = Int(slot)
            table.rows[position].generation = piece.generation
            table.rows[position].acceptedGeneration = piece.acceptedGeneration
            table.rows[position].acceptedIsStored = piece.acceptedGeneration == piece.generation
            table.rows[position].periodTicks = Period.ticks(piece.document.requestedPeriod)
            table.rows[position].lightServer = Row.anyServer
            table.rows[position].mayExist = true
            let first = firstTick(slot, total: total, at: now)
            switch piece.stage {
            case .kept: if piece.acceptedGeneration != 0 { table.rows[position].nextDue = first }
            case .leaving:
                table.rows[position].stage = .leaving
                table.move(slot, to: .deregistering)
            }
            wheel.schedule(slot, at: first)
        }
    }

    /// An id belongs to the registration that is wanted, whichever comes first: its tombstone had let it go.
    private mutating func restoreID(_ piece: StoredRegistration, _ slot: Int32) {
        guard let id = piece.chosenID else { return }
        if let holder = table.chosenIDs.slot(of: id) {
            guard piece.stage == .kept else { return }
            table.chosenIDs.set(nil, of: holder)
        }
        table.chosenIDs.set(id, of: slot)
    }

    /// When a restored registration is looked at first. Few of them all at once, because some are overdue and nobody
    /// knows which; many on their phases, which are those of the earlier process, so that the load is flat.
    private func firstTick(_ slot: Int32, total: Int, at now: Instant) -> Int64 {
        let fingerprint = table.records[Int(slot)].fingerprint
        let current = wheel.tick(at: now)
        guard total > Limits.restoredAtOnce else {
            let slots = UInt64(Limits.restoreSpread.wholeNanoseconds / TimingWheel.slotNanoseconds)
            return current + Int64(fingerprint % slots)
        }
        return Phase.next(
            after: current - 1, fingerprint: fingerprint, periodTicks: Int64(table.rows[Int(slot)].periodTicks),
            grid: Phase.grid(registrations: total))
    }
}
