import Testing

@testable import BeatCore

@Suite("onUnhealthy: what a failing check does to the instance at Nacos")
struct UnhealthyModeTests {
    private func unhealthy(_ mode: OnUnhealthy, _ answering: (Exchange) -> NacosReply? = well) -> Core {
        let core = Core()
        core.register(.checked([.tcp()], mode))
        core.watch(.seconds(20), checking: { _ in .passing }, answering: well)
        core.watch(.seconds(4), checking: { _ in .failing }, answering: answering)
        return core
    }

    private let key = RegistrationDocument.orders().key

    @Test("disable: registers again with enabled=false, beats lightly from then on, and back on recovery")
    func disable() throws {
        let core = unhealthy(.disable)
        #expect(core.view(key)?.state == .unhealthy)
        let register = try #require(core.sent.last { $0.exchange.kind == .register })
        #expect(core.read { $0.subject(of: register.exchange) }.document.enabled == false)
        #expect(core.view(key)?.document.enabled == true)
        #expect(core.view(key)?.generation == 1)
        #expect(core.view(key)?.observedGeneration == 1)
        let before = core.sent.count
        core.watch(.seconds(30), checking: { _ in .failing }, answering: well)
        #expect(core.sent[before...].map(\.exchange.kind) == Array(repeating: .lightBeat, count: 6))
        #expect(core.counters.skipped[.check] == 0)

        while core.runs.isEmpty { core.tickAtDeadline() }
        #expect(core.finish(.passing).compactMap(\.sends) == [.register])
        let again = try #require(core.inFlight.first)
        #expect(core.read { $0.subject(of: again) }.document.enabled == true)
        core.settle(well)
        #expect(core.view(key)?.state == .beating)
    }

    @Test("disable: a change meanwhile is registered with enabled=false too")
    func changeWhileDisabled() throws {
        let core = unhealthy(.disable)
        var changed = RegistrationDocument.checked([.tcp()], .disable)
        changed.weight = 7
        #expect(core.register(changed).compactMap(\.sends) == [.register])
        let exchange = try #require(core.inFlight.first)
        let subject = core.read { $0.subject(of: exchange) }.document
        #expect(subject.enabled == false && subject.weight == 7)
        core.settle(well)
        #expect(core.view(key)?.state == .unhealthy)
        #expect(core.view(key)?.generation == 2)
        #expect(core.view(key)?.observedGeneration == 2)
    }

    @Test("deregister: takes the instance out, sends nothing, and registers again on recovery")
    func deregister() {
        let core = unhealthy(.deregister)
        #expect(core.sent.last?.exchange.kind == .deregister)
        #expect(core.view(key)?.state == .unhealthy)
        #expect(core.dom2BeatSize == 1 && core.tombstones == 0)
        #expect(core.counters.deregistrations[.ok] == 1)
        let before = core.sent.count
        core.watch(.seconds(60), checking: { _ in .failing }, answering: well)
        #expect(core.sent.count == before)

        while core.runs.isEmpty { core.tickAtDeadline() }
        #expect(core.finish(.passing).compactMap(\.sends) == [.register])
        #expect(core.reply(.ok).compactMap(\.sends) == [.lightBeat])
        core.reply(.accepted)
        #expect(core.view(key)?.state == .beating)
    }

    @Test("deregister: recovery while the deletion is not confirmed does not wait for it to succeed")
    func recoveryDuringDeletion() {
        let core = unhealthy(.deregister) { $0.kind == .deregister ? nil : well($0) }
        #expect(core.inFlight.map(\.kind) == [.deregister])
        core.watch(.seconds(1), checking: { _ in .passing })
        #expect(core.inFlight.map(\.kind) == [.deregister])
        core.fail(.timeout)
        let before = core.sent.count
        core.watch(.seconds(1), checking: { _ in .passing }, answering: well)
        #expect(core.sent[before...].map(\.exchange.kind) == [.register, .lightBeat])
        #expect(core.view(key)?.state == .beating)
    }

    @Test("deregister: a beat in flight is waited for, and its late answer brings nothing back")
    func noGhost() {
        let core = Core()
        core.register(.checked([.tcp()], .deregister))
        core.watch(.seconds(20), checking: { _ in .passing }, answering: well)
        core.watch(.seconds(8), checking: { _ in .failing })
        #expect(core.inFlight.map(\.kind.isBeat) == [true])
        #expect(core.reply(.unknown).compactMap(\.sends) == [.deregister])
        core.settle(well)
        core.watch(.seconds(20), checking: { _ in .failing }, answering: well)
        #expect(core.sent.last?.exchange.kind == .deregister)
    }

    @Test(
        "removal while failing: the instance leaves Nacos, or is gone at once where it was not there",
        arguments: [OnUnhealthy.stop, .disable, .deregister])
    func removal(mode: OnUnhealthy) {
        let core = unhealthy(mode)
        let effects = core.remove(key).compactMap(\.sends)
        #expect(effects == (mode == .deregister ? [] : [.deregister]))
        core.settle(well)
        #expect(core.dom2BeatSize == 0 && core.tombstones == 0)
        let sent = core.sent.count
        core.watch(.seconds(30), checking: { _ in .passing }, answering: well)
        #expect(core.sent.count == sent)
    }

    @Test("the end of the process while failing leaves nothing", arguments: [OnUnhealthy.stop, .disable, .deregister])
    func draining(mode: OnUnhealthy) {
        let core = unhealthy(mode)
        core.handle(.drain)
        core.settle(well)
        #expect(core.dom2BeatSize == 0 && core.tombstones == 0)
    }

    @Test("stop: what is in flight when the check fails is cancelled, and its failure is not tried elsewhere")
    func inFlight() {
        let core = Core(servers: ["a:1", "b:1"])
        core.register(.checked())
        core.watch(.seconds(20), checking: { _ in .passing }, answering: well)
        core.watch(.seconds(6), checking: { _ in .passing })
        #expect(core.inFlight.count == 1)
        core.watch(.seconds(4), checking: { _ in .failing })
        #expect(core.view(key)?.state == .unhealthy)
        #expect(core.fail(.timeout).isEmpty)
        core.watch(.seconds(30), checking: { _ in .failing }, answering: well)
        #expect(core.inFlight.isEmpty)
    }
}
