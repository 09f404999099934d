import BeatCore
import ControlAPI
import EventLoop
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// From when latency, lateness, rest and time-outs count: a client beside the daemon's, with a clock of the test's.
    @Suite struct ClientClockTests {
        /// Goes on by a microsecond whenever it is looked at.
        private final class Clocked {
            private(set) var now = Instant(nanoseconds: MonotonicClock.nanoseconds())

            func read() -> Instant {
                now = now + .microseconds(1)
                return now
            }

            func jump(_ duration: Duration) { now = now + duration }
        }

        /// Gives `body` a client of a naming server to which the beats of forty instances were given.
        private func withBeats(
            connections: Int, _ body: (Harness, NacosClient, Clocked) throws -> Void
        ) throws {
            let harness = try Harness()
            defer { harness.close() }
            try harness.registerMany(40)
            let clock = Clocked()
            let address = harness.naming.localAddress
            let server = ServerAddress(name: address.description, host: "127.0.0.1", port: try #require(address.port))
            var configuration = NacosClient.Configuration(version: "0")
            configuration.connectionsPerServer = connections
            let client = NacosClient(harness.loop, servers: [server], configuration, readClock: { clock.read() })
            defer { client.close() }
            for slot in 0..<40 as Range<Int32> { beat(slot, client, clock) }
            try body(harness, client, clock)
        }

        private func beat(_ slot: Int32, _ client: NacosClient, _ clock: Clocked) {
            client.send(
                Exchange(slot: slot, generation: 1, epoch: 1, kind: .lightBeat, server: 0, due: clock.now),
                at: clock.now)
        }

        @Test("beats of a burst have been sent when their own write was made, those of one write at once")
        func writesHaveTheirTimes() throws {
            try withBeats(connections: 8) { harness, client, clock in
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

        @Test("the connection that was used last is used again, so that those which a burst added end")
        func usedLast() throws {
            try withBeats(connections: 1) { harness, client, clock in
                func until(_ count: Int) throws {
                    try harness.until("\(count) answers") {
                        client.flush(harness.daemon.core, at: clock.now)
                        return client.outcomes.count == count
                    }
                }
                func connections() -> Int { client.sample().connections.reduce(0) { $0 + $1.idle + $1.busy } }
                try until(40)
                try #require(connections() > 1)
                for second in 1...10 {
                    clock.jump(.seconds(1))
                    beat(0, client, clock)
                    try until(40 + second)
                }
                #expect(connections() == 1)
            }
        }

        @Test("beats that waited for room while the process was held up are sent, and no time-out of a server's")
        func waitingWhileHeldUp() throws {
            try withBeats(connections: 1) { harness, client, clock in
                client.flush(harness.daemon.core, at: clock.now)
                client.sleeps(until: clock.now, from: clock.now)
                clock.jump(.seconds(7))
                try harness.until("forty outcomes") {
                    client.flush(harness.daemon.core, at: clock.now)
                    return client.outcomes.count == 40
                }
                let replies = client.outcomes.filter { if case .replied = $0 { true } else { false } }
                #expect(replies.count == 40)
            }
        }

        @Test("behind a server that hangs, the wait begins anew and ends; nothing is overdue meanwhile")
        func hangWhileHeldUp() throws {
            try withBeats(connections: 1) { harness, client, clock in
                harness.naming.inject(NamingFault(.silence, on: [.beat], times: 1000))
                client.flush(harness.daemon.core, at: clock.now)
                client.sleeps(until: clock.now, from: clock.now)
                clock.jump(.seconds(7))
                client.flush(harness.daemon.core, at: clock.now)
                #expect(client.outcomes.isEmpty)
                let deadline = try #require(client.nextDeadline)
                #expect(deadline > clock.now)

                // The next turn finds work that was left overdue, and was not held up.
                clock.jump(.seconds(4))
                client.sleeps(until: clock.now - .seconds(4), from: clock.now)
                client.flush(harness.daemon.core, at: clock.now)
                #expect(!client.outcomes.isEmpty)
                for outcome in client.outcomes {
                    guard case .failed(_, .timeout, sentAt: nil, _) = outcome else {
                        Issue.record("no time-out: \(outcome)")
                        continue
                    }
                }
            }
        }
    }
}
