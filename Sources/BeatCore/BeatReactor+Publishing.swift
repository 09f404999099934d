// Telling those who follow (`Effect.publish`).
//
// What happens to a registration is told where it happens, if it has a name of its own. Any other change of its state
// is told as `updated` at the end of the input that brought it: `Row.told` is the state that was told last, so that
// whoever follows knows the state of each registration at all times, whichever way it came about.
extension BeatReactor {
    /// Tells what has happened to a registration, with the state that it is in now.
    mutating func publish(_ kind: Event.Kind, _ slot: Int32, _ reason: String? = nil, into effects: inout [Effect]) {
        let state = table.rows[Int(slot)].state
        table.rows[Int(slot)].told = state
        effects.append(
            .publish(
                Event(
                    kind, rev: rev, .registration(id: table.id(slot), key: table.key(slot), state: state),
                    reason: reason ?? self.reason(slot))))
    }

    /// Tells what has happened to all of beatd.
    func publish(_ kind: Event.Kind, _ reason: String, into effects: inout [Effect]) {
        effects.append(.publish(Event(kind, rev: rev, .process, reason: reason)))
    }

    /// A server is quarantined from now on.
    func tellServerDown(_ server: ServerIndex, _ detail: String, into effects: inout [Effect]) {
        effects.append(.log(.serverDown(server, detail: detail)))
        publish(.serverDown, server, detail, into: &effects)
    }

    /// A server answers again.
    func tellServerUp(_ server: ServerIndex, into effects: inout [Effect]) {
        effects.append(.log(.serverUp(server)))
        publish(.serverUp, server, "it answers again", into: &effects)
    }

    private func publish(
        _ kind: Event.Kind, _ server: ServerIndex, _ reason: String, into effects: inout [Effect]
    ) {
        let name = servers.servers[Int(server)].name
        effects.append(.publish(Event(kind, rev: rev, .server(name: name), reason: reason)))
    }

    /// A check of a registration has another verdict.
    mutating func tellVerdict(_ slot: Int32, _ state: Checks.State, into effects: inout [Effect]) {
        let kind = state.check.kind.label
        switch state.verdict {
        case .pending: break
        case .passing: publish(.checkPassing, slot, "its \(kind) check passes\(said(state))", into: &effects)
        case .warning: publish(.checkPassing, slot, "its \(kind) check warns\(said(state))", into: &effects)
        case .failing: publish(.checkFailing, slot, "its \(kind) check fails\(said(state))", into: &effects)
        }
    }

    /// Tells of changed states that nothing else has told of.
    mutating func publishMoves(into effects: inout [Effect]) {
        guard !table.moved.isEmpty else { return }
        for slot in table.takeMoved() where isWanted(slot) && table.rows[Int(slot)].state != table.rows[Int(slot)].told
        {
            publish(.updated, slot, into: &effects)
        }
    }

    /// Nobody is told of the states that have changed in this input one by one: at a start nobody knows another, and a
    /// million at once would hold up the loop.
    mutating func keepMovesQuiet() {
        guard !table.moved.isEmpty else { return }
        for slot in table.takeMoved() { table.rows[Int(slot)].told = table.rows[Int(slot)].state }
    }
}
