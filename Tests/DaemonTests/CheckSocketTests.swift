import BeatCore
import EventLoop
import Glibc
import HTTPWire
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct CheckSocketTests {
        private func checks(_ check: String, _ more: String = "") -> String {
            ",\"period\":\"500ms\",\"checks\":[\(check)]\(more)"
        }

        private func state(_ harness: Harness, _ id: String) throws -> String? {
            try harness.get("/v1/beats/\(id)").member("status.state")?.string
        }

        private func output(_ harness: Harness, _ id: String) throws -> String? {
            try harness.get("/v1/beats/\(id)").member("status.checks.0.output")?.string
        }

        private func waitFor(
            _ harness: Harness, _ id: String, _ state: String, within seconds: Double = 10
        ) throws {
            try harness.until("\(state)", within: seconds, polling: true) {
                harness.daemon.core.find(id: id).flatMap { harness.daemon.core.view($0) }.map { "\($0.state.label)" }
                    == state
            }
        }

        @Test("http 200, 500, 200: registered after the first pass, beats cease within fall × every + 1 s, come back")
        func http() throws {
            let harness = try Harness(requestLog: 5000)
            let target = try HealthTarget(harness.loop)
            defer {
                target.close()
                harness.close()
            }
            target.status = 503
            let id = try harness.register(
                checks("{\"http\":\"http://\(target.address)/health\",\"every\":\"200ms\"}"))
            try harness.until("the target is asked") { target.asked >= 3 }
            #expect(harness.naming.server.instanceCount == 0)
            #expect(try output(harness, id) == "503")
            #expect(target.lastRequest.hasPrefix("GET /health HTTP/1.1\r\nHost: \(target.address)\r\n"))
            #expect(target.lastRequest.contains("\r\nConnection: close\r\n"))

            target.status = 200
            try waitFor(harness, id, "beating")
            #expect(harness.naming.server.instanceCount == 1)
            let beforeFailure = harness.daemon.core.counters.beats[.ok]
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= beforeFailure + 2 }

            target.status = 302
            let failedAt = MonotonicClock.nanoseconds()
            try waitFor(harness, id, "unhealthy")
            let noticed = MonotonicClock.nanoseconds() - failedAt
            #expect(noticed < 1_600_000_000, "\(noticed / 1_000_000) ms")
            harness.naming.clearRequestLog()
            harness.run(seconds: 1.5)
            #expect(harness.naming.requestLog.entries(of: .beat).isEmpty)
            #expect(harness.daemon.core.counters.skipped[.check] >= 2)
            #expect(try output(harness, id) == "302")

            target.status = 204
            let recoveredAt = MonotonicClock.nanoseconds()
            try harness.until("a beat") { !harness.naming.requestLog.entries(of: .beat).isEmpty }
            let back = MonotonicClock.nanoseconds() - recoveredAt
            #expect(back < 1_000_000_000, "\(back / 1_000_000) ms")
            try harness.until("connections of checks end") { target.connections <= 1 }
        }

        @Test("a target that hangs affects its own registration only")
        func hanging() throws {
            let harness = try Harness()
            let hung = try HealthTarget(harness.loop)
            let well = try HealthTarget(harness.loop)
            defer {
                hung.close()
                well.close()
                harness.close()
            }
            func register(_ port: Int, _ target: HealthTarget) throws -> String {
                let response = try harness.send(
                    .post, "/v1/beats",
                    json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port)"
                        + checks("{\"http\":\"http://\(target.address)/\",\"every\":\"300ms\"}") + "}")
                return try #require(try response.string("id"))
            }
            let first = try register(1, hung)
            let others = try (2...20).map { try register($0, well) }
            for id in [first] + others { try waitFor(harness, id, "beating") }
            hung.status = nil
            try waitFor(harness, first, "unhealthy", within: 3)
            #expect(try output(harness, first) == "no answer in time")
            let before = harness.daemon.core.counters.beats[.ok]
            harness.run(seconds: 2)
            #expect(harness.daemon.core.count(of: .beating) == others.count)
            #expect(harness.daemon.core.counters.beats[.ok] >= before + UInt64(others.count) * 3)
            #expect(hung.connections <= 2)
        }

        @Test("tcp: passes while somebody listens, by address and as localhost; the port's end is noticed")
        func tcp() throws {
            let harness = try Harness()
            let target = try HealthTarget(harness.loop)
            defer { harness.close() }
            let port = try #require(target.address.port)
            let id = try harness.register(checks("{\"tcp\":\"localhost:\(port)\",\"every\":\"200ms\",\"fall\":2}"))
            try waitFor(harness, id, "beating")
            target.close()
            try waitFor(harness, id, "unhealthy", within: 3)
            #expect(try output(harness, id) == "Connection refused")
        }

        @Test("a name is looked up beside the loop; one that does not exist fails")
        func names() throws {
            let harness = try Harness()
            defer { harness.close() }
            let id = try harness.register(
                checks("{\"tcp\":\"no-such-host.invalid:80\",\"every\":\"1s\",\"fall\":1}"))
            try harness.until("a verdict", polling: true) {
                harness.daemon.core.checkMetrics.results(.tcp, .failing) > 0
            }
            #expect(try output(harness, id)?.contains("no-such-host.invalid has no address") == true)
        }

        @Test("pid: a child that is killed, also one that nobody has reaped yet, is gone")
        func pid() throws {
            let harness = try Harness()
            defer { harness.close() }
            let child = try ChildProcess(["/bin/cat", "/dev/zero"])
            defer { _ = child.ending }
            let id = try harness.register(
                checks("{\"pid\":\(child.pid),\"every\":\"200ms\",\"fall\":1}", ",\"onUnhealthy\":\"deregister\""))
            try waitFor(harness, id, "beating")
            #expect(harness.naming.server.instanceCount == 1)
            kill(child.pid, SIGKILL)
            try waitFor(harness, id, "unhealthy", within: 3)
            try harness.until("deregistered") { harness.naming.server.instanceCount == 0 }
            #expect(try output(harness, id) == "process \(child.pid) has ended")
        }

        @Test("pid: a number that another process has now does not count")
        func reusedPid() {
            let own = getpid()
            let outcome = ProcessCheck.outcome(of: own, known: nil)
            #expect(outcome.result == .passing)
            #expect(outcome.processStart != nil)
            #expect(ProcessCheck.outcome(of: own, known: outcome.processStart).result == .passing)
            let other = ProcessCheck.outcome(of: own, known: (outcome.processStart ?? 0) + 1)
            #expect(other.result == .failing)
            #expect(other.output == "process \(own) is another one than before")
        }

        @Test("ttl: beats while it is renewed, stops when it is not")
        func ttl() throws {
            let harness = try Harness()
            defer { harness.close() }
            let id = try harness.register(checks("{\"ttl\":\"700ms\"}"))
            harness.run(seconds: 0.3)
            #expect(harness.naming.server.instanceCount == 0)
            for _ in 0..<5 {
                #expect(try harness.send(.put, "/v1/beats/\(id)/alive").status == 204)
                harness.run(seconds: 0.3)
                #expect(try state(harness, id) == "beating")
            }
            try waitFor(harness, id, "unhealthy", within: 1.5)
        }

        @Test("maintenance ends by itself, and consumers do not see the instance meanwhile")
        func maintenance() throws {
            let harness = try Harness()
            defer { harness.close() }
            let id = try harness.register(",\"period\":\"500ms\"")
            try waitFor(harness, id, "beating")
            let begun = try harness.send(
                .put, "/v1/beats/\(id)/maintenance", json: "{\"for\":\"1s\",\"reason\":\"upgrade\"}")
            #expect(begun.status == 200)
            try harness.until("disabled") { harness.naming.server.instances.allSatisfy { !$0.isEnabled } }
            #expect(try state(harness, id) == "maintenance")
            try waitFor(harness, id, "beating", within: 3)
            #expect(harness.naming.server.instances.allSatisfy { $0.isEnabled })
        }
    }

    @Suite struct ProgramCheckTests {
        private func run(
            _ harness: Harness, _ command: String, port: Int = 1, every: String = "300ms", timeout: String = "300ms"
        ) throws -> String {
            try harness.register(
                port: port,
                ",\"checks\":[{\"exec\":[\"/bin/sh\",\"-c\",\"\(command)\"],\"every\":\"\(every)\","
                    + "\"timeout\":\"\(timeout)\",\"fall\":1}]")
        }

        private func verdict(_ harness: Harness, _ id: String) throws -> (verdict: String?, output: String?) {
            try harness.until("a verdict", polling: true) {
                let view = harness.daemon.core.find(id: id).flatMap { harness.daemon.core.view($0) }
                return view?.checks.first.map { $0.verdict != .pending } ?? false
            }
            let check = try harness.get("/v1/beats/\(id)")
            return (
                try check.member("status.checks.0.verdict")?.string, try check.member("status.checks.0.output")?.string
            )
        }

        @Test("exit status 0 passes, others fail, with what was written; beatd's settings do not reach the program")
        func statuses() throws {
            let harness = try Harness { $0.allowsExec = true }
            defer { harness.close() }
            setenv("BEATD_TEST_SECRET", "s3cret", 1)
            defer { unsetenv("BEATD_TEST_SECRET") }
            let passing = try verdict(harness, try run(harness, "echo ok $BEATD_TEST_SECRET; echo err >&2"))
            #expect(passing.verdict == "passing" && passing.output == "ok\nerr")
            let failing = try verdict(harness, try run(harness, "echo no disk; exit 3", port: 2))
            #expect(failing.verdict == "failing" && failing.output == "exit status 3: no disk")
        }

        @Test("a program that takes too long is killed with all that it has started, and holds up nobody")
        func timeout() throws {
            let harness = try Harness { $0.allowsExec = true }
            defer { harness.close() }
            let slow = try run(harness, "cat /dev/zero > /dev/null & echo $!; wait", every: "10s")
            let quick = try run(harness, "exit 0", port: 2)
            let (verdict, output) = try verdict(harness, slow)
            #expect(verdict == "failing")
            let prefix = "not done within 300ms: "
            let said = try #require(output)
            #expect(said.hasPrefix(prefix))
            let grandchild = try #require(Int32(said.dropFirst(prefix.count)))
            try harness.until("the grandchild is gone", polling: true) {
                // Until init has reaped it, it is there as a zombie.
                ProcessCheck.standing(of: grandchild).map { $0.state == "Z" } ?? true
            }
            #expect(try self.verdict(harness, quick).verdict == "passing")
        }

        @Test("what cannot be started fails and says why")
        func missing() throws {
            let harness = try Harness { $0.allowsExec = true }
            defer { harness.close() }
            let id = try harness.register(
                ",\"checks\":[{\"exec\":[\"/no/such/program\"],\"every\":\"200ms\",\"fall\":1}]")
            let (verdict, output) = try verdict(harness, id)
            #expect(verdict == "failing")
            #expect(output == "cannot be started: posix_spawn: No such file or directory")
        }

        @Test("programs beyond the limit wait for their turn, and all of them get it")
        func manyAtOnce() throws {
            let harness = try Harness { $0.allowsExec = true }
            defer { harness.close() }
            let count = CheckLimits.processes + 20
            for port in 1...count { _ = try run(harness, "exit 0", port: port, every: "200ms", timeout: "200ms") }
            try harness.until("all pass", within: 30) { harness.daemon.core.count(of: .beating) == count }
        }
    }
}
