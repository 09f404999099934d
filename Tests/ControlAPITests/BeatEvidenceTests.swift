import BeatCore
import ControlAPI
import HTTPWire
import JSON
import Testing

/// History, health and a beat now.
@Suite struct BeatEvidenceTests {
    private func registered(_ api: InProcessAPI) throws -> String {
        try #require(try api.post(orders(), "/v1/beats?wait=1s").member("id")?.string)
    }

    @Test func historyHasItsShape() throws {
        let api = InProcessAPI()
        let id = try registered(api)
        api.run(.seconds(6))
        let history = try api.get("/v1/beats/\(id)/history")
        #expect(history.status == 200)
        #expect(try history.json.keys == ["items", "kept"])
        let server = try #require(try history.member("items.0.server")?.string)
        #expect(
            history.text.hasSuffix(
                "{\"at\":\"2026-08-22T09:05:03.000Z\",\"kind\":\"register\",\"dialect\":\"v1\",\"mode\":null,"
                    + "\"server\":\"\(server)\",\"outcome\":\"ok\",\"code\":200,\"status\":200,\"latencySeconds\":0.0,"
                    + "\"latenessSeconds\":0.0,\"detail\":\"\"}],\"kept\":true}\n"), "\(history.text)")
        let items = try #require(try history.member("items")?.items)
        #expect(items.count >= 3)
        #expect(items.dropLast().map { $0.at("kind")?.string } == Array(repeating: "beat", count: items.count - 1))
        #expect(items.map { $0.at("mode")?.string }.suffix(2) == ["full", nil])
        #expect(items.first?.at("mode") == .string("light"))
        #expect(items.first?.at("code") == .integer(10200))
    }

    @Test func failuresAreToldWithTheirWords() throws {
        let api = InProcessAPI()
        let id = try registered(api)
        api.nacos = { _ in .serverError(status: 503, detail: "server is DOWN now") }
        api.run(.seconds(6))
        let history = try api.get("/v1/beats/\(id)/history").json
        #expect(history.at("items.0.outcome") == .string("http_error"))
        #expect(history.at("items.0.status") == .integer(503))
        #expect(history.at("items.0.detail") == .string("server is DOWN now"))
        try expectProblem(try api.get("/v1/beats/nobody/history"), 404, "not-found")
    }

    @Test func healthIsAStatusCode() throws {
        let api = InProcessAPI()
        api.nacos = { _ in nil }
        let id = try #require(try api.post(orders()).member("id")?.string)
        let pending = try api.get("/v1/beats/\(id)/health")
        #expect(pending.status == 503)
        #expect(pending.text == "pending: waiting for Nacos to accept it\n")
        #expect(pending.fields["Retry-After"] == "1")
        #expect(pending.fields["Content-Type"] == "text/plain; charset=utf-8")
        api.nacos = { .accepted($0) }
        api.run(.seconds(3))
        let beating = try api.get("/v1/beats/\(id)/health")
        #expect(beating.status == 200)
        #expect(beating.text == "beating: beat accepted\n")
        #expect(!beating.fields.contains("Retry-After"))
        api.nacos = { _ in .serverError(status: 500, detail: "caused: a\r\nb;") }
        api.run(.seconds(5))
        let degraded = try api.get("/v1/beats/\(id)/health")
        #expect(degraded.status == 429)
        #expect(degraded.text == "degraded: the last beat failed: 500 caused: a b;\n")
        #expect((degraded.fields["Retry-After"].flatMap { Int($0) }).map { (1...6).contains($0) } == true)
        api.run(.seconds(30))
        #expect(try api.get("/v1/beats/\(id)/health").status == 503)
        api.nacos = { _ in nil }
        _ = try api.delete("/v1/beats/\(id)?wait=0s")
        let leaving = try api.get("/v1/beats/\(id)/health")
        #expect(leaving.status == 503)
        #expect(leaving.text.hasPrefix("deregistering: "))
        try expectProblem(try api.get("/v1/beats/nobody/health"), 404, "not-found")
    }

    @Test func aRefusedOneIsNotHealthy() throws {
        let api = InProcessAPI()
        api.nacos = { _ in .rejected(status: 400, detail: "no such namespace") }
        let id = try #require(try api.post(orders()).member("id")?.string)
        api.run(.seconds(1))
        let stopped = try api.get("/v1/beats/\(id)/health")
        #expect(stopped.status == 503)
        #expect(stopped.text == "stopped: Nacos refused the registration: 400 no such namespace\n")
    }

    private func beat(_ api: InProcessAPI, _ id: String) throws -> HTTPResponse {
        try api.send(.post, "/v1/beats/\(id)/beat")
    }

    @Test func aBeatNowIsAnsweredWithWhatTheServerSaid() throws {
        let api = InProcessAPI()
        let id = try registered(api)
        api.run(.seconds(7))
        let answer = try beat(api, id)
        #expect(answer.status == 200)
        #expect(try answer.member("outcome") == .string("ok"))
        #expect(try answer.member("code") == .integer(10200))
        #expect(try answer.member("mode") == .string("light"))
        #expect(try api.get("/v1/beats/\(id)/history").member("items.0") == (try answer.json))
        let again = try beat(api, id)
        try expectProblem(again, 429, "rate-limited", "500ms")
        #expect(again.fields["Retry-After"] == "1")
    }

    @Test func aBeatNowThatIsNotAcceptedIsAProblem() throws {
        let api = InProcessAPI()
        let id = try registered(api)
        api.nacos = { exchange in
            exchange.kind.isBeat ? .notFound(interval: 5000, lightBeatEnabled: true) : .ok
        }
        api.run(.seconds(1))
        let unknown = try expectProblem(try beat(api, id), 502, "nacos-rejected", "answered 20404")
        #expect(unknown.at("id") == .string(id))
        api.nacos = { _ in .unauthorized(status: 403, detail: "authorization failed!") }
        api.run(.seconds(1))
        try expectProblem(try beat(api, id), 502, "nacos-rejected", "answered 403: authorization failed!")
        api.nacos = { _ in nil }
        api.run(.seconds(1))
        let silent = try expectProblem(try beat(api, id), 502, "nacos-unreachable")
        #expect(silent.at("detail")?.string?.hasPrefix("the beat was not accepted: ") == true)
    }

    @Test func aBeatNowNeedsARegistration() throws {
        let api = InProcessAPI()
        try expectProblem(try beat(api, "nobody"), 404, "not-found")
        let id = try registered(api)
        try expectProblem(
            try api.send(.post, "/v1/beats/\(id)/beat", body: Array("{}".utf8)), 400, "malformed-request")
        try expectProblem(try api.get("/v1/beats/\(id)/beat"), 405, "method-not-allowed")
        api.nacos = { _ in nil }
        _ = try api.delete("/v1/beats/\(id)?wait=0s")
        try expectProblem(try beat(api, id), 404, "not-found", "is being removed")
        api.draining = true
        try expectProblem(try beat(api, id), 503, "draining")
        api.draining = false
        api.client = Client(.tcp(loopback: false), peer: "10.9.9.9")
        #expect(try beat(api, id).status != 200)
    }
}
