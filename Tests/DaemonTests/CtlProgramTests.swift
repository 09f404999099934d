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

        @Test func fromAddToDrain() throws {
            try withTemporaryDirectory { folder in
                let socket = "\(folder)/api.sock"
                let before = try ended(socket, ["health"])
                #expect(before.status == .exited(1) && before.err.contains("no beatd answers"))
                #expect(try ended(socket, ["ctl", "list"]).status == .exited(6))

                let naming = try ChildProcess(
                    [ProgramTests.beatd, "naming", "--listen", "127.0.0.1:0", "--log-format", "text"],
                    environment: environment)
                #expect(try naming.waitForOutput("naming server is up") || naming.errorText.contains("is up"))
                let log = naming.outputText + naming.errorText
                let server = try #require(
                    log.split(whereSeparator: { $0 == " " || $0 == "\n" })
                        .first { $0.hasPrefix("listen=") }?.dropFirst("listen=".count))
                let daemon = try ChildProcess(
                    [
                        ProgramTests.beatd, "serve", "--nacos-servers", String(server), "--data-dir", "memory",
                        "--listen",
                        "", "--socket", socket, "--log-format", "text",
                    ], environment: environment)
                #expect(try daemon.waitForOutput("beatd is up") || daemon.errorText.contains("beatd is up"))
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

                let watch = try ChildProcess(
                    [ProgramTests.beatd, "ctl", "watch", "type=removed", "--socket", socket], environment: environment)
                // Nothing tells that it listens; a removal that it misses is followed by another.
                var port = 1
                while try !watch.waitForOutput("\"type\":\"removed\"", within: .milliseconds(300)), port < 60 {
                    let other = try ended(socket, ["ctl", "add", "serviceName=w", "ip=10.0.0.9", "port=\(port)"])
                    let start = try #require(other.out.firstRange(of: "\"id\":\"")?.upperBound)
                    #expect(
                        try ended(socket, ["ctl", "delete", String(other.out[start...].prefix(13))]).status
                            == .exited(0))
                    port += 1
                }
                #expect(watch.outputText.contains("\"serviceName\":\"w\""), "\(watch.errorText)")
                watch.signal(15)
                _ = try watch.wait()

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
