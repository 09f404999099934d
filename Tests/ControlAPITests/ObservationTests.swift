import BeatCore
import ControlAPI
import HTTPWire
import JSON
import Testing

/// Metrics as JSON, status, probes.
@Suite struct ObservationTests {
    @Test func metricsHaveTheirShape() throws {
        let api = InProcessAPI()
        _ = try api.post(orders())
        _ = try api.post(orders(8))
        api.run(.seconds(20))
        let metrics = try api.get("/v1/metrics").json
        #expect(
            metrics.keys == [
                "dom2BeatSize", "entries", "tombstones", "beats", "latencySeconds", "latenessSeconds", "gapSeconds",
                "servers",
            ])
        #expect(metrics.at("dom2BeatSize") == .integer(2))
        #expect(metrics.at("entries.beating") == .integer(2))
        #expect(metrics.at("entries.deregistering") == nil)
        #expect(metrics.at("entries")?.keys.count == 7)
        let beats = try #require(metrics.at("beats.ok")?.integer)
        #expect(beats >= 8)
        #expect(metrics.at("latencySeconds.1m.count") == .integer(beats))
        #expect(metrics.at("gapSeconds.5m.max") == .number(5))
        #expect(metrics.at("servers.0")?.keys.contains("requests") == true)
        #expect(metrics.at("servers")?.items.count == 2)
    }

    @Test func oneMetricByItsPath() throws {
        let api = InProcessAPI()
        _ = try api.post(orders())
        #expect(try api.get("/v1/metrics/dom2BeatSize").text == "1\n")
        let plain = try api.get("/v1/metrics/dom2BeatSize", ["Accept": "text/plain"])
        #expect(plain.text == "1\n")
        #expect(plain.fields["Content-Type"] == "text/plain; charset=utf-8")
        #expect(try api.get("/v1/metrics/servers.0.server").text == "\"10.1.0.3:8848\"\n")
        #expect(
            try api.get("/v1/metrics/servers.0.server", ["Accept": "text/plain"]).text == "10.1.0.3:8848\n")
        #expect(try InProcessAPI().get("/v1/metrics/gapSeconds.1m.p99").text == "null\n")
        #expect(
            try api.get("/v1/metrics/entries", ["Accept": "text/plain"]).fields["Content-Type"] == "application/json")
        for name in ["servers.2", "servers.-1", "dom2BeatSize.x", "entries.", ".entries"] {
            try expectProblem(try api.get("/v1/metrics/\(name)"), 404, "not-found")
        }
    }

    @Test func statusTellsOfTheProcess() throws {
        let api = InProcessAPI { $0.limits = [.init("bodyBytes", 65536)] }
        api.shell.nacos.connections[1].busy = 3
        _ = try api.post(orders())
        api.run(.seconds(2))
        let status = try api.get("/v1/status").json
        #expect(status.at("version") == .string("1.0.0"))
        #expect(status.at("startedAt") == .string("2026-08-22T09:05:03.000Z"))
        #expect(status.at("uptimeSeconds") == .number(2))
        #expect(status.at("rev") == .integer(1))
        #expect(status.at("limits.registrations") == .integer(1000))
        #expect(status.at("limits.bodyBytes") == .integer(65536))
        #expect(status.at("servers.1.connections.busy") == .integer(3))
        #expect(status.at("draining") == .bool(false))
    }

    @Test func probesNameWhatFails() throws {
        let api = InProcessAPI()
        for path in ["/livez", "/readyz", "/startupz"] { #expect(try api.get(path).text == "ok\n") }
        api.draining = true
        api.restored = false
        #expect(try api.get("/livez").status == 200)
        let readiness = try api.get("/readyz")
        #expect(readiness.status == 503)
        #expect(
            readiness.text
                == "restored: registrations are not back yet\ndraining: beatd takes no registrations any more\n")
        #expect(try api.get("/startupz").status == 503)
        api.loopResponsive = false
        #expect(try api.get("/livez").text == "loop: has not turned for 5 s\n")
    }

    @Test func metricsAreSampledOnlyWhenShown() throws {
        let api = InProcessAPI()
        _ = try api.post(orders())
        for path in ["/v1/beats", "/livez", "/v1", "/"] { _ = try api.get(path) }
        #expect(api.samples == 0)
        for path in ["/metrics", "/v1/metrics", "/v1/status"] { _ = try api.get(path) }
        #expect(api.samples == 3)
    }

    @Test func aQuarantinedServerIsNotUp() throws {
        let api = InProcessAPI()
        api.nacos = { $0.server == 0 ? .serverError(status: 500, detail: "caused: x;") : .accepted($0) }
        for number in 1...20 { _ = try api.post(orders(number)) }
        api.run(.seconds(1))
        #expect(try api.get("/v1/status").member("servers.0.state") == .string("quarantined"))
        #expect(try api.get("/v1/status").member("servers.0.lastError") == .string("500 caused: x;"))
        let text = try api.get("/metrics").text
        #expect(text.contains("beatd_nacos_server_up{server=\"10.1.0.3:8848\"} 0\n"))
        #expect(text.contains("beatd_nacos_server_up{server=\"10.1.0.4:8848\"} 1\n"))
    }
}
