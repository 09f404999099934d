import EventLoop
import Glibc
import HTTPWire
import NamingStandIn
import Testing

/// The controls that tests of other targets use.
@Suite struct FaultTests {
    private func stageWithInstance(logging: Int = 0) throws -> Stage {
        var options = NamingStandIn.Options()
        options.requestLogCapacity = logging
        let stage = try Stage(options: options)
        #expect(try stage.ask(Wire.register()) == "200 ok")
        return stage
    }

    @Test func aDelayHoldsUpItsOwnConnectionOnly() throws {
        let stage = try stageWithInstance(logging: 10)
        let fault = stage.standIn.inject(
            NamingFault(.normal, on: [.beat], delayMilliseconds: 300, times: 1))
        let delayed = try stage.connect()
        let start = MonotonicClock.nanoseconds()
        delayed.send(Wire.light() + Wire.get("/nacos/v1/ns/operator/metrics"))
        #expect(stage.wait { stage.standIn.remainingHits(fault) == 0 })
        #expect(stage.standIn.server.counters.beats == 1, "the work is done at once")
        #expect(try stage.ask(Wire.light()) == Wire.known)
        #expect(MonotonicClock.nanoseconds() - start < 300_000_000)
        #expect(stage.standIn.requestLog.entries(of: .metrics).isEmpty)
        #expect(delayed.answers(2) == [Wire.known, #"200 {"status":"UP"}"#])
        #expect(MonotonicClock.nanoseconds() - start >= 300_000_000)
    }

    @Test func aStoppedServerHoldsUpAll() throws {
        let stage = try stageWithInstance()
        stage.standIn.inject(
            NamingFault(.normal, on: [.beat], delayMilliseconds: 30, delayScope: .server, times: 1))
        let first = try stage.connect()
        let second = try stage.connect()
        let start = MonotonicClock.nanoseconds()
        first.send(Wire.light())
        #expect(stage.wait { stage.standIn.server.counters.beats == 1 })
        second.send(Wire.light())
        #expect(second.answers(1) == [Wire.known])
        #expect(MonotonicClock.nanoseconds() - start >= 30_000_000)
        #expect(first.answers(1) == [Wire.known])
    }

    @Test func scriptedAnswers() throws {
        let stage = try stageWithInstance()
        let client = try stage.connect()
        stage.standIn.inject(NamingFault(.unknownInstance, on: [.beat], times: 1))
        stage.standIn.inject(
            NamingFault(.answer(status: 403, body: #"{"a":1}"#, contentType: "application/json"), times: 1))
        stage.standIn.inject(
            NamingFault(.answer(status: 503, body: "no", contentType: "text/plain"), skip: 1, times: 1))
        client.send(String(repeating: Wire.light(), count: 5))
        #expect(
            client.answersUntilEnd() == [Wire.unknown, #"403 {"a":1}"#, Wire.known, "503 close no"])
        #expect(stage.standIn.server.counters.beats == 1)
        #expect(try stage.ask(Wire.light()) == Wire.known)
    }

    @Test func droppedConnections() throws {
        let stage = try stageWithInstance()
        stage.standIn.inject(NamingFault(.dropUnseen, on: [.register], times: 1))
        stage.standIn.inject(NamingFault(.dropAnswer, on: [.register], times: 1))
        for (ip, isThere) in [("10.0.0.2", false), ("10.0.0.3", true)] {
            let client = try stage.connect()
            client.send(Wire.light() + Wire.register(ip) + Wire.light())
            #expect(client.answersUntilEnd() == [Wire.known])
            #expect(stage.standIn.server.instances.contains { $0.ip == ip } == isThere)
        }
        #expect(stage.wait { stage.standIn.connectionCount == 0 })
    }

    @Test func silence() throws {
        let stage = try stageWithInstance()
        let fault = stage.standIn.inject(NamingFault(.silence, on: [.beat]))
        let client = try stage.connect()
        client.send(Wire.light() + Wire.light())
        #expect(stage.wait { stage.standIn.server.counters.beats == 1 })
        #expect(try stage.ask(Wire.get("/__state")).hasPrefix("200 "))
        #expect(client.received.isEmpty)
        client.closeWriting()
        #expect(client.answersUntilEnd() == [])
        stage.standIn.removeFault(fault)
        #expect(try stage.ask(Wire.light()) == Wire.known)
    }

    @Test func faultsOfOneInstance() throws {
        let stage = try stageWithInstance()
        stage.standIn.inject(NamingFault(.unknownInstance, matching: "ip=10.0.0.7&"))
        #expect(try stage.ask(Wire.register("10.0.0.7")).contains("20404"))
        #expect(try stage.ask(Wire.light()) == Wire.known)
        stage.standIn.removeFaults()
        #expect(try stage.ask(Wire.register("10.0.0.7")) == "200 ok")
    }

    @Test func downAndUpAgain() throws {
        let stage = try stageWithInstance()
        let client = try stage.connect()
        client.send(Wire.light())
        #expect(client.answers(1) == [Wire.known])
        stage.standIn.pause()
        #expect(stage.standIn.isPaused && stage.standIn.connectionCount == 0)
        #expect(client.answersUntilEnd().count == 1)
        #expect {
            _ = try stage.connect()
        } throws: {
            ($0 as? SocketClient.ConnectFailed)?.errno == ECONNREFUSED
        }
        try stage.standIn.resume()
        #expect(try stage.ask(Wire.light()) == Wire.known)
        stage.standIn.forgetEverything()
        #expect(try stage.ask(Wire.light()) == Wire.unknown)
    }

    @Test func theRequestLogKeepsTheLatest() throws {
        let stage = try stageWithInstance(logging: 2)
        let body = "\(Driver.svc)&ip=10.0.0.1&port=8080"
        #expect(try stage.ask(Wire.light()) == Wire.known)
        let answer = try stage.ask(
            "PUT /nacos/v1/ns/instance/beat HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(answer == Wire.known)
        let log = stage.standIn.requestLog
        #expect(log.total == 3)
        #expect(log.entries.map(\.connection) == [2, 3])
        #expect(log.entries.map(\.query) == ["\(Driver.svc)&ip=10.0.0.1&port=8080", nil])
        #expect(log.entries.map { String(decoding: $0.body, as: UTF8.self) } == ["", body])
        #expect(log.entries[1].fields["User-Agent"] == "x")
        #expect(log.entries[0].arrival < log.entries[1].arrival)
        stage.standIn.clearRequestLog()
        #expect(stage.standIn.requestLog.entries.isEmpty)
    }
}
