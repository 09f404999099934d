import TestSupport

@testable import BeatCore

// Checks and maintenance in the stream of operations.
extension Simulation {
    func chooseChecks(_ document: inout RegistrationDocument) {
        guard random.next(below: 3) == 0 else { return }
        document.checks = [
            Check(
                .tcp(CheckAddress(host: "127.0.0.1", port: 80)), every: .seconds(1), timeout: .milliseconds(500),
                fall: UInt16(1 + random.next(below: 3)), rise: UInt16(1 + random.next(below: 2)))
        ]
        document.onUnhealthy = [OnUnhealthy.stop, .disable, .deregister][random.next(below: 3)]
    }

    /// A run of a check has ended, with what its target is by now.
    func checked(_ run: CheckRun) {
        guard let slot = reactor.rows.indices.contains(Int(run.handle.slot)) ? run.handle.slot : nil,
            reactor.rows[Int(slot)].stage != .vacant
        else { return feed(.checkFinished(run, CheckOutcome(.failing, "", duration: .zero))) }
        let key = Int(reactor.key(of: slot).port) - 1
        feed(.checkFinished(run, CheckOutcome(keys[key].isWell ? .passing : .failing, "", duration: .zero)))
    }

    func maintain(_ key: Int) {
        guard let handle = reactor.find(keys[key].key) else { return }
        let token = newToken(.maintenance, key, wait: .zero)
        feed(.maintain(handle, chooseMaintenance(), token))
    }

    func maintainSidecar() {
        let token = newToken(.maintenance, 0, wait: .zero)
        feed(.maintainSidecar(chooseMaintenance(), token))
    }

    private func chooseMaintenance() -> Maintenance? {
        guard random.next(below: 3) > 0 else { return nil }
        let mode = random.next(below: 2) == 0 ? Maintenance.Mode.disable : .stop
        let until = random.next(below: 2) == 0 ? now + .milliseconds(random.next(below: 20_000)) : nil
        return Maintenance(mode: mode, reason: "", since: now, until: until)
    }

    /// Nothing holds anything back any more.
    func healAll() {
        for key in keys.indices {
            keys[key].isWell = true
            guard let handle = reactor.find(keys[key].key) else { continue }
            feed(.maintain(handle, nil, newToken(.maintenance, key, wait: .zero)))
        }
        feed(.maintainSidecar(nil, newToken(.maintenance, 0, wait: .zero)))
    }

    // MARK: what must hold

    private func isSilent(_ key: Int) -> Bool {
        reactor.find(keys[key].key).map { reactor.rows[Int($0.slot)].hold.isSilent } ?? false
    }

    /// The input that is being performed has let this registration beat again.
    func isReleasedNow(_ key: Int) -> Bool { keys[key].wasSilent && !isSilent(key) }

    /// What is written is what is wanted, with `enabled=false` while it is held out so.
    func checkHeld(_ exchange: Exchange, _ wanted: RegistrationDocument, _ document: RegistrationDocument) {
        var expected = wanted
        if reactor.rows[Int(exchange.slot)].isHidden { expected.enabled = false }
        check(expected == document, "an outdated document is written: \(exchange)")
    }

    /// After each input: while a registration is held back, no gap is promised.
    func noteHolds() {
        for key in keys.indices {
            let silent = isSilent(key)
            if keys[key].wasSilent, !silent {
                keys[key].isReleased = true
                if keys[key].isAcceptable { keys[key].refreshedAt = now }
            }
            if silent { keys[key].refreshedAt = nil }
            keys[key].wasSilent = silent
        }
        for row in reactor.rows where row.stage == .kept && row.hold.isSilent {
            check(
                row.state == .pending || row.state == .unhealthy || row.state == .maintenance,
                "held back in state \(row.state)")
        }
        for row in reactor.rows where row.state == .unhealthy {
            check(row.hold != .none, "unhealthy, and nothing holds it back")
        }
    }
}
