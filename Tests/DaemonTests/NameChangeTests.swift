import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

/// The answers of a name server, changed by the test.
private final class Names: Sendable {
    let answers = Locked<[SocketAddress]>([])
    /// Lookups wait while it is true.
    let isStuck = Locked(false)
    let lookUps = Locked(0)

    func lookUp() -> [SocketAddress] {
        lookUps.withLock { $0 += 1 }
        isStuck.wait { $0 ? nil : () }
        return answers.withLock { $0 }
    }
}

extension OnSockets {
    @Suite struct NameChangeTests {
        private func harness(_ names: Names, requestLog: Int = 0) throws -> Harness {
            try Harness(requestLog: requestLog) { configuration in
                configuration.servers = [ServerAddress(name: "nacos.test:8848", host: "nacos.test", port: 8848)]
                configuration.nameRefresh = .milliseconds(100)
                configuration.lookUp = { _, _ in names.lookUp() }
            }
        }

        @Test("a changed answer leads to the new address, without a restart and though the old one still answers")
        func newAddress() throws {
            let names = Names()
            let harness = try harness(names, requestLog: 100)
            defer { harness.close() }
            let other = try NamingStandIn(
                loop: harness.loop, address: .v4(0x7f00_0001, port: 0), profile: .nacos25)
            defer { other.close() }
            // No answer at first: asked for again.
            try harness.register(port: 8080, ",\"period\":\"500ms\"")
            try harness.until("lookups") { names.lookUps.withLock { $0 } >= 1 }
            names.answers.withLock { $0 = [harness.naming.localAddress] }
            try harness.until("the instance") { harness.naming.server.instanceCount == 1 }

            names.answers.withLock { $0 = [other.localAddress] }
            try harness.until("the instance at the new address", within: 5.1) { other.server.instanceCount == 1 }
            let before = harness.naming.requestLog.total
            let beats = harness.daemon.core.counters.beats[.ok]
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= beats + 3 }
            #expect(harness.naming.requestLog.total == before, "nothing goes to the old address any more")

            // An empty answer keeps it.
            names.answers.withLock { $0 = [] }
            let asked = names.lookUps.withLock { $0 }
            try harness.until("more lookups") { names.lookUps.withLock { $0 } >= asked + 3 }
            let kept = harness.daemon.core.counters.beats[.ok]
            try harness.until("beats go on") { harness.daemon.core.counters.beats[.ok] >= kept + 3 }
            #expect(harness.daemon.core.counters.beats[.connect] == 0)
        }

        @Test("the old address is dead when the answer changes: the new one is used within the refresh and 5 s")
        func deadAddress() throws {
            let names = Names()
            let harness = try harness(names)
            defer { harness.close() }
            let other = try NamingStandIn(
                loop: harness.loop, address: .v4(0x7f00_0001, port: 0), profile: .nacos25)
            defer { other.close() }
            names.answers.withLock { $0 = [harness.naming.localAddress] }
            try harness.register(port: 8080, ",\"period\":\"500ms\"")
            try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
            harness.naming.pause()
            try harness.until("quarantine") {
                harness.daemon.core.serverViews()[0].state == .quarantined
            }
            names.answers.withLock { $0 = [other.localAddress] }
            try harness.until("the instance at the new address", within: 5.1) { other.server.instanceCount == 1 }
        }

        @Test("AAAA and A are both tried: the first refuses, the next attempt takes the second")
        func secondAddress() throws {
            let names = Names()
            let harness = try harness(names)
            defer { harness.close() }
            let dead = try NamingStandIn(
                loop: harness.loop, address: try #require(SocketAddress(parsing: "[::1]:0")), profile: .nacos25)
            let port = try #require(dead.localAddress.port)
            dead.close()
            let refusing = try #require(SocketAddress(host: "::1", port: port))
            names.answers.withLock { $0 = [refusing, harness.naming.localAddress] }
            try harness.register(port: 8080, ",\"period\":\"500ms\"")
            try harness.until("the instance", within: 5) { harness.naming.server.instanceCount == 1 }
            let failures = harness.daemon.core.counters.beats[.connect]
            let beats = harness.daemon.core.counters.beats[.ok]
            let asked = names.lookUps.withLock { $0 }
            try harness.until("beats over several lookups") {
                harness.daemon.core.counters.beats[.ok] >= beats + 3 && names.lookUps.withLock { $0 } >= asked + 3
            }
            #expect(harness.daemon.core.counters.beats[.connect] == failures, "the one that works stays first")
        }

        @Test("a lookup that hangs holds up neither API nor beats")
        func hangingLookUp() throws {
            let names = Names()
            let harness = try harness(names)
            defer { harness.close() }
            defer { names.isStuck.change { $0 = false } }
            names.answers.withLock { $0 = [harness.naming.localAddress] }
            try harness.register(port: 8080, ",\"period\":\"500ms\"")
            try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
            names.isStuck.change { $0 = true }
            let asked = names.lookUps.withLock { $0 }
            try harness.until("a lookup that hangs", polling: true) { names.lookUps.withLock { $0 } > asked }
            let beats = harness.daemon.core.counters.beats[.ok]
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= beats + 3 }
            #expect(try harness.send(.get, "/v1/beats").status == 200)
            #expect(names.lookUps.withLock { $0 } == asked + 1)
        }
    }
}

@Suite struct ResolverRhythmTests {
    @Test("an answer is asked for again after 30 s, none after 2 s; names come and go")
    func rhythm() throws {
        let loop = try EventLoop()
        let names = Names()
        let resolver = try Resolver(loop, []) { _, _ in names.lookUp() }
        defer {
            resolver.close()
            loop.freeClosed()
        }
        /// Turns until the lookups under way have ended, all at the same virtual instant.
        func turn(at now: Instant) -> [Resolver.Answer] {
            var answers = resolver.turn(at: now)
            while resolver.isLookingUp {
                loop.runOnce(waiting: true)
                answers += resolver.turn(at: now)
            }
            return answers
        }
        let start = Instant(nanoseconds: 1_000_000_000_000)
        #expect(resolver.nextDeadline == nil)
        resolver.add(Resolver.Name(subject: .server(3), host: "a.test", port: 1))
        #expect(turn(at: start).isEmpty)
        #expect(resolver.nextDeadline == start + .seconds(2))
        let address = SocketAddress.v4(0x0a00_0001, port: 1)
        names.answers.withLock { $0 = [address] }
        #expect(turn(at: start + .milliseconds(1999)).isEmpty)
        #expect(turn(at: start + .seconds(2)).map(\.addresses) == [[address]])
        #expect(resolver.nextDeadline == start + .seconds(32))
        // A good answer once: an empty one is no reason to hurry.
        names.answers.withLock { $0 = [] }
        #expect(turn(at: start + .seconds(32)).isEmpty)
        #expect(resolver.nextDeadline == start + .seconds(62))
        #expect((resolver.successes, resolver.failures) == (1, 2))

        names.answers.withLock { $0 = [address] }
        resolver.add(Resolver.Name(subject: .serverList, host: "b.test", port: 1))
        #expect(turn(at: start + .seconds(40)).map(\.name.subject) == [.serverList])
        resolver.remove(.server(3))
        #expect(resolver.nextDeadline == start + .seconds(70))

        // The place is another server's before the answer is there: it is not that server's.
        names.isStuck.change { $0 = true }
        resolver.add(Resolver.Name(subject: .server(3), host: "c.test", port: 1))
        resolver.add(Resolver.Name(subject: .server(3), host: "d.test", port: 1))
        names.isStuck.change { $0 = false }
        #expect(turn(at: start + .seconds(41)).map(\.name.host) == ["d.test"])
    }
}
