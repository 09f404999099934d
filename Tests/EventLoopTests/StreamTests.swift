import EventLoop
import Glibc
import Testing

@Suite struct StreamTests {
    @Test func echoesOverIPv4() throws { try echoes(on: "127.0.0.1:0") }

    @Test func echoesOverIPv6() throws { try echoes(on: "[::1]:0") }

    private func echoes(on address: String) throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, on: address)
        echo(server.recorder)
        let recorder = Recorder()
        let client = Stream(
            runner.loop, connectingTo: try server.address, timeoutNanoseconds: 1_000_000_000, limits: .forTests)
        client.delegate = recorder
        client.write(Array("before it stands, ".utf8))
        try runner.run(until: { recorder.events.first == .connect })
        client.write(Array("and after".utf8).span)
        try runner.run(until: { recorder.bytes.count == 27 })
        #expect(recorder.bytes == Array("before it stands, and after".utf8))
        #expect(client.peer == (try server.address))
        #expect(server.streams.first?.peer.host == client.peer.host)
        #expect(recorder.ends == [])
        client.close()
        try runner.run(until: { server.recorder.ends == [.eof] })
        server.close()
        runner.close()
    }

    /// A stream to the server that takes what `moreThanTheKernelTakes` gives.
    private func flooding(_ server: TestServer, _ loop: EventLoop, _ recorder: Recorder) throws -> Stream {
        let client = Stream(
            loop, connectingTo: try server.address, timeoutNanoseconds: 1_000_000_000, limits: .forFloods)
        client.delegate = recorder
        return client
    }

    private func moreThanTheKernelTakes() -> [UInt8] {
        (0..<12_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    }

    /// A peer connects, and resets the connection when it stands.
    private func connectAndReset(_ server: TestServer, _ runner: LoopRunner) throws {
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(peer.descriptor, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
    }

    @Test func largeOutputArrivesWholeAndDrainsOnce() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, limits: .forFloods)
        let recorder = Recorder()
        let client = try flooding(server, runner.loop, recorder)
        let sent = moreThanTheKernelTakes()
        client.write(sent)
        #expect(client.outputCount == sent.count)
        try runner.run(until: { server.recorder.bytes.count == sent.count })
        #expect(server.recorder.bytes == sent)
        try runner.run(until: { recorder.events.contains(.drain) })
        runner.settle()
        #expect(recorder.events == [.connect, .drain])
        #expect(client.outputCount == 0)
        client.close()
        server.close()
        runner.close()
    }

    @Test func writesOfOneTurnLeaveTogether() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        for word in ["one ", "two ", "three"] { stream.write(Array(word.utf8)) }
        #expect(peer.receive() == nil)
        runner.loop.runOnce(waiting: false)
        #expect(peer.receive() == "one two three")
        #expect(stream.outputCount == 0)
        server.close()
        runner.close()
    }

    @Test func whatIsWrittenAtOnceLeavesWithoutAPassAndInOrder() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        stream.writeAtOnce(Array("one ".utf8))
        #expect(peer.receive() == "one ")
        #expect(stream.outputCount == 0)
        // Behind other output it waits for its turn.
        stream.write(Array("two ".utf8))
        stream.writeAtOnce(Array("three".utf8))
        #expect(peer.receive() == nil)
        #expect(stream.outputCount == 9)
        runner.loop.runOnce(waiting: false)
        #expect(peer.receive() == "two three")
        stream.writeAtOnce(Array("four".utf8))
        #expect(peer.receive() == "four")
        server.close()
        runner.close()
    }

    @Test func whatTheKernelDoesNotTakeAtOnceFollows() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, limits: .forFloods)
        let recorder = Recorder()
        let client = try flooding(server, runner.loop, recorder)
        // Before it stands nothing can leave.
        client.writeAtOnce([0])
        #expect(client.outputCount == 1)
        try runner.run(until: { server.recorder.bytes.count == 1 })
        let sent = moreThanTheKernelTakes()
        client.writeAtOnce(sent)
        #expect(client.outputCount > 0 && client.outputCount < sent.count)
        client.writeAtOnce([1])
        try runner.run(until: { server.recorder.bytes.count == sent.count + 2 })
        let isInOrder = server.recorder.bytes == [0] + sent + [1]
        #expect(isInOrder)
        client.close()
        server.close()
        runner.close()
    }

    @Test func whatGoesWrongAtOnceIsToldInALaterPass() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        try connectAndReset(server, runner)
        let stream = try #require(server.streams.first)
        stream.writeAtOnce(Array("into the void".utf8))
        stream.writeAtOnce(Array("and again".utf8))
        #expect(server.recorder.ends == [])
        try runner.run(until: { !server.recorder.ends.isEmpty })
        runner.settle()
        #expect(server.recorder.ends.count == 1)
        server.close()
        runner.close()
    }

    @Test func moreAtOnceThanTheLimitEndsTheStream() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, limits: StreamLimits(inputMax: 1_000, outputMax: 1_000))
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        let recorder = Recorder()
        stream.delegate = recorder
        stream.writeAtOnce([UInt8](repeating: 1, count: 1_001))
        try runner.run(until: { !recorder.ends.isEmpty })
        #expect(recorder.ends == [.outputLimitExceeded])
        #expect(peer.receive() == "")
        server.close()
        runner.close()
    }

    @Test func inputStaysUntilConsumedAndReadingRestsWhenFull() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, limits: StreamLimits(inputMax: 1_000, outputMax: 1_000))
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        let reader = Reluctant()
        stream.delegate = reader
        peer.send(String(repeating: "x", count: 30_000))
        try runner.run(until: { stream.inputCount >= 1_000 })
        runner.settle()
        let full = stream.inputCount
        #expect(full <= 1_000 + 4_096)
        #expect(reader.reads == 1)
        stream.consume(full - 1_000)
        runner.settle()
        #expect(stream.inputCount == 1_000)
        stream.consume(1)
        try runner.run(until: { stream.inputCount > 1_000 })
        #expect(reader.reads == 2)
        var seen = full - 999
        while seen + stream.inputCount < 30_000 {
            seen += stream.inputCount
            stream.consume(stream.inputCount)
            try runner.run(until: { stream.inputCount > 0 })
        }
        #expect(stream.withInput { $0.count } == stream.inputCount)
        server.close()
        runner.close()
    }

    @Test func pausedReadingTellsNothing() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        stream.pauseReading()
        peer.send("hello")
        peer.shutdownWriting()
        runner.settle()
        #expect(server.recorder.events == [])
        stream.resumeReading()
        try runner.run(until: { !server.recorder.ends.isEmpty })
        #expect(server.recorder.events == [.read, .end(.eof)])
        stream.resumeReading()
        stream.pauseReading()
        stream.resumeReading()
        runner.settle()
        #expect(server.recorder.ends == [.eof])
        server.close()
        runner.close()
    }

    @Test func anEOFComesOnceAndTheHalfClosedPeerIsAnswered() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        peer.send("ping")
        peer.shutdownWriting()
        try runner.run(until: { server.recorder.ends == [.eof] })
        runner.settle()
        #expect(server.recorder.events == [.read, .end(.eof)])
        let stream = try #require(server.streams.first)
        stream.write(Array("pong".utf8))
        stream.closeAfterWriting()
        try runner.run(until: { server.recorder.ends.count == 2 })
        #expect(server.recorder.ends == [.eof, .finished])
        #expect(peer.receive() == "pong")
        #expect(peer.receive() == "")
        server.close()
        runner.close()
    }

    @Test func moreOutputThanTheLimitEndsTheStream() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, limits: StreamLimits(inputMax: 1_000, outputMax: 1_000))
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        stream.write([UInt8](repeating: 1, count: 1_000))
        #expect(stream.outputCount == 1_000)
        stream.write([2])
        stream.write([3])
        #expect(server.recorder.events == [])
        #expect(stream.outputCount == 1_000)
        try runner.run(until: { !server.recorder.ends.isEmpty })
        runner.settle()
        #expect(server.recorder.ends == [.outputLimitExceeded])
        #expect(peer.receive() == "")
        server.close()
        runner.close()
    }

    @Test func aResetIsAFailure() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        try connectAndReset(server, runner)
        try runner.run(until: { !server.recorder.ends.isEmpty })
        runner.settle()
        #expect(server.recorder.ends == [.failed(ECONNRESET)])
        server.close()
        runner.close()
    }

    @Test func writingToAPeerThatIsGoneIsAFailure() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        do { _ = try PlainSocket(connectingTo: try server.address) }
        try runner.run(until: { server.recorder.ends == [.eof] })
        let stream = try #require(server.streams.first)
        // The first write meets the closed socket and brings the RST, the second one fails.
        stream.write([1])
        runner.loop.runOnce(waiting: false)
        stream.write([2])
        runner.loop.runOnce(waiting: false)
        #expect(server.recorder.ends == [.eof, .failed(EPIPE)] || server.recorder.ends == [.eof, .failed(ECONNRESET)])
        server.close()
        runner.close()
    }
}

extension StreamLimits {
    /// Room for more output than the kernel takes at once.
    fileprivate static let forFloods = StreamLimits(inputMax: 64 << 10, outputMax: 16 << 20)
}
