import Testing

@testable import BeatCore

@Suite("Servers: failing over, quarantine, coming back")
struct ServersTests {
    let document = RegistrationDocument.orders()

    @Test("a failed beat is tried at once on the next server, each once")
    func failover() {
        let core = Core(servers: ["a:1", "b:1", "c:1"])
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let first = core.inFlight[0].server
        core.reply(.broken)
        let second = core.inFlight[0].server
        core.fail(.connect)
        let third = core.inFlight[0].server
        #expect(Set([first, second, third]).count == 3)
        core.reply(.accepted)
        #expect(core.counters.beats[.ok] == 2)
        #expect(core.counters.beats[.httpError] == 0)
        #expect(core.counters.retries[.httpError] == 1)
        #expect(core.counters.retries[.connect] == 1)
    }

    @Test("only server k of three is alive, for every k: every beat is accepted", arguments: 0...2)
    func onlyOneAlive(alive: Int) {
        let core = Core(servers: ["a:1", "b:1", "c:1"])
        for number in 1...20 { core.register(.orders(number)) }
        let answer: (Exchange) -> NacosReply? = { Int($0.server) == alive ? well($0) : .broken }
        core.settle(answer)
        core.run(.seconds(60), answering: answer)
        #expect(core.count(of: .beating) == 20)
        #expect(core.counters.beats[.httpError] == 0)
        let dead = core.sent.filter { Int($0.exchange.server) != alive }.count
        #expect(dead < 200, "a quarantined server sees one probe a second, not every beat: \(dead)")
    }

    @Test("with one server a beat waits 0.5 s, then 1.5 s, while its budget lasts; then the next period")
    func backOff() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let due = core.now
        core.fail(.timeout)
        #expect(core.view(document.key)?.state == .degraded)
        core.tickAtDeadline()
        #expect(core.now - due == .milliseconds(500))
        core.fail(.timeout)
        core.tickAtDeadline()
        #expect(core.now - due == .seconds(2))
        core.reply(.accepted)
        #expect(core.view(document.key)?.state == .beating)
        core.tickAtDeadline()
        #expect(core.now - due == .seconds(5))
    }

    @Test("a 4xx of our own making is not repeated elsewhere")
    func rejected() {
        let core = Core(servers: ["a:1", "b:1"])
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        #expect(core.reply(.rejected(status: 400, detail: "port")).compactMap(\.sends).isEmpty)
        #expect(core.counters.beats[.rejected] == 1)
        #expect(core.servers.allSatisfy { $0.state != .quarantined })
    }

    @Test("three rejected beats in a row: the instance is registered again")
    func recovery() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.run(.seconds(15)) { $0.kind.isBeat ? .rejected(status: 500, detail: "service not found") : .ok }
        #expect(core.sent.map(\.exchange.kind).filter { $0 == .register }.count == 2)
        #expect(core.counters.reregistrations[.recovery] == 1)
    }

    @Test("a server that is down at the start: quarantined, probed once a second, converges when it is back")
    func downAtStart() {
        let core = Core()
        for number in 1...100 { core.register(.orders(number)) }
        while !core.inFlight.isEmpty { core.fail(.connect) }
        #expect(core.servers[0].state == .quarantined)
        let before = core.sent.count
        core.run(.seconds(10)) { _ in nil }
        while !core.inFlight.isEmpty { core.fail(.connect) }
        #expect(core.sent.count - before <= 10)
        core.run(.seconds(3), answering: well)
        #expect(core.count(of: .beating) == 100)
    }

    @Test("a server that restarts empty: each instance is registered again exactly once, within its period")
    func restartsEmpty() {
        let core = Core()
        for number in 1...100 { core.register(.orders(number)) }
        core.settle(well)
        var known: Set<Int32> = []
        core.run(.seconds(6)) { exchange in
            switch exchange.kind {
            case .register:
                known.insert(exchange.slot)
                return .ok
            case .lightBeat, .fullBeat: return known.contains(exchange.slot) ? .accepted : .unknown
            case .deregister: return .ok
            }
        }
        #expect(known.count == 100)
        #expect(core.counters.reregistrations[.notFound] == 100)
        #expect(core.count(of: .beating) == 100)
    }

    @Test("failing for more than ten seconds is critical; one accepted beat ends it")
    func critical() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.run(.seconds(16)) { _ in .broken }
        #expect(core.view(document.key)?.state == .critical)
        #expect(core.count(of: .critical) == 1)
        core.run(.seconds(5), answering: well)
        #expect(core.count(of: .beating) == 1)
        #expect(core.view(document.key)?.consecutiveFailures == 0)
    }

    @Test("401 and 403 are not the server's failure and not another server's business")
    func unauthorized() {
        let core = Core(servers: ["a:1", "b:1"])
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        #expect(core.reply(.unauthorized(status: 403, detail: "token expired!")).compactMap(\.sends).isEmpty)
        #expect(core.servers.allSatisfy { $0.consecutiveFailures == 0 })
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("changes one after another do not each wait for the same hung server")
    func changesAtHungServer() {
        let core = Core(servers: ["a:1", "b:1"])
        core.register(document)
        let hung = core.inFlight[0].server
        for weight in 2...4 {
            var changed = document
            changed.weight = Double(weight)
            core.register(changed)
            // The one in flight times out, or is cancelled before it is written.
            if core.inFlight[0].server == hung { core.fail(.timeout) } else { core.fail(.aborted) }
            #expect(core.inFlight[0].server != hung)
        }
        core.reply(.ok)
        #expect(core.view(document.key)?.observedGeneration == 4)
    }
}
