import BeatCore
import ControlAPI
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct ServerListSocketTests {
        /// A daemon whose servers come from an address server, and a second naming server.
        private struct Setting {
            let harness: Harness
            let other: NamingStandIn
            let list: TextServer

            var first: String { harness.naming.localAddress.description }
            var second: String { other.localAddress.description }

            /// `serverNamed`: the servers that are given beside the URL.
            init(text: (_ first: String) -> String = { $0 }, _ more: (inout Daemon.Configuration) -> Void = { _ in })
                throws
            {
                let loop = try EventLoop()
                let list = try TextServer(loop)
                let naming = try Setting.naming(loop)
                list.text = text(naming.localAddress.description)
                self.list = list
                other = try Setting.naming(loop)
                let url = "http://\(list.address)/nacos/serverlist?namespace=a"
                harness = try Harness(on: loop, naming: naming) { configuration in
                    configuration.serverListURL = try SettingsAddress.serverListURL(url)
                    configuration.serverListRefresh = .milliseconds(50)
                    configuration.servers = []
                    more(&configuration)
                }
            }

            private static func naming(_ loop: EventLoop) throws -> NamingStandIn {
                var options = NamingStandIn.Options()
                options.requestLogCapacity = 1000
                return try NamingStandIn(
                    loop: loop, address: .v4(0x7f00_0001, port: 0), profile: .nacos25, options: options)
            }

            func close() {
                list.close()
                other.close()
                harness.close()
            }

            var names: [String] { harness.daemon.core.serverViews().map(\.name) }
        }

        @Test("no server until the address server names one; then another list, and its servers at once")
        func fromNothing() throws {
            let setting = try Setting { _ in "" }
            defer { setting.close() }
            let harness = setting.harness
            setting.list.status = 503
            try harness.register(port: 8080, ",\"period\":\"500ms\"")
            #expect(try harness.send(.get, "/readyz").status == 200)
            try harness.until("a few answers") { setting.list.requests.count >= 3 }
            #expect(harness.naming.server.instanceCount == 0)
            let asked = try #require(setting.list.requests.first)
            #expect(asked.hasPrefix("GET /nacos/serverlist?namespace=a HTTP/1.1\r\nHost: \(setting.list.address)\r\n"))
            #expect(asked.contains("\r\nConnection: close\r\n"))

            setting.list.text = "\n \(setting.first) \nno server\n"
            setting.list.status = 200
            try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 2 }

            setting.list.text = setting.second
            try harness.until("the other list") { setting.names == [setting.second] }
            try harness.until("the instance at the other") { setting.other.server.instanceCount == 1 }
            try harness.until("no connection to the first") {
                harness.daemon.client.sample().connections(of: 0) == .init(idle: 0, busy: 0)
            }
            let before = harness.naming.requestLog.total
            let beats = harness.daemon.core.counters.beats[.ok]
            try harness.until("beats at the other") { harness.daemon.core.counters.beats[.ok] >= beats + 3 }
            #expect(harness.naming.requestLog.total == before)
            #expect(harness.daemon.core.count(of: .beating) == 1)
            #expect(
                BeatOutcome.allCases.allSatisfy {
                    [.ok, .notFound].contains($0) || harness.daemon.core.counters.beats[$0] == 0
                })
        }

        @Test("a failed, an empty and a huge answer keep the servers; so does an address server that is gone")
        func keeps() throws {
            let setting = try Setting()
            defer { setting.close() }
            let harness = setting.harness
            try harness.register()
            try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
            for (status, text) in [
                (500, setting.second), (200, ""), (200, String(repeating: "\(setting.second)\n", count: 10_000)),
                (302, setting.second),
            ] {
                (setting.list.status, setting.list.text) = (status, text)
                let before = setting.list.requests.count
                try harness.until("answers") { setting.list.requests.count >= before + 3 }
                #expect(setting.names == [setting.first], "\(status), \(text.utf8.count) bytes")
            }
            setting.list.close()
            harness.run(seconds: 0.3)
            #expect(setting.names == [setting.first])
            #expect(harness.daemon.core.count(of: .beating) == 1)
        }

        @Test("servers that are given are used until the list comes, and stay where the list names them")
        func givenServers() throws {
            let setting = try Setting(text: { _ in "" }) { _ in }
            defer { setting.close() }
            #expect(setting.names.isEmpty)
            let given = try Setting(text: { _ in "" }) { configuration in
                configuration.servers = [
                    ServerAddress(name: setting.second, host: "127.0.0.1", port: setting.other.localAddress.port ?? 0)
                ]
            }
            defer { given.close() }
            try given.harness.register()
            #expect(given.names == [setting.second])
            given.list.text = "\(given.first)\n\(setting.second)"
            try given.harness.until("both") { given.names == [given.first, setting.second] }
            #expect(given.harness.daemon.core.serverViews().map(\.index) == [1, 0])
        }

        @Test("a list of names: looked up on the resolver's thread as they come, and no longer when they go")
        func names() throws {
            let lookedUp = Locked<[String]>([])
            let setting = try Setting { _ in
                ""
            } _: { configuration in
                configuration.nameRefresh = .milliseconds(50)
                configuration.lookUp = { host, port in
                    lookedUp.withLock { $0.append(host) }
                    return [.v4(0x7f00_0001, port: port)]
                }
            }
            defer { setting.close() }
            let harness = setting.harness
            setting.list.text = "first.test:\(harness.naming.localAddress.port ?? 0)"
            try harness.register()
            try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
            #expect(lookedUp.withLock { Set($0) } == ["first.test"])
            setting.list.text = "second.test:\(setting.other.localAddress.port ?? 0)"
            try harness.until("the instance at the other") { setting.other.server.instanceCount == 1 }
            lookedUp.withLock { $0 = [] }
            try harness.until("lookups", polling: true) { lookedUp.withLock { $0.count } >= 3 }
            #expect(lookedUp.withLock { Set($0) } == ["second.test"])
        }
    }
}
