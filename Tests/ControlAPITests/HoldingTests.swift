import BeatCore
import HTTPWire
import JSON
import Testing

@testable import ControlAPI

/// Checks and maintenance as clients see them.
@Suite struct HoldingTests {
    private static let document =
        "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":8080,\"onUnhealthy\":\"disable\",\"checks\":["
        + "{\"http\":\"http://127.0.0.1:8080/health?a=b\",\"expect\":204,\"every\":\"500ms\"},"
        + "{\"tcp\":\"[::1]:8080\",\"grace\":\"10s\"},{\"pid\":17,\"fall\":1},{\"ttl\":\"10s\",\"rise\":2},"
        + "{\"exec\":[\"/bin/check\",\"a b\"],\"timeout\":\"3s\"}]}"

    private func json(
        _ api: InProcessAPI, _ method: HTTPMethod, _ target: String, _ body: String = ""
    ) throws -> HTTPResponse {
        let fields: HTTPFields = body.isEmpty ? [:] : ["Content-Type": "application/json"]
        return try api.send(method, target, fields, body: Array(body.utf8))
    }

    private func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test func checksAreReadAndWritten() throws {
        let api = InProcessAPI { $0.allowsExec = true }
        let response = try json(api, .post, "/v1/beats", Self.document)
        #expect(response.status == 201)
        let document = try response.json
        let checks = try #require(document.at("checks"))
        #expect(
            text(checks) == """
                [{"http":"http://127.0.0.1:8080/health?a=b","expect":"204","every":"500ms","timeout":"500ms","fall":3,\
                "rise":1,"grace":"0s"},{"tcp":"[::1]:8080","every":"5s","timeout":"1s","fall":3,"rise":1,"grace":"10s"},\
                {"pid":17,"every":"5s","timeout":"1s","fall":1,"rise":1,"grace":"0s"},{"ttl":"10s","rise":2},\
                {"exec":["/bin/check","a b"],"every":"5s","timeout":"3s","fall":3,"rise":1,"grace":"0s"}]
                """)
        #expect(document.at("status.state") == .string("pending"))
        let kinds = document.at("status.checks")?.items.map { $0.at("type")?.string }
        #expect(kinds == ["http", "tcp", "pid", "ttl", "exec"])
        #expect(document.at("status.checks")?.items.allSatisfy { $0.at("verdict") == .string("pending") } == true)
        // What was read can be put back.
        let again = try json(api, .post, "/v1/beats", String(decoding: response.body, as: UTF8.self))
        #expect(try again.json.at("result") == .string("unchanged"))
    }

    @Test func aTtlCheckIsRenewed() throws {
        let api = InProcessAPI()
        let created = try json(
            api, .post, "/v1/beats",
            "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":8080,\"checks\":[{\"ttl\":\"10s\"}]}")
        let id = try #require(try created.json.at("id")?.string)
        func state() throws -> String? { try api.get("/v1/beats/\(id)").json.at("status.state")?.string }
        #expect(try state() == "pending")
        let renewed = try json(api, .put, "/v1/beats/\(id)/alive")
        #expect(renewed.status == 204 && renewed.body.isEmpty)
        api.run(.seconds(1))
        #expect(try state() == "beating")
        let failing = try json(api, .put, "/v1/beats/\(id)/alive", "{\"status\":\"fail\",\"note\":\"no disk\"}")
        #expect(failing.status == 204)
        let document = try api.get("/v1/beats/\(id)").json
        #expect(document.at("status.state") == .string("unhealthy"))
        #expect(document.at("status.reason") == .string("its ttl check fails: no disk"))
        #expect(document.at("status.checks")?.items.first?.at("output") == .string("no disk"))
        #expect(try json(api, .put, "/v1/beats/\(id)/alive", "{\"status\":\"warn\"}").status == 204)
        api.run(.seconds(1))
        #expect(try state() == "beating")
        let metrics = try api.get("/metrics").text
        #expect(metrics.contains("beatd_checks_total{type=\"ttl\",result=\"failing\"} 1\n"))
        #expect(metrics.contains("beatd_check_transitions_total{type=\"ttl\",result=\"warning\"} 1\n"))
        #expect(metrics.contains("beatd_check_duration_seconds_count{type=\"http\",result=\"passing\"} 0\n"))
    }

    @Test func whatHasNoTtlCheckIsNotRenewed() throws {
        let api = InProcessAPI()
        let created = try json(
            api, .post, "/v1/beats", "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":8080}")
        let id = try #require(try created.json.at("id")?.string)
        try expectProblem(try json(api, .put, "/v1/beats/\(id)/alive"), 409, "key-conflict", "no ttl check")
    }

    @Test func maintenanceIsBegunShownAndEnded() throws {
        let api = InProcessAPI()
        let created = try json(
            api, .post, "/v1/beats", "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":8080}")
        let id = try #require(try created.json.at("id")?.string)
        api.run(.seconds(1))
        let begun = try json(
            api, .put, "/v1/beats/\(id)/maintenance", "{\"reason\":\"upgrade\",\"for\":\"10m\",\"mode\":\"stop\"}")
        #expect(begun.status == 200)
        #expect(begun.fields["ETag"] == created.fields["ETag"])
        let status = try #require(try begun.json.at("status"))
        #expect(status.at("state") == .string("maintenance"))
        #expect(status.at("reason") == .string("held out: upgrade"))
        try expectProblem(
            try json(api, .post, "/v1/beats/\(id)/beat"), 409, "key-conflict", "no beat is sent: held out: upgrade")
        #expect(
            text(try #require(status.at("maintenance"))) == """
                {"mode":"stop","reason":"upgrade","scope":"beat","since":"2026-08-22T09:05:04.000Z",\
                "until":"2026-08-22T09:15:04.000Z"}
                """)
        #expect(try json(api, .delete, "/v1/beats/\(id)/maintenance").status == 204)
        #expect(try json(api, .delete, "/v1/beats/\(id)/maintenance").status == 204)
        api.run(.seconds(1))
        let after = try api.get("/v1/beats/\(id)").json
        #expect(after.at("status.state") == .string("beating"))
        #expect(after.at("status.maintenance") == .null)
        #expect(after.at("generation")?.integer == 1)
    }

    @Test func theWholeSidecarIsHeldOut() throws {
        let api = InProcessAPI()
        try json(api, .post, "/v1/beats", "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":8080}").expect(201)
        let begun = try json(api, .put, "/v1/maintenance")
        #expect(begun.status == 200)
        #expect(try begun.json.at("scope") == .string("sidecar"))
        #expect(try begun.json.at("mode") == .string("disable"))
        #expect(try begun.json.at("until") == .null)
        api.run(.seconds(1))
        #expect(try api.get("/v1/beats?state=maintenance").json.at("items")?.items.count == 1)
        #expect(try json(api, .delete, "/v1/maintenance").status == 204)
        api.run(.seconds(1))
        #expect(try api.get("/v1/beats?state=beating").json.at("items")?.items.count == 1)
    }

    @Test func nothingIsHeldOutWhileTheProcessEnds() throws {
        let api = InProcessAPI()
        api.draining = true
        for (method, target) in [
            (HTTPMethod.put, "/v1/maintenance"), (.delete, "/v1/maintenance"), (.put, "/v1/beats/x/maintenance"),
            (.put, "/v1/beats/x/alive"),
        ] {
            try expectProblem(try json(api, method, target), 503, "draining")
        }
    }
}

extension HTTPResponse {
    fileprivate func expect(_ status: Int) { #expect(self.status == status) }
}
