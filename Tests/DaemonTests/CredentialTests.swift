import BeatCore
import ControlAPI
import EventLoop
import Glibc
import HTTPWire
import NacosWire
import TestSupport
import Testing

@testable import Daemon
@testable import NamingStandIn

extension OnSockets {
    /// Credentials go to the servers that they are for, in header fields and bodies, and nowhere else: everything that
    /// others can read is collected and searched for them.
    @Suite struct CredentialTests {
        private static let password = "pass-4f1d+word"
        private static let secretKey = "secret-77c0/key"
        /// What the stand-in's tokens begin with.
        private static let token = "stand-in.token."
        private static let apiToken = "api-5e2b-token"
        private static let wrongToken = "api-0000-wrong"

        /// What was seen, with the place.
        private final class Findings {
            var texts: [(place: String, text: String)] = []

            func add(_ place: String, _ text: String) { texts.append((place, text)) }

            /// No text has any of the secrets, as they are or as a target would carry them.
            func check(_ secrets: [String]) {
                for secret in secrets {
                    for form in Set([secret, FormEncoding.encoded(secret)]) {
                        for (place, text) in texts where text.utf8.firstRange(of: form.utf8) != nil {
                            Issue.record("\(secret) in \(place): \(text.prefix(2000))")
                        }
                    }
                }
            }
        }

        private static let targets = [
            "/", "/v1/status?pretty", "/v1/beats?pretty", "/v1/beats?state=degraded", "/v1/metrics", "/metrics",
            "/v1/capabilities", "/livez", "/readyz", "/openapi.yaml", "/v1/metrics/dom2BeatSize", "/v1/config",
            "/v1/servers",
        ]
        private static let own: HTTPFields = ["Authorization": "Bearer \(apiToken)"]

        private func collect(_ stage: String, _ harness: Harness, _ findings: Findings) throws {
            for target in Self.targets {
                let response = try harness.send(.get, target, fields: Self.own)
                findings.add("\(stage): \(target)", "\(response.fields)\n\(response.text)")
            }
            for id in harness.ids(Self.own) {
                findings.add(
                    "\(stage): \(id)", try harness.send(.get, "/v1/beats/\(id)", fields: Self.own).text)
            }
        }

        /// Requests that are refused, with secrets where a careless program would repeat them.
        private func badRequests(_ harness: Harness, _ findings: Findings) throws {
            let cases: [(String, HTTPFields, String?)] = [
                ("/v1/beats", ["Authorization": "Bearer \(Self.wrongToken)"], orders()),
                ("/v1/beats", ["Authorization": "Basic \(Self.wrongToken)"], orders()),
                ("/v1/beats", [:], orders()),
                ("/v1/nothing", Self.own, nil),
                ("/v1/beats?nothing=1", Self.own, nil),
                (
                    "/v1/beats", ["Authorization": "Bearer \(Self.apiToken)", "Origin": "http://other.example"],
                    orders()
                ),
                ("/v1/beats", Self.own, "{\"serviceName\":\"a\",\"port\":0}"),
                ("/v1/beats", Self.own, "{"),
            ]
            for (target, fields, json) in cases {
                let response = try harness.send(json == nil ? .get : .post, target, json: json, fields: fields)
                #expect((400...499).contains(response.status), "\(target) \(fields)")
                findings.add("bad request \(target)", "\(response.fields)\n\(response.text)")
            }
        }

        @Test("passwords, tokens and keys are in no URL, no log line, no answer and no description")
        func nowhere() throws {
            try withTemporaryDirectory { folder in
                let files = try TestCertificates(in: folder)
                try files.ca.issue("client", for: "DNS:beatd")
                let log = open("\(folder)/log", O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0o600)
                defer { close(log) }
                let findings = Findings()
                let context = try files.context(client: "client")
                let harness = try Harness(
                    requestLog: 10_000, users: ["nacos": Self.password],
                    tls: files.front(clientCA: files.ca.caFile),
                    log: Log(level: .debug, format: .json, descriptor: log)
                ) {
                    $0.client.tls = context
                    $0.client.signer = RequestSigner(accessKey: "AKID", secretKey: SecretText(Self.secretKey))
                    $0.credentials = NacosCredentials(username: "nacos", password: SecretText(Self.password))
                    $0.tokens = .init(readWrite: Self.apiToken)
                }
                defer { harness.close() }
                try live(harness, findings, log: "\(folder)/log")
                harness.daemon.log.finish()
                findings.add("log", try readText("\(folder)/log"))
                for entry in harness.naming.requestLog.entries {
                    findings.add("URL", "\(entry.method) \(entry.path)?\(entry.query ?? "")")
                }
                let configuration = harness.daemon.configuration
                var dumped = ""
                dump(configuration, to: &dumped)
                findings.add("descriptions", "\(configuration) \(String(reflecting: configuration)) \(dumped)")
                let keyLines = try readText("\(folder)/client.key").split(separator: "\n").map(String.init)
                    .filter { !$0.hasPrefix("-----") }
                #expect(keyLines.count >= 2)
                findings.check(
                    [Self.password, Self.secretKey, Self.token, Self.apiToken, Self.wrongToken] + keyLines)
                try expectThatItWasLooked(findings, harness)
            }
        }

        /// Success, a token that is refused, a password that is refused, TLS that is refused.
        private func live(_ harness: Harness, _ findings: Findings, log: String) throws {
            let front = try #require(harness.front)
            let body = "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":1,\"period\":\"500ms\"}"
            #expect(try harness.send(.post, "/v1/beats", json: body, fields: Self.own).status == 201)
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 2 }
            try collect("logged in", harness, findings)
            try badRequests(harness, findings)

            let before = harness.daemon.core.counters.beats[.ok]
            harness.naming.forgetTokens()
            try harness.until("logged in again", within: 20) { harness.daemon.core.counters.beats[.ok] >= before + 2 }
            try collect("logged in again", harness, findings)

            harness.naming.server.authentication.users = ["nacos": "another"]
            harness.naming.forgetTokens()
            try harness.until("the login fails", within: 20) {
                try readText(log).contains("login.failed")
            }
            try collect("login failed", harness, findings)

            front.behaviour = .cuts
            front.pause()
            try front.resume()
            try harness.until("TLS is refused", within: 20) {
                harness.daemon.core.serverViews()[0].lastError?.hasPrefix("TLS: ") == true
            }
            try collect("TLS refused", harness, findings)
        }

        /// The search would have found something: what may be told was told.
        private func expectThatItWasLooked(_ findings: Findings, _ harness: Harness) throws {
            func has(_ place: String, _ text: String) -> Bool {
                findings.texts.contains { $0.place == place && $0.text.contains(text) }
            }
            #expect(has("log", "login.failed"))
            #expect(has("URL", "signature="))
            #expect(has("URL", "ak=AKID"))
            #expect(has("TLS refused: /v1/status?pretty", "TLS: "))
            let entries = harness.naming.requestLog.entries
            #expect(entries.contains { $0.fields["Authorization"]?.contains(Self.token) == true })
            let login = try #require(entries.first { $0.route == .login })
            #expect(String(decoding: login.body, as: UTF8.self).contains(FormEncoding.encoded(Self.password)))
        }
    }
}

extension Harness {
    /// The ids of all registrations.
    fileprivate func ids(_ fields: HTTPFields) -> [String] {
        guard let items = try? send(.get, "/v1/beats", fields: fields).member("items")?.items else { return [] }
        return items.compactMap { $0.at("id")?.string }
    }
}
