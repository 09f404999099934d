internal import BeatCore
internal import ControlAPI

// Addresses that were chosen by a rule (`auto`, `auto:eth0`, `auto:10.0.0.0/8`) are watched: the instance of one that
// has changed leaves Nacos, and is registered with the new one.
extension Daemon {
    /// Registrations that are moved in one turn, so that beats come in between.
    private static let movedPerTurn = 128

    /// Looks at chosen addresses when it is time.
    func watchAddresses() {
        guard core.hasIPRules, clocks.now >= nextAddressLook else { return }
        nextAddressLook = clocks.now + configuration.addressWatch
        guard !isDraining, !core.isBeingDrained, !core.isReadOnly else { return }
        var choices: [String: AddressChoice] = [:]
        var moved = 0
        for (handle, rule) in core.chosenAddresses() {
            let choice = choices[rule] ?? configuration.chooseAddress(rule)
            choices[rule] = choice
            // An interface that is down for a moment takes nothing away.
            guard case .address(let ip) = choice, let view = core.view(handle), view.document.key.ip != ip else {
                continue
            }
            guard moved < Daemon.movedPerTurn else {
                nextAddressLook = clocks.now
                break
            }
            moved += 1
            move(view, to: ip)
        }
        if moved > 0 { handle([]) }
    }

    private func move(_ view: RegistrationView, to ip: String) {
        var document = view.document
        let old = document.key
        document.key.ip = ip
        let other = core.find(document.key).flatMap { core.view($0) }
        write(
            LogRecord(
                .warn, "the address of an instance has changed", event: "address.changed", beat: view.id,
                fields: [
                    "key": .string(old.buildKey()), "rule": .string(document.ipRule ?? ""), "ip": .string(ip),
                ]))
        let isTaken = other.map { $0.state != .deregistering } ?? false
        var inputs: [Input] = [.remove(view.handle, newTokens(1), RemoveOptions(wait: .zero))]
        // Who has posted it with the new address already has done the rest.
        if !isTaken {
            let id = view.id == old.id ? nil : view.id
            inputs.append(.register(document, newTokens(1), RegisterOptions(id: id)))
        }
        for input in inputs { core.handle(input, at: clocks.now, into: &effects) }
        declared.move(old, to: document.key)
        guard !isTaken, !view.isSidecarMaintenance, let maintenance = view.maintenance,
            let handle = core.find(document.key)
        else { return }
        core.handle(.maintain(handle, maintenance, newTokens(1)), at: clocks.now, into: &effects)
    }
}
