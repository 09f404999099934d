import Glibc
import TestSupport
import Testing

@testable import EventLoop

/// Input goes through memory that all streams of a loop share.
@Suite struct InputTests {
    /// Takes what it is told to, and leaves the rest.
    private final class Taker: StreamDelegate {
        var taken: [UInt8] = []
        var share = 0

        func streamDidConnect(_ stream: Stream) {}
        func streamDidDrain(_ stream: Stream) {}
        func streamDidEnd(_ stream: Stream, reason: StreamEnd) {}
        func streamDidRead(_ stream: Stream) { take(from: stream, stream.inputCount * share / 100) }

        func take(from stream: Stream, _ count: Int) {
            stream.withInput { input in
                for index in 0..<count { taken.append(input[index]) }
            }
            stream.consume(count)
        }
    }

    private final class Peer {
        let socket: PlainSocket

        init(_ socket: consuming PlainSocket) { self.socket = socket }
    }

    @Test func whatEachOwnerLeavesStaysItsOwn() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop, limits: StreamLimits(inputMax: 64 << 10, outputMax: 1_000))
        var peers: [Peer] = []
        var takers: [Taker] = []
        for number in 0..<4 {
            peers.append(Peer(try PlainSocket(connectingTo: try server.address)))
            try runner.run(until: { server.streams.count == number + 1 })
            let taker = Taker()
            server.streams[number].delegate = taker
            takers.append(taker)
        }
        var random = SplitMix(seed: 11)
        var sent = [[UInt8]](repeating: [], count: 4)
        for round in 0..<200 {
            let number = Int(random.next(below: 4))
            let letter = UInt8(ascii: "a") + UInt8(round % 26)
            let piece = [UInt8](repeating: letter, count: 1 + Int(random.next(below: round % 10 == 0 ? 6_000 : 60)))
            sent[number] += piece
            takers[number].share = Int(random.next(below: 101))
            peers[number].socket.send(String(decoding: piece, as: UTF8.self))
            let stream = server.streams[number]
            try runner.run(until: { takers[number].taken.count + stream.inputCount == sent[number].count })
            // Few leave much for long: what is kept must grow, and go again.
            if stream.inputCount > 30_000 { takers[number].take(from: stream, stream.inputCount - 7) }
        }
        for number in 0..<4 {
            takers[number].take(from: server.streams[number], server.streams[number].inputCount)
            #expect(takers[number].taken == sent[number], "stream \(number)")
        }
        server.close()
        runner.close()
    }

    @Test func codeThatIsGivenBackLeavesTheResidentSetAndRunsOn() throws {
        func residentFilePages() throws -> Int {
            let fields = try readText("/proc/self/statm").split(separator: " ").compactMap { Int($0) }
            return fields.count > 2 ? fields[2] : 0
        }
        let before = try residentFilePages()
        CodePages.giveBack()
        let after = try residentFilePages()
        #expect(before > 0 && after < before, "\(before) pages of files before, \(after) behind it")
    }
}
