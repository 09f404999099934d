import Testing

@testable import BeatCore

@Suite("Dialects: asked for, remembered, asked for again")
struct DialectTests {
    let document = RegistrationDocument.orders()
    private let v1 = ProbeOutcome.found(.v1, version: "2.5.1", upsertsOnBeat: false)
    private let v3 = ProbeOutcome.found(.v3, version: "3.2.0", upsertsOnBeat: false)
    private let rnacos = ProbeOutcome.found(.v1, version: nil, upsertsOnBeat: true)

    @Test("a server is asked before anything is sent to it; its answer sends what waits at once")
    func probedFirst() {
        let core = Core(dialect: .auto)
        #expect(core.handle(.tick) == [.probe(0)])
        #expect(core.register(document).compactMap(\.sends).isEmpty)
        core.advance(.milliseconds(3))
        core.handle(.probed(0, v3))
        #expect(core.nextDeadline.map { $0 <= core.now } == true)
        #expect(core.handle(.tick).compactMap(\.sends) == [.register])
        #expect(core.inFlight[0].dialect == .v3)
    }

    @Test("each server is asked once at a time, whoever wants it")
    func oneProbe() {
        let core = Core(dialect: .auto)
        #expect(core.handle(.tick) == [.probe(0)])
        for number in 1...10 { core.register(.orders(number)) }
        core.run(.seconds(2))
        #expect(core.sent.isEmpty)
        core.handle(.probed(0, v1))
        core.handle(.tick)
        #expect(core.sent.count == 10)
    }

    @Test("a server that does not answer the probe is asked once a second")
    func probeFails() {
        let core = Core(dialect: .auto)
        var probes = 0
        for _ in 0..<50 {
            for case .probe(let server) in core.handle(.tick) {
                probes += 1
                core.handle(.probed(server, .failed("refused")))
            }
            if probes == 1 { core.register(document) }
            core.advance(.milliseconds(100))
        }
        #expect((4...6).contains(probes), "\(probes) probes in 5 s")
        #expect(core.servers[0].state == .quarantined)
    }

    @Test("vectors 32, 33: 410, 501, 404 or 405 to a beat: the server is asked again, and beaten in what it speaks now")
    func vector32_upgrade() {
        let core = Core(dialect: .auto)
        core.handle(.tick)
        core.handle(.probed(0, v1))
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let effects = core.reply(.notServed(status: 501, detail: "no such api"))
        #expect(effects.contains(.probe(0)))
        core.handle(.probed(0, v3))
        #expect(core.handle(.tick).compactMap(\.sends) == [.lightBeat])
        #expect(core.inFlight[0].dialect == .v3)
        #expect(core.reply(.notFound(interval: nil, lightBeatEnabled: true)).compactMap(\.sends) == [.register])
        core.reply(.ok)
        #expect(core.counters.reregistrations[.dialect] == 1)
        #expect(core.counters.reregistrations[.notFound] == 0)
        #expect(core.counters.beats[.httpError] == 0)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("an outage makes a server be asked again: another may stand in its place")
    func afterOutage() {
        let core = Core(dialect: .auto)
        core.handle(.tick)
        core.handle(.probed(0, v1))
        for number in 1...3 { core.register(.orders(number)) }
        while !core.inFlight.isEmpty { core.fail(.connect) }
        #expect(core.servers[0].state == .quarantined)
        core.advance(.seconds(1))
        #expect(core.handle(.tick).contains(.probe(0)))
    }

    @Test("a forced dialect is never asked for, not even when the server does not serve it")
    func forced() {
        let core = Core(dialect: .forced(.v1))
        core.register(document)
        #expect(!core.reply(.notServed(status: 410, detail: "deprecated")).contains(.probe(0)))
        core.run(.seconds(10)) { _ in .notServed(status: 410, detail: "deprecated") }
        #expect(core.view(document.key)?.reason.contains("410 deprecated") == true)
    }

    @Test("vector 30: v3 beats are light and keep their own period")
    func vector30_ownPeriod() {
        let core = Core(dialect: .forced(.v3))
        core.register(document)
        #expect(core.reply(.ok).compactMap(\.sends) == [.lightBeat])
        core.reply(.beatAccepted(interval: nil, lightBeatEnabled: true))
        let first = core.tickAtDeadline()
        #expect(first.compactMap(\.sends) == [.lightBeat])
        #expect(core.view(document.key)?.period == .seconds(5))
    }

    @Test("r-nacos always gets full beats, and after an outage every instance is registered whole")
    func rnacosFullBeats() {
        let core = Core(dialect: .auto)
        core.handle(.tick)
        core.handle(.probed(0, rnacos))
        for number in 1...3 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(5), answering: well)
        #expect(core.sent.filter { $0.exchange.kind.isBeat }.allSatisfy { $0.exchange.kind == .fullBeat })
        core.run(.seconds(5)) { _ in nil }
        while !core.inFlight.isEmpty { core.fail(.connect) }
        core.advance(.seconds(1))
        #expect(core.handle(.tick).contains(.probe(0)))
        let before = core.sent.count
        core.handle(.probed(0, rnacos))
        core.run(.seconds(6), answering: well)
        let registers = core.sent[before...].filter { $0.exchange.kind == .register }
        #expect(registers.count == 3)
        #expect(core.counters.reregistrations[.recovery] == 3)
    }

    @Test("vectors 55, 70: the responsible node of the hash vectors")
    func vector55_hashes() {
        #expect(Distro.javaHash("10.0.0.1:8080") == -1_643_343_804)
        // What is not ASCII counts by its UTF-16 units.
        #expect(Distro.javaHash("aé") == 97 * 31 + 233)
        #expect(Distro.javaHash("😀") == 0xD83D * 31 + 0xDE00)
        #expect(Distro.javaHash("10.0.0.2:8080") == -1_614_714_653)
        #expect(Distro.javaHash("127.0.0.1:9001") == -35_707_083)
        #expect(Distro.javaHash("DEFAULT_GROUP@@svc") == 1_899_290_687)
        for port: UInt16 in [1, 9, 10, 80, 100, 443, 1000, 8080, 9_999, 10_000, .max] {
            #expect(Distro.hash(ip: "10.0.0.1", port: port) == Distro.javaHash("10.0.0.1:\(port)"))
        }
        #expect(Distro.index(of: -1_643_343_804, members: 3) == 0)
        #expect(Distro.index(of: -1_614_714_653, members: 3) == 2)
        #expect(Distro.index(of: -1_614_714_653, members: 2) == 1)
        #expect(Distro.index(of: -35_707_083, members: 3) == 0)
        #expect(Distro.index(of: -35_707_083, members: 2) == 1)
        #expect(Distro.index(of: 1_899_290_687, members: 3) == 2)
    }

    @Test(
        "vectors 70, 71: in a v3 cluster everything of an instance goes to its node, and a failure does not move it at once"
    )
    func vector70_responsibleNode() {
        // In another order than the cluster's: the nodes sort themselves.
        let core = Core(servers: ["c:8848", "a:8848", "b:8848"], dialect: .forced(.v3))
        let key = InstanceKey(serviceName: "orders", ip: "10.0.0.2", port: 8080)
        core.register(RegistrationDocument(key: key))
        #expect(core.inFlight[0].server == 0)
        core.settle(well)
        core.run(.seconds(20), answering: well)
        #expect(core.sent.allSatisfy { $0.exchange.server == 0 })
        core.tickAtDeadline()
        #expect(core.fail(.timeout).compactMap(\.sends).isEmpty)
        core.run(.milliseconds(500))
        #expect(core.inFlight.map(\.server) == [0])
    }
}

@Suite("Login: one for all, in time, never in a spin")
struct LoginTests {
    let document = RegistrationDocument.orders()

    @Test("vector 27: the login comes first; the token is renewed in the last tenth of its life")
    func vector27_renewal() {
        let core = Core(logsIn: true)
        #expect(core.handle(.tick) == [.login])
        #expect(core.register(document).compactMap(\.sends).isEmpty)
        core.handle(.loginEnded(.token(ttl: .seconds(100))))
        #expect(core.handle(.tick).compactMap(\.sends) == [.register])
        core.settle(well)
        let begin = core.now
        var logins: [Duration] = []
        while core.now - begin < .seconds(99) {
            if core.tickAtDeadline().contains(.login) {
                logins.append(core.now - begin)
                core.handle(.loginEnded(.token(ttl: .seconds(100))))
            }
            core.settle(well)
        }
        #expect(logins == [.seconds(90)])
    }

    @Test("vector 28: a beat answered 403: one login for all, at once, and the beats go out again")
    func vector28_refusedToken() {
        let core = Core(logsIn: true)
        core.handle(.tick)
        core.handle(.loginEnded(.token(ttl: .seconds(18_000))))
        for number in 1...10 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(10), answering: well)
        var logins = 0
        for _ in 0..<10 where core.inFlight.isEmpty {
            while core.inFlight.isEmpty { core.tickAtDeadline() }
        }
        while !core.inFlight.isEmpty {
            logins += core.reply(.unauthorized(status: 403, detail: "token expired!")).filter { $0 == .login }.count
        }
        #expect(logins == 1)
        core.handle(.loginEnded(.token(ttl: .seconds(18_000))))
        core.handle(.tick)
        #expect(!core.inFlight.isEmpty)
        core.settle(well)
        #expect(core.count(of: .beating) == 10)
        #expect(BeatOutcome.allCases.allSatisfy { $0 == .ok || core.counters.beats[$0] == 0 })
    }

    @Test("vector 29: a wrong password is tried every five seconds, and beats are tried as they are due")
    func vector29_wrongPassword() {
        let core = Core(logsIn: true)
        var logins = 0
        for round in 0..<300 {
            if round == 1 { core.register(document) }
            core.advance(.milliseconds(100))
            for effect in core.handle(.tick) where effect == .login {
                logins += 1
                core.handle(.loginEnded(.failed("403 unknown user!")))
            }
            while !core.inFlight.isEmpty { core.reply(.unauthorized(status: 403, detail: "unknown user!")) }
        }
        #expect((6...7).contains(logins), "\(logins) logins in 30 s")
        #expect(core.view(document.key)?.reason.contains("403 unknown user!") == true)
    }

    @Test("a server that wants no login is taken at its word")
    func notNeeded() {
        let core = Core(logsIn: true)
        core.handle(.tick)
        core.register(document)
        core.handle(.loginEnded(.notNeeded))
        #expect(core.handle(.tick).compactMap(\.sends) == [.register])
        core.settle(well)
        core.run(.seconds(60), answering: well)
        #expect(core.count(of: .beating) == 1)
    }

    @Test("vector 83: a server that tells nothing without a login: first the login, then the probe again")
    func vector83_loginBeforeProbe() {
        let core = Core(dialect: .auto, logsIn: true)
        #expect(core.handle(.tick) == [.login])
        #expect(core.handle(.loginEnded(.token(ttl: .seconds(3600)))) == [.probe(0)])
    }
}
