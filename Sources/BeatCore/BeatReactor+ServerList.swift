// The list of servers changes while registrations are beaten.
extension BeatReactor {
    /// Homes follow from the present list, so every registration goes to its new one with its next exchange. In a v3
    /// cluster that node does not know it (21003) and gets it whole.
    mutating func serverListChanged(_ list: [String], at now: Instant, into effects: inout [Effect]) {
        var names: [String] = []
        for name in list where !names.contains(name) { names.append(name) }
        func ignore(_ fault: ServerListFault) {
            effects.append(.log(.serverListIgnored(servers: names.count, reason: fault)))
        }
        guard !names.isEmpty else { return ignore(.empty) }
        guard names.count <= Limits.servers else { return ignore(.tooLong) }
        guard names != servers.listedNames else { return }
        let wasEmpty = servers.isEmpty
        let former = servers.servers.map(\.name)
        guard let change = servers.setList(names, busy: placesInFlight() | verification.places) else {
            return ignore(.noPlace)
        }
        forget(change.added, former: former)
        verification.forget(change.added)
        for place in change.removed { effects.append(.retireServer(place)) }
        for place in change.added {
            effects.append(.addServer(place, name: servers.servers[Int(place)].name))
        }
        effects.append(
            .log(.serverListChanged(names: names, added: change.added.count, removed: change.removed.count)))
        if wasEmpty { wakeAll(at: now) }
        askServers(at: now, into: &effects)
    }

    /// The places of servers with an exchange in flight, a bit each.
    private func placesInFlight() -> UInt32 {
        table.rows.withUnsafeBufferPointer { rows in
            var places: UInt32 = 0
            for row in rows {
                if case .inFlight(_, _, let server) = row.activity { places |= 1 << UInt32(server) }
            }
            return places
        }
    }

    /// What rows hold of the servers that had these places before is not true of the new ones.
    private mutating func forget(_ added: [ServerIndex], former: [String]) {
        func bits(_ places: [ServerIndex]) -> UInt32 { places.reduce(0) { $0 | 1 << UInt32($1) } }
        let used = added.filter { Int($0) < former.count }
        guard !used.isEmpty else { return }
        let again = bits(used)
        let renamed = bits(used.filter { former[Int($0)] != servers.servers[Int($0)].name })
        func has(_ places: UInt32, _ server: ServerIndex) -> Bool {
            server != Row.noServer && places & (1 << UInt32(server)) != 0
        }
        for position in table.rows.indices {
            table.rows[position].attempt.tried &= ~again
            if has(again, table.rows[position].lightServer) { table.rows[position].lightServer = Row.noServer }
            if has(renamed, table.rows[position].server) { table.rows[position].server = Row.noServer }
            if has(renamed, table.rows[position].lastBeat.server) {
                table.rows[position].lastBeat.server = Row.noServer
            }
        }
    }

    /// The first list has come: what waits for a server need not wait for the end of its back-off.
    private mutating func wakeAll(at now: Instant) {
        for slot in 0..<slotEnd {
            guard case .backingOff = table.rows[Int(slot)].activity else { continue }
            wheel.schedule(slot, at: wheel.tick(at: now))
        }
    }
}
