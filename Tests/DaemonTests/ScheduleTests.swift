import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

extension Harness {
    /// Registers ports 1…`count`, pipelined, and waits for all answers.
    func registerMany(_ count: Int, _ more: String = "") throws {
        let client = try client()
        defer { client.close() }
        for port in 1...count {
            client.send(
                .post, "/v1/beats",
                json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port)\(more)}")
        }
        try until("\(count) answers", within: 30) { client.responses.count == count || client.ended != nil }
        #expect(client.responses.count == count)
        #expect(client.responses.allSatisfy { $0.status == 201 })
    }

    /// The moments at which the naming server saw the beats of each port.
    func beatsByPort() -> [Int: [Int64]] {
        var moments: [Int: [Int64]] = [:]
        for entry in naming.requestLog.entries(of: .beat) {
            if let port = Harness.port(of: entry) { moments[port, default: []].append(entry.arrival) }
        }
        return moments
    }

    /// The instance that a request to the naming server is about.
    static func port(of entry: RequestLog.Entry) -> Int? {
        let fields =
            (entry.query ?? "").split(separator: "&")
            + String(decoding: entry.body, as: UTF8.self)
            .split(separator: "&")
        return fields.first { $0.hasPrefix("port=") }.flatMap { Int($0.dropFirst(5)) }
    }
}

extension OnSockets {
    @Suite struct ScheduleTests {
        private static let registrations = 1000

        @Test("1 000 registrations at 1 s for 20 s: in time, once a period each, evenly spread")
        func steady() throws {
            let harness = try Harness(requestLog: 30_000)
            defer { harness.close() }
            try harness.registerMany(Self.registrations, ",\"period\":\"1s\"")
            try harness.until("all beat") { harness.daemon.core.count(of: .beating) == Self.registrations }
            // The first beat follows the registration at once, the second one falls on the phase.
            harness.run(seconds: 1.5)
            harness.naming.clearRequestLog()
            let start = MonotonicClock.nanoseconds()
            harness.run(seconds: 20)

            let moments = harness.beatsByPort()
            #expect(moments.count == Self.registrations)
            for (port, times) in moments {
                #expect((19...21).contains(times.count), "port \(port): \(times.count) beats")
                for (one, next) in zip(times, times.dropFirst()) {
                    let gap = Double(next - one) / 1e9
                    #expect(gap > 0.9 && gap < 1.1, "port \(port): \(gap) s")
                }
            }
            var perSlot = [Int](repeating: 0, count: 200)
            for time in moments.values.joined() {
                let slot = Int((time - start) / 100_000_000)
                if perSlot.indices.contains(slot) { perSlot[slot] += 1 }
            }
            let mean = Double(perSlot.reduce(0, +)) / 200
            #expect(Double(perSlot.max() ?? 0) <= 2 * mean, "busiest \(perSlot.max() ?? 0), mean \(mean)")

            let now = MonotonicClock.nanoseconds()
            let lateness = harness.daemon.core.timings.lateness.window(.oneMinute, at: now)
            let p99 = try #require(lateness.quantile(0.99))
            #expect(p99 < 20_000_000, "p99 \(p99) ns")
            #expect(lateness.count > 20_000)
            #expect(harness.daemon.core.counters.beats[.timeout] == 0)
            let shown = try harness.get("/v1/metrics/latenessSeconds.1m.p99", ["Accept": "text/plain"]).text
            #expect(Double(shown.dropLast()).map { $0 < 0.02 } ?? false, "\(shown)")
        }

        @Test("answers that are 200 ms away leave the period at 1.000 s ± 1 %")
        func farAway() throws {
            let harness = try Harness(requestLog: 20_000, latencyMilliseconds: 200)
            defer { harness.close() }
            try harness.registerMany(Self.registrations, ",\"period\":\"1s\"")
            // A register has a connection to itself, and there are six for them: 30 a second at this distance.
            try harness.until("all beat", within: 60) {
                harness.daemon.core.count(of: .beating) == Self.registrations
            }
            harness.run(seconds: 2)
            harness.naming.clearRequestLog()
            harness.run(seconds: 10)
            let moments = harness.beatsByPort()
            #expect(moments.count == Self.registrations)
            for (port, times) in moments {
                let (first, last) = (try #require(times.first), try #require(times.last))
                let mean = Double(last - first) / Double(times.count - 1) / 1e9
                #expect(mean > 0.99 && mean < 1.01, "port \(port): \(mean) s")
                #expect((9...11).contains(times.count), "port \(port): \(times.count) beats")
            }
        }
    }
}
