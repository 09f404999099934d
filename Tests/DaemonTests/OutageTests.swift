import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct OutageTests {
        private static let registrations = 50

        /// Asks the API something every 10 ms, and says how long the slowest answer took.
        private final class Prober {
            private let client: TestClient
            private var askedAt: Int64?
            private var nextAt: Int64 = 0
            private(set) var slowest: Int64 = 0
            private(set) var answers = 0

            init(_ harness: Harness) throws { client = try harness.client() }

            func turn() {
                let now = MonotonicClock.nanoseconds()
                if let since = askedAt, !client.responses.isEmpty {
                    #expect(client.responses.removeFirst().status == 200)
                    slowest = max(slowest, now - since)
                    answers += 1
                    askedAt = nil
                    nextAt = since + 10_000_000
                }
                if askedAt == nil, now >= nextAt {
                    client.send(.get, "/v1/beats?limit=5")
                    askedAt = now
                }
            }
        }

        @Test("Nacos is down, comes up, restarts empty, goes away for a while: all converges, the API answers on")
        func outage() throws {
            let harness = try Harness()
            defer { harness.close() }
            let count = Self.registrations
            let prober = try Prober(harness)
            func until(_ what: String, _ condition: () -> Bool) throws {
                try harness.until(what, within: 20, polling: true) {
                    prober.turn()
                    return condition()
                }
            }
            func passing(_ seconds: Double) throws {
                let end = MonotonicClock.nanoseconds() + Int64(seconds * 1e9)
                try until("\(seconds) s") { MonotonicClock.nanoseconds() >= end }
            }
            func allThere() -> Bool { harness.naming.server.instanceCount == count }
            func beats() -> UInt64 { harness.daemon.core.counters.beats[.ok] }

            harness.naming.pause()
            try harness.registerMany(count, ",\"period\":\"1s\"")
            try passing(2)
            #expect(beats() == 0)
            try harness.naming.resume()
            try until("registered after the start without Nacos", allThere)
            try until("beating") { harness.daemon.core.count(of: .beating) == count }

            harness.naming.forgetEverything()
            #expect(harness.naming.server.instanceCount == 0)
            try until("registered again after a restart without memory", allThere)

            let before = beats()
            harness.naming.pause()
            try passing(3)
            #expect(beats() <= before + UInt64(count))
            harness.naming.forgetEverything()
            try harness.naming.resume()
            try until("registered again after an outage", allThere)
            let after = beats()
            try until("beating again") { beats() >= after + UInt64(count) * 2 }
            try until("all beating") { harness.daemon.core.count(of: .beating) == count }
            let healthy = harness.naming.server.instances.count { $0.isHealthy }
            #expect(healthy == count)
            #expect(prober.answers > 300)
            #expect(prober.slowest < 100_000_000, "\(prober.slowest / 1000) µs")
        }
    }
}
