import JSON
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// `beatd ctl` and `beatd health` as processes, against a daemon that is one too.
    @Suite struct CtlProgramTests {
        private let environment = ["PATH": "/usr/bin:/bin"]

        private func ended(_ socket: String, _ words: [String]) throws -> (
            status: ChildProcess.Ending?, out: String, err: String
        ) {
            let child = try ChildProcess(
                [ProgramTests.beatd] + words + ["--socket", socket], environment: environment)
            let ending = try child.wait()
            return (ending, child.outputText, child.errorText)
        }

        private func start(_ socket: String, _ server: String) throws -> ChildProcess {
            let daemon = try ChildProcess(
                [
                    ProgramTests.beatd, "serve", "--nacos-servers", server, "--data-dir", "memory", "--listen", "",
                    "--socket", socket, "--log-format", "text",
                ], environment: environment)
            #expect(try daemon.waitForOutput("beatd is up") || daemon.errorText.contains("beatd is up"))
            return daemon
        }

        private func startNaming() throws -> (naming: ChildProcess, server: String) {
            let naming = try ChildProcess(
                [ProgramTests.beatd, "naming", "--listen", "127.0.0.1:0", "--log-format", "text"],
                environment: environment)
            #expect(try naming.waitForOutput("naming server is up") || naming.errorText.contains("is up"))
            let log = naming.outputText + naming.errorText
            let server = try #require(
                log.split(whereSeparator: { $0 == " " || $0 == "\n" })
                    .first { $0.hasPrefix("listen=") }?.dropFirst("listen=".count))
            return (naming, String(server))
        }

        /// Adds and deletes, until the one who follows has seen it: nothing tells that it follows already.
        private func addAndDelete(_ socket: String, _ service: String, until watch: ChildProcess) throws {
            for port in 1...60 {
                let added = try ended(socket, ["ctl", "add", "serviceName=\(service)", "ip=10.0.0.9", "port=\(port)"])
                let id = try #require(try JSONParser.parse(Array(added.out.utf8))["id"]?.text)
                #expect(try ended(socket, ["ctl", "delete", id]).status == .exited(0))
                if try watch.waitForOutput("\"serviceName\":\"\(service)\"", within: .milliseconds(300)) { return }
            }
            Issue.record("\(service) was not told of: \(watch.outputText) \(watch.errorText)")
        }

        @Test("what happens is followed, also by a daemon that is started anew")
        func followed() throws {
            try withTemporaryDirectory { folder in
                let socket = "\(folder)/api.sock"
                let (naming, server) = try startNaming()
                var daemon = try start(socket, server)
                let watch = try ChildProcess(
                    [ProgramTests.beatd, "ctl", "watch", "type=removed", "--socket", socket], environment: environment)
                try addAndDelete(socket, "first", until: watch)
                daemon.signal(15)
                #expect(try daemon.wait() == .exited(0))
                #expect(
                    try eventually(pump: { try watch.pump(for: .milliseconds(20)) }) {
                        watch.errorText.contains("no beatd answers")
                    })
                daemon = try start(socket, server)
                try addAndDelete(socket, "second", until: watch)
                watch.signal(15)
                _ = try watch.wait()
                for child in [daemon, naming] {
                    child.signal(15)
                    #expect(try child.wait() == .exited(0))
                }
            }
        }

        @Test func fromAddToDrain() throws {
            try withTemporaryDirectory { folder in
                let socket = "\(folder)/api.sock"
                let before = try ended(socket, ["health"])
                #expect(before.status == .exited(1) && before.err.contains("no beatd answers"))
                #expect(try ended(socket, ["ctl", "list"]).status == .exited(6))

                let (naming, server) = try startNaming()
                let daemon = try start(socket, server)
                #expect(try ended(socket, ["health"]).status == .exited(0))

                let added = try ended(
                    socket, ["ctl", "add", "serviceName=orders", "ip=10.0.0.7", "port=8080", "metadata.zone=a"])
                #expect(added.status == .exited(0) && added.out.contains("\"zone\":\"a\""), "\(added)")
                let invalid = try ended(socket, ["ctl", "add", "serviceName=orders", "ip=10.0.0.7", "port=70000"])
                #expect(invalid.status == .exited(4) && invalid.err.contains("/port must be"), "\(invalid)")
                let listed = try ended(socket, ["ctl", "list", "serviceName=orders", "--output", "table"])
                #expect(listed.out.hasPrefix("ID ") && listed.out.contains("10.0.0.7:8080"), "\(listed)")
                let id = String(try #require(listed.out.split(separator: "\n").last?.prefix(13)))

                let held = try ended(socket, ["ctl", "maintain", id, "--reason", "test", "--for", "30m"])
                #expect(held.status == .exited(0) && held.out.contains("\"reason\":\"test\""), "\(held)")
                #expect(try ended(socket, ["ctl", "get", id]).out.contains("\"state\":\"maintenance\""))
                #expect(try ended(socket, ["ctl", "maintain", id, "--off"]).status == .exited(0))
                let some = try ended(socket, ["ctl", "get", "nope", id])
                #expect(some.status == .exited(2) && some.out.contains(id), "\(some)")

                #expect(try ended(socket, ["ctl", "delete", id]).status == .exited(0))
                #expect(try ended(socket, ["ctl", "delete", id]).status == .exited(2))
                let drained = try ended(socket, ["ctl", "drain", "--settle", "0s"])
                #expect(drained.status == .exited(0) && drained.out.contains("\"state\":\"done\""), "\(drained)")
                for child in [daemon, naming] {
                    child.signal(15)
                    #expect(try child.wait() == .exited(0))
                }
            }
        }
    }
}
