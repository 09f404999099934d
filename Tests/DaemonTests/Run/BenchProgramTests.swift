import BeatCore
import Glibc
import TestSupport
import Testing

@testable import Daemon

/// What `beatd bench` takes and tells.
@Suite struct BenchSettingsTests {
    private func parse(_ line: String) throws(SettingsRefusal) -> BenchSettings? {
        let invocation = try BeatdInvocation.parse(
            arguments: line.split(separator: " ").map(String.init), environment: [:],
            readFile: { _ in .failure(.notFound) })
        guard case .bench(let settings) = invocation else { return nil }
        return settings
    }

    @Test("without servers the built-in one is measured, nothing is stored, and there is no API")
    func defaults() throws {
        let settings = try #require(try parse("bench"))
        #expect(settings.usesBuiltInServer)
        #expect(settings.registrations == 10_000 && settings.period == .seconds(5) && settings.length == .seconds(60))
        #expect(settings.service.settings.dataDirectory == .memory)
        #expect(settings.service.settings.listen == nil && settings.service.settings.socket == nil)
        let named = try #require(try parse("bench --nacos-servers localhost,127.0.0.2:8848,[::1] --for 1m"))
        #expect(!named.usesBuiltInServer && named.length == .seconds(60))
        let far = try #require(try parse("bench --nacos-servers 10.0.0.1 --yes"))
        #expect(!far.usesBuiltInServer)
    }

    @Test(arguments: [
        (
            "bench --nacos-servers 127.0.0.1,10.0.0.1",
            "--nacos-servers: 10.0.0.1:8848 is not this machine, and would get 10000 instances and about 2000 beats a "
                + "second; add --yes when that is wanted"
        ),
        ("bench --nacos-server-list-url http://127.0.0.1:1/list", "add --yes"),
        ("bench --registrations 0", "--registrations: must be an integer of 1…1000000, got \"0\""),
        ("bench --registrations 1000001", "--registrations: must be an integer of 1…1000000"),
        ("bench --period 100ms", "--period: must be a duration of 500ms…30s, got \"100ms\""),
        ("bench --for 0s", "--for: must be a duration of 1s…1h, got \"0s\""),
        ("bench --data-dir /tmp/x", "--data-dir: is no flag"),
    ])
    func refusals(_ line: String, _ text: String) {
        do throws(SettingsRefusal) {
            _ = try parse(line)
            Issue.record("\(line) is taken")
        } catch {
            #expect(error.text.contains(text), "\(error.text)")
            #expect(error.exitCode == Program.Exit.usage || !line.contains("yes"))
        }
    }

    @Test("the table says what was measured, and in which units")
    func table() {
        let none = BeatOutcome.allCases.map { _ in UInt64(0) }
        let begin = BenchReport.Reading(
            outcomes: none, skipped: 0, cpuSeconds: 1, at: Instant(nanoseconds: 1_000_000_000))
        var end = BenchReport.Reading(
            outcomes: none, skipped: 3, cpuSeconds: 1.005, at: Instant(nanoseconds: 6_000_000_000))
        end.outcomes[Int(BeatOutcome.ok.rawValue)] = 1000
        end.outcomes[Int(BeatOutcome.timeout.rawValue)] = 2
        var latency = Histogram()
        for value in Int64(1)...100 { latency.record(value * 100) }
        var report = BenchReport(
            servers: "127.0.0.1:8848", registrations: 1000, period: .seconds(5), from: begin, to: end,
            latency: latency, lateness: Histogram())
        report.removed = 990
        report.left = 10
        #expect(report.failures == 5)
        #expect(
            report.text == """
                servers        127.0.0.1:8848
                registrations  1000, each every 5s
                beats          1000 in 5.0 s: 200.0 a second, 200.0 due
                cpu            5.00 µs a beat, 0.10 % of a core
                latency        p50 0.01 ms, p99 0.01 ms, max 0.01 ms
                lateness       none was measured
                failed         2 timeout, 3 not sent, the one before was on its way
                removed        990, and 10 are left to expire

                """)
    }
}

extension OnSockets {
    /// `beatd bench` as a process, with `beatd naming` as its server.
    @Suite struct BenchProgramTests {
        private static let quiet = ["PATH": "/usr/bin:/bin"]

        private static func instances(_ port: UInt16, of bench: ChildProcess) throws -> String {
            let child = try ChildProcess([
                "sh", "-c",
                "curl -sS 'http://127.0.0.1:\(port)/nacos/v1/ns/instance/list?serviceName=beatd-bench-\(bench.pid)'",
            ])
            #expect(try child.wait() == .exited(0), "\(child.errorText)")
            return child.outputText
        }

        private func withNaming(_ body: (UInt16) throws -> Void) throws {
            let port = try freeLoopbackPort()
            let naming = try ChildProcess(
                [ProgramTests.beatd, "naming", "--listen", "127.0.0.1:\(port)"], environment: Self.quiet)
            let isUp = try naming.waitForOutput("is up") || naming.errorText.contains("is up")
            try #require(isUp)
            try body(port)
            naming.signal(SIGTERM)
            #expect(try naming.wait() == .exited(0))
        }

        private func bench(_ port: UInt16, _ flags: [String]) throws -> ChildProcess {
            try ChildProcess(
                [ProgramTests.beatd, "bench", "--nacos-servers", "127.0.0.1:\(port)"] + flags,
                environment: Self.quiet)
        }

        @Test("a run: every beat that was due, none failed, and nothing is left")
        func wholeRun() throws {
            try withNaming { port in
                let bench = try bench(port, ["--registrations", "50", "--period", "500ms", "--for", "2s"])
                #expect(try bench.wait() == .exited(0), "\(bench.errorText)")
                let lines = bench.outputText.split(separator: "\n").map(String.init)
                #expect(
                    lines.map { $0.prefix { $0 != " " } } == [
                        "servers", "registrations", "beats", "cpu", "latency", "lateness", "failed", "removed",
                    ], "\(bench.outputText)")
                #expect(lines[1].hasSuffix("50, each every 500ms"))
                // Four of each; the window may cut off or take in one more.
                let beats = try #require(Int(lines[2].split(separator: " ")[1]))
                #expect((150...250).contains(beats), "\(lines[2])")
                #expect(lines[6].hasSuffix("none"))
                #expect(lines[7].hasSuffix("50, all"))
                let left = try Self.instances(port, of: bench)
                #expect(left.contains("\"hosts\":[]"), "\(left)")
            }
        }

        @Test("^C in the middle: what was measured is told, and everything is taken away")
        func interrupted() throws {
            try withNaming { port in
                let bench = try bench(port, ["--registrations", "50", "--period", "500ms", "--for", "1h"])
                let isThere = try eventually(pump: { try bench.pump(for: .milliseconds(20)) }) {
                    try Self.instances(port, of: bench).contains("198.18.0.49")
                }
                try #require(isThere)
                bench.signal(SIGINT)
                let status = try bench.wait()
                #expect(status == .exited(0), "\(bench.errorText)")
                let left = try Self.instances(port, of: bench)
                #expect(left.contains("\"hosts\":[]"), "\(left)")
            }
        }

        @Test("without servers: its own, which is gone with it")
        func builtIn() throws {
            let bench = try ChildProcess(
                [ProgramTests.beatd, "bench", "--registrations", "20", "--period", "500ms", "--for", "1s"],
                environment: Self.quiet)
            #expect(try bench.wait() == .exited(0), "\(bench.errorText)")
            #expect(bench.outputText.contains("(built in)") && bench.outputText.contains("20, all"))
            let port = try #require(
                bench.outputText.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("127.0.0.1:") }?
                    .split(separator: ":").last)
            let probe = try ChildProcess(["sh", "-c", "curl -sS http://127.0.0.1:\(port)/"])
            #expect(try probe.wait() != .exited(0))
        }

        @Test("nobody there: it says who, registers nothing, and fails")
        func nobody() throws {
            let port = try freeLoopbackPort()
            let bench = try bench(port, ["--registrations", "5", "--for", "1s"])
            try #require(
                try eventually(pump: { try bench.pump(for: .milliseconds(20)) }) {
                    bench.errorText.contains("registering: 0 of 5")
                })
            bench.signal(SIGINT)
            #expect(try bench.wait() == .exited(0) || bench.errorText.contains("nothing was measured"))
        }
    }
}
