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
            connections: Int, depth: Int = 16, requestTimeout: Duration = .seconds(60), with members: String = "",
            _ body: (Harness, NacosClient, Clocked) throws -> Void
        ) throws {
            let harness = try Harness()
            defer { harness.close() }
            try harness.registerMany(40, members)
            let clock = Clocked()
            let address = harness.naming.localAddress
            let server = ServerAddress(name: address.description, host: "127.0.0.1", port: try #require(address.port))
            var configuration = NacosClient.Configuration(version: "0")
            configuration.connectionsPerServer = connections
            configuration.pipelineDepth = depth
            configuration.requestTimeout = requestTimeout
            let client = NacosClient(harness.loop, servers: [server], configuration, readClock: { clock.read() })
            defer { client.close() }
            burst(client, clock)
            try body(harness, client, clock)
        }

        private func burst(_ client: NacosClient, _ clock: Clocked, _ kind: Exchange.Kind = .lightBeat) {
            for slot in 0..<40 as Range<Int32> { beat(slot, client, clock, kind) }
        }

        private func beat(
            _ slot: Int32, _ client: NacosClient, _ clock: Clocked, _ kind: Exchange.Kind = .lightBeat
        ) {
            client.send(
                Exchange(slot: slot, generation: 1, epoch: 1, kind: kind, server: 0, due: clock.now),
                at: clock.now)
        }

        /// How many beats were sent at each moment, by their answers.
        private func writes(_ outcomes: some Sequence<Input>) -> [Instant: Int] {
            outcomes.reduce(into: [:]) { writes, outcome in
                guard case .replied(_, _, let sentAt) = outcome else {
                    Issue.record("no answer: \(outcome)")
                    return
                }
                writes[sentAt, default: 0] += 1
            }
        }

        /// Goes on until so many have been answered in all.
        private func answers(_ count: Int, _ harness: Harness, _ client: NacosClient, _ clock: Clocked) throws {
            try harness.until("\(count) answers") {
                client.flush(harness.daemon.core, at: clock.now)
                return client.outcomes.count == count
            }
        }

        private func connections(_ client: NacosClient) -> Int {
            client.sample().connections.reduce(0) { $0 + $1.idle + $1.busy }
        }

        @Test("beats of a burst have been sent when their own write was made, those of one write at once")
        func writesHaveTheirTimes() throws {
            try withBeats(connections: 8) { harness, client, clock in
                let due = clock.now
                client.flush(harness.daemon.core, at: due)
                try harness.until("forty answers") { client.outcomes.count == 40 }

                let writes = writes(client.outcomes)
                #expect(writes.values.sorted() == Array(repeating: 5, count: 8))
                #expect(writes.keys.allSatisfy { $0 > due })
            }
        }

        @Test("the connection that was used last is used again, so that those which a burst added end")
        func usedLast() throws {
            try withBeats(connections: 1) { harness, client, clock in
                try answers(40, harness, client, clock)
                try #require(connections(client) > 1)
                for second in 1...10 {
                    clock.jump(.seconds(1))
                    beat(0, client, clock)
                    try answers(40 + second, harness, client, clock)
                }
                #expect(connections(client) == 1)
            }
        }

        @Test(
            "one connection takes up to four times the setting at once where the answers come at once",
            arguments: [(milliseconds: 0, most: 16), (21, 4)])
        func depthFollowsTheServer(milliseconds: Int, most: Int) throws {
            try withBeats(connections: 1, depth: 4) { harness, client, clock in
                var last: [Instant: Int] = [:]
                for round in 1...4 {
                    try harness.until("burst \(round)") {
                        client.flush(harness.daemon.core, at: clock.now)
                        clock.jump(.milliseconds(milliseconds))
                        return client.outcomes.count == round * 40
                    }
                    last = writes(client.outcomes.suffix(40))
                    burst(client, clock)
                }
                #expect(last.values.max() == most)
                #expect(last.values.reduce(0, +) == 40)
            }
        }

        @Test("one connection has room for the largest full beats, as many as it may have at once")
        func largestBeatsHaveRoom() throws {
            let metadata = ",\"metadata\":{\"k\":\"\(String(repeating: "\u{4e16}", count: 1023))\"}"
            try withBeats(connections: 1, with: metadata) { harness, client, clock in
                for round in 1...2 {
                    for _ in 1...2 { burst(client, clock, .fullBeat) }
                    try harness.until("burst \(round)", within: 60) {
                        client.flush(harness.daemon.core, at: clock.now)
                        return client.outcomes.count == 40 + round * 80
                    }
                }
                for outcome in client.outcomes {
                    guard case .replied = outcome else {
                        Issue.record("no answer: \(outcome)")
                        continue
                    }
                }
            }
        }

        @Test("beats that waited for room while the process was held up are sent, and no time-out of a server's")
        func waitingWhileHeldUp() throws {
            try withBeats(connections: 1, requestTimeout: .seconds(3)) { harness, client, clock in
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

        @Test(
            "an answer that was slow makes beats go out alone while connections are idle, and no longer",
            arguments: [false, true])
        func slowAnswers(isHeldUp: Bool) throws {
            try withBeats(connections: 1) { harness, client, clock in
                try answers(40, harness, client, clock)
                try #require(connections(client) > 1)
                burst(client, clock)
                client.flush(harness.daemon.core, at: clock.now)
                // Stopped in the middle of a turn, and for a moment before the answers are read.
                let turnBegan = clock.now
                clock.jump(.seconds(2))
                if isHeldUp {
                    client.sleeps(until: turnBegan, from: turnBegan)
                    #expect(client.isHeldUp(at: clock.now))
                    client.sleeps(until: clock.now, from: clock.now)
                }
                clock.jump(.milliseconds(150))
                try answers(80, harness, client, clock)

                burst(client, clock)
                try answers(120, harness, client, clock)
                let writes = writes(client.outcomes.suffix(40)).sorted { $0.key < $1.key }.map(\.value)
                #expect(writes.first == (isHeldUp ? 16 : 1))
                #expect(writes.contains { $0 >= 15 }, "a write a beat: \(writes)")
            }
        }

        @Test("behind a server that hangs, the wait begins anew and ends; nothing is overdue meanwhile")
        func hangWhileHeldUp() throws {
            try withBeats(connections: 1, requestTimeout: .seconds(3)) { harness, client, clock in
                harness.naming.inject(NamingFault(.silence, on: [.beat], times: 1000))
                client.flush(harness.daemon.core, at: clock.now)
                client.sleeps(until: clock.now, from: clock.now)
                clock.jump(.seconds(7))
                client.flush(harness.daemon.core, at: clock.now)
                #expect(client.outcomes.isEmpty)
                let deadline = try #require(client.nextDeadline)
                #expect(deadline > clock.now)

                // The turn after the next one finds work that was left overdue, and was not held up.
                clock.jump(.seconds(4))
                for _ in 1...2 { client.sleeps(until: clock.now - .seconds(4), from: clock.now) }
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
