import Testing

@testable import BeatCore

/// What the disk has after these changes.
private struct Disk {
    var rows: [UInt64: StoredRegistration] = [:]
    var sidecar: Maintenance?

    init(_ changes: [StoreChange]) {
        for change in changes {
            switch change {
            case .put(let stored): rows[stored.serial] = stored
            case .accepted(let serial, let generation): rows[serial]?.acceptedGeneration = generation
            case .hold(let serial, let record, _): rows[serial]?.hold = record
            case .sidecar(let maintenance, _): sidecar = maintenance
            case .delete(let serial): rows[serial] = nil
            }
        }
    }
}

@Suite("Over a restart: maintenance and verdicts")
struct HoldOverRestartTests {
    private let document = RegistrationDocument.orders()
    private let key = RegistrationDocument.orders().key

    /// A core whose disk is always up to date.
    private func core() -> Core { Core(stores: true) }

    private func pass(_ core: Core, _ duration: Duration, _ result: CheckResult = .passing) {
        // Before, so that nobody waits for the disk for too long; behind, so that all is there for the next process.
        core.handle(.stored(through: UInt64(core.stored.count)))
        core.watch(duration, checking: { _ in result }, answering: well)
        core.handle(.stored(through: UInt64(core.stored.count)))
    }

    private func beating(_ document: RegistrationDocument) -> Core {
        let core = core()
        core.register(document)
        core.settle(well)
        pass(core, .seconds(12))
        #expect(core.view(document.key)?.state == .beating)
        return core
    }

    /// Another process, `down` later, on what this one has stored.
    private func restart(_ core: Core, down: Duration = .milliseconds(300)) -> Core {
        let next = Core(stores: true, at: 0)
        next.advance(.nanoseconds(core.now.nanoseconds) + down)
        next.restart()
        let disk = Disk(core.stored)
        if let sidecar = disk.sidecar { next.handle(.restoreSidecarMaintenance(sidecar)) }
        let rows = disk.rows.values.sorted { $0.serial < $1.serial }
        next.handle(.restored(rows, rev: core.rev, total: rows.count))
        return next
    }

    private func maintenance(_ core: Core, _ mode: Maintenance.Mode, for duration: Duration?) -> Maintenance {
        Maintenance(mode: mode, reason: "upgrade", since: core.now, until: duration.map { core.now + $0 })
    }

    @discardableResult
    private func maintain(_ core: Core, _ maintenance: Maintenance?) -> RequestToken {
        let token = core.token()
        if let handle = core.view(key)?.handle { core.handle(.maintain(handle, maintenance, token)) }
        return token
    }

    @Test("disable: goes on with its reason and its own end, beats lightly and is not registered anew")
    func disable() throws {
        let first = beating(document)
        maintain(first, maintenance(first, .disable, for: .seconds(100)))
        first.settle(well)
        pass(first, .seconds(10))
        let second = restart(first)
        let view = try #require(second.view(key))
        #expect(view.state == .maintenance && view.maintenance?.reason == "upgrade")
        #expect(view.generation == 1)
        pass(second, .seconds(60))
        #expect(second.sent.map(\.exchange.kind).allSatisfy { $0 == .lightBeat } && second.sent.count >= 12)
        pass(second, .seconds(31))
        #expect(second.view(key)?.state == .beating)
        let register = second.sent.filter { $0.exchange.kind == .register }
        #expect(register.count == 1)
        #expect(second.view(key)?.observedGeneration == 1)
        // Its end is stored too.
        #expect(restart(second).view(key)?.state != .maintenance)
    }

    @Test("stop: nothing is sent after a restart either, until it ends; what ended meanwhile is over")
    func stop() {
        let first = beating(document)
        maintain(first, maintenance(first, .stop, for: .seconds(30)))
        let second = restart(first, down: .seconds(2))
        pass(second, .seconds(27))
        #expect(second.sent.isEmpty && second.view(key)?.state == .maintenance)
        pass(second, .seconds(2))
        #expect(second.view(key)?.state == .beating)
        let late = restart(first, down: .seconds(60))
        pass(late, .seconds(1))
        #expect(late.view(key)?.state == .beating)
        #expect(late.sent.map(\.exchange.kind) == [.lightBeat])
    }

    @Test(
        "crashed before Nacos took the change: the next process registers it as it is wanted", arguments: [true, false])
    func betweenStoredAndAccepted(begins: Bool) throws {
        let first = beating(document)
        if !begins {
            maintain(first, maintenance(first, .disable, for: nil))
            first.settle(well)
        }
        maintain(first, begins ? maintenance(first, .disable, for: nil) : nil)
        #expect(first.inFlight.map(\.kind) == [.register])
        let second = restart(first)
        second.run(.seconds(1))
        let sent = try #require(second.inFlight.first)
        #expect(sent.kind == .register)
        #expect(second.read { $0.subject(of: sent).document.enabled } == !begins)
    }

    @Test("the whole sidecar: goes on, with those that are posted afterwards; its end is stored")
    func sidecar() {
        let first = beating(document)
        let token = first.token()
        first.handle(.maintainSidecar(maintenance(first, .disable, for: .seconds(60)), token))
        #expect(first.answers[token] == nil)
        first.handle(.stored(through: UInt64(first.stored.count)))
        #expect(first.answers[token] == .maintained(nil))
        first.settle(well)
        pass(first, .seconds(1))
        let second = restart(first)
        second.register(.orders(2))
        pass(second, .seconds(30))
        #expect(second.count(of: .maintenance) == 2)
        #expect(second.sent.filter { $0.exchange.kind == .register }.count == 1)
        pass(second, .seconds(31))
        #expect(second.count(of: .beating) == 2)
        #expect(restart(second).read { $0.sidecarMaintenance } == nil)
    }

    @Test("a maintenance is answered when it is durable, and refused when it cannot be")
    func durable() {
        let core = beating(document)
        let token = maintain(core, maintenance(core, .stop, for: nil))
        #expect(core.answers[token] == nil)
        core.handle(.storeFailed(detail: "no space"))
        #expect(core.answers[token] == .storageUnavailable)
        let second = maintain(core, nil)
        #expect(core.answers[second] == .storageUnavailable)
        #expect(core.view(key)?.state == .maintenance)
        let third = core.token()
        core.handle(.maintainSidecar(maintenance(core, .stop, for: nil), third))
        #expect(core.answers[third] == .storageUnavailable && core.read { $0.sidecarMaintenance } == nil)
        // What was told 503 while it was under way is stored with the recovery.
        core.handle(.storageReopened(isEmpty: false))
        #expect(Disk(core.stored).rows[1]?.hold?.maintenance?.mode == .stop)
    }

    @Test("fresh verdicts are back: what passed beats at once, what failed stays out")
    func fresh() throws {
        let checked = RegistrationDocument.checked([.tcp(every: .seconds(5))], .stop)
        let first = beating(checked)
        // The last result is then some seconds old.
        pass(first, .seconds(2))
        let well = restart(first)
        #expect(well.view(checked.key)?.checks.map(\.verdict) == [.passing])
        pass(well, .milliseconds(600))
        #expect(well.view(checked.key)?.state == .beating)
        #expect(well.sent.allSatisfy { $0.exchange.kind == .lightBeat })

        pass(first, .seconds(18), .failing)
        #expect(first.view(checked.key)?.state == .unhealthy)
        let ill = restart(first)
        #expect(ill.view(checked.key)?.state == .unhealthy)
        #expect(ill.view(checked.key)?.checks.first?.since == first.view(checked.key)?.checks.first?.since)
        pass(ill, .seconds(20), .failing)
        #expect(ill.sent.isEmpty)
    }

    @Test("older verdicts are pending, and the instance is left as it is until the first result")
    func old() {
        let checked = RegistrationDocument.checked([.tcp()], .deregister)
        let first = beating(checked)
        let second = restart(first, down: .seconds(20))
        #expect(second.view(checked.key)?.state == .pending)
        #expect(second.view(checked.key)?.checks.map(\.verdict) == [.pending])
        second.run(.seconds(4))
        #expect(second.sent.isEmpty)
        // It was asked within half a second of the start, not within `every`.
        #expect(second.runs.count == 1)
        second.finish(.passing)
        second.settle(BeatCoreTests.well)
        #expect(second.view(checked.key)?.state == .beating)
        #expect(second.sent.map(\.exchange.kind) == [.lightBeat])
    }

    @Test("a ttl is back while it has not expired, and expires when it would have")
    func ttl() throws {
        let checked = RegistrationDocument.checked([Check(.ttl(.seconds(60)))], .stop)
        let first = core()
        first.register(checked)
        let handle = try #require(first.view(checked.key)?.handle)
        first.handle(.alive(handle, .passing, note: "", first.token()))
        first.settle(well)
        pass(first, .seconds(10))
        let second = restart(first)
        #expect(second.view(checked.key)?.checks.map(\.verdict) == [.passing])
        pass(second, .seconds(49))
        #expect(second.view(checked.key)?.state == .beating)
        pass(second, .seconds(1))
        #expect(second.view(checked.key)?.state == .unhealthy)
        #expect(restart(first, down: .seconds(51)).view(checked.key)?.state == .pending)
    }

    @Test("a renewal is answered although nothing can be stored: a disk takes no instance out")
    func renewalWithoutADisk() throws {
        let checked = RegistrationDocument.checked([Check(.ttl(.seconds(60)))], .stop)
        let core = core()
        core.register(checked)
        core.handle(.storeFailed(detail: "no space"))
        let token = core.token()
        core.handle(.alive(try #require(core.view(checked.key)?.handle), .passing, note: "", token))
        #expect(core.answers[token] == .renewed)
    }

    @Test("that a verdict is fresh is stored once a second at most")
    func spacing() {
        var checked = RegistrationDocument.checked([.tcp()], .stop)
        checked.checks[0].every = .milliseconds(100)
        checked.checks[0].timeout = .milliseconds(100)
        let core = beating(checked)
        let before = core.stored.count
        pass(core, .seconds(20))
        #expect((18...21).contains(core.stored.count - before), "\(core.stored.count - before)")
    }

    @Test("a changed check begins anew, also over a restart")
    func changedCheck() {
        var checked = RegistrationDocument.checked([.tcp()], .stop)
        let first = beating(checked)
        checked.checks = [Check(.tcp(CheckAddress(host: "10.0.0.9", port: 81)))]
        first.register(checked)
        #expect(restart(first).view(checked.key)?.checks.map(\.verdict) == [.pending])
    }

    @Test("a removal leaves nothing of it")
    func removal() {
        let first = beating(document)
        maintain(first, maintenance(first, .stop, for: nil))
        first.remove(key)
        first.register(document)
        first.settle(well)
        pass(first, .seconds(1))
        #expect(Disk(first.stored).rows.values.map(\.hold) == [nil])
        #expect(restart(first).view(key)?.state == .pending)
        #expect(restart(first).view(key)?.maintenance == nil)
    }
}
