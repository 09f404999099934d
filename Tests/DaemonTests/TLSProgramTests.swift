import EventLoop
import Glibc
import HTTPWire
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// From the settings to the wire: the program as it is built, with everything that proves who it is.
    @Suite struct TLSProgramTests {
        private static let beatd: String = {
            let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
            return bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
                + "/beatd"
        }()

        @Test("settings of TLS, login and signature arrive at the server")
        func settingsArrive() throws {
            try withTemporaryDirectory { folder in
                let files = try TestCertificates(in: folder)
                try files.ca.issue("client", for: "DNS:beatd")
                try writeFile("\(folder)/password", Array("pass-4f1d\n".utf8))
                try writeFile("\(folder)/secret", Array("secret-77c0\n".utf8))
                let loop = try EventLoop()
                var options = NamingStandIn.Options()
                options.requestLogCapacity = 100
                options.users = ["nacos": "pass-4f1d"]
                let any = try #require(SocketAddress(host: "127.0.0.1", port: 0))
                let naming = try NamingStandIn(loop: loop, address: any, profile: .nacos25, options: options)
                let front = try TLSFront(loop, before: naming.localAddress, files.front(clientCA: files.ca.caFile))
                defer {
                    front.close()
                    naming.close()
                    loop.freeClosed()
                }
                let child = try ChildProcess(
                    [
                        Self.beatd, "serve", "--nacos-servers", "https://localhost:\(front.address.port ?? 0)",
                        "--listen=", "--socket", "\(folder)/api.sock", "--data-dir=memory", "--log-level=debug",
                        "--nacos-tls-ca", files.ca.caFile, "--nacos-tls-cert", "\(folder)/client.pem",
                        "--nacos-tls-key", "\(folder)/client.key", "--nacos-username", "nacos",
                        "--nacos-password-file", "\(folder)/password", "--nacos-access-key", "AKID",
                    ],
                    environment: [
                        "PATH": "/usr/bin:/bin", "BEATD_NACOS_SECRET_KEY_FILE": "\(folder)/secret",
                    ])
                let pump = {
                    loop.runOnce(waiting: false)
                    try child.pump(for: .milliseconds(1))
                }
                let isKnown = try eventually(pump: pump) { child.errorText.contains("server.dialect") }
                #expect(isKnown, "\(child.errorText)")
                let entries = naming.requestLog.entries
                #expect(entries.contains { $0.route == .login })
                let probe = try #require(entries.first { $0.route != .login })
                #expect(probe.query?.contains("ak=AKID") == true)
                #expect(probe.fields["Authorization"]?.hasPrefix("Bearer ") == true)
                #expect(front.serverNames == ["localhost"])
                child.signal(SIGTERM)
                let hasEnded = try eventually(pump: pump) { child.ending != nil }
                #expect(hasEnded && child.ending == .exited(0))
                let said = child.outputText + child.errorText
                for secret in ["pass-4f1d", "secret-77c0", "stand-in.token"] {
                    #expect(!said.contains(secret), "\(said)")
                }
            }
        }

        @Test func aFileThatCannotBeUsedIsAConfigurationError() throws {
            let child = try ChildProcess(
                [Self.beatd, "serve", "--nacos-servers", "https://localhost", "--nacos-tls-ca", "/nowhere.pem"],
                environment: ["PATH": "/usr/bin:/bin"])
            #expect(try child.wait() == .exited(78))
            #expect(
                child.errorText
                    == "beatd: --nacos-tls-ca: names /nowhere.pem, but: No such file or directory\n")
        }
    }
}
