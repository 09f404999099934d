import BeatCore
import EventLoop
import HTTPWire
import JSON
import NacosWire
import Testing

@testable import Daemon
@testable import NamingStandIn

/// Conformance vectors of Nacos clients between a daemon and the stand-in, on real sockets.
extension OnSockets {
    @Suite struct ClientVectorTests {
        private func forced(_ configuration: inout Daemon.Configuration) { configuration.dialect = .forced(.v1) }

        @Test("vectors 1, 80: one POST with everything in it; its ok is the registration, no list is asked")
        func vector01_register() throws {
            let harness = try Harness(requestLog: 100, forced)
            defer { harness.close() }
            // Readers see a write a second later.
            harness.naming.server.readLag = 1_000_000_000
            let response = try harness.post(
                #"{"serviceName":"svc","ip":"10.0.0.1","port":8080}"#, "/v1/beats?wait=5s")
            #expect(response.status == 201)
            #expect(try response.member("status.state")?.string == "beating")
            try harness.until("the first beat") { harness.daemon.core.counters.beats[.ok] == 1 }
            let entries = harness.naming.requestLog.entries
            #expect(entries.map(\.route) == [.register, .beat])
            #expect(entries[0].method == .post)
            #expect(entries[0].path == "/nacos/v1/ns/instance")
            let sent = Set((entries[0].query ?? "").split(separator: "&").map(String.init))
            #expect(
                sent == [
                    "serviceName=DEFAULT_GROUP%40%40svc", "ip=10.0.0.1", "port=8080", "weight=1.0", "enabled=true",
                    "healthy=true", "ephemeral=true", "metadata=%7B%7D", "namespaceId=public", "clusterName=DEFAULT",
                ])
        }

        @Test(
            "vectors 7, 8, 76: what Nacos would misread is refused here, and nothing is sent",
            arguments: [
                (#"{"preserved.heart.beat.interval":"20000"}"#, "preserved.heart.beat.interval"),
                (#"{"preserved.heart.beat.timeout":"15s"}"#, "preserved.heart.beat.timeout"),
                (#"{"n":1}"#, "/metadata/n"), (#"{"b":true}"#, "/metadata/b"), (#"{"z":null}"#, "/metadata/z"),
                (#"{"o":{}}"#, "/metadata/o"),
            ])
        func vectors07And08_refused(metadata: String, mentioned: String) throws {
            let harness = try Harness(requestLog: 100, forced)
            defer { harness.close() }
            let response = try harness.post(
                #"{"serviceName":"svc","ip":"10.0.0.1","port":8080,"metadata":\#(metadata)}"#)
            #expect([400, 422].contains(response.status))
            #expect(response.text.contains(mentioned), "\(response.text)")
            // Another one gets through, and is the first that Nacos hears.
            try harness.register(port: 1)
            try harness.until("a register") { !harness.naming.requestLog.entries.isEmpty }
            #expect(harness.naming.requestLog.entries.compactMap(Harness.port(of:)).allSatisfy { $0 == 1 })
            #expect(harness.naming.server.instanceCount <= 1)
        }

        /// In JSON's spelling, which is what is posted.
        private static let odd = #""+ %41&=\"'\n\t\\ {}[]<>@ \u00e9 😀 größe 中""#

        @Test("vector 25: metadata comes back from a server's list as it was posted, byte for byte")
        func vector25_metadata() throws {
            for profile in [NamingProfile.nacos14, .nacos25, .nacos30, .rnacos] {
                let harness = try Harness(profile: profile)
                defer { harness.close() }
                let more = "{\"a+b %26\":\(Self.odd),\"empty\":\"\"}"
                let id = try harness.register(port: 8080, ",\"metadata\":\(more)")
                try harness.until("a beat") { harness.daemon.core.counters.beats[.ok] >= 1 }
                let client = TestClient(harness.loop, harness.naming.localAddress)
                defer { client.close() }
                let isV3 = profile.name == .nacos30
                client.send(
                    .get,
                    isV3
                        ? "/nacos/v3/client/ns/instance/list?serviceName=orders"
                        : "/nacos/v1/ns/instance/list?serviceName=orders")
                let list = try harness.answer(client)
                let listed = try list.member(isV3 ? "data.0.metadata" : "hosts.0.metadata")
                let expected = try JSONParser.parse(Array(more.utf8))
                #expect(listed?.keys.sorted() == expected.keys.sorted(), "\(profile.name)")
                for key in expected.keys { #expect(member(listed, key) == member(expected, key), "\(profile.name)") }
                #expect(try harness.delete("/v1/beats/\(id)?wait=3s").status == 204)
            }
        }

        /// By its name, dots and all.
        private func member(_ object: JSONValue?, _ key: String) -> String? {
            guard case .object(let members)? = object else { return nil }
            return members[key]?.string
        }

        @Test("vector 31: 21003 to a beat: a POST without heartBeat, with everything")
        func vector31_unknown() throws {
            let harness = try Harness(profile: .nacos30, requestLog: 100)
            defer { harness.close() }
            try harness.register(port: 8080, ",\"period\":\"500ms\",\"weight\":2.5,\"metadata\":{\"a\":\"b\"}")
            try harness.until("a beat") { harness.daemon.core.counters.beats[.ok] >= 1 }
            harness.naming.forgetEverything()
            harness.naming.clearRequestLog()
            try harness.until("registered again") { harness.naming.server.instanceCount == 1 }
            let routes = harness.naming.requestLog.entries.prefix(2).map(\.route)
            #expect(routes == [.beat, .register])
            #expect(harness.naming.requestLog.entries[1].query?.contains("heartBeat") == false)
            #expect(harness.naming.server.instances.first?.weight == 2.5)
            #expect(harness.naming.server.instances.first?.metadata.first { $0.key == "a" }?.value == "b")
        }

        @Test("vectors 32, 33: v1 is gone: beats go on through v3; a client that must speak v1 says what is wrong")
        func vector32_gone() throws {
            for (profile, text) in [(NamingProfile.nacos30.withoutOldClients, "410"), (.nacos32, "501")] {
                for choice in [DialectChoice.auto, .forced(.v1)] {
                    let harness = try Harness { $0.dialect = choice }
                    defer { harness.close() }
                    let id = try harness.register(port: 8080, ",\"period\":\"500ms\"")
                    try harness.until("a beat") { harness.daemon.core.counters.beats[.ok] >= 1 }
                    harness.naming.become(profile)
                    if choice == .auto {
                        let before = harness.daemon.core.counters.beats[.ok]
                        try harness.until("beats of v3") { harness.daemon.core.counters.beats[.ok] >= before + 2 }
                        #expect(harness.daemon.core.serverViews()[0].dialect == .v3)
                        #expect(harness.daemon.core.count(of: .beating) == 1)
                    } else {
                        try harness.until("trouble") { harness.daemon.core.count(of: .degraded) == 1 }
                        let status = try harness.get("/v1/beats/\(id)").text
                        #expect(status.contains(text), "\(status)")
                        #expect(harness.daemon.core.serverViews()[0].dialect == .v1)
                    }
                }
            }
        }

        @Test("vectors 28, 78: a token that is refused: one login, and the beat again, on the same connection")
        func vector78_sameConnection() throws {
            let harness = try Harness(requestLog: 1000) {
                $0.dialect = .forced(.v1)
                $0.client.connectionsPerServer = 3
                $0.credentials = NacosCredentials(username: "nacos", password: SecretText("secret"))
            }
            defer { harness.close() }
            harness.naming.server.authentication = Authentication(users: ["nacos": "secret"])
            try harness.register(port: 8080, ",\"period\":\"2s\"")
            // Longer than the least time between two logins: the second may follow at once.
            try harness.until("6 s of beats", within: 20) { harness.daemon.core.counters.beats[.ok] >= 5 }
            harness.naming.clearRequestLog()
            let logins = harness.naming.server.counters.logins
            harness.naming.forgetTokens()
            let before = harness.daemon.core.counters.beats[.ok]
            try harness.until("beats with the new token") { harness.daemon.core.counters.beats[.ok] >= before + 2 }
            #expect(harness.naming.server.counters.logins == logins + 1)
            #expect(harness.naming.server.counters.forbidden == 1)
            #expect(BeatOutcome.allCases.allSatisfy { $0 == .ok || harness.daemon.core.counters.beats[$0] == 0 })
            let beats = harness.naming.requestLog.entries(of: .beat)
            #expect(Set(beats.map(\.connection)).count == 1)
            #expect(beats.allSatisfy { $0.fields["Authorization"]?.hasPrefix("Bearer ") == true })
            #expect(harness.naming.requestLog.entries.allSatisfy { $0.query?.contains("accessToken") != true })
        }

        @Test("vectors 83, 84: r-nacos that wants a login: found with credentials, and their lack is named")
        func vector83_rnacos() throws {
            for isConfigured in [true, false] {
                let harness = try Harness(profile: .rnacos, requestLog: 100) {
                    guard isConfigured else { return }
                    $0.credentials = NacosCredentials(username: "nacos", password: SecretText("secret"))
                }
                defer { harness.close() }
                harness.naming.server.authentication = Authentication(users: ["nacos": "secret"])
                try harness.register(port: 8080)
                if isConfigured {
                    try harness.until("a beat") { harness.daemon.core.counters.beats[.ok] >= 1 }
                    #expect(harness.daemon.core.serverViews()[0].dialect == .v1)
                    // Its login of v3 was answered, and makes it no server of v3.
                    let entries = harness.naming.requestLog.entries
                    #expect(entries.contains { $0.route == .login && $0.path.contains("/v3/") })
                    #expect(entries.filter { $0.route == .beat }.allSatisfy { !$0.body.isEmpty })
                } else {
                    try harness.until("a verdict") { harness.daemon.core.serverViews()[0].lastError != nil }
                    let error = harness.daemon.core.serverViews()[0].lastError ?? ""
                    #expect(error.contains("--nacos-username"), "\(error)")
                    #expect(harness.naming.server.instanceCount == 0)
                }
            }
        }
    }
}
