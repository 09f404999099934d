import BeatCore
import ControlAPI
import EventLoop
import HTTPWire
import Testing

@testable import Daemon

extension OnSockets {
    /// What long answers take of the loop while 10 000 registrations beat (issue 7): 50 ms in total, in pieces of 5 ms.
    /// The bounds that make it so are held without a clock by `GatheringTests`.
    @Suite(.enabled(if: TimedTests.areOn, TimedTests.why)) struct PageTimedTests {
        private static let registrations = 10_000

        private func filled() throws -> Harness {
            let harness = try Harness()
            let daemon = harness.daemon
            for start in stride(from: 0, to: Self.registrations, by: 500) {
                let first = daemon.newTokens(500).number
                daemon.handle(
                    (start..<start + 500).map { number in
                        .register(
                            RegistrationDocument(
                                key: InstanceKey(
                                    serviceName: "orders-\(number % 200)", ip: "10.0.\(number / 250).\(number % 250)",
                                    port: 8080)), RequestToken(first + UInt64(number - start)), RegisterOptions())
                    })
                daemon.turn(waiting: false)
            }
            try harness.until("all beat", within: 120) { daemon.core.count(of: .beating) == Self.registrations }
            // Their phases are theirs.
            harness.run(seconds: 6)
            return harness
        }

        /// The loop's time in turns from a request to its answer: what they took, and the longest.
        private func cost(_ harness: Harness, _ target: String) throws -> (total: Duration, longest: Duration) {
            let client = try harness.client()
            defer { client.close() }
            client.send(.get, "/livez")
            _ = try harness.answer(client)
            client.send(.get, target)
            var (total, longest, busy) = (Duration.zero, Duration.zero, harness.daemon.loopMetrics.busy)
            try harness.until("the answer") {
                // Turns without a beat due and without work are no part of it, but cost next to nothing.
                let took = harness.daemon.loopMetrics.busy - busy
                busy = harness.daemon.loopMetrics.busy
                total += took
                longest = max(longest, took)
                return !client.responses.isEmpty
            }
            #expect(client.responses.first?.status == 200)
            return (total, longest)
        }

        @Test(
            "10 000 registrations: a page takes < 50 ms in total, in pieces ≤ 5 ms",
            arguments: [
                "/v1/beats", "/v1/beats?limit=1000", "/v1/beats?pretty", "/v1/beats?serviceName=nobody",
                "/metrics", "/v1/metrics",
            ])
        func pages(target: String) throws {
            let harness = try filled()
            defer { harness.close() }
            let (total, longest) = try cost(harness, target)
            print("\(target): \(total) in total, the longest piece \(longest)")
            #expect(total < .milliseconds(50))
            #expect(longest <= .milliseconds(5))
        }
    }
}
