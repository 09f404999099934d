import Testing

@testable import BeatCore

@Suite("The list of servers changes")
struct ServerListTests {
    private let document = RegistrationDocument.orders()

    private func beating(_ servers: [String], _ count: Int = 20, dialect: DialectChoice = .forced(.v1)) -> Core {
        let core = Core(servers: servers, dialect: dialect)
        for number in 1...count { core.register(.orders(number)) }
        core.settle(well)
        return core
    }

    private func names(_ core: Core) -> [String] { core.servers.map(\.name) }
    private func places(_ core: Core) -> [ServerIndex] { core.servers.map(\.index) }

    @Test("servers that stay keep place, state and counters; the new one gets a place of its own")
    func staysAndNew() {
        let core = beating(["a:1", "b:1", "c:1"])
        let before = core.servers
        let effects = core.handle(.serverListChanged(["d:1", "c:1", "a:1"]), logs: true)
        #expect(
            effects == [
                .retireServer(1), .addServer(3, name: "d:1"),
                .log(.serverListChanged(names: ["d:1", "c:1", "a:1"], added: 1, removed: 1)),
            ])
        #expect(names(core) == ["d:1", "c:1", "a:1"])
        #expect(places(core) == [3, 2, 0])
        #expect(core.servers[2] == before[0])
        #expect(core.servers[1] == before[2])
        #expect(core.servers[0].state == .unknown)
        #expect(core.servers[0].requests == 0)
    }

    @Test("a removed server gets no further exchange, and every registration goes on elsewhere")
    func removedIsLeftAlone() {
        let core = beating(["a:1", "b:1", "c:1"])
        core.run(.seconds(10), answering: well)
        core.handle(.serverListChanged(["a:1", "c:1"]))
        let before = core.sent.count
        let gaps = core.counters.beats[.ok]
        core.run(.seconds(10), answering: well)
        #expect(core.sent[before...].allSatisfy { $0.exchange.server != 1 })
        #expect(core.counters.beats[.ok] == gaps + 40)
        #expect(core.counters.retries[.connect] == 0)
        #expect(core.count(of: .beating) == 20)
    }

    @Test("the same list, and one with repetitions of it, changes nothing and says nothing")
    func same() {
        let core = beating(["a:1", "b:1"])
        #expect(core.handle(.serverListChanged(["a:1", "b:1"]), logs: true).isEmpty)
        #expect(core.handle(.serverListChanged(["a:1", "b:1", "a:1"]), logs: true).isEmpty)
    }

    @Test("another order is no change of servers: homes follow the names")
    func order() {
        let core = beating(["a:1", "b:1", "c:1"])
        core.run(.seconds(5), answering: well)
        let homes = Dictionary(core.sent.map { ($0.exchange.slot, $0.exchange.server) }) { $1 }
        #expect(core.handle(.serverListChanged(["c:1", "a:1", "b:1"])).isEmpty)
        let before = core.sent.count
        core.run(.seconds(5), answering: well)
        #expect(core.sent[before...].allSatisfy { homes[$0.exchange.slot] == $0.exchange.server })
    }

    @Test("an empty list and one that is too long keep the old one, with a line")
    func ignored() {
        let core = beating(["a:1", "b:1"])
        #expect(
            core.handle(.serverListChanged([]), logs: true) == [
                .log(.serverListIgnored(servers: 0, reason: .empty))
            ])
        let many = (0...Limits.servers).map { "n\($0):1" }
        #expect(
            core.handle(.serverListChanged(many), logs: true) == [
                .log(.serverListIgnored(servers: 17, reason: .tooLong))
            ])
        #expect(names(core) == ["a:1", "b:1"])
        core.handle(.serverListChanged(Array(many.dropFirst())))
        #expect(names(core) == Array(many.dropFirst()))
    }

    @Test("a new server is asked for its dialect before anything is sent to it; those that stay are not asked")
    func newIsProbed() {
        let core = Core(servers: ["a:1"], dialect: .auto)
        core.handle(.tick)
        core.handle(.probed(0, .found(.v1, version: "2.5.1", upsertsOnBeat: false)))
        core.register(document)
        core.settle(well)
        #expect(
            core.handle(.serverListChanged(["a:1", "b:1"])) == [.addServer(1, name: "b:1"), .probe(1)])
        let before = core.sent.count
        core.run(.seconds(5), answering: well)
        #expect(core.sent[before...].allSatisfy { $0.exchange.server == 0 })
        core.handle(.probed(1, .found(.v1, version: "2.5.1", upsertsOnBeat: false)))
        core.handle(.serverListChanged(["b:1"]))
        #expect(core.tickAtDeadline().compactMap(\.sends).count == 1)
        #expect(core.inFlight.map(\.server) == [1])
    }

    // MARK: what is in flight

    @Test("an exchange with a removed server ends as usual: its acceptance counts")
    func acceptedLate() {
        let core = beating(["a:1", "b:1"], 1)
        core.tickAtDeadline()
        let old = core.inFlight[0].server
        core.handle(.serverListChanged(["c:1"]))
        #expect(core.servers.allSatisfy { $0.index != old })
        let accepted = core.counters.beats[.ok]
        #expect(core.reply(.accepted).isEmpty)
        #expect(core.counters.beats[.ok] == accepted + 1)
        #expect(core.counters.staleReplies == 0)
        // Light beats were allowed by the old one, not by this one.
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.fullBeat])
        #expect(core.inFlight[0].server == core.servers[0].index)
    }

    @Test("its failure goes at once to a server of the list, and says nothing of a server that is gone")
    func failedLate() {
        let core = beating(["a:1"], 1)
        core.tickAtDeadline()
        core.handle(.serverListChanged(["b:1"]))
        var effects = core.handle(.failed(core.inFlight[0], .timeout, sentAt: core.now), logs: true)
        #expect(effects.compactMap(\.sends) == [.fullBeat])
        effects.removeAll { $0.sends != nil }
        #expect(effects.isEmpty, "no server.down for what is not in the list: \(effects)")
        #expect(core.inFlight.last?.server == 1)
    }

    @Test("what was not written is taken back and goes to a server of the list at once")
    func abortedLate() {
        let core = beating(["a:1"], 1)
        core.tickAtDeadline()
        core.handle(.serverListChanged(["b:1"]))
        #expect(core.fail(.aborted).compactMap(\.sends) == [.fullBeat])
        #expect(core.inFlight.map(\.server) == [1])
        core.reply(.accepted)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("a reply to an older generation by a removed server is stale")
    func staleLate() {
        let core = Core(servers: ["a:1"])
        core.register(document)
        core.handle(.serverListChanged(["b:1"]))
        var changed = document
        changed.weight = 2
        core.register(changed)
        #expect(core.reply(.ok).compactMap(\.sends) == [.register])
        #expect(core.counters.staleReplies == 1)
        #expect(core.inFlight.map(\.server) == [1])
    }

    @Test("a tombstone's deletion is confirmed by a removed server, and goes on at another when it fails there")
    func deletions() {
        for works in [true, false] {
            let core = beating(["a:1"], 1)
            core.remove(document.key)
            core.settle { $0.kind.isBeat ? .accepted : nil }
            #expect(core.inFlight.map(\.kind) == [.deregister])
            core.handle(.serverListChanged(["b:1"]))
            if works { core.reply(.ok) } else { core.fail(.closed) }
            #expect(core.tombstones == (works ? 0 : 1))
            #expect(core.inFlight.map(\.server) == (works ? [] : [1]))
        }
    }

    // MARK: places

    @Test("a place is not used anew while an exchange is in flight there; then it is, and nothing old is told of it")
    func reuse() throws {
        let core = beating(["a:1"], 1)
        core.tickAtDeadline()
        // The beat to a:1 hangs, while others come and go.
        for round in 0..<100 {
            core.handle(.serverListChanged(["n\(round):1"]))
            #expect(core.servers[0].index != 0)
        }
        #expect(core.inFlight.map(\.server) == [0])
        core.reply(.accepted)
        #expect(core.view(document.key)?.server == 0)
        #expect(core.read { $0.serverNames()[0] } == "a:1")
        core.handle(.serverListChanged(["x:1"]))
        #expect(core.handle(.serverListChanged(["z:1"])) == [.retireServer(0), .addServer(1, name: "z:1")])
        #expect(core.read { $0.serverNames()[0] } == "x:1")
        let view = try #require(core.view(document.key))
        #expect(view.server == nil, "x:1 never answered it")
        #expect(view.lastBeat?.server == Row.noServer)
    }

    @Test("a server that comes back while its exchange is in flight has its place again, and is learned anew")
    func comesBack() {
        let core = beating(["a:1", "b:1"], 1)
        core.tickAtDeadline()
        let place = core.inFlight[0].server
        let name = core.servers[Int(place)].name
        core.handle(.serverListChanged(["c:1"]))
        #expect(
            core.handle(.serverListChanged([name])) == [.retireServer(2), .addServer(place, name: name)])
        core.reply(.accepted)
        #expect(core.servers.map(\.requests) == [3])
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("a whole new list finds places while all of the old one hang; with both hanging a third is not taken")
    func noPlace() {
        func list(_ letter: String) -> [String] { (10..<26).map { "\(letter)\($0):1" } }
        let core = Core(servers: list("a"))
        for number in 1...200 { core.register(.orders(number)) }
        #expect(Set(core.inFlight.map(\.server)).count == 16)
        core.handle(.serverListChanged(list("b")))
        #expect(names(core) == list("b"))
        for number in 201...400 { core.register(.orders(number)) }
        #expect(Set(core.inFlight.map(\.server)).count == 32)
        #expect(
            core.handle(.serverListChanged(list("c")), logs: true) == [
                .log(.serverListIgnored(servers: 16, reason: .noPlace))
            ])
        #expect(names(core) == list("b"))
        core.settle(well)
        core.handle(.serverListChanged(list("c")))
        #expect(names(core) == list("c"))
        core.run(.seconds(5), answering: well)
        #expect(core.count(of: .beating) == 400)
    }

    @Test("a probe under way holds its place; its answer is not taken for another server")
    func probeOfRemoved() {
        let core = Core(servers: ["a:1"], dialect: .auto)
        #expect(core.handle(.tick) == [.probe(0)])
        #expect(
            core.handle(.serverListChanged(["b:1"])) == [.retireServer(0), .addServer(1, name: "b:1"), .probe(1)])
        #expect(core.handle(.probed(0, .found(.v3, version: "3.2", upsertsOnBeat: false)), logs: true).isEmpty)
        #expect(core.servers.map(\.dialect) == [nil])
        core.handle(.probed(1, .found(.v1, version: "2.5", upsertsOnBeat: false)))
        #expect(core.servers.map(\.dialect) == [.v1])
        // Back, with nothing known of it; a probe that hangs meanwhile would be the one that counts.
        #expect(core.handle(.serverListChanged(["a:1", "b:1"])) == [.addServer(0, name: "a:1"), .probe(0)])
        core.handle(.serverListChanged(["b:1"]))
        #expect(core.handle(.serverListChanged(["a:1", "b:1"])) == [.addServer(0, name: "a:1")])
        core.handle(.probed(0, .found(.v3, version: "3.2", upsertsOnBeat: false)))
        #expect(core.servers.map(\.dialect) == [.v3, .v1])
    }

    // MARK: no list yet

    @Test("without servers everything waits, no login is tried; the first list sends it at once")
    func startsWithout() {
        for dialect in [DialectChoice.forced(.v1), .auto] {
            let core = Core(servers: [], dialect: dialect)
            for number in 1...10 { core.register(.orders(number)) }
            core.remove(RegistrationDocument.orders(10).key)
            #expect(core.dom2BeatSize == 9)
            core.run(.seconds(30))
            #expect(core.sent.isEmpty)
            #expect(core.view(document.key)?.state == .pending)
            core.handle(.serverListChanged(["a:1"]))
            if dialect == .auto { core.handle(.probed(0, .found(.v1, version: nil, upsertsOnBeat: false))) }
            core.run(.milliseconds(10), answering: well)
            #expect(core.count(of: .beating) == 9)
        }
        let core = Core(servers: [], logsIn: true)
        core.register(document)
        core.run(.seconds(10))
        #expect(core.handle(.tick).isEmpty)
        #expect(core.handle(.serverListChanged(["a:1"])) == [.addServer(0, name: "a:1"), .login])
    }

    @Test("a drain without servers ends at once")
    func drainWithout() {
        let core = Core(servers: [])
        core.register(document)
        #expect(core.handle(.drain) == [.finish])
    }

    // MARK: owners

    @Test("v3: a registration whose owner changes is registered at the new one by its next beat, 21003")
    func ownersMove() {
        let core = Core(servers: ["a:1", "b:1"], dialect: .forced(.v3))
        let cluster = OwningCluster(core)
        for number in 1...50 { core.register(.orders(number)) }
        core.settle(cluster.answer)
        core.run(.seconds(6), answering: cluster.answer)
        core.handle(.serverListChanged(["a:1", "b:1", "c:1"]))
        let moved = (1...50).filter { cluster.owner(.orders($0)) == "c:1" }
        #expect(moved.count > 5)
        core.run(.seconds(6), answering: cluster.answer)
        #expect(cluster.strangers == 0)
        #expect((1...50).allSatisfy { cluster.holds(.orders($0), at: cluster.owner(.orders($0))) })
        #expect(core.counters.reregistrations[.notFound] >= UInt64(moved.count))
        #expect(core.count(of: .beating) == 50)
        let before = core.counters.reregistrations[.notFound]
        core.run(.seconds(10), answering: cluster.answer)
        #expect(core.counters.reregistrations[.notFound] == before)
    }
}

/// A cluster that speaks v3: each node knows what was registered at it, and nothing else (nacos.md §4.6).
final class OwningCluster {
    private unowned let core: Core
    private var held: [String: Set<String>] = [:]
    /// Names of nodes that do not answer.
    var dead: Set<String> = []
    /// Exchanges that met a node that is not responsible.
    private(set) var strangers = 0

    init(_ core: Core) { self.core = core }

    /// The node that the cluster itself, of the servers in the list, believes responsible.
    func owner(_ document: RegistrationDocument) -> String {
        let members = core.servers.map(\.name).filter { !dead.contains($0) }.sorted()
        let hash = Distro.javaHash("\(document.key.ip):\(document.key.port)")
        return members[Distro.index(of: hash, members: members.count)]
    }

    func holds(_ document: RegistrationDocument, at node: String) -> Bool {
        held[node, default: []].contains(document.key.buildKey())
    }

    func answer(_ exchange: Exchange) -> NacosReply? {
        let (node, document) = core.read { ($0.serverNames()[Int(exchange.server)], $0.subject(of: exchange).document) }
        guard !dead.contains(node) else { return .serverError(status: 503, detail: "dead") }
        if node != owner(document) { strangers += 1 }
        let key = document.key.buildKey()
        switch exchange.kind {
        case .register:
            held[node, default: []].insert(key)
            return .ok
        case .deregister:
            held[node, default: []].remove(key)
            return .ok
        case .lightBeat, .fullBeat:
            guard held[node, default: []].contains(key) else { return .notFound(interval: nil, lightBeatEnabled: true) }
            return .beatAccepted(interval: nil, lightBeatEnabled: true)
        }
    }
}
