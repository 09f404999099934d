import EventLoop
import Glibc
import Testing

@Suite struct ConnectingTests {
    @Test func refused() throws {
        let runner = try LoopRunner()
        let deaf = try DeafSocket()
        #expect(try outcome(runner, connectingTo: deaf.address) == [.end(.failed(ECONNREFUSED))])
        runner.close()
    }

    @Test func aMissingUnixSocketFails() throws {
        let runner = try LoopRunner()
        let address = SocketAddress.unix(path: "/nonexistent/socket")
        #expect(try outcome(runner, connectingTo: address) == [.end(.failed(ENOENT))])
        runner.close()
    }

    @Test func noFamilyButOursIsConnectedTo() throws {
        let runner = try LoopRunner()
        // A multicast address has no connections.
        let address = try #require(SocketAddress(parsing: "224.0.0.1:80"))
        let events = try outcome(runner, connectingTo: address)
        #expect(events == [.end(.failed(ENETUNREACH))] || events == [.end(.failed(EINVAL))])
        runner.close()
    }

    @Test func timesOutNeverEarly() throws {
        let runner = try LoopRunner()
        let (full, fillers) = try fullListener()
        defer { for descriptor in fillers { Glibc.close(descriptor) } }
        let timeout: Int64 = 30_000_000
        let recorder = Recorder()
        let begin = MonotonicClock.nanoseconds()
        let client = Stream(runner.loop, connectingTo: full, timeoutNanoseconds: timeout, limits: .forTests)
        client.delegate = recorder
        client.write([1])
        try runner.run(until: { !recorder.events.isEmpty })
        let took = MonotonicClock.nanoseconds() - begin
        runner.settle()
        #expect(recorder.events == [.end(.connectTimedOut)])
        #expect(took >= timeout)
        print("connect time-out of 30 ms came after \(Double(took) / 1e6) ms")
        runner.close()
    }

    @Test func theDeadlineOfTheOwnerPassesWhileConnecting() throws {
        let runner = try LoopRunner()
        let (full, fillers) = try fullListener()
        defer { for descriptor in fillers { Glibc.close(descriptor) } }
        let recorder = Recorder()
        let client = Stream(runner.loop, connectingTo: full, timeoutNanoseconds: 60_000_000, limits: .forTests)
        client.delegate = recorder
        client.setDeadline(at: MonotonicClock.nanoseconds() + 10_000_000)
        try runner.run(until: { recorder.events.count == 2 })
        #expect(recorder.events == [.end(.deadlinePassed), .end(.connectTimedOut)])
        runner.close()
    }

    private func outcome(_ runner: LoopRunner, connectingTo address: SocketAddress) throws -> [Recorder.Event] {
        let recorder = Recorder()
        let client = Stream(runner.loop, connectingTo: address, timeoutNanoseconds: 5_000_000_000, limits: .forTests)
        client.delegate = recorder
        #expect(recorder.events == [])
        try runner.run(until: { !recorder.events.isEmpty })
        runner.settle()
        return recorder.events
    }

    /// A listener whose queue is full: the kernel drops further SYNs. Returns its address and what holds it open.
    private func fullListener() throws -> (SocketAddress, [Int32]) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var form = sockaddr_in()
        form.sin_family = sa_family_t(AF_INET)
        form.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let results = withUnsafeMutablePointer(to: &form) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                [bind(listener, address, length), listen(listener, 0), getsockname(listener, address, &length)]
            }
        }
        try #require(results == [0, 0, 0])
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let fillers = (0..<4).map { _ in socket(AF_INET, kind, 0) }
        for filler in fillers {
            withUnsafePointer(to: &form) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
            }
        }
        return (.v4(0x7f00_0001, port: UInt16(bigEndian: form.sin_port)), [listener] + fillers)
    }
}
