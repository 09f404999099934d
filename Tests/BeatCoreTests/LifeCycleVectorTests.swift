import Testing

@testable import BeatCore

/// Conformance vectors of Nacos clients on servers that restart, refuse and answer nonsense; see `VectorTests`.
@Suite("Conformance vectors: life cycle")
struct LifeCycleVectorTests {
    let document = RegistrationDocument.orders()

    @Test("vector 13: one server answers a beat 500: again after 0.5 s and 1.5 s, one failed beat, then the next round")
    func vector13_oneServer() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let due = core.inFlight[0].due
        let before = core.sent.count - 1
        core.settle { _ in .broken }
        core.run(.milliseconds(4999)) { _ in .broken }
        #expect(
            core.sent[before...].map { $0.at - due } == [.zero, .milliseconds(500), .seconds(2), .milliseconds(3500)])
        #expect(core.counters.beats[.httpError] == 1)
        #expect(core.sent[before...].allSatisfy { $0.exchange.kind.isBeat && $0.exchange.due == due })
        core.run(.milliseconds(1), answering: well)
        #expect(core.sent.last?.at == due + .seconds(5))
        #expect(core.counters.beats[.httpError] == 1)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("vector 31: a v3 server does not know the instance: registered at once, whole; beats keep their schedule")
    func vector31_notFound() {
        let core = Core(dialect: .forced(.v3))
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let due = core.inFlight[0].due
        let effects = core.reply(.notFound(interval: nil, lightBeatEnabled: true))
        #expect(effects.compactMap(\.sends) == [.register])
        #expect(core.now == due)
        #expect(core.read { $0.subject(of: core.inFlight[0]).document } == document)
        core.reply(.ok)
        core.tickAtDeadline()
        #expect(core.inFlight.map(\.kind) == [.lightBeat])
        #expect(core.now - due == .seconds(5))
    }

    @Test("vector 79: reset, refused for 15 s, then not found: registered at once, no other sign needed")
    func vector79_restart() {
        for dialect in Dialect.allCases {
            let core = Core(dialect: .forced(dialect))
            core.register(document)
            core.settle(well)
            core.tickAtDeadline()
            let begin = core.now
            core.fail(.closed)
            while core.now - begin < .seconds(15) {
                while !core.inFlight.isEmpty { core.fail(.connect) }
                core.tickAtDeadline()
            }
            while core.inFlight.isEmpty { core.tickAtDeadline() }
            #expect(core.inFlight[0].kind.isBeat)
            #expect(core.now - begin <= .seconds(20))
            #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
            core.settle(well)
            #expect(core.view(document.key)?.state == .beating)
            #expect(core.sent.filter { $0.exchange.kind == .register }.count == 2)
        }
    }

    @Test(
        "vector 79: r-nacos back at once, with a bare instance: one reset or refusal, and what it had is registered again",
        arguments: [ExchangeFailure.closed, .connect])
    func vector79_rnacos(failure: ExchangeFailure) {
        let core = Core(dialect: .auto)
        core.handle(.tick)
        core.handle(.probed(0, .found(.v1, version: nil, upsertsOnBeat: true)))
        for number in 1...3 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(10), answering: well)
        #expect(core.sent.filter { $0.exchange.kind == .register }.count == 3)
        while core.inFlight.isEmpty { core.tickAtDeadline() }
        let back = core.sent.count
        core.fail(failure)
        core.settle(well)
        core.run(.seconds(20), answering: well)
        let registered = core.sent[back...].filter { $0.exchange.kind == .register }
        #expect(Set(registered.map(\.exchange.slot)).count == 3)
        #expect(registered.count == 3, "each once")
        let end = core.sent[back...].allSatisfy { $0.exchange.kind == .register || $0.exchange.kind == .fullBeat }
        #expect(end)
        #expect(core.count(of: .beating) == 3)
    }

    @Test("vector 79: r-nacos that only takes its time is not registered at again")
    func vector79_rnacosIsSlow() {
        let core = Core(dialect: .auto)
        core.handle(.tick)
        core.handle(.probed(0, .found(.v1, version: nil, upsertsOnBeat: true)))
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        core.fail(.timeout)
        core.run(.seconds(20), answering: well)
        #expect(core.sent.filter { $0.exchange.kind == .register }.count == 1)
    }

    @Test("vector 81: a refused login is spaced, and beats go on with the old token")
    func vector81_oldToken() {
        let core = Core(logsIn: true)
        core.handle(.tick)
        core.handle(.loginEnded(.token(ttl: .seconds(100))))
        core.register(document)
        core.handle(.tick)
        core.settle(well)
        let begin = core.now
        var logins: [Duration] = []
        while core.now - begin < .seconds(117) {
            if core.tickAtDeadline().contains(.login) {
                logins.append(core.now - begin)
                core.handle(.loginEnded(.failed("500 Internal Server Error")))
            }
            core.settle(well)
        }
        #expect(logins.prefix(6) == [90, 95, 100, 105, 110, 115].map { .seconds($0) }[...])
        #expect(logins.count <= 7)
        let beats = core.sent.filter { $0.exchange.kind.isBeat && $0.at - begin > .seconds(60) }.map(\.at)
        #expect(beats.count >= 11)
        #expect(zip(beats, beats.dropFirst()).allSatisfy { $1 - $0 == .seconds(5) })
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("vector 82: a register answered 200 with an empty body has failed, and says what may be wrong")
    func vector82_emptyAnswer() {
        let core = Core(dialect: .forced(.v3))
        core.register(document)
        let hint = "expected a Result, got an empty body; the metadata may be malformed"
        #expect(core.reply(.unreadable(status: 200, detail: hint)).compactMap(\.sends).isEmpty)
        #expect(core.view(document.key)?.state == .pending)
        #expect(core.view(document.key)?.reason.contains("the metadata may be malformed") == true)
        core.run(.seconds(10)) { _ in .unreadable(status: 200, detail: hint) }
        #expect(core.sent.count > 1)
        #expect(core.sent.allSatisfy { $0.exchange.kind == .register })
    }
}
