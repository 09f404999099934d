import Testing

@testable import BeatCore

@Suite("Events: what those who follow are told")
struct EventTests {
    private let document = RegistrationDocument.orders()

    private func text(_ event: Event) -> String {
        switch event.subject {
        case .registration(_, _, let state): "\(event.kind.rawValue) \(event.rev) \(state): \(event.reason)"
        case .server(let name): "\(event.kind.rawValue) \(name): \(event.reason)"
        case .process: "\(event.kind.rawValue): \(event.reason)"
        }
    }

    /// The events since the last call.
    private func events(_ core: Core) -> [String] { core.takeEvents().map(text) }

    private func beating(_ core: Core, _ documents: RegistrationDocument...) {
        for document in documents { core.register(document) }
        core.settle(well)
        core.run(.seconds(6), answering: well)
        _ = core.takeEvents()
    }

    @Test("a life: registered, accepted, changed, the change accepted, removed; beats tell nothing")
    func life() {
        let core = Core()
        core.register(document)
        #expect(events(core) == ["registered 1 pending: waiting for Nacos to accept it"])
        core.settle(well)
        #expect(events(core) == ["updated 1 beating: registration accepted"])
        core.run(.seconds(60), answering: well)
        #expect(events(core) == [])
        core.register(document)
        #expect(events(core) == [], "the same once more changes nothing")
        var heavier = document
        heavier.weight = 2
        core.register(heavier)
        #expect(events(core) == ["updated 2 beating: beat accepted"])
        core.settle(well)
        #expect(events(core) == ["updated 2 beating: Nacos accepted the change"])
        core.remove(document.key)
        #expect(events(core) == ["removed 3 deregistering: waiting for Nacos to confirm"])
        core.settle(well)
        #expect(core.tombstones == 0)
        #expect(events(core) == [])
    }

    @Test("the event names the instance and the id that it has")
    func subject() {
        let core = Core()
        core.register(document, RegisterOptions(id: "mine"))
        #expect(
            core.takeEvents().map(\.subject) == [.registration(id: "mine", key: document.key, state: .pending)])
    }

    @Test("a tombstone that is posted again is registered; one left to expire says so")
    func revived() {
        let core = Core()
        beating(core, document)
        core.remove(document.key, deregister: false)
        #expect(events(core) == ["removed 2 deregistering: its instance is left to expire at Nacos"])
        core.register(document)
        core.remove(document.key)
        core.register(document)
        #expect(
            events(core).map { $0.prefix { $0 != " " } } == ["registered", "removed", "registered"])
    }

    @Test("beats fail and recover: once each, critical in between; the server goes down and up")
    func failing() {
        let core = Core()
        beating(core, document)
        core.run(.seconds(25)) { _ in .broken }
        let down = events(core)
        #expect(down.map { $0.prefix { $0 != " " } } == ["beat.failed", "server.down", "beat.failed"])
        #expect(down[0] == "beat.failed 1 degraded: the last beat failed: 500 caused: x;")
        #expect(down[1] == "server.down 127.0.0.1:8848: 500 caused: x;")
        #expect(down[2].hasPrefix("beat.failed 1 critical: no beat accepted for more than 10 s"))
        core.run(.seconds(10), answering: well)
        #expect(
            events(core) == ["server.up 127.0.0.1:8848: it answers again", "beat.recovered 1 beating: beat accepted"])
    }

    @Test("Nacos refuses: told once, and not again each minute")
    func refused() {
        let core = Core()
        core.register(document)
        core.reply(.rejected(status: 400, detail: "no"))
        #expect(
            events(core) == [
                "registered 1 pending: waiting for Nacos to accept it",
                "updated 1 stopped: Nacos refused the registration: 400 no",
            ])
        core.run(.seconds(200)) { _ in .rejected(status: 400, detail: "no") }
        #expect(core.sent.count >= 3)
        #expect(events(core) == [])
        core.run(.seconds(61), answering: well)
        #expect(events(core) == ["updated 1 beating: registration accepted"])
    }

    @Test("a lost instance that is registered again is told of")
    func lost() {
        let core = Core()
        beating(core, document)
        core.run(.seconds(6)) { $0.kind.isBeat ? .unknown : .ok }
        #expect(events(core).first == "updated 1 beating: registration accepted")
    }

    @Test("checks: failing and passing, with the state that follows")
    func checks() {
        let core = Core()
        var checked = document
        checked.checks = [
            Check(
                .tcp(CheckAddress(host: "127.0.0.1", port: 80)), every: .seconds(1), timeout: .milliseconds(500),
                fall: 1, rise: 1)
        ]
        core.register(checked)
        core.watch(.seconds(3), checking: { _ in .passing }, answering: well)
        #expect(
            events(core) == [
                "registered 1 pending: waiting for its tcp check to pass",
                "check.passing 1 pending: its tcp check passes",
                "updated 1 beating: registration accepted",
            ])
        core.watch(.seconds(3), checking: { _ in .failing }, answering: well)
        #expect(events(core) == ["check.failing 1 unhealthy: its tcp check fails"])
        core.watch(.seconds(10), checking: { _ in .warning }, answering: well)
        #expect(
            events(core) == ["check.passing 1 pending: its tcp check warns", "updated 1 beating: beat accepted"])
    }

    @Test("maintenance of one: on, off, by request and by itself")
    func maintenance() throws {
        let core = Core()
        beating(core, document)
        let handle = try #require(core.view(document.key)?.handle)
        func maintain(_ maintenance: Maintenance?) { core.handle(.maintain(handle, maintenance, core.token())) }
        maintain(nil)
        #expect(events(core) == [], "there was none")
        maintain(Maintenance(mode: .stop, reason: "upgrade", since: core.now, until: nil))
        maintain(nil)
        core.run(.seconds(6), answering: well)
        #expect(
            events(core) == [
                "maintenance.on 1 maintenance: held out: upgrade", "maintenance.off 1 pending: its maintenance is over",
                "updated 1 beating: beat accepted",
            ])
        maintain(Maintenance(mode: .stop, reason: "", since: core.now, until: core.now + .seconds(60)))
        core.run(.seconds(70), answering: well)
        #expect(
            events(core) == [
                "maintenance.on 1 maintenance: held out", "maintenance.off 1 pending: its maintenance is over",
                "updated 1 beating: beat accepted",
            ])
    }

    @Test("maintenance of the whole sidecar is one event, however many there are; what comes after it is told")
    func sidecar() {
        let core = Core()
        beating(core, .orders(1), .orders(2), .orders(3))
        core.handle(
            .maintainSidecar(Maintenance(mode: .stop, reason: "move", since: core.now, until: nil), core.token()))
        #expect(events(core) == ["maintenance.on: the whole sidecar is held out: move"])
        core.run(.seconds(30), answering: well)
        core.handle(.maintainSidecar(nil, core.token()))
        #expect(events(core) == ["maintenance.off: the maintenance of the whole sidecar is over"])
        core.run(.seconds(10), answering: well)
        #expect(events(core) == Array(repeating: "updated 3 beating: beat accepted", count: 3))
    }

    @Test("what an earlier process has stored is no news; its first beat is")
    func restored() {
        let core = Core(stores: true)
        let stored = StoredRegistration(
            serial: 1, document: document, stage: .kept, generation: 1, acceptedGeneration: 1, rev: 1,
            createdAt: core.now, updatedAt: core.now)
        core.handle(.restored([stored], rev: 1, total: 1))
        #expect(events(core) == [])
        core.run(.seconds(6), answering: well)
        #expect(events(core) == ["updated 1 beating: beat accepted"])
    }

    @Test("a reload is told with its words")
    func reloaded() {
        let core = Core()
        #expect(core.handle(.reloaded("read again")) == [])
        #expect(events(core) == ["reloaded: read again"])
    }
}
