import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct NoGhostTests {
        private static let registrations = 200

        /// The ghost of every Nacos SDK: the answer to a beat that was on its way when the instance was deregistered
        /// says that Nacos does not know it, and brings it back.
        @Test("DELETE with a beat in flight whose answer is late and says not found: nothing comes after the answer")
        func deleteWithABeatInFlight() throws {
            let harness = try Harness(requestLog: 5000, latencyMilliseconds: 0)
            defer { harness.close() }
            try harness.registerMany(Self.registrations, ",\"period\":\"1s\"")
            try harness.until("all beat") {
                harness.daemon.core.counters.beats[.ok] >= UInt64(Self.registrations) * 2
            }
            let ids = try (1...Self.registrations).map { port in
                try #require(
                    try harness.get("/v1/beats?port=\(port)").member("items.0.id")?.string, "port \(port)")
            }
            harness.proxy?.delayMilliseconds = 500
            harness.naming.inject(NamingFault(.unknownInstance, on: [.beat]))
            harness.naming.clearRequestLog()

            var answeredAt: [Int: Int64] = [:]
            var waiting: [Int: TestClient] = [:]
            var seen: [RequestLog.Entry] = []
            try harness.until("all answers", within: 10, polling: true) {
                collect(&waiting, &answeredAt)
                let new = harness.naming.requestLog.entries
                harness.naming.clearRequestLog()
                seen += new
                // Each is deleted when its beat has just arrived, 500 ms before the daemon learns what came of it.
                for port in new.filter({ $0.route == .beat }).compactMap(Harness.port(of:))
                where answeredAt[port] == nil && waiting[port] == nil {
                    let client = try harness.client()
                    client.send(.delete, "/v1/beats/\(ids[port - 1])")
                    waiting[port] = client
                }
                return answeredAt.count == Self.registrations
            }
            harness.run(seconds: 2)
            harness.proxy?.delayMilliseconds = 0
            try harness.until("all instances are gone") { harness.naming.server.instanceCount == 0 }

            seen += harness.naming.requestLog.entries
            #expect(seen.count { $0.route == .beat } == Self.registrations)
            #expect(seen.count { $0.route == .deregister } == Self.registrations)
            for entry in seen {
                guard entry.route == .register || entry.route == .beat else { continue }
                let port = try #require(Harness.port(of: entry))
                let end = try #require(answeredAt[port])
                #expect(
                    entry.arrival <= end, "\(entry.route) of port \(port), \((entry.arrival - end) / 1000) µs after")
                #expect(entry.route == .beat, "port \(port) was registered again")
            }
            #expect(harness.naming.server.instanceCount == 0)
            #expect(try harness.get("/v1/metrics/dom2BeatSize", ["Accept": "text/plain"]).text == "0\n")
        }

        private func collect(_ waiting: inout [Int: TestClient], _ answeredAt: inout [Int: Int64]) {
            for (port, client) in waiting where !client.responses.isEmpty {
                #expect([202, 204].contains(client.responses[0].status))
                answeredAt[port] = MonotonicClock.nanoseconds()
                client.close()
                waiting[port] = nil
            }
        }
    }
}
