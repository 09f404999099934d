import BeatCore
import EventLoop
import HTTPWire
import NacosWire
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

/// Certificates for a server at localhost and a client, and what a daemon needs to use them.
struct TestCertificates {
    let ca: TestCA

    init(in folder: String, server: String = "DNS:localhost,IP:127.0.0.1") throws {
        ca = try TestCA(in: folder)
        try ca.issue("server", for: server)
    }

    func front(clientCA: String? = nil, isOld: Bool = false, host: String = "localhost") -> TLSFront.Options {
        TLSFront.Options(certificate: "\(ca.folder)/server", clientCA: clientCA, isOld: isOld, host: host)
    }

    func context(client: String? = nil) throws -> TLSContext {
        try TLSContext(
            TLSOptions(
                caFile: ca.caFile,
                clientCertificate: client.map {
                    .init(certificateFile: "\(ca.folder)/\($0).pem", keyFile: "\(ca.folder)/\($0).key")
                }))
    }
}

extension OnSockets {
    @Suite struct TLSSocketTests {
        private func withFiles(
            server: String = "DNS:localhost,IP:127.0.0.1", _ body: (TestCertificates) throws -> Void
        ) throws {
            try withTemporaryDirectory { try body(try TestCertificates(in: $0, server: server)) }
        }

        /// Each on a connection of its own, so that all wait for the same server in the same turn.
        private func registerAtOnce(_ count: Int, _ harness: Harness) throws {
            let clients = try (0..<count).map { _ in try harness.client() }
            for (port, client) in clients.enumerated() {
                client.send(
                    .post, "/v1/beats",
                    json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port + 1),\"period\":\"500ms\"}")
            }
            try harness.until("answers") { clients.allSatisfy { $0.responses.count == 1 } }
            for client in clients { client.close() }
        }

        /// What the daemon says of its only server.
        private func trouble(_ harness: Harness) -> String? { harness.daemon.core.serverViews()[0].lastError }

        // MARK: good servers

        @Test(
            "registers, beats and deregisters over TLS, on kept and on resumed connections", arguments: [true, false])
        func overTLS(isOld: Bool) throws {
            try withFiles { files in
                let rules = ConnectionRules(answersPerConnection: 25, closingStatuses: [], idleMilliseconds: 60_000)
                let context = try files.context()
                let harness = try Harness(requestLog: 1, connection: rules, tls: files.front(isOld: isOld)) {
                    $0.client.tls = context
                }
                defer { harness.close() }
                let front = try #require(harness.front)
                try harness.registerMany(60, ",\"period\":\"500ms\"")
                try harness.until("all beating") { harness.daemon.core.count(of: .beating) == 60 }
                try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 400 }
                let failures = BeatOutcome.allCases.filter { $0 != .ok && harness.daemon.core.counters.beats[$0] > 0 }
                #expect(failures == [])
                #expect(trouble(harness) == nil)
                #expect(front.serverNames == ["localhost"])
                #expect(front.failed == 0)
                // 25 answers each: several, and far fewer than requests.
                #expect(front.established > 8 && front.established < 200, "\(front.established)")
                #expect(front.resumed > 0)
                #expect(harness.naming.server.instanceCount == 60)
                harness.daemon.stop()
                try harness.until("the end") { harness.daemon.exitStatus != nil }
                #expect(harness.naming.server.instanceCount == 0)
            }
        }

        @Test("a numeric address is checked as such, and is not sent as a name")
        func address() throws {
            try withFiles { files in
                let context = try files.context()
                let harness = try Harness(tls: files.front(host: "127.0.0.1")) { $0.client.tls = context }
                defer { harness.close() }
                try harness.register(port: 1, ",\"period\":\"500ms\"")
                try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 2 }
                #expect(harness.front?.serverNames == [nil])
            }
        }

        @Test("a client certificate is shown to a server that wants one", arguments: [true, false])
        func clientCertificate(isOld: Bool) throws {
            try withFiles { files in
                try files.ca.issue("client", for: "DNS:beatd")
                let context = try files.context(client: "client")
                let harness = try Harness(tls: files.front(clientCA: files.ca.caFile, isOld: isOld)) {
                    $0.client.tls = context
                }
                defer { harness.close() }
                try harness.register(port: 1, ",\"period\":\"500ms\"")
                try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 2 }
                #expect(harness.front?.failed == 0)
            }
        }

        @Test("a server that is down for a while is found again")
        func downAndBack() throws {
            try withFiles { files in
                let context = try files.context()
                let harness = try Harness(tls: files.front()) { $0.client.tls = context }
                defer { harness.close() }
                let front = try #require(harness.front)
                try harness.registerMany(50, ",\"period\":\"500ms\"")
                try harness.until("all beating") { harness.daemon.core.count(of: .beating) == 50 }
                front.pause()
                try harness.until("trouble") { harness.daemon.core.serverViews()[0].state == .quarantined }
                harness.run(seconds: 1.5)
                try front.resume()
                try harness.until("all beating again") { harness.daemon.core.count(of: .beating) == 50 }
                #expect(harness.daemon.core.serverViews()[0].state == .up)
            }
        }

        // MARK: servers that are not to be talked to

        /// A daemon with 60 registrations meets a server that it must not talk to, or that does not talk to it: how
        /// often it connected in three seconds. (It may open as many connections as the setting says before the first
        /// of them fails; from then on it asks about once a second.)
        private func connections(
            _ dialect: DialectChoice, _ tls: TLSFront.Options, _ context: TLSContext, reason: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> Int {
            let harness = try Harness(requestLog: 10, tls: tls) {
                $0.client.tls = context
                $0.dialect = dialect
            }
            defer { harness.close() }
            let front = try #require(harness.front)
            try registerAtOnce(60, harness)
            try harness.until("trouble") { trouble(harness) != nil }
            #expect(trouble(harness) == reason, sourceLocation: sourceLocation)
            let begin = try #require(front.accepted.first)
            try harness.until("three seconds", polling: true) { MonotonicClock.nanoseconds() - begin > 3_000_000_000 }
            let document = try harness.send(.get, "/v1/status").text
            #expect(document.contains(reason), "\(document)", sourceLocation: sourceLocation)
            // With a forced dialect registrations meet the server themselves, and remember what it said.
            if dialect == .forced(.v1) {
                let attempts = (Int32(0)..<60).compactMap { harness.daemon.core.nextKept(from: $0)?.key }
                    .compactMap { harness.daemon.core.find($0) }.compactMap { harness.daemon.core.history($0) }
                #expect(attempts.joined().contains { $0.detail == reason }, sourceLocation: sourceLocation)
            }
            #expect(harness.naming.requestLog.total == 0, sourceLocation: sourceLocation)
            #expect(harness.naming.server.instanceCount == 0, sourceLocation: sourceLocation)
            #expect(
                harness.daemon.core.serverViews()[0].state == .quarantined, sourceLocation: sourceLocation)
            return front.accepted.count
        }

        private static let dialects: [DialectChoice] = [.auto, .forced(.v1)]
        /// At first as many as the setting and one more for each 10 ms that a register waits, then one each second.
        /// Without the rest it would be one for each registration.
        private static let connectionsMax = 8 + 12 + 4

        @Test("a server whose certificate nobody vouches for", arguments: TLSSocketTests.dialects)
        func wrongCA(dialect: DialectChoice) throws {
            try withFiles { files in
                try withTemporaryDirectory { folder in
                    let other = try TestCertificates(in: folder)
                    let count = try connections(
                        dialect, files.front(), try other.context(),
                        reason: "TLS: unable to get local issuer certificate")
                    #expect(count <= Self.connectionsMax)
                }
            }
        }

        @Test("a server whose CA the system does not know")
        func systemTrust() throws {
            try withFiles { files in
                let count = try connections(
                    .auto, files.front(), try TLSContext(TLSOptions()),
                    reason: "TLS: unable to get local issuer certificate")
                #expect(count <= Self.connectionsMax)
            }
        }

        @Test("a server under another name", arguments: TLSSocketTests.dialects)
        func wrongName(dialect: DialectChoice) throws {
            try withFiles(server: "DNS:nacos.example") { files in
                let count = try connections(
                    dialect, files.front(), try files.context(), reason: "TLS: hostname mismatch")
                #expect(count <= Self.connectionsMax)
            }
        }

        @Test("a server at another address")
        func wrongAddress() throws {
            try withFiles(server: "DNS:localhost") { files in
                let count = try connections(
                    .auto, files.front(host: "127.0.0.1"), try files.context(), reason: "TLS: IP address mismatch")
                #expect(count <= Self.connectionsMax)
            }
        }

        @Test("a server whose certificate has expired")
        func expired() throws {
            try withFiles { files in
                try files.ca.issue("server", for: "DNS:localhost", days: -1)
                let count = try connections(
                    .auto, files.front(), try files.context(), reason: "TLS: certificate has expired")
                #expect(count <= Self.connectionsMax)
            }
        }

        /// With TLS 1.3 the refusal comes when the connection already stands.
        @Test("a server that wants a certificate we have not", arguments: TLSSocketTests.dialects, [true, false])
        func noClientCertificate(dialect: DialectChoice, isOld: Bool) throws {
            try withFiles { files in
                let count = try connections(
                    dialect, files.front(clientCA: files.ca.caFile, isOld: isOld), try files.context(),
                    reason: isOld
                        ? "TLS: sslv3 alert handshake failure" : "TLS: tlsv13 alert certificate required")
                #expect(count <= Self.connectionsMax)
            }
        }

        @Test("a server that ends every connection before its first answer, and then does no more")
        func endsBeforeTheFirstAnswer() throws {
            try withFiles { files in
                let context = try files.context()
                for behaviour in [TLSFront.Behaviour.cuts, .closes] {
                    let harness = try Harness(tls: files.front()) {
                        $0.client.tls = context
                        $0.dialect = .forced(.v1)
                    }
                    defer { harness.close() }
                    let front = try #require(harness.front)
                    front.behaviour = behaviour
                    try registerAtOnce(100, harness)
                    let begin = try #require(front.accepted.first)
                    try harness.until("three seconds", polling: true) {
                        MonotonicClock.nanoseconds() - begin > 3_000_000_000
                    }
                    #expect(front.accepted.count <= Self.connectionsMax)
                    #expect(front.established == front.accepted.count)
                    #expect(trouble(harness) == "TLS: the server ended the connection before its first answer")
                    front.behaviour = .passesOn
                    try harness.until("all beating") { harness.daemon.core.count(of: .beating) == 100 }
                }
            }
        }

        @Test(
            "a server that takes connections and shakes no hands: no more at once than the setting, however many wait")
        func noHandshake() throws {
            try withFiles { files in
                let context = try files.context()
                let loop = try EventLoop()
                var accepted: [AcceptedPeer] = []
                let listener = try Listener(
                    loop, on: .v4(0x7f00_0001, port: 0), onAccept: { accepted.append(AcceptedPeer(loop, $0)) },
                    onAcceptError: { _ in })
                let harness = try Harness(on: loop) {
                    let port = listener.localAddress.port ?? 0
                    $0.servers = [
                        ServerAddress(name: "127.0.0.1:\(port)", host: "127.0.0.1", port: port, usesTLS: true)
                    ]
                    $0.client.tls = context
                    $0.dialect = .forced(.v1)
                    $0.client.connectTimeout = .seconds(10)
                }
                defer {
                    for peer in accepted { peer.stream.close() }
                    listener.close()
                    harness.close()
                }
                try registerAtOnce(60, harness)
                try harness.until("the setting", polling: true) { accepted.count >= 8 }
                // Long enough for a register more each 10 ms.
                let begin = MonotonicClock.nanoseconds()
                try harness.until("a while", polling: true) { MonotonicClock.nanoseconds() - begin > 300_000_000 }
                #expect(accepted.count == 8)
            }
        }

        /// One that says nothing.
        private final class AcceptedPeer {
            let stream: Stream
            init(_ loop: EventLoop, _ socket: consuming AcceptedSocket) {
                stream = Stream(loop, accepted: socket, limits: StreamLimits(inputMax: 1 << 16, outputMax: 1 << 16))
            }
        }

        @Test("beats of 400 registrations meet a server that begins to end every connection: few connections, no storm")
        func noStorm() throws {
            try withFiles { files in
                let context = try files.context()
                for dialect in Self.dialects {
                    let harness = try Harness(tls: files.front()) {
                        $0.client.tls = context
                        $0.dialect = dialect
                    }
                    defer { harness.close() }
                    let front = try #require(harness.front)
                    try harness.registerMany(400, ",\"period\":\"500ms\"")
                    try harness.until("all beating") { harness.daemon.core.count(of: .beating) == 400 }
                    front.behaviour = .cuts
                    front.pause()
                    try front.resume()
                    let before = front.accepted.count
                    harness.run(seconds: 3)
                    #expect(front.accepted.count - before <= Self.connectionsMax)
                    front.behaviour = .passesOn
                    try harness.until("all beating again") { harness.daemon.core.count(of: .beating) == 400 }
                }
            }
        }

        @Test("a server that does not speak TLS gets no request")
        func plainServer() throws {
            try withFiles { files in
                let context = try files.context()
                let harness = try Harness(requestLog: 10) {
                    $0.client.tls = context
                    $0.servers[0].usesTLS = true
                }
                defer { harness.close() }
                try harness.register(port: 1)
                try harness.until("the reason") {
                    trouble(harness)?.contains("does not seem to speak TLS") == true
                }
                #expect(harness.naming.requestLog.total == 0)
            }
        }
    }
}
