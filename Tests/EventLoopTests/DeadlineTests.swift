import EventLoop
import Testing

@Suite struct DeadlineTests {
    @Test func firesOnceAndNotEarly() throws {
        let (runner, server, peer) = try connected()
        let stream = try #require(server.streams.first)
        let due = MonotonicClock.nanoseconds() + 15_000_000
        stream.setDeadline(at: due)
        try runner.run(until: { !server.recorder.events.isEmpty })
        let now = MonotonicClock.nanoseconds()
        #expect(now >= due)
        print("deadline after 15 ms was \(Double(now - due) / 1e6) ms late")
        try runner.run(untilMoment: now + 30_000_000)
        #expect(server.recorder.events == [.end(.deadlinePassed)])
        // Nothing else happened: the owner can still answer.
        stream.write(Array("408".utf8))
        runner.settle()
        #expect(peer.receive() == "408")
        server.close()
        runner.close()
    }

    @Test func movedLaterItFiresLater() throws {
        let (runner, server, peer) = try connected()
        let stream = try #require(server.streams.first)
        let begin = MonotonicClock.nanoseconds()
        for milliseconds in stride(from: Int64(5), through: 40, by: 5) {
            stream.setDeadline(at: begin + milliseconds * 1_000_000)
        }
        try runner.run(until: { !server.recorder.events.isEmpty })
        #expect(MonotonicClock.nanoseconds() >= begin + 40_000_000)
        runner.settle()
        #expect(server.recorder.events == [.end(.deadlinePassed)])
        _ = peer.receive()
        server.close()
        runner.close()
    }

    @Test func movedEarlierItFiresEarlier() throws {
        let (runner, server, peer) = try connected()
        let stream = try #require(server.streams.first)
        let begin = MonotonicClock.nanoseconds()
        stream.setDeadline(at: begin + 60_000_000_000)
        stream.setDeadline(at: begin + 10_000_000)
        try runner.run(until: { !server.recorder.events.isEmpty })
        #expect(MonotonicClock.nanoseconds() >= begin + 10_000_000)
        #expect(server.recorder.events == [.end(.deadlinePassed)])
        _ = peer.receive()
        server.close()
        runner.close()
    }

    @Test func takenAwayItDoesNotFire() throws {
        let (runner, server, peer) = try connected()
        let stream = try #require(server.streams.first)
        stream.setDeadline(at: MonotonicClock.nanoseconds() + 5_000_000)
        stream.setDeadline(at: nil)
        try runner.run(untilMoment: MonotonicClock.nanoseconds() + 30_000_000)
        #expect(server.recorder.events == [])
        stream.setDeadline(at: MonotonicClock.nanoseconds() - 1)
        try runner.run(until: { !server.recorder.events.isEmpty })
        #expect(server.recorder.events == [.end(.deadlinePassed)])
        _ = peer.receive()
        server.close()
        runner.close()
    }

    @Test func setAgainInsideItFiresAgain() throws {
        let (runner, server, peer) = try connected()
        let stream = try #require(server.streams.first)
        server.recorder.react = { stream, _ in
            guard server.recorder.events.count < 3 else { return }
            stream.setDeadline(at: MonotonicClock.nanoseconds() + 1_000_000)
        }
        stream.setDeadline(at: MonotonicClock.nanoseconds())
        try runner.run(until: { server.recorder.events.count == 3 })
        try runner.run(untilMoment: MonotonicClock.nanoseconds() + 20_000_000)
        #expect(server.recorder.events == [Recorder.Event](repeating: .end(.deadlinePassed), count: 3))
        _ = peer.receive()
        server.close()
        runner.close()
    }

    private func connected() throws -> (LoopRunner, TestServer, ClientBox) {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = ClientBox(try PlainSocket(connectingTo: try server.address))
        try runner.run(until: { server.streams.count == 1 })
        return (runner, server, peer)
    }
}

/// A plain socket that can stand in a tuple.
private final class ClientBox {
    private let socket: PlainSocket

    init(_ socket: consuming PlainSocket) {
        self.socket = socket
    }

    func receive() -> String? { socket.receive() }
}
