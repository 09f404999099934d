import BeatCore
import EventLoop
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// From when latency and lateness count.
    @Suite struct WriteTimeTests {
        /// A client beside the daemon's, with a clock that goes on by a microsecond whenever it is looked at.
        private final class Clocked {
            private(set) var now = Instant(nanoseconds: MonotonicClock.nanoseconds())

            func read() -> Instant {
                now = now + .microseconds(1)
                return now
            }
        }

        @Test("beats of a burst have been sent when their own write was made, those of one write at once")
        func writesHaveTheirTimes() throws {
            let harness = try Harness()
            defer { harness.close() }
            try harness.registerMany(40)
            let clock = Clocked()
            let address = harness.naming.localAddress
            let server = ServerAddress(name: address.description, host: "127.0.0.1", port: try #require(address.port))
            var configuration = NacosClient.Configuration(version: "0")
            configuration.connectionsPerServer = 8
            let client = NacosClient(harness.loop, servers: [server], configuration, readClock: { clock.read() })
            defer { client.close() }

            let due = clock.now
            for slot in 0..<40 as Range<Int32> {
                let exchange = Exchange(slot: slot, generation: 1, kind: .lightBeat, server: 0, due: due)
                client.send(exchange, at: due)
            }
            client.flush(harness.daemon.core, at: due)
            try harness.until("forty answers") { client.outcomes.count == 40 }

            var beatsOfWrites: [Instant: Int] = [:]
            for outcome in client.outcomes {
                guard case .replied(_, _, let sentAt) = outcome else {
                    Issue.record("no answer: \(outcome)")
                    continue
                }
                #expect(sentAt > due)
                beatsOfWrites[sentAt, default: 0] += 1
            }
            #expect(beatsOfWrites.values.sorted() == Array(repeating: 5, count: 8))
        }
    }
}
