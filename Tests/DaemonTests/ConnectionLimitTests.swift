import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

/// Conformance vectors 57–60, 65 on what the requests of one connection are.
extension OnSockets {
    @Suite struct ConnectionLimitTests {
        /// Instances that beat twice a second, over so many connections.
        private func beating(
            _ count: Int, connections: Int = 1, _ change: (inout Daemon.Configuration) -> Void = { _ in }
        ) throws -> Harness {
            let harness = try Harness(requestLog: 20_000) {
                $0.dialect = .forced(.v1)
                $0.client.connectionsPerServer = connections
                change(&$0)
            }
            try harness.registerMany(count, ",\"period\":\"500ms\"")
            try harness.until("\(count) first beats") { harness.daemon.core.counters.beats[.ok] >= UInt64(count) }
            return harness
        }

        private func failures(_ harness: Harness) -> UInt64 {
            let counters = harness.daemon.core.counters
            return BeatOutcome.allCases.reduce(0) { $0 + ($1 == .ok ? 0 : counters.beats[$1]) }
                + RetryReason.allCases.reduce(0) { $0 + counters.retries[$1] }
        }

        /// The connections that registers had are gone: beats are all on one, with a successor beside it at times.
        private func settle(_ harness: Harness) throws {
            try harness.until("one connection and its successor", within: 20) { harness.naming.connectionCount <= 2 }
            harness.naming.clearRequestLog()
        }

        @Test("vector 57: 250 beats one after another: three connections, no error, none late")
        func vector57_threeConnections() throws {
            let harness = try beating(30)
            defer { harness.close() }
            try settle(harness)
            try harness.until("250 beats") { harness.naming.requestLog.entries(of: .beat).count >= 250 }
            let beats = harness.naming.requestLog.entries(of: .beat).prefix(250)
            let perConnection = Dictionary(grouping: beats, by: \.connection).mapValues(\.count)
            // The first of them had answered before, and so had its successor where one turn had more beats than a write.
            #expect((3...5).contains(perConnection.count), "\(perConnection)")
            #expect(perConnection.values.allSatisfy { $0 <= 100 })
            #expect(failures(harness) == 0)
            for (port, moments) in harness.beatsByPort() {
                let gaps = zip(moments, moments.dropFirst()).map { ($1 - $0) / 1_000_000 }
                #expect(gaps.allSatisfy { $0 < 900 }, "port \(port): \(gaps) ms")
            }
        }

        /// Four instances whose beats fall due together and so leave in one write on one connection, none other.
        private func fourTogether() throws -> Harness {
            // Ten phases on the grid of 50 ms: one of them has four of forty.
            let harness = try beating(40)
            var ports: [Int64: [UInt16]] = [:]
            // A registration is beating once it is accepted, and has a phase once its first beat is.
            try harness.until("a phase for each") {
                ports = [:]
                for port in UInt16(1)...40 {
                    let key = InstanceKey(serviceName: "orders", ip: "10.0.0.7", port: port)
                    let view = harness.daemon.core.find(key).flatMap { harness.daemon.core.view($0) }
                    guard let due = view?.nextBeatAt else { return false }
                    ports[due.nanoseconds % 500_000_000, default: []].append(port)
                }
                return true
            }
            let kept = try #require(ports.values.first { $0.count >= 4 }).prefix(4)
            for port in UInt16(1)...40 where !kept.contains(port) {
                let id = InstanceKey(serviceName: "orders", ip: "10.0.0.7", port: port).id
                #expect(try harness.delete("/v1/beats/\(id)?wait=3s").status == 204)
            }
            #expect(harness.naming.server.instanceCount == 4)
            return harness
        }

        /// All were answered, and the next beats are due together, not right now, on a connection with room for them.
        private func isBetweenRounds(_ harness: Harness) -> Bool {
            let views = harness.daemon.core.keys(from: .api).compactMap { key in
                harness.daemon.core.find(key).flatMap { harness.daemon.core.view($0) }
            }
            let isQuiet = views.allSatisfy { view in
                view.lastSentAt.flatMap { sent in view.lastAcceptedAt.map { $0 >= sent } } ?? false
            }
            let dues = Set(views.map(\.nextBeatAt))
            // A connection that is nearly used up does not get a round whole: it closes with its 100th answer.
            let entries = harness.naming.requestLog.entries
            let last = entries.last { $0.route == .beat }?.connection
            let used = entries.count { $0.connection == last }
            guard isQuiet, used < 90, dues.count == 1, let due = dues.first.flatMap({ $0 }) else { return false }
            return due - harness.daemon.clocks.now > .milliseconds(100)
        }

        @Test("vector 58: the second of pipelined beats is answered 400, 500, 501 or 503: it alone has failed")
        func vector58_closingStatus() throws {
            let harness = try fourTogether()
            defer { harness.close() }
            for (count, (status, outcome)) in [
                (400, BeatOutcome.rejected), (500, .httpError), (501, .httpError), (503, .httpError),
            ].enumerated() {
                try harness.until("between two rounds") { isBetweenRounds(harness) }
                let before = harness.daemon.core.counters.beats
                let logged = harness.naming.requestLog.entries(of: .beat).count
                harness.naming.inject(
                    NamingFault(
                        .answer(status: status, body: "caused: x;", contentType: "text/plain"), on: [.beat], skip: 1,
                        times: 1))
                try harness.until("three beats, and a round") {
                    harness.daemon.core.counters.beats[.ok] >= before[.ok] + 7
                }
                #expect(harness.daemon.core.counters.beats[outcome] == before[outcome] + 1, "\(status)")
                #expect(failures(harness) == UInt64(count + 1), "\(status)")
                let entries = Array(harness.naming.requestLog.entries(of: .beat).dropFirst(logged))
                #expect(entries[0].connection == entries[1].connection)
                #expect(entries.dropFirst(2).allSatisfy { $0.connection != entries[0].connection })
                // Those that were dropped came again at once, each once.
                #expect(Set(entries.prefix(4).compactMap(Harness.port(of:))).count == 4)
                #expect(entries[3].arrival - entries[0].arrival < 100_000_000)
                // It was no limit of the connection: the next round leaves in one write again.
                #expect(Set(entries[4..<8].map(\.connection)).count == 1, "\(status)")
            }
            #expect(harness.daemon.core.count(of: .beating) == 4)
        }

        @Test(
            "vector 59: an answer that does not say close leaves the connection in use, whatever its status",
            arguments: [403, 404, 405, 410, 200])
        func vector59_openStatus(status: Int) throws {
            let harness = try beating(1)
            defer { harness.close() }
            harness.naming.clearRequestLog()
            let accepted = harness.naming.connectionsAccepted
            let fault = harness.naming.inject(
                NamingFault(.answer(status: status, body: "", contentType: "text/plain"), on: [.beat], times: 1))
            try harness.until("the fault") { harness.naming.remainingHits(fault) == 0 }
            let before = harness.daemon.core.counters.beats[.ok]
            try harness.until("two beats") { harness.daemon.core.counters.beats[.ok] >= before + 2 }
            #expect(harness.naming.connectionsAccepted == accepted)
            #expect(Set(harness.naming.requestLog.entries(of: .beat).map(\.connection)).count == 1)
        }

        @Test("vector 65: nothing is written behind a register that has no answer yet; beats go another way, in time")
        func vector65_exclusive() throws {
            let harness = try beating(40)
            defer { harness.close() }
            try settle(harness)
            // More than there are idle connections: the beats that fall due have none but those of the registers.
            let count = 6
            harness.naming.inject(
                NamingFault(.normal, on: [.register], delayMilliseconds: 300, times: count))
            let client = try harness.client()
            for port in 9001...(9000 + count) {
                client.send(
                    .post, "/v1/beats",
                    json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.8\",\"port\":\(port)}")
            }
            try harness.until("registered") { harness.daemon.core.count(of: .beating) == 40 + count }
            let entries = harness.naming.requestLog.entries
            let registers = entries.filter { $0.route == .register }
            #expect(registers.count == count)
            for held in registers {
                // Written behind a register, most of the beats of this time would wait for its answer.
                let end = held.arrival + 290_000_000
                let meanwhile = entries.filter { $0.route == .beat && $0.arrival > held.arrival && $0.arrival < end }
                #expect(meanwhile.count >= 15)
            }
            #expect(failures(harness) == 0)
        }
    }
}
