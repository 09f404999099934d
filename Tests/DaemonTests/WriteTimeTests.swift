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

            func jump(_ duration: Duration) { now = now + duration }
        }

        /// A client of `harness`'s naming server to which the beats of forty instances were given.
        private func client(_ harness: Harness, _ clock: Clocked, connections: Int) throws -> NacosClient {
            try harness.registerMany(40)
            let address = harness.naming.localAddress
            let server = ServerAddress(name: address.description, host: "127.0.0.1", port: try #require(address.port))
            var configuration = NacosClient.Configuration(version: "0")
            configuration.connectionsPerServer = connections
            let client = NacosClient(harness.loop, servers: [server], configuration, readClock: { clock.read() })
            for slot in 0..<40 as Range<Int32> {
                client.send(
                    Exchange(slot: slot, generation: 1, epoch: 1, kind: .lightBeat, server: 0, due: clock.now),
                    at: clock.now)
            }
            return client
        }

        @Test("beats that waited for room while the process was held up are sent, and no time-out of a server's")
        func waitingWhileHeldUp() throws {
            let harness = try Harness()
            defer { harness.close() }
            let clock = Clocked()
            let client = try client(harness, clock, connections: 1)
            defer { client.close() }

            client.flush(harness.daemon.core, at: clock.now)
            #expect(client.outcomes.isEmpty)
            client.wakesAt = clock.now + .milliseconds(10)
            clock.jump(.seconds(7))
            try harness.until("forty outcomes") {
                client.flush(harness.daemon.core, at: clock.now)
                return client.outcomes.count == 40
            }
            let replies = client.outcomes.filter { if case .replied = $0 { true } else { false } }
            #expect(replies.count == 40)
        }

        @Test("beats of a burst have been sent when their own write was made, those of one write at once")
        func writesHaveTheirTimes() throws {
            let harness = try Harness()
            defer { harness.close() }
            let clock = Clocked()
            let client = try client(harness, clock, connections: 8)
            defer { client.close() }

            let due = clock.now
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
