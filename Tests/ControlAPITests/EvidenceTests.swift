import BeatCore
import ControlAPI
import HTTPWire
import JSON
import Testing

/// Servers and settings.
@Suite struct EvidenceTests {
    @Test func serversHaveTheirShape() throws {
        let api = InProcessAPI()
        api.shell.nacos.connections[0].idle = 2
        _ = try api.post(orders())
        api.run(.seconds(20))
        let document = try api.get("/v1/servers").json
        #expect(document.keys == ["items", "login"])
        #expect(
            document.at("items.0")?.keys == [
                "server", "state", "dialect", "version", "lastError", "consecutiveFailures", "latencySeconds",
                "connections", "requests",
            ])
        #expect(document.at("items.0.latencySeconds")?.keys == ["p50", "p99"])
        #expect(document.at("items.0.connections.idle") == .integer(2))
        #expect(document.at("login") == .null)
        let latencies = [0, 1].map { document.at("items.\($0).latencySeconds.p50") }
        // One of the two is responsible; the other was never asked.
        #expect(latencies.count { $0 == .null } == 1)
        #expect(latencies.count { $0 == .number(0) } == 1)
    }

    @Test func theLoginIsTold() throws {
        let api = InProcessAPI(logsIn: true)
        #expect(
            try api.get("/v1/servers").text.contains(
                "\"login\":{\"state\":\"never\",\"lastError\":null,\"expiresAt\":null,\"nextAttemptAt\":null}"))
        api.feed(.tick)
        api.feed(.loginEnded(.failed("403 unknown user!")))
        #expect(
            try api.get("/v1/servers").text.contains(
                "\"login\":{\"state\":\"failing\",\"lastError\":\"403 unknown user!\",\"expiresAt\":null,"
                    + "\"nextAttemptAt\":\"2026-08-22T09:05:08.000Z\"}"))
        api.run(.seconds(5))
        api.feed(.loginEnded(.token(ttl: .seconds(100))))
        #expect(
            try api.get("/v1/servers").text.contains(
                "\"login\":{\"state\":\"ok\",\"lastError\":null,\"expiresAt\":\"2026-08-22T09:06:48.000Z\","
                    + "\"nextAttemptAt\":\"2026-08-22T09:06:38.000Z\"}"))
    }

    @Test func aLoginThatFailsIsTheReason() throws {
        let api = InProcessAPI(logsIn: true)
        let id = try #require(try api.post(orders()).member("id")?.string)
        api.feed(.tick)
        api.feed(.loginEnded(.failed("403 unknown user!")))
        #expect(
            try api.get("/v1/beats/\(id)").member("status.reason")
                == .string("Nacos has not accepted it yet: login to Nacos failed: 403 unknown user!"))
        api.nacos = { _ in .unauthorized(status: 403, detail: "no") }
        api.run(.seconds(3))
        #expect(
            try api.get("/v1/beats/\(id)").member("status.reason")
                == .string("Nacos has not accepted it yet: login to Nacos failed: 403 unknown user!"))
    }

    @Test func aTokenThatIsRefusedIsTheReasonWhileTheLoginFails() throws {
        let api = InProcessAPI(logsIn: true)
        api.feed(.tick)
        api.feed(.loginEnded(.token(ttl: .seconds(1000))))
        let id = try #require(try api.post(orders()).member("id")?.string)
        api.run(.seconds(20))
        api.nacos = { _ in .unauthorized(status: 403, detail: "token expired!") }
        api.run(.seconds(5))
        #expect(try api.get("/v1/beats/\(id)").member("status.state") == .string("degraded"))
        #expect(
            try api.get("/v1/beats/\(id)").member("status.reason")
                == .string("the last beat failed: 403 token expired!"))
        api.feed(.loginEnded(.failed("403 unknown user!")))
        let view = try api.get("/v1/beats/\(id)")
        #expect(
            try view.member("status.reason")
                == .string("the last beat failed: login to Nacos failed: 403 unknown user!"))
        // The old token is used on: it may be the server that is wrong.
        #expect(try api.get("/v1/servers").member("login.expiresAt")?.string != nil)
        api.nacos = { .accepted($0) }
        api.run(.seconds(10))
        #expect(try api.get("/v1/beats/\(id)").member("status.reason") == .string("beat accepted"))
    }

    @Test func settingsAreListed() throws {
        let api = InProcessAPI {
            $0.settings = [
                .init(name: "listen", value: "127.0.0.1:8090", source: "default"),
                .init(name: "token-file", value: "<set>", source: "credential"),
            ]
        }
        #expect(
            try api.get("/v1/config").text == """
                {"items":[{"name":"listen","value":"127.0.0.1:8090","source":"default"},\
                {"name":"token-file","value":"<set>","source":"credential"}]}

                """)
    }
}
