import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

/// Conformance vectors 56–65 of nacos.md §9: what becomes of beats when connections end as those of real servers do.
@Suite("Connections to Nacos servers", .serialized)
struct ConnectionVectorTests {
    /// Registers so many instances over the API, pipelined, and waits until all beat.
    private func register(_ count: Int, period: String, _ harness: Harness) throws {
        let client = try harness.client()
        for number in 0..<count {
            client.send(
                .post, "/v1/beats",
                json:
                    "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(number + 1),\"period\":\"\(period)\"}")
        }
        try harness.until("\(count) answers") { client.responses.count == count }
        try harness.until("\(count) first beats") { harness.daemon.core.counters.beats[.ok] >= UInt64(count) }
    }

    private func failures(_ harness: Harness) -> UInt64 {
        BeatOutcome.allCases.reduce(0) { $0 + ($1 == .ok ? 0 : harness.daemon.core.counters.beats[$1]) }
    }

    private func retries(_ harness: Harness) -> UInt64 {
        RetryReason.allCases.reduce(0) { $0 + harness.daemon.core.counters.retries[$1] }
    }

    @Test("vectors 56, 65: a connection takes 100 requests; beats go on with the next one, none late, none failed")
    func vector57_hundredAnswers() throws {
        let harness = try Harness(requestLog: 20_000)
        defer { harness.close() }
        try register(100, period: "500ms", harness)
        harness.run(seconds: 4)
        let requests = harness.naming.requestLog.entries
        let perConnection = Dictionary(grouping: requests, by: \.connection).mapValues(\.count)
        #expect(perConnection.values.allSatisfy { $0 <= 100 }, "\(perConnection)")
        #expect(requests.count > 800)
        #expect(failures(harness) == 0)
        #expect(retries(harness) == 0)
    }

    @Test("vector 56: what was pipelined behind an answer that closes is sent again, and nothing has failed")
    func vector56_closedBehindTheHundredth() throws {
        // The server closes earlier than any that was known: the client learns it the hard way.
        var rules = ConnectionRules.tomcat
        rules.answersPerConnection = 7
        let harness = try Harness(requestLog: 20_000, connection: rules)
        defer { harness.close() }
        try register(100, period: "500ms", harness)
        harness.run(seconds: 3)
        #expect(failures(harness) == 0)
        #expect(retries(harness) == 0)
        #expect(harness.daemon.core.count(of: .beating) == 100)
    }

    @Test(
        "vector 58: of pipelined beats only the one that was answered 400, 500, 501, 503 has failed",
        arguments: [500, 503])
    func vector58_closingStatus(status: Int) throws {
        let harness = try Harness()
        defer { harness.close() }
        try register(64, period: "500ms", harness)
        harness.naming.inject(
            NamingFault(.answer(status: status, body: "caused: x;", contentType: "text/plain"), on: [.beat], times: 1))
        harness.run(seconds: 2)
        // With a period of 500 ms there is no time for another attempt: the beat itself counts as failed.
        #expect(failures(harness) == 1)
        #expect(harness.daemon.core.counters.beats[.httpError] == 1)
        #expect(harness.daemon.core.count(of: .beating) == 64)
    }

    @Test("vector 59: a refusal of 403 without Connection: close keeps the connection")
    func vector59_openStatus() throws {
        let harness = try Harness(requestLog: 1000)
        defer { harness.close() }
        try register(1, period: "500ms", harness)
        let before = harness.naming.connectionsAccepted
        harness.naming.inject(
            NamingFault(.answer(status: 403, body: "unknown user!", contentType: "text/plain"), on: [.beat], times: 1))
        harness.run(seconds: 2)
        #expect(harness.naming.connectionsAccepted == before)
        #expect(harness.daemon.core.count(of: .beating) == 1)
    }

    @Test("vectors 60, 61: a server that closes idle connections costs no beat")
    func vector60_idleClose() throws {
        var rules = ConnectionRules.tomcat
        rules.idleMilliseconds = 300
        let harness = try Harness(connection: rules)
        defer { harness.close() }
        try register(1, period: "500ms", harness)
        harness.run(seconds: 4)
        #expect(harness.daemon.core.counters.beats[.ok] >= 8)
        #expect(failures(harness) == 0)
        #expect(retries(harness) == 0)
        #expect(harness.naming.connectionsAccepted >= 6)
    }

    @Test("vector 35: an answer that never comes times out once; the others go on")
    func silence() throws {
        let harness = try Harness { $0.client.requestTimeout = .milliseconds(300) }
        defer { harness.close() }
        try register(20, period: "500ms", harness)
        harness.naming.inject(NamingFault(.silence, on: [.beat], times: 1))
        harness.run(seconds: 2)
        #expect(harness.daemon.core.counters.beats[.timeout] == 1)
        #expect(failures(harness) == 1)
        #expect(harness.daemon.core.count(of: .beating) == 20)
    }

    @Test("vector 60: a connection that is cut before an answer: the beat goes out again at once, and has not failed")
    func cut() throws {
        let harness = try Harness()
        defer { harness.close() }
        try register(20, period: "500ms", harness)
        harness.naming.inject(NamingFault(.dropUnseen, on: [.beat], times: 2))
        harness.run(seconds: 2)
        #expect(failures(harness) == 0)
        #expect(harness.daemon.core.count(of: .beating) == 20)
    }
}
