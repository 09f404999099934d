import BeatCore
import ControlAPI
import Glibc
import HTTPWire
import JSON
import NacosWire
import NamingStandIn
import Testing

@testable import Daemon

/// A log whose lines a test can read.
private final class CapturedLog {
    private var ends: [Int32] = [-1, -1]
    private var text = ""
    let log: Log

    init() throws {
        try #require(pipe(&ends) == 0)
        for end in ends { try #require(fcntl(end, F_SETFL, O_NONBLOCK) == 0) }
        log = Log(level: .info, format: .json, descriptor: ends[1])
    }

    /// The lines so far that belong to an event.
    func lines(of event: String) -> [String] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            guard count > 0 else { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text.split(separator: "\n").map(String.init).filter { $0.contains("\"\(event)\"") }
    }

    /// Everything so far.
    var all: String {
        _ = lines(of: "")
        return text
    }

    deinit { for end in ends { close(end) } }
}

extension OnSockets {
    @Suite("What beatd says of servers, login and settings") struct EvidenceSocketTests {
        private static let password = "correct-horse"
        private static let wrong = "battery-staple"

        private func harness(
            _ password: String, _ profile: NamingProfile = .nacos25, log: Log? = nil
        ) throws -> Harness {
            try Harness(profile: profile, requestLog: 1000, users: ["nacos": Self.password], log: log) {
                $0.credentials = NacosCredentials(username: "nacos", password: SecretText(password))
            }
        }

        @Test("a wrong password is told in status, servers and log, and does not spin")
        func wrongPassword() throws {
            let captured = try CapturedLog()
            let harness = try harness(Self.wrong, log: captured.log)
            defer { harness.close() }
            let id = try harness.register()
            try harness.until("the login has failed") { harness.daemon.core.loginView?.state == .failing }
            harness.run(seconds: 2)

            let status = try harness.get("/v1/beats/\(id)")
            #expect(try status.member("status.state") == .string("pending"))
            let reason = try #require(try status.member("status.reason")?.string)
            #expect(reason.hasPrefix("Nacos has not accepted it yet: login to Nacos failed: 403 "), "\(reason)")

            let servers = try harness.get("/v1/servers")
            #expect(try servers.member("login.state") == .string("failing"))
            #expect(try servers.member("login.lastError")?.string?.hasPrefix("403 ") == true, "\(servers.text)")
            #expect(try servers.member("login.expiresAt") == .null)
            #expect(try servers.member("login.nextAttemptAt")?.string != nil)

            #expect(captured.lines(of: "login.failed").count == 1, "\(captured.all)")
            // Logins every 5 s, at two paths; the register is tried again after 0.5 s and then every 1.5 s.
            #expect(harness.naming.requestLog.total <= 12, "\(harness.naming.requestLog.total) requests")
            for text in [servers.text, status.text, captured.all] { #expect(!text.contains(Self.wrong)) }

            harness.naming.setUsers(["nacos": Self.wrong])
            try harness.until("it beats") { harness.daemon.core.counters.beats[.ok] >= 1 }
            #expect(try harness.get("/v1/servers").member("login.state") == .string("ok"))
            #expect(try harness.get("/v1/beats/\(id)").member("status.reason") == .string("beat accepted"))
            #expect(captured.lines(of: "login.recovered").count == 1, "\(captured.all)")
        }

        @Test("a login that works is told with the end of its token, and never with what it was made of")
        func goodPassword() throws {
            for profile in [NamingProfile.nacos25, .nacos32] {
                let harness = try harness(Self.password, profile)
                defer { harness.close() }
                let id = try harness.register()
                try harness.until("a beat") { harness.daemon.core.counters.beats[.ok] >= 1 }
                let servers = try harness.get("/v1/servers")
                #expect(try servers.member("login.state") == .string("ok"))
                #expect(try servers.member("login.lastError") == .null)
                #expect(try servers.member("login.expiresAt")?.string != nil)
                #expect(try servers.member("items.0.state") == .string("up"))
                #expect(try servers.member("items.0.version")?.string != nil, "\(servers.text)")
                let latency = try #require(try servers.member("items.0.latencySeconds.p99"))
                guard case .number(let seconds) = latency else {
                    Issue.record("no latency: \(servers.text)")
                    continue
                }
                #expect(seconds > 0 && seconds < 3)
                for path in ["/v1/servers", "/v1/config", "/v1/status", "/metrics", "/v1/beats/\(id)"] {
                    let text = try harness.get(path).text
                    #expect(!text.contains(Self.password) && !text.contains("stand-in.token"), "\(path)")
                }
            }
        }

        @Test("a server that cannot be reached is named in the reason")
        func unreachable() throws {
            let harness = try Harness()
            defer { harness.close() }
            harness.naming.pause()
            let id = try harness.register()
            try harness.until("it is told") {
                try harness.get("/v1/beats/\(id)").member("status.reason")?.string?.contains("refused") == true
            }
            #expect(try harness.get("/v1/servers").member("login") == .null)
        }

        @Test("a beat now, the history and the health of a registration")
        func beatNow() throws {
            let harness = try Harness(requestLog: 100)
            defer { harness.close() }
            let id = try harness.register(port: 8080, ",\"period\":\"10s\"")
            try harness.until("the first beat") { harness.daemon.core.counters.beats[.ok] == 1 }
            let answer = try harness.send(.post, "/v1/beats/\(id)/beat")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.member("outcome") == .string("ok"))
            #expect(try answer.member("code") == .integer(10200))
            #expect(harness.naming.requestLog.entries(of: .beat).count == 2)
            try expectProblem(try harness.send(.post, "/v1/beats/\(id)/beat"), 429, "rate-limited")
            let items = try #require(try harness.get("/v1/beats/\(id)/history").member("items")?.items)
            #expect(items.map { $0.at("kind")?.string } == ["beat", "beat", "register"])
            #expect(items.map { $0.at("mode")?.string } == ["light", "full", nil])
            #expect(items.allSatisfy { $0.at("outcome") == .string("ok") })
            let health = try harness.get("/v1/beats/\(id)/health")
            #expect(health.status == 200)
            #expect(health.text == "beating: beat accepted\n")

            harness.naming.pause()
            harness.run(seconds: 0.5)
            try expectProblem(
                try harness.send(.post, "/v1/beats/\(id)/beat"), 502, "nacos-unreachable", "no connection")
            #expect(try harness.get("/v1/beats/\(id)/health").status == 429)
        }

        @Test("the log says more for a while, and /v1/config says so")
        func logLevel() throws {
            let captured = try CapturedLog()
            let harness = try Harness(log: captured.log) {
                $0.settings = [.init(name: "log-level", value: "info", source: "file")]
            }
            defer { harness.close() }
            func put(_ json: String) throws -> HTTPResponse {
                try harness.send(.put, "/v1/log-level", json: json)
            }
            #expect(try put("{\"level\":\"debug\",\"for\":\"1s\"}").status == 200)
            #expect(captured.log.level == .debug)
            #expect(try harness.get("/v1/config").member("items.0.source") == .string("api"))
            #expect(try put("{\"level\":\"error\",\"for\":\"1s\"}").status == 200)
            #expect(captured.log.level == .error)
            try harness.until("it is over") { captured.log.level == .info }
            #expect(
                try harness.get("/v1/config").text
                    == "{\"items\":[{\"name\":\"log-level\",\"value\":\"info\",\"source\":\"file\"}]}\n")
            #expect(captured.lines(of: "log.level").count == 3, "\(captured.all)")

            // What was set to stay is what a later while ends with.
            #expect(try put("{\"level\":\"warn\"}").status == 200)
            #expect(try put("{\"level\":\"debug\",\"for\":\"1s\"}").status == 200)
            try harness.until("it is over") { captured.log.level == .warn }
            #expect(
                try harness.get("/v1/config").text
                    == "{\"items\":[{\"name\":\"log-level\",\"value\":\"warn\",\"source\":\"api\"}]}\n")
            try expectProblem(try put("{\"level\":\"loud\"}"), 422, "validation", "must be one of debug, info")
            #expect(captured.log.level == .warn)
        }

        @Test("headroom is estimated of what was measured")
        func headroom() throws {
            let harness = try Harness()
            defer { harness.close() }
            #expect(try harness.get("/v1/status").member("headroom.registrations") == .null)
            for port in 8000..<8050 { try harness.register(port: port, ",\"period\":\"500ms\"") }
            let begin = harness.daemon.clocks.now
            try harness.until("beats for a second", polling: true) {
                harness.daemon.clocks.now - begin > .milliseconds(1100)
            }
            let status = try harness.get("/v1/status")
            #expect(try status.member("headroom.beatsPerSecond") == .number(100))
            for name in ["registrations", "process", "servers"] {
                let value = try #require(try status.member("headroom.\(name)")?.integer, "\(status.text)")
                #expect(value > 50, "\(name): \(value)")
            }
            #expect(try status.member("headroom.setting") == .integer(999_950))
            #expect(try status.member("headroom.limit")?.string != nil)
        }

        @Test("probes, logins and the token's end are in the metrics")
        func accessMetrics() throws {
            let harness = try harness(Self.password, .nacos32)
            defer { harness.close() }
            try harness.register()
            try harness.until("a beat") { harness.daemon.core.counters.beats[.ok] >= 1 }
            let lines = try harness.get("/metrics").text.split(separator: "\n")
            func value(_ series: String) throws -> Double {
                let line = try #require(lines.first { $0.hasPrefix(series + " ") }, "\(series)")
                return try #require(Double(line.dropFirst(series.count + 1)))
            }
            #expect(try value("beatd_nacos_requests_total{op=\"login\",class=\"2xx\"}") == 1)
            #expect(try value("beatd_nacos_requests_total{op=\"probe\",class=\"2xx\"}") >= 1)
            #expect(try value("beatd_nacos_requests_total{op=\"list\",class=\"2xx\"}") == 0)
            #expect(try value("beatd_nacos_dns_lookups_total{result=\"ok\"}") == 0)
            let end = try value("beatd_nacos_token_expiry_timestamp_seconds")
            let now = Double(harness.daemon.clocks.wall.milliseconds) / 1000
            #expect(end > now + 60 && end < now + 86_400 * 2, "\(end - now)")
        }

        @Test("settings are told with their sources, secrets never")
        func config() throws {
            let invocation = try BeatdInvocation.parse(
                arguments: ["serve", "--listen", "127.0.0.1:0", "--nacos-username", "nacos"],
                environment: ["BEATD_NACOS_PASSWORD": Self.password, "BEATD_CONFIG": "/etc/beatd.json"],
                readFile: {
                    $0 == "/etc/beatd.json"
                        ? .success(Array("{\"log-level\":\"warn\"}".utf8)) : .failure(.notFound)
                })
            guard case .serve(let loaded) = invocation else {
                Issue.record("not serve: \(invocation)")
                return
            }
            let harness = try Harness { $0.settings = loaded.reported }
            defer { harness.close() }
            let config = try harness.get("/v1/config")
            #expect(config.status == 200)
            let items = try #require(try config.member("items")?.items)
            #expect(items.count == SettingsTable.rows(for: .serve).count)
            func row(_ name: String) -> [String?] {
                let item = items.first { $0.at("name") == .string(name) }
                return [item?.at("value")?.string, item?.at("source")?.string]
            }
            #expect(row("listen") == ["127.0.0.1:0", "flag"])
            #expect(row("config") == ["/etc/beatd.json", "environment"])
            #expect(row("log-level") == ["warn", "file"])
            #expect(row("dialect") == ["auto", "default"])
            #expect(row("nacos-password-file") == ["<set>", "environment"])
            #expect(!config.text.contains(Self.password))
        }
    }
}
