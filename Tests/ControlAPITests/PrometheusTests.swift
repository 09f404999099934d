import BeatCore
import ControlAPI
import HTTPWire
import Testing

/// `/metrics` in both formats.
@Suite struct PrometheusTests {
    private func lines(_ api: InProcessAPI, _ accept: String? = nil) throws -> [String] {
        var fields = HTTPFields()
        if let accept { fields.append("Accept", accept) }
        return try api.get("/metrics", fields).text.split(separator: "\n").map { String($0) }
    }

    private static let openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    private static let text = "text/plain; version=0.0.4; charset=utf-8"

    private static let accepts: [(String?, String)] = [
        (nil, text), ("*/*", text), ("text/plain", text), ("text/html,*/*;q=0.8", text),
        ("application/openmetrics-text;version=1.0.0", openMetrics),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", openMetrics),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.3", text), ("application/openmetrics-text;q=0", text),
    ]

    @Test(arguments: accepts)
    func acceptChoosesTheFormat(accept: String?, type: String) throws {
        var fields = HTTPFields()
        if let accept { fields.append("Accept", accept) }
        let response = try InProcessAPI().get("/metrics", fields)
        #expect(response.fields["Content-Type"] == type)
        #expect(response.text.hasSuffix("# EOF\n") == (type == PrometheusTests.openMetrics))
    }

    @Test func countersAreNamedAsTheFormatWants() throws {
        let api = InProcessAPI()
        let text = try lines(api)
        #expect(text.contains("# TYPE beatd_beats_total counter"))
        #expect(text.contains("beatd_beats_total{outcome=\"ok\"} 0"))
        let open = try lines(api, "application/openmetrics-text")
        #expect(open.contains("# TYPE beatd_beats counter"))
        #expect(open.contains("beatd_beats_total{outcome=\"ok\"} 0"))
        #expect(open.contains("# UNIT beatd_beat_gap_seconds seconds"))
    }

    @Test func everyCombinationIsThereFromTheStart() throws {
        let text = try lines(InProcessAPI())
        for state in RegistrationState.allCases where state != .deregistering {
            #expect(text.contains("beatd_beat_entries{state=\"\(state.label)\"} 0"))
        }
        for outcome in BeatOutcome.allCases {
            #expect(text.contains("beatd_beats_total{outcome=\"\(outcome.label)\"} 0"))
        }
        #expect(text.contains("nacos_monitor{module=\"naming\",name=\"dom2BeatSize\"} 0"))
        #expect(text.contains("beatd_beat_gap_seconds_bucket{le=\"12.0\"} 0"))
        #expect(text.contains("beatd_beat_duration_seconds_count{outcome=\"error\"} 0"))
        #expect(text.contains("beatd_nacos_requests_total{op=\"deregister\",class=\"none\"} 0"))
        #expect(text.contains("beatd_nacos_connections{server=\"10.1.0.4:8848\",state=\"busy\"} 0"))
        #expect(text.contains("beatd_http_requests_total{method=\"POST\",route=\"/v1/beats\",code=\"422\"} 0"))
    }

    @Test func theShellsCountsAreShown() throws {
        let api = InProcessAPI()
        let route = try #require(Route.table.first { $0.operation == .readBeat })
        api.shell.http.record(route, .get, status: 200, nanoseconds: 2_000_000)
        api.shell.http.record(route, .head, status: 200, nanoseconds: 2_000_000)
        api.shell.http.record(nil, .other("BREW"), status: 501, nanoseconds: 0)
        api.shell.nacos.record(.beat, status: 200, nanoseconds: 3_000_000)
        api.shell.nacos.record(.register, status: nil, nanoseconds: 3_000_000_000)
        api.shell.connections.busy[.tcp] = 2
        api.shell.loop.busy = .milliseconds(1500)
        api.shell.logMessages[.warn] = 4
        api.shell.process.residentMemoryBytes = 9_500_000
        let text = try lines(api)
        for line in [
            "beatd_http_requests_total{method=\"GET\",route=\"/v1/beats/{id}\",code=\"200\"} 1",
            "beatd_http_requests_total{method=\"HEAD\",route=\"/v1/beats/{id}\",code=\"200\"} 1",
            "beatd_http_requests_total{method=\"other\",route=\"unmatched\",code=\"501\"} 1",
            "beatd_http_request_duration_seconds_bucket{method=\"GET\",route=\"/v1/beats/{id}\",code=\"200\",le=\"0.005\"} 1",
            "beatd_nacos_requests_total{op=\"beat\",class=\"2xx\"} 1",
            "beatd_nacos_requests_total{op=\"register\",class=\"none\"} 1",
            "beatd_http_connections{listener=\"tcp\",state=\"busy\"} 2",
            "beatd_loop_busy_seconds_total 1.5",
            "beatd_log_messages_total{level=\"warn\"} 4",
            "process_resident_memory_bytes 9500000",
            "process_max_fds -1",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func entriesAddUpToDom2BeatSize() throws {
        let api = InProcessAPI()
        for number in 1...4 { _ = try api.post(orders(number)) }
        api.nacos = { _ in nil }
        _ = try api.delete("/v1/beats?serviceName=orders&ip=10.0.0.4&port=8080&wait=0s")
        let text = try lines(api)
        let sum = text.filter { $0.hasPrefix("beatd_beat_entries{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
        #expect(sum == 3)
        #expect(text.contains("nacos_monitor{module=\"naming\",name=\"dom2BeatSize\"} 3"))
        #expect(text.contains("beatd_tombstones 1"))
    }

    @Test func everySampleBelongsToTheMetricAnnouncedBeforeIt() throws {
        for accept in ["text/plain", "application/openmetrics-text"] {
            var family = ""
            var seen: Set<String> = []
            for line in try lines(InProcessAPI(), accept) where line != "# EOF" {
                if line.hasPrefix("# ") {
                    let name = String(line.split(separator: " ")[2])
                    if line.hasPrefix("# TYPE ") { #expect(seen.insert(name).inserted, "\(name) stands twice") }
                    family = name
                } else {
                    #expect(line.hasPrefix(family), "\(line) under \(family)")
                    let series = line.split(separator: " ").dropLast().joined(separator: " ")
                    #expect(seen.insert("sample \(series)").inserted, "\(series) stands twice")
                }
            }
        }
    }
}
