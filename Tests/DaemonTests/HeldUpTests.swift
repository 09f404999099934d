import BeatCore
import ControlAPI
import EventLoop
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// The process itself was held up: stopped, swapped out, on a machine that slept.
    @Suite struct HeldUpTests {
        /// One instance that beats each half second, of which a beat is on its way when the process is held up.
        private func heldUp(for milliseconds: Int64, _ fault: NamingFault? = nil) throws -> Harness {
            let harness = try Harness { $0.client.requestTimeout = .milliseconds(100) }
            try harness.registerMany(1, ",\"period\":\"500ms\"")
            try harness.until("three beats") { harness.daemon.core.counters.beats[.ok] >= 3 }
            if let fault { harness.naming.inject(fault) }
            try harness.until("a beat on its way") {
                harness.daemon.client.sample().connections.contains { $0.busy > 0 }
            }
            let end = MonotonicClock.nanoseconds() + milliseconds * 1_000_000
            while MonotonicClock.nanoseconds() < end {}
            return harness
        }

        @Test("an answer that came meanwhile is read before a time-out is believed")
        func answerIsRead() throws {
            let harness = try heldUp(for: 350)
            defer { harness.close() }
            let before = harness.daemon.core.counters.beats[.ok]
            try harness.until("two more beats") { harness.daemon.core.counters.beats[.ok] >= before + 2 }
            #expect(harness.daemon.core.counters.beats[.timeout] == 0)
            #expect(RetryReason.allCases.allSatisfy { harness.daemon.core.counters.retries[$0] == 0 })
        }

        @Test("a server that hangs is found out all the same")
        func hangIsFound() throws {
            let harness = try heldUp(for: 350, NamingFault(.silence, on: [.beat], times: 1))
            defer { harness.close() }
            try harness.until("a time-out") {
                let counters = harness.daemon.core.counters
                return counters.retries[.timeout] + counters.beats[.timeout] >= 1
            }
        }

        @Test("slowness is no server's for a moment behind a wake that came late")
        func momentBehind() throws {
            let harness = try Harness()
            defer { harness.close() }
            let client = harness.daemon.client
            let due = Instant(nanoseconds: 10_000_000_000)
            client.sleeps(until: due, from: due - .seconds(1))
            #expect(!client.isHeldUp(at: due + .milliseconds(100)))
            #expect(client.isHeldUp(at: due + .milliseconds(300)))
            client.sleeps(until: due + .seconds(1), from: due)
            #expect(client.isHeldUp(at: due + .milliseconds(340)))
            // The turn behind that one reads what has come, however late it is.
            #expect(client.isHeldUp(at: due + .milliseconds(360)))
            client.sleeps(until: due + .seconds(1), from: due)
            #expect(client.isHeldUp(at: due + .milliseconds(340)))
            #expect(!client.isHeldUp(at: due + .milliseconds(360)))
            let overdue = due - .seconds(5)
            client.sleeps(until: overdue, from: due + .milliseconds(400))
            #expect(!client.isHeldUp(at: due + .milliseconds(500)))
            #expect(client.isHeldUp(at: due + .milliseconds(650)))
        }
    }
}
