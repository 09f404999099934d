import EventLoop
import Glibc
import Testing

@Suite struct ClosingTests {
    /// Where a stream may be closed: in each of its callbacks.
    enum Place: CaseIterable {
        case connect, read, drain, eof, deadline, failure, finished
    }

    @Test(arguments: Place.allCases) func closeInsideACallbackSilencesTheStream(_ place: Place) throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let deaf = try DeafSocket()
        let target = place == .failure ? deaf.address : try server.address
        let recorder = Recorder()
        weak var released: Stream?
        var isDone = false
        do {
            let client = Stream(
                runner.loop, connectingTo: target, timeoutNanoseconds: 2_000_000_000, limits: .forTests)
            released = client
            client.delegate = recorder
            recorder.react = { stream, event in
                guard Self.matches(event, place) else { return }
                stream.close()
                stream.close()
                stream.write([1, 2, 3])
                stream.setDeadline(at: 1)
                stream.pauseReading()
                stream.resumeReading()
                stream.closeAfterWriting()
                #expect(stream.inputCount == 0)
                #expect(stream.outputCount == 0)
                #expect(stream.withInput { $0.count } == 0)
                isDone = true
            }
            if place != .connect { client.write([7]) }
            if place == .deadline { client.setDeadline(at: MonotonicClock.nanoseconds() + 1_000_000) }
            if place == .finished {
                try runner.run(until: { recorder.events.contains(.connect) })
                client.closeAfterWriting()
            }
        }
        server.recorder.react = { stream, event in
            guard event == .read else { return }
            // More events are on their way than the client will look at.
            stream.write([UInt8](repeating: 8, count: 100))
            switch place {
            case .eof, .finished: stream.closeAfterWriting()
            case .connect, .read, .drain, .deadline, .failure: break
            }
        }
        try runner.run(until: { isDone })
        let count = recorder.events.count
        runner.settle()
        #expect(recorder.events.count == count)
        #expect(released == nil)
        server.close()
        runner.close()
    }

    private static func matches(_ event: Recorder.Event, _ place: Place) -> Bool {
        switch place {
        case .connect: event == .connect
        case .read: event == .read
        case .drain: event == .drain
        case .eof: event == .end(.eof)
        case .deadline: event == .end(.deadlinePassed)
        case .failure: event == .end(.failed(ECONNREFUSED))
        case .finished: event == .end(.finished)
        }
    }

    @Test func aStreamLivesUntilThePassEnds() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        var closedInside: [Bool] = []
        let observer = Observer()
        observer.onRead = { stream in
            stream.close()
            runner.loop.freeClosed()
            // Still open: the pass has not ended.
            closedInside.append(peerSeesEnd(peer.descriptor))
        }
        try runner.run(until: { server.streams.count == 1 })
        server.streams.first?.delegate = observer
        peer.send("x")
        try runner.run(until: { !closedInside.isEmpty })
        #expect(closedInside == [false])
        #expect(peer.receive() == "")
        server.close()
        runner.close()
    }

    @Test func closeAfterWritingAnswersAPeerThatStillSends() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        peer.send("a request whose body nobody wants")
        try runner.run(until: { server.recorder.events == [.read] })
        let stream = try #require(server.streams.first)
        stream.write(Array("413".utf8))
        stream.closeAfterWriting()
        peer.send(String(repeating: "b", count: 30_000))
        runner.settle()
        // Had the server closed with these bytes unread, the answer would be lost to a reset.
        #expect(peer.receive() == "413")
        #expect(peer.receive() == "")
        #expect(server.recorder.ends == [])
        peer.shutdownWriting()
        try runner.run(until: { !server.recorder.ends.isEmpty })
        #expect(server.recorder.events == [.read, .end(.finished)])
        server.close()
        runner.close()
    }

    @Test func lingeringIsBoundedInTime() throws {
        let runner = try LoopRunner()
        var limits = StreamLimits.forTests
        limits.lingerNanoseconds = 20_000_000
        let server = try TestServer(runner.loop, limits: limits)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let begin = MonotonicClock.nanoseconds()
        server.streams.first?.closeAfterWriting()
        try runner.run(until: { !server.recorder.ends.isEmpty })
        #expect(MonotonicClock.nanoseconds() - begin >= 20_000_000)
        #expect(server.recorder.events == [.end(.finished)])
        #expect(peer.receive() == "")
        server.close()
        runner.close()
    }

    @Test func lingeringIsBoundedInBytes() throws {
        let runner = try LoopRunner()
        var limits = StreamLimits.forTests
        limits.lingerNanoseconds = 60_000_000_000
        let server = try TestServer(runner.loop, limits: limits)
        let client = Stream(
            runner.loop, connectingTo: try server.address, timeoutNanoseconds: 1_000_000_000,
            limits: StreamLimits(inputMax: 1_000, outputMax: 8 << 20))
        let recorder = Recorder()
        client.delegate = recorder
        client.write([UInt8](repeating: 1, count: 4 << 20))
        try runner.run(until: { server.streams.count == 1 })
        server.streams.first?.closeAfterWriting()
        try runner.run(until: { !server.recorder.ends.isEmpty })
        #expect(server.recorder.ends == [.finished])
        server.closeStreams()
        try runner.run(until: { !recorder.ends.isEmpty })
        #expect([StreamEnd.failed(ECONNRESET), .failed(EPIPE), .eof].contains(recorder.ends.last))
        client.close()
        server.close()
        runner.close()
    }

    @Test func aPeerThatDoesNotTakeItsOutputIsCutOff() throws {
        let runner = try LoopRunner()
        var limits = StreamLimits(inputMax: 1_000, outputMax: 32 << 20)
        limits.flushNanoseconds = 20_000_000
        let server = try TestServer(runner.loop, limits: limits)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        // More than the socket buffers of both sides hold (tcp_wmem and tcp_rmem end at 4 and 6 MiB).
        stream.write([UInt8](repeating: 1, count: 24 << 20))
        stream.closeAfterWriting()
        try runner.run(until: { !server.recorder.ends.isEmpty })
        runner.settle()
        #expect(server.recorder.ends == [.deadlinePassed])
        #expect(stream.outputCount == 0)
        _ = peer.receive()
        server.close()
        runner.close()
    }

    @Test func closeAfterWritingBeforeItConnectsFails() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let recorder = Recorder()
        let client = Stream(
            runner.loop, connectingTo: try server.address, timeoutNanoseconds: 1_000_000_000, limits: .forTests)
        client.delegate = recorder
        client.closeAfterWriting()
        try runner.run(until: { !recorder.events.isEmpty })
        runner.settle()
        #expect(recorder.events == [.end(.failed(ECONNABORTED))])
        server.close()
        runner.close()
    }

    /// Over a unix socket, since ten thousand ports in TIME_WAIT would be left to the rest of the machine. In a process
    /// of its own, where no other test opens sockets.
    @Test func tenThousandConnectionsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let runner = try LoopRunner()
            let server = try TestServer(runner.loop, on: "/tmp/beatd-closing-\(getpid())")
            var ends = 0
            server.recorder.react = { stream, event in
                switch event {
                case .read: stream.write([2])
                case .end: ends += 1
                case .connect, .drain: break
                }
            }
            let address = try server.address
            let recorder = Recorder()
            recorder.react = { stream, event in
                if event == .read { stream.close() }
            }
            let before = openSockets()
            for round in 0..<10_000 {
                let client = Stream(
                    runner.loop, connectingTo: address, timeoutNanoseconds: 1_000_000_000, limits: .forTests)
                client.delegate = recorder
                client.write([1])
                try runner.run(until: { ends == round + 1 })
                server.closeStreams()
                runner.loop.freeClosed()
            }
            #expect(openSockets() == before)
            #expect(recorder.bytes == [UInt8](repeating: 2, count: 10_000))
            server.close()
            runner.close()
        }
    }
}

private final class Observer: StreamDelegate {
    var onRead: ((Stream) -> Void)?

    func streamDidConnect(_ stream: Stream) {}
    func streamDidRead(_ stream: Stream) { onRead?(stream) }
    func streamDidDrain(_ stream: Stream) {}
    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {}
}

/// Whether the other side has closed.
private func peerSeesEnd(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK)) == 0
}
