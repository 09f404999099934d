import EventLoop
import Glibc
import TestSupport
import Testing

/// That a TLS stream behaves as a plain one does.
@Suite struct TLSStreamTests {
    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func largeTransfersBothWays(version: String) throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server", ["-rev", version])
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let limits = StreamLimits(inputMax: 64 << 10, outputMax: 16 << 20)
            var random = SplitMix(seed: 1)
            let letters = (0..<18_000).map { _ in UInt8(97 + random.next() % 26) }
            var sent: [UInt8] = []
            var expected: [UInt8] = []
            while sent.count < 4_000_000 {
                let line = letters.dropFirst(Int(random.next() % 9_000)).prefix(Int(random.next() % 9_000))
                sent += line + [10]
                expected += line.reversed() + [10]
            }
            // Behind that: under AddressSanitizer it once took longer than a connection may take to open.
            let client = TLSClient(runner, server.address, context, limits: limits)
            client.stream.write(sent)
            #expect(client.stream.outputCount == sent.count)
            try runner.run(until: { client.recorder.events.contains(.connect) })
            // While the first is under way: this comes behind it.
            client.stream.write(sent)
            expected += expected
            // Sixteen megabytes through two processes: under AddressSanitizer, beside all other tests, 30 s were too few.
            try runner.run(until: { client.recorder.bytes.count >= expected.count }, within: 120)
            // Compared outside: of arrays this long #expect would work out the difference for minutes.
            let cameBack = client.recorder.bytes == expected
            #expect(cameBack)
            #expect(client.recorder.bytes.count == expected.count)
            #expect(client.stream.outputCount == 0)
            #expect(client.recorder.events.filter { $0 == .drain }.count == 1)
            #expect(client.recorder.ends == [])
            client.stream.close()
        }
    }

    @Test func inputStaysUntilConsumedAndReadingRestsWhenFull() throws {
        try withCA { ca, runner in
            let size = 300_000
            try writeFile("\(ca.folder)/file", [UInt8](repeating: 120, count: size))
            let server = try OpenSSLServer(ca, certificate: "server", ["-WWW"])
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let client = TLSClient(
                runner, server.address, context, limits: StreamLimits(inputMax: 10_000, outputMax: 1_000))
            let stream = client.stream
            let reader = Reluctant()
            stream.delegate = reader
            stream.write(Array("GET /file HTTP/1.0\r\n\r\n".utf8))
            try runner.run(until: { stream.inputCount >= 10_000 })
            runner.settle()
            var seen = 0
            var fullest = stream.inputCount
            let reads = reader.reads
            runner.settle()
            #expect(reader.reads == reads)
            while reader.ends.isEmpty {
                fullest = max(fullest, stream.inputCount)
                seen += stream.inputCount
                stream.consume(stream.inputCount)
                try runner.run(until: { stream.inputCount > 0 || !reader.ends.isEmpty })
            }
            #expect(reader.ends == [.eof])
            #expect(seen + stream.inputCount > size)
            #expect(fullest <= 10_000 + (32 << 10))
            stream.close()
        }
    }

    @Test func tooMuchOutputEndsTheStream() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let client = TLSClient(
                runner, server.address, context, limits: StreamLimits(inputMax: 1_000, outputMax: 20_000_000))
            try runner.run(until: { client.recorder.events == [.connect] })
            client.stream.pauseReading()
            // The server stops reading when its answers are not read.
            client.stream.write([UInt8](repeating: 10, count: 19_999_999))
            runner.settle()
            let waiting = client.stream.outputCount
            #expect(waiting > 0 && waiting <= 19_999_999)
            client.stream.write([UInt8](repeating: 10, count: 20_000_000 - waiting))
            #expect(client.stream.outputCount == 20_000_000)
            client.stream.write([10])
            try runner.run(until: { !client.recorder.ends.isEmpty })
            runner.settle()
            #expect(client.recorder.ends == [.outputLimitExceeded])
        }
    }

    @Test func theDeadlineOfTheOwnerPasses() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let client = TLSClient(runner, server.address, try TLSContext(TLSOptions(caFile: ca.caFile)))
            client.stream.setDeadline(at: MonotonicClock.nanoseconds() + 300_000_000)
            try runner.run(until: { !client.recorder.ends.isEmpty })
            #expect(client.recorder.events == [.connect, .end(.deadlinePassed)])
            client.stream.close()
        }
    }

    @Test func aServerThatHangsInTheHandshakeTimesOut() throws {
        try withCA { ca, runner in
            let server = try TestServer(runner.loop)
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let begin = MonotonicClock.nanoseconds()
            let client = TLSClient(runner, try server.address, context, milliseconds: 100)
            client.stream.write([1])
            try runner.run(until: { !client.recorder.ends.isEmpty })
            runner.settle()
            #expect(client.recorder.events == [.end(.connectTimedOut)])
            #expect(MonotonicClock.nanoseconds() - begin >= 100_000_000)
            #expect(!server.recorder.bytes.isEmpty)
            server.close()
        }
    }

    @Test func aServerThatDoesNotSpeakTLS() throws {
        try withCA { ca, runner in
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            for (answer, reason) in [
                (
                    "HTTP/1.1 400 Bad Request\r\n\r\n",
                    "wrong version number: the server does not seem to speak TLS on this port"
                ),
                ("", "the server closed the connection during the handshake"),
            ] {
                let server = try TestServer(runner.loop)
                server.recorder.react = { stream, event in
                    guard event == .read else { return }
                    stream.write(Array(answer.utf8))
                    stream.closeAfterWriting()
                }
                let client = TLSClient(runner, try server.address, context)
                try runner.run(until: { !client.recorder.ends.isEmpty })
                runner.settle()
                #expect(client.recorder.events == [.end(.tlsFailed(reason))])
                server.close()
            }
        }
    }

    @Test func nobodyListens() throws {
        try withCA { ca, runner in
            let server = try TestServer(runner.loop)
            let address = try server.address
            server.close()
            runner.loop.freeClosed()
            let client = TLSClient(runner, address, try TLSContext(TLSOptions(caFile: ca.caFile)))
            try runner.run(until: { !client.recorder.ends.isEmpty })
            #expect(client.recorder.events == [.end(.failed(ECONNREFUSED))])
        }
    }
}
