import BeatCore
import EventLoop
import NamingStandIn
import Testing

@testable import Daemon

@Suite("Names of servers")
struct ResolverTests {
    @Test("a server given by name is looked up off the loop, and its instance is registered")
    func localhost() throws {
        let harness = try Harness { configuration in
            let port = configuration.servers[0].port
            configuration.servers = [ServerAddress(name: "localhost:\(port)", host: "localhost", port: port)]
        }
        defer { harness.close() }
        #expect(harness.daemon.configuration.servers[0].addresses.isEmpty)
        try harness.register()
        try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
    }

    @Test("a probe goes to the next address when nobody is at the first")
    func nextAddress() throws {
        let harness = try Harness { configuration in
            let port = configuration.servers[0].port
            let nobody = SocketAddress(host: "127.0.0.2", port: port)
            configuration.servers[0].addresses.insert(contentsOf: [nobody].compactMap { $0 }, at: 0)
        }
        defer { harness.close() }
        #expect(harness.daemon.configuration.servers[0].addresses.count == 2)
        try harness.register()
        try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
    }

    @Test("an answer without addresses leaves what was there; names are asked for again")
    func unknownName() throws {
        let loop = try EventLoop()
        let resolver = try Resolver(
            loop, [Resolver.Name(subject: .server(0), host: "no-such-host.invalid", port: 1)])
        defer {
            resolver.close()
            loop.freeClosed()
        }
        var now = Instant(nanoseconds: MonotonicClock.nanoseconds())
        let deadline = now + .seconds(20)
        while resolver.nextDeadline == nil, now < deadline {
            loop.runOnce(waiting: false)
            now = Instant(nanoseconds: MonotonicClock.nanoseconds())
            #expect(resolver.turn(at: now).isEmpty)
        }
        #expect(resolver.failures == 1)
        #expect(resolver.nextDeadline == now + Resolver.retry)
    }
}
