import Glibc
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// `beatd run` as a process around real programs, with `beatd naming` as its server.
    @Suite struct RunProgramTests {
        private static let quiet = ["PATH": "/usr/bin:/bin"]

        /// A naming server, and what `run` is told of it.
        private final class Scene {
            let naming: ChildProcess
            let namingPort: UInt16
            let port: UInt16

            init() throws {
                namingPort = try freeLoopbackPort()
                port = try freeLoopbackPort()
                naming = try ChildProcess(
                    [ProgramTests.beatd, "naming", "--listen", "127.0.0.1:\(namingPort)"], environment: quiet)
                let isUp = try naming.waitForOutput("is up") || naming.errorText.contains("is up")
                try #require(isUp)
            }

            func run(_ flags: [String] = [], _ command: [String], wrapper: [String] = []) throws -> ChildProcess {
                try ChildProcess(
                    wrapper + [
                        ProgramTests.beatd, "run", "--service-name", "orders", "--port", "\(port)", "--ip",
                        "127.0.0.1", "--nacos-servers", "127.0.0.1:\(namingPort)",
                    ] + flags + ["--"] + command, environment: quiet)
            }

            /// Whether the naming server has the instance.
            func isRegistered() throws -> Bool {
                let child = try ChildProcess(["sh", "-c", list])
                #expect(try child.wait() == .exited(0), "\(child.errorText)")
                return child.outputText.contains("\"port\":\(port)")
            }

            /// A shell line that prints what the naming server has.
            var list: String {
                "curl -sS 'http://127.0.0.1:\(namingPort)/nacos/v1/ns/instance/list?serviceName=orders'"
            }

            func end() throws {
                naming.signal(SIGTERM)
                #expect(try naming.wait() == .exited(0))
            }
        }

        @Test("killed child: the instance leaves in under a second, the status is the child's")
        func killedChild() throws {
            let scene = try Scene()
            let run = try scene.run(["--check", "none"], ["sh", "-c", "echo pid $$; exec sleep 60"])
            try #require(try eventually(pump: { try run.pump(for: .milliseconds(20)) }) { try scene.isRegistered() })
            try #require(try run.waitForOutput("\n"))
            let words = run.outputText.split(whereSeparator: \.isWhitespace)
            let pid = try #require(words.last.flatMap { Int32($0) })
            let clock = ContinuousClock()
            let begin = clock.now
            kill(pid, SIGKILL)
            #expect(try run.wait() == .exited(137))
            #expect(begin.duration(to: clock.now) < .seconds(1))
            #expect(try !scene.isRegistered())
            try scene.end()
        }

        @Test("a real server: registered only when its port answers")
        func realServer() throws {
            let scene = try Scene()
            try withTemporaryDirectory { folder in
                let script =
                    "echo ready; while [ ! -e \(folder)/go ]; do sleep 0.02; done; "
                    + "exec python3 -m http.server \(scene.port) --bind 127.0.0.1"
                let run = try scene.run([], ["sh", "-c", script])
                try #require(try run.waitForOutput("ready"))
                for _ in 0..<30 {
                    try run.pump(for: .milliseconds(20))
                    #expect(try !scene.isRegistered())
                }
                try writeFile("\(folder)/go", [])
                #expect(try eventually(pump: { try run.pump(for: .milliseconds(20)) }) { try scene.isRegistered() })
                run.signal(SIGTERM)
                #expect(try run.wait() == .exited(128 + SIGTERM))
                #expect(try !scene.isRegistered())
            }
            try scene.end()
        }

        @Test("a URL as check: registered when it answers 2xx, not beaten while it does not")
        func healthURL() throws {
            let scene = try Scene()
            try withTemporaryDirectory { folder in
                let server = "exec python3 -m http.server \(scene.port) --bind 127.0.0.1 --directory \(folder)"
                let run = try scene.run(
                    ["--check", "http://127.0.0.1:\(scene.port)/health", "--socket", "\(folder)/api.sock"],
                    ["sh", "-c", server])
                func state(_ wanted: String) throws -> Bool {
                    let child = try ChildProcess([
                        "curl", "-sS", "--unix-socket", "\(folder)/api.sock", "http://localhost/v1/beats",
                    ])
                    _ = try child.wait()
                    return child.outputText.contains("\"state\":\"\(wanted)\"")
                }
                func comes(to wanted: String) throws -> Bool {
                    try eventually(within: .seconds(30), pump: { try run.pump(for: .milliseconds(20)) }) {
                        try state(wanted)
                    }
                }
                // 404 so far.
                #expect(try comes(to: "pending"))
                #expect(try !scene.isRegistered())
                try writeFile("\(folder)/health", Array("ok".utf8))
                #expect(try comes(to: "beating"))
                #expect(try scene.isRegistered())
                #expect(unlink("\(folder)/health") == 0)
                #expect(try comes(to: "unhealthy"))
                run.signal(SIGTERM)
                #expect(try run.wait() == .exited(128 + SIGTERM))
                #expect(try !scene.isRegistered())
            }
            try scene.end()
        }

        @Test("TERM: the instance is gone when the child gets its signal; its status is kept")
        func terminated() throws {
            let scene = try Scene()
            let script = "trap '\(scene.list.replacingQuotes()); exit 5' TERM; while :; do sleep 0.02; done"
            let run = try scene.run(["--check", "none"], ["sh", "-c", script])
            try #require(try eventually(pump: { try run.pump(for: .milliseconds(20)) }) { try scene.isRegistered() })
            run.signal(SIGTERM)
            #expect(try run.wait() == .exited(5))
            #expect(run.outputText.contains("\"hosts\":[]"), "\(run.outputText) \(run.errorText)")
            try scene.end()
        }

        @Test func aChildThatWillNotEndIsKilled() throws {
            let scene = try Scene()
            let run = try scene.run(
                ["--check", "none", "--stop-timeout", "100ms"],
                ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.02; done"])
            try #require(try run.waitForOutput("ready"))
            run.signal(SIGTERM)
            #expect(try run.wait() == .exited(137))
            try scene.end()
        }

        @Test("what cannot be started: 127 and 126, and nothing is registered")
        func notStarted() throws {
            let scene = try Scene()
            let missing = try scene.run([], ["no-such-program"])
            #expect(try missing.wait() == .exited(127))
            #expect(missing.errorText.contains("no-such-program"))
            let refused = try scene.run([], ["/etc/passwd"])
            #expect(try refused.wait() == .exited(126))
            #expect(try !scene.isRegistered())
            try scene.end()
        }

        @Test func theChildEndsWithBeatd() throws {
            let scene = try Scene()
            try withTemporaryDirectory { folder in
                let script = "trap 'echo told > \(folder)/told; exit' TERM; echo ready; while :; do sleep 0.02; done"
                let run = try scene.run(["--check", "none"], ["sh", "-c", script])
                try #require(try run.waitForOutput("ready"))
                run.signal(SIGKILL)
                _ = try run.wait()
                #expect(eventually { fileExists("\(folder)/told") })
            }
            try scene.end()
        }

        @Test("as process 1 of a namespace it leaves no zombie", .enabled(if: geteuid() == 0, "needs root"))
        func asProcessOne() throws {
            let scene = try Scene()
            let run = try scene.run(
                ["--check", "none"],
                ["sh", "-c", "(sleep 0.05 &); (sleep 0.1 &); sleep 0.4; ps -eo stat,args; exit 4"],
                wrapper: ["unshare", "--pid", "--fork", "--mount-proc"])
            #expect(try run.wait() == .exited(4), "\(run.errorText)")
            #expect(run.outputText.contains("ps -eo"), "\(run.outputText)")
            #expect(!run.outputText.split(separator: "\n").contains { $0.hasPrefix("Z") }, "\(run.outputText)")
            try scene.end()
        }

        @Test func secretsStayAndTheSocketIsTold() throws {
            let scene = try Scene()
            try withTemporaryDirectory { folder in
                let run = try ChildProcess(
                    [
                        ProgramTests.beatd, "run", "--service-name", "orders", "--port", "\(scene.port)", "--ip",
                        "127.0.0.1", "--nacos-servers", "127.0.0.1:\(scene.namingPort)", "--check", "none",
                        "--socket", "\(folder)/api.sock", "--", "env",
                    ], environment: Self.quiet.merging(["BEATD_TOKEN": "s3cret-s3cret"]) { $1 })
                #expect(try run.wait() == .exited(0), "\(run.errorText)")
                #expect(run.outputText.contains("BEATD_SOCKET=\(folder)/api.sock\n"))
                #expect(!run.outputText.contains("s3cret"))
            }
            try scene.end()
        }
    }
}

extension String {
    /// For a place between single quotes of a shell line.
    fileprivate func replacingQuotes() -> String {
        split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    }
}
