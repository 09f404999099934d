import EventLoop
import Glibc
import TestSupport
import Testing

/// How TLS streams end.
@Suite struct TLSClosingTests {
    @Test func closeNotifyIsTheEndAndComesBehindTheData() throws {
        try withCA { ca, runner in
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let server = try OpenSSLServer(ca, certificate: "server", ["-rev", "-tls1_2"])
            let relay = try TLSRelay(runner.loop, to: server.address)
            // The answers, a record each, and the alert lie ready when reading begins. libevent 2.1 tells of the end
            // before the last of them when that one just fits into a piece of its buffer of 8 KiB.
            let line = [UInt8](repeating: 120, count: 499) + [10]
            for lines in 1...16 {
                relay.holdsBackUntilAlert = true
                let stream = TLSClient(runner, try relay.address, context).stream
                let reader = Reluctant()
                stream.delegate = reader
                for _ in 0..<lines { stream.write(line) }
                stream.write(Array("CLOSE\n".utf8))
                try runner.run(until: { !reader.ends.isEmpty })
                runner.settle()
                #expect(reader.ends == [.eof])
                #expect(reader.inputAtEnd == lines * line.count)
                #expect(stream.inputCount == lines * line.count)
                stream.close()
                try runner.run(until: { relay.isIdle })
            }
            relay.close()
        }
    }

    @Test func closeAfterWritingSendsEverythingAndSaysGoodbye() throws {
        try withCA { ca, runner in
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let server = try OpenSSLServer(ca, certificate: "server", ["-WWW", "-tls1_2"])
            let relay = try TLSRelay(runner.loop, to: server.address)
            let client = TLSClient(
                runner, try relay.address, context, limits: StreamLimits(inputMax: 1_000, outputMax: 4_000_000))
            try runner.run(until: { client.recorder.events == [.connect] })
            client.stream.write([UInt8](repeating: 120, count: 3_000_000))
            client.stream.closeAfterWriting()
            try runner.run(until: { !client.recorder.ends.isEmpty && relay.isIdle })
            #expect(client.recorder.events == [.connect, .end(.finished)])
            #expect(relay.fromClient.last == TLSRelay.alert)
            #expect(relay.fromClient.filter { $0 == TLSRelay.alert }.count == 1)
            #expect(relay.applicationBytesFromClient >= 3_000_000)
            relay.close()
        }
    }

    @Test func closeSaysGoodbyeToo() throws {
        try withCA { ca, runner in
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            let server = try OpenSSLServer(ca, certificate: "server", ["-rev", "-tls1_2"])
            let relay = try TLSRelay(runner.loop, to: server.address)
            let client = TLSClient(runner, try relay.address, context)
            try runner.run(until: { client.recorder.events == [.connect] })
            client.stream.close()
            try runner.run(until: { relay.isIdle })
            #expect(relay.fromClient.last == TLSRelay.alert)
            relay.close()
        }
    }

    @Test func afterTheEndOfTheInputTheStreamStillWrites() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let client = TLSClient(runner, server.address, try TLSContext(TLSOptions(caFile: ca.caFile)))
            client.stream.write(Array("CLOSE\n".utf8))
            client.recorder.react = { stream, event in
                if event == .end(.eof) { stream.write([1, 2, 3]) }
            }
            try runner.run(until: { client.recorder.events.last == .drain && client.recorder.ends == [.eof] })
            #expect(client.stream.outputCount == 0)
            client.recorder.react = nil
            client.stream.close()
        }
    }

    @Test func anEndWithoutCloseNotifyIsAFailure() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let client = TLSClient(runner, server.address, try TLSContext(TLSOptions(caFile: ca.caFile)))
            client.stream.write(Array("abc\n".utf8))
            try runner.run(until: { client.text == "cba\n" })
            server.process.signal(SIGKILL)
            try runner.run(until: { !client.recorder.ends.isEmpty })
            runner.settle()
            #expect(client.recorder.ends == [.tlsFailed("the connection was cut off without close_notify")])
        }
    }

    @Test func closingAtAnyMomentIsSafeAndFreesTheStream() throws {
        try withCA { ca, runner in
            let server = try OpenSSLServer(ca, certificate: "server")
            let context = try TLSContext(TLSOptions(caFile: ca.caFile))
            weak var stream: Stream?
            for passes in 0..<24 {
                let recorder = Recorder()
                do {
                    let client = TLSClient(runner, server.address, context).stream
                    client.delegate = recorder
                    client.write(Array("abc\n".utf8))
                    try runner.run(untilMoment: MonotonicClock.nanoseconds() + Int64(passes) * 300_000)
                    passes % 2 == 0 ? client.close() : client.closeAfterWriting()
                    stream = client
                }
                if passes % 2 != 0 { try runner.run(until: { !recorder.ends.isEmpty }) }
                // Output that was to leave with the next pass holds it until then.
                runner.settle()
                #expect(stream === nil)
            }
            let client = TLSClient(runner, server.address, context)
            client.recorder.react = { stream, _ in stream.close() }
            try runner.run(until: { !client.recorder.events.isEmpty })
            runner.settle()
            #expect(client.recorder.events == [.connect])
        }
    }
}
