// Reading at another node of a v3 cluster what was registered (nacos.md §4.6).
extension BeatReactor {
    /// Nacos accepted a registration: in a v3 cluster one of many is looked for.
    mutating func sampleForVerification(_ exchange: Exchange, at now: Instant) {
        // A disabled instance is listed nowhere (nacos.md §3.3).
        guard exchange.dialect == .v3, servers.count > 1, table.rows[Int(exchange.slot)].enabled else { return }
        verification.sample(
            table.handle(exchange.slot), exchange.generation, exchange.server, well: servers.well, at: now)
    }

    /// Looks for what is due to be looked for.
    mutating func verifyDue(at now: Instant, into effects: inout [Effect]) {
        for check in verification.takeDue(at: now) {
            guard let slot = table.slot(check.registration), isAccepted(slot, check.generation),
                table.rows[Int(slot)].server == check.server,
                let reader = servers.views().first(where: {
                    $0.index != check.server && $0.state == .up && $0.dialect == .v3
                })?.index
            else { continue }
            let reading = InstanceReading(
                registration: check.registration, generation: check.generation, key: table.key(slot),
                server: check.server, reader: reader)
            verification.began(reading, isSecond: check.isSecond)
            effects.append(.verify(reading))
        }
    }

    /// What the other node lists. What is missing there twice was made at a node that does not own it: everything that
    /// node took is registered again where it belongs by the present list of servers, each at its next beat.
    mutating func verified(
        _ reading: InstanceReading, _ outcome: ReadingOutcome, at now: Instant, into effects: inout [Effect]
    ) {
        if drainVerified(reading, outcome, at: now, into: &effects) { return }
        let wasMissing = verification.ended(reading)
        guard outcome == .missing, let slot = table.slot(reading.registration), isAccepted(slot, reading.generation)
        else { return }
        counters.strayed &+= 1
        effects.append(
            .log(
                .instanceStrayed(
                    key: reading.key, server: reading.server, reader: reading.reader)))
        guard wasMissing else { return verification.lookAgain(reading, at: now) }
        for position in table.rows.indices
        where table.rows[position].stage == .kept && table.rows[position].server == reading.server
            && table.rows[position].dialect == .v3 && table.rows[position].acceptedGeneration != 0
        {
            table.rows[position].acceptedGeneration = 0
            counters.reregistrations.add(.recovery)
        }
    }

    private func isAccepted(_ slot: Int32, _ generation: UInt32) -> Bool {
        let row = table.rows[Int(slot)]
        return row.stage == .kept && row.generation == generation && row.acceptedGeneration == generation
    }
}
