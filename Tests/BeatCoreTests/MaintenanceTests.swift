import Testing

@testable import BeatCore

@Suite("Maintenance: held out by a person")
struct MaintenanceTests {
    private let document = RegistrationDocument.orders()

    private func beating(_ documents: [RegistrationDocument]) -> Core {
        let core = Core()
        for document in documents { core.register(document) }
        core.settle(well)
        core.watch(.seconds(20), checking: { _ in .passing }, answering: well)
        return core
    }

    private func maintenance(_ core: Core, _ mode: Maintenance.Mode, for duration: Duration? = nil) -> Maintenance {
        Maintenance(mode: mode, reason: "upgrade", since: core.now, until: duration.map { core.now + $0 })
    }

    @discardableResult
    private func maintain(_ core: Core, _ key: InstanceKey, _ maintenance: Maintenance?) -> Answer? {
        guard let handle = core.view(key)?.handle else { return nil }
        let token = core.token()
        core.handle(.maintain(handle, maintenance, token))
        return core.answers[token]
    }

    @Test("disable: registers again with enabled=false, beats lightly; its end registers again whole")
    func disable() throws {
        let core = beating([document])
        #expect(maintain(core, document.key, maintenance(core, .disable)) != nil)
        let exchange = try #require(core.inFlight.first)
        #expect(exchange.kind == .register)
        #expect(core.read { $0.subject(of: exchange) }.document.enabled == false)
        core.settle(well)
        let view = try #require(core.view(document.key))
        #expect(view.state == .maintenance)
        #expect(view.reason == "held out: upgrade")
        #expect(view.maintenance?.reason == "upgrade" && !view.isSidecarMaintenance)
        let before = core.sent.count
        core.run(.seconds(20), answering: well)
        #expect(core.sent[before...].map(\.exchange.kind) == Array(repeating: .lightBeat, count: 4))
        maintain(core, document.key, nil)
        #expect(core.inFlight.map(\.kind) == [.register])
        core.settle(well)
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.view(document.key)?.maintenance == nil)
        #expect(core.view(document.key)?.generation == 1)
    }

    @Test("stop: nothing is sent, skipped beats are counted; it ends by itself, and a beat follows at once")
    func stopEndsByItself() {
        let core = beating([document])
        maintain(core, document.key, maintenance(core, .stop, for: .seconds(600)))
        #expect(core.inFlight.isEmpty)
        let begin = core.now
        let before = core.sent.count
        core.run(.seconds(599), answering: well)
        #expect(core.sent.count == before)
        #expect(core.view(document.key)?.state == .maintenance)
        #expect((119...120).contains(core.counters.skipped[.maintenance]))
        core.run(.seconds(2), answering: well)
        #expect(core.sent.count > before)
        #expect(core.sent[before].at - begin <= .milliseconds(600_020))
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("a second one takes the place of the first, with its own end")
    func replaced() {
        let core = beating([document])
        maintain(core, document.key, maintenance(core, .stop, for: .seconds(10)))
        maintain(core, document.key, maintenance(core, .disable, for: .seconds(60)))
        core.settle(well)
        core.run(.seconds(50), answering: well)
        #expect(core.view(document.key)?.state == .maintenance)
        core.run(.seconds(20), answering: well)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("the whole sidecar: all are held out, also those that come meanwhile; those of their own stay out")
    func sidecar() {
        let core = beating([.orders(1), .orders(2)])
        maintain(core, RegistrationDocument.orders(2).key, maintenance(core, .stop))
        let token = core.token()
        core.handle(.maintainSidecar(maintenance(core, .disable, for: .seconds(30)), token))
        #expect(core.answers[token] == .maintained(nil))
        core.register(.orders(3))
        core.settle(well)
        #expect(core.count(of: .maintenance) == 3)
        #expect(core.view(RegistrationDocument.orders(1).key)?.isSidecarMaintenance == true)
        #expect(core.view(RegistrationDocument.orders(3).key)?.reason == "the whole sidecar is held out: upgrade")
        let registers = core.sent.filter { $0.exchange.kind == .register && $0.at == core.now }
        #expect(registers.count == 2)
        #expect(registers.allSatisfy { sent in core.read { !$0.subject(of: sent.exchange).document.enabled } })
        core.run(.seconds(40), answering: well)
        #expect(core.count(of: .beating) == 2)
        #expect(core.view(RegistrationDocument.orders(2).key)?.state == .maintenance)
        #expect(core.read { $0.sidecarMaintenance } == nil)
    }

    @Test("maintenance goes before checks in what is shown, and the further of the two holds")
    func withChecks() {
        let checked = RegistrationDocument.checked([.tcp()], .stop)
        let core = beating([checked])
        maintain(core, checked.key, maintenance(core, .disable))
        core.settle(well)
        core.watch(.seconds(5), checking: { _ in .failing }, answering: well)
        #expect(core.view(checked.key)?.state == .maintenance)
        let before = core.sent.count
        core.watch(.seconds(20), checking: { _ in .failing }, answering: well)
        #expect(core.sent.count == before)
        maintain(core, checked.key, nil)
        #expect(core.view(checked.key)?.state == .unhealthy)
        core.watch(.seconds(2), checking: { _ in .passing }, answering: well)
        #expect(core.view(checked.key)?.state == .beating)
        let last = core.sent.last { $0.exchange.kind == .register }
        #expect(last.map { sent in core.read { $0.subject(of: sent.exchange).document.enabled } } == true)
    }

    @Test("a registration that is removed takes its maintenance with it")
    func removal() {
        let core = beating([document])
        maintain(core, document.key, maintenance(core, .stop, for: .seconds(60)))
        core.remove(document.key)
        core.settle(well)
        #expect(core.tombstones == 0)
        core.register(document)
        core.settle(well)
        #expect(core.view(document.key)?.state == .beating)
        core.run(.seconds(90), answering: well)
        #expect(core.view(document.key)?.state == .beating)
    }
}
