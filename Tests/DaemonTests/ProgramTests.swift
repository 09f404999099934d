import EventLoop
import Glibc
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// The program as it is built, as a process.
    @Suite struct ProgramTests {
        /// Beside the test bundle, in the build folder.
        static let beatd: String = {
            let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
            let folder = bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            return folder.joined(separator: "/") + "/beatd"
        }()

        private static let quiet = ["PATH": "/usr/bin:/bin"]

        private func start(_ arguments: String...) throws -> ChildProcess {
            try ChildProcess([Self.beatd] + arguments, environment: Self.quiet)
        }

        @Test func theProgramIsThere() { #expect(fileExists(Self.beatd), "\(Self.beatd)") }

        @Test func versionAndHelp() throws {
            let version = try start("--version")
            #expect(try version.wait() == .exited(0))
            #expect(version.outputText == "beatd \(Version.text)\n")
            #expect(version.errorText.isEmpty)
            let help = try start("serve", "--help")
            #expect(try help.wait() == .exited(0))
            #expect(help.outputText.contains("--listen"))
        }

        @Test func anUnknownFlagIsAUsageError() throws {
            let child = try start("serve", "--lisen", "127.0.0.1:1")
            #expect(try child.wait() == .exited(64))
            #expect(child.errorText == "beatd: --lisen: is no flag; did you mean --listen?\n")
            #expect(child.outputText.isEmpty)
        }

        @Test func aBadSettingIsAConfigurationError() throws {
            let child = try start("serve", "--listen", "127.0.0.1:99999")
            #expect(try child.wait() == .exited(78))
            #expect(child.errorText.contains("--listen"))
            let environment = try ChildProcess(
                [Self.beatd, "serve"], environment: ["PATH": "/usr/bin:/bin", "BEATD_REQUEST_TIMEOUT": "soon"])
            #expect(try environment.wait() == .exited(78))
            #expect(environment.errorText.contains("BEATD_REQUEST_TIMEOUT"))
        }

        @Test func aBusyPortIsNamed() throws {
            let loop = try EventLoop()
            let taken = try Listener(
                loop, on: try #require(SocketAddress(host: "127.0.0.1", port: 0)), onAccept: { _ in },
                onAcceptError: { _ in })
            defer {
                taken.close()
                loop.freeClosed()
            }
            let address = taken.localAddress.description
            try withTemporaryDirectory { folder in
                let child = try start(
                    "serve", "--listen", address, "--socket", "\(folder)/api.sock", "--data-dir", "memory")
                #expect(try child.wait() == .exited(69))
                let said = child.outputText + child.errorText
                #expect(said.contains(address) && said.contains("in use"), "\(said)")
            }
        }

        @Test("over the unix socket with curl; TERM takes 50 instances away and ends with 0")
        func theWholeLife() throws {
            try withTemporaryDirectory { folder in
                let port = try freeLoopbackPort()
                let naming = try start("naming", "--listen", "127.0.0.1:\(port)")
                let child = try start(
                    "serve", "--nacos-servers", "127.0.0.1:\(port)", "--socket", "\(folder)/api.sock", "--listen",
                    "127.0.0.1:0", "--data-dir", "memory")
                defer { naming.signal(SIGTERM) }
                #expect(try naming.waitForOutput("is up") || naming.errorText.contains("is up"))
                let isUp = try eventually(pump: { try child.pump(for: .milliseconds(5)) }) {
                    (child.outputText + child.errorText).contains("is up")
                }
                try #require(isUp, "\(child.outputText) \(child.errorText)")
                var status = stat()
                #expect(lstat("\(folder)/api.sock", &status) == 0)
                #expect(status.st_mode & S_IFMT == S_IFSOCK)
                #expect(status.st_mode & 0o777 == 0o660)

                for number in 1...50 {
                    let body = "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(number)}"
                    let answer = try curl(folder, "/v1/beats?wait=5s", "--json", body)
                    #expect(answer.hasSuffix("201"), "\(answer)")
                }
                #expect(try curl(folder, "/v1/metrics/dom2BeatSize", "-H", "Accept: text/plain") == "50\n200")
                #expect(try instances(port) == 50)

                child.signal(SIGTERM)
                #expect(try child.wait() == .exited(0), "\(child.errorText)")
                #expect(try instances(port) == 0)
                #expect(!fileExists("\(folder)/api.sock"))
                naming.signal(SIGTERM)
                #expect(try naming.wait() == .exited(0))
            }
        }

        @Test("files declare registrations; HUP applies only the differences, and nothing of a broken file")
        func declared() throws {
            try withTemporaryDirectory { folder in
                func declare(_ name: String, _ port: Int) throws {
                    let text = "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port)}"
                    try writeFile("\(folder)/\(name)", Array(text.utf8))
                }
                try declare("a.json", 1)
                try declare("b.json", 2)
                let naming = try freeLoopbackPort()
                let child = try start(
                    "serve", "--nacos-servers", "127.0.0.1:\(naming)", "--embedded-naming", "--socket",
                    "\(folder)/api.sock", "--listen", "", "--data-dir", "memory", "--config-dir", folder)
                func sees(_ ports: [Int]) throws -> Bool {
                    let found = try curl(folder, "/v1/beats?state=beating")
                    return try instances(naming) == ports.count
                        && ports.allSatisfy { found.contains("\"port\":\($0),") }
                        && found.contains("\"dom2BeatSize\":\(ports.count)")
                }
                let isUp = try eventually(pump: { try child.pump(for: .milliseconds(5)) }) {
                    child.errorText.contains("is up")
                }
                try #require(isUp)
                func comesToSee(_ ports: [Int]) throws -> Bool {
                    try eventually(pump: { try child.pump(for: .milliseconds(5)) }) { try sees(ports) }
                }
                #expect(try comesToSee([1, 2]))
                #expect(try curl(folder, "/v1/beats").contains("\"source\":\"file\""))
                // What a file declares is changed there.
                let whole = "/v1/beats?serviceName=orders&ip=10.0.0.7&port=1"
                #expect(try curl(folder, whole, "-X", "DELETE").hasSuffix("409"))
                let other = "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":1,\"weight\":2}"
                #expect(try curl(folder, "/v1/beats", "--json", other).hasSuffix("409"))
                let batch = "{\"operations\":[{\"op\":\"put\",\"registration\":\(other)}]}"
                #expect(try curl(folder, "/v1/beats:batch", "--json", batch).contains("\"status\":409"))
                let none = "{\"version\":1,\"items\":[]}"
                #expect(try curl(folder, "/v1/import?mode=replace", "--json", none).hasSuffix("200"))

                try declare("c.json", 3)
                #expect(unlink("\(folder)/b.json") == 0)
                try writeFile("\(folder)/a.json", Array("{\"serviceName\":".utf8))
                child.signal(SIGHUP)
                #expect(try comesToSee([1, 3]))
                let metrics = try curl(folder, "/metrics")
                #expect(metrics.contains("\nbeatd_config_last_reload_success 0\n"))
                child.signal(SIGTERM)
                #expect(try child.wait() == .exited(0), "\(child.errorText)")
                #expect(child.errorText.contains("\(folder)/a.json: "), "\(child.errorText)")
            }
        }

        /// The body and, behind it, the status.
        private func curl(_ folder: String, _ target: String, _ more: String...) throws -> String {
            let child = try ChildProcess(
                ["curl", "-sS", "--max-time", "10", "--unix-socket", "\(folder)/api.sock", "-w", "%{http_code}"] + more
                    + ["http://localhost\(target)"])
            #expect(try child.wait() == .exited(0), "\(child.errorText)")
            return child.outputText
        }

        /// How many instances the naming server has.
        private func instances(_ port: UInt16) throws -> Int {
            let child = try ChildProcess([
                "curl", "-sS", "http://127.0.0.1:\(port)/nacos/v1/ns/instance/list?serviceName=orders",
            ])
            #expect(try child.wait() == .exited(0), "\(child.errorText)")
            return child.outputText.ranges(of: "\"port\":").count
        }
    }
}
