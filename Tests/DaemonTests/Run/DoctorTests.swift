import BeatCore
import EventLoop
import NacosWire
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

@Suite struct DoctorTests {
    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:10 GMT", Int64(10)), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Tue, 24 Nov 2026 12:30:17 GMT", 1_795_523_417),
    ])
    func datesOfAnswers(date: String, seconds: Int64) {
        #expect(ClockOffset.seconds(of: date, at: WallTime(milliseconds: 0)) == seconds)
        #expect(ClockOffset.seconds(of: date, at: WallTime(milliseconds: seconds * 1000 + 5000)) == -5)
        // As our own answers have it.
        var ours: [UInt8] = []
        WallTime(milliseconds: seconds * 1000).appendHTTPDate(to: &ours)
        #expect(String(decoding: ours, as: UTF8.self) == date)
    }

    @Test(arguments: [
        "", "now", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 06 Foo 1994 08:49:37 GMT",
    ])
    func noDates(text: String) { #expect(ClockOffset.seconds(of: text, at: WallTime(milliseconds: 0)) == nil) }

    @Test func descriptorsThatMayNotBeEnough() {
        #expect(HostExamination.descriptors(1024, needed: 1024).mark == .ok)
        let few = HostExamination.descriptors(1023, needed: 1024)
        #expect(few.mark == .warn && few.text.contains("ulimit -n 1024"))
    }

    @Test func completionKnowsEveryActionAndFlag() throws {
        for shell in Completion.shells {
            let script = try #require(Completion.script(shell))
            for action in CtlAction.allCases { #expect(script.contains(action.rawValue)) }
            for row in SettingsTable.rows(for: .serve) { #expect(script.contains(row.name), "\(shell) \(row.name)") }
        }
        #expect(Completion.script("tcsh") == nil)
    }
}

extension OnSockets {
    @Suite struct DoctorProgramTests {
        private let environment = ["PATH": "/usr/bin:/bin"]

        private func ended(_ command: [String]) throws -> (status: ChildProcess.Ending?, out: String) {
            let child = try ChildProcess(command, environment: environment)
            return (try child.wait(), child.outputText + child.errorText)
        }

        @Test("a server that is well, a port where nobody is, something that is no Nacos")
        func servers() throws {
            let naming = try ChildProcess(
                [ProgramTests.beatd, "naming", "--listen", "127.0.0.1:0", "--log-format", "text"],
                environment: environment)
            #expect(try naming.waitForOutput("is up") || naming.errorText.contains("is up"))
            let server = try #require(
                (naming.outputText + naming.errorText)
                    .split(whereSeparator: { $0 == " " || $0 == "\n" })
                    .first { $0.hasPrefix("listen=") }?.dropFirst("listen=".count))
            let doctor = [ProgramTests.beatd, "doctor", "--data-dir", "memory", "--socket", "", "--nacos-servers"]

            let well = try ended(doctor + [String(server)])
            #expect(well.status == .exited(0), "\(well.out)")
            for line in [
                "ok    tcp \(server): ", "ok    dialect \(server): v1, nacos 2.5", "ok    clock \(server): the same",
            ] {
                #expect(well.out.contains(line), "\(well.out)")
            }
            try withTemporaryDirectory { folder in
                let disk = try ended(
                    [
                        ProgramTests.beatd, "doctor", "--data-dir", "\(folder)/new/data", "--nacos-servers",
                        String(server),
                    ])
                #expect(
                    disk.status == .exited(0) && disk.out.contains("ok    disk \(folder)/new/data: can be written"),
                    "\(disk.out)")
                #expect(!fileExists("\(folder)/new"))
            }
            let both = try ended(doctor + ["\(server),127.0.0.1:1"])
            #expect(both.status == .exited(1) && both.out.contains("fail  tcp 127.0.0.1:1: "), "\(both.out)")
            let path = try ended(doctor + [String(server), "--nacos-context-path", "/other"])
            #expect(path.status == .exited(1) && path.out.contains("--nacos-context-path"), "\(path.out)")
            naming.signal(15)
            #expect(try naming.wait() == .exited(0))
        }

        @Test("a login: refused, missing, right")
        func login() throws {
            let loop = try EventLoop()
            var options = NamingStandIn.Options()
            options.users = ["nacos": "s3cret"]
            let naming = try NamingStandIn(
                loop: loop, address: try #require(SocketAddress(parsing: "127.0.0.1:0")), profile: .nacos32,
                options: options)
            defer {
                naming.close()
                loop.freeClosed()
            }
            func findings(_ password: String?) throws -> String {
                let server = ServerAddress(
                    name: "nacos", host: "127.0.0.1", port: try #require(naming.localAddress.port))
                let credentials = password.map { NacosCredentials(username: "nacos", password: SecretText($0)) }
                let examination = ServerExamination(loop, server, .init(version: "test"), credentials)
                examination.run()
                return examination.findings.map(\.text).joined()
            }
            let right = try findings("s3cret")
            #expect(
                right.contains("ok    login nacos: nacos, for ") && right.contains("ok    dialect nacos: v3"),
                "\(right)")
            let wrong = try findings("wrong")
            #expect(wrong.contains("fail  login nacos: ") && !wrong.contains("dialect"), "\(wrong)")
            #expect(!wrong.contains("s3cret") && wrong.contains("--nacos-password-file"))
            let missing = try findings(nil)
            #expect(missing.contains("fail  login nacos: 40") && missing.contains("--nacos-username"), "\(missing)")
        }

        @Test("what bash offers behind Tab")
        func completion() throws {
            let script = """
                source <("\(ProgramTests.beatd)" completion bash)
                COMP_WORDS=(beatd ctl wat); COMP_CWORD=2; _beatd; echo "${COMPREPLY[@]}"
                COMP_WORDS=(beatd ctl maintain abc --re); COMP_CWORD=4; _beatd; echo "${COMPREPLY[@]}"
                COMP_WORDS=(beatd ser); COMP_CWORD=1; _beatd; echo "${COMPREPLY[@]}"
                COMP_WORDS=(beatd serve --data); COMP_CWORD=2; _beatd; echo "${COMPREPLY[@]}"
                """
            #expect(try ended(["/bin/bash", "-c", script]).out == "watch\n--reason\nserve\n--data-dir\n")
        }
    }
}
