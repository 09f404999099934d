import EventLoop
import Glibc
import Testing

@Suite struct ListenerTests {
    @Test func aPortInUseIsTold() throws {
        let runner = try LoopRunner()
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let server = try TestServer(runner.loop, on: address)
            let taken = try server.address
            #expect(taken.port != 0)
            #expect(throws: EventLoopError.addressInUse(taken)) {
                try TestServer(runner.loop, on: taken.description)
            }
            server.close()
            runner.loop.freeClosed()
        }
        runner.close()
    }

    @Test func aPortIsFreeAgainAfterItsListenerServedConnections() throws {
        let runner = try LoopRunner()
        // Another test may be given the port in between; hardly three times.
        let couldListenAgain = try (0..<3).contains { _ in
            let server = try TestServer(runner.loop)
            let address = try server.address
            let peer = try PlainSocket(connectingTo: address)
            try runner.run(until: { server.streams.count == 1 })
            // Closed by the server first, so that its side stays in TIME_WAIT.
            server.close()
            runner.loop.freeClosed()
            _ = peer.receive()
            guard let successor = try? TestServer(runner.loop, on: address.description) else { return false }
            successor.close()
            return true
        }
        #expect(couldListenAgain)
        runner.close()
    }

    @Test func anAddressOfAnotherMachineIsRefused() throws {
        let runner = try LoopRunner()
        #expect(throws: EventLoopError.refused(call: "bind 192.0.2.1:0", errno: EADDRNOTAVAIL)) {
            try TestServer(runner.loop, on: "192.0.2.1:0")
        }
        runner.close()
    }

    @Test func bothFamiliesListenOnOnePort() throws {
        let runner = try LoopRunner()
        let six = try TestServer(runner.loop, on: "[::]:0")
        let port = try #require(try six.address.port)
        let four = try TestServer(runner.loop, on: "0.0.0.0:\(port)")
        #expect(try four.address.port == port)
        six.close()
        four.close()
        runner.close()
    }

    @Test func aUnixSocketIsForOwnerAndGroupAndGoesWithItsListener() throws {
        let runner = try LoopRunner()
        let path = temporaryPath("mode")
        let server = try TestServer(runner.loop, on: path)
        echo(server.recorder)
        #expect(mode(of: path) == S_IFSOCK | 0o660)
        let recorder = Recorder()
        let client = Stream(
            runner.loop, connectingTo: .unix(path: path), timeoutNanoseconds: 1_000_000_000, limits: .forTests)
        client.delegate = recorder
        client.write([1, 2, 3])
        try runner.run(until: { recorder.bytes == [1, 2, 3] })
        #expect(recorder.events.first == .connect)
        #expect(server.streams.first?.peer == .unix(path: ""))
        client.close()
        server.close()
        runner.loop.freeClosed()
        #expect(mode(of: path) == nil)
        runner.close()
    }

    @Test func aStaleSocketFileIsReplacedAndALiveOneIsNot() throws {
        let runner = try LoopRunner()
        let path = temporaryPath("stale")
        let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var form = sockaddr_un()
        form.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &form.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &form) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(dead, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        Glibc.close(dead)
        #expect(mode(of: path) != nil)
        let server = try TestServer(runner.loop, on: path)
        #expect(throws: EventLoopError.addressInUse(.unix(path: path))) {
            try TestServer(runner.loop, on: path)
        }
        // A successor took the name over: its file is not ours to remove.
        unlink(path)
        let successor = try TestServer(runner.loop, on: path)
        server.close()
        runner.loop.freeClosed()
        #expect(mode(of: path) == S_IFSOCK | 0o660)
        successor.close()
        runner.close()
        #expect(mode(of: path) == nil)
    }

    @Test func aFileThatIsNoSocketStays() throws {
        let runner = try LoopRunner()
        let path = temporaryPath("file")
        let file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        Glibc.close(file)
        defer { unlink(path) }
        #expect(throws: EventLoopError.addressInUse(.unix(path: path))) { try TestServer(runner.loop, on: path) }
        #expect(mode(of: path) == S_IFREG | 0o600)
        runner.close()
    }

    @Test func aDroppedConnectionIsClosed() throws {
        let runner = try LoopRunner()
        var accepted: [SocketAddress] = []
        let listener = try Listener(
            runner.loop, on: .v4(0x7f00_0001, port: 0), onAccept: { accepted.append($0.peer) }, onAcceptError: { _ in })
        let peer = try PlainSocket(connectingTo: listener.localAddress)
        try runner.run(until: { accepted.count == 1 })
        #expect(accepted.first?.host == "127.0.0.1")
        #expect(peer.receive() == "")
        listener.close()
        runner.close()
    }

    @Test func pausedItAcceptsNothing() throws {
        let runner = try LoopRunner()
        let server = try TestServer(runner.loop)
        server.listener?.pause()
        server.listener?.pause()
        let peer = try PlainSocket(connectingTo: try server.address)
        runner.settle()
        #expect(server.streams.isEmpty)
        server.listener?.resume()
        try runner.run(until: { server.streams.count == 1 })
        _ = peer.receive()
        server.close()
        runner.close()
    }

    @Test func closedInsideAcceptItAcceptsNoMore() throws {
        let runner = try LoopRunner()
        var count = 0
        var listener: Listener?
        listener = try Listener(
            runner.loop, on: .v4(0x7f00_0001, port: 0),
            onAccept: { _ in
                count += 1
                listener?.close()
                listener?.close()
            }, onAcceptError: { _ in })
        let address = try #require(listener).localAddress
        let first = try PlainSocket(connectingTo: address)
        let second = try PlainSocket(connectingTo: address)
        try runner.run(until: { count > 0 })
        runner.settle()
        #expect(count == 1)
        _ = (first.receive(), second.receive())
        listener = nil
        runner.close()
    }

    /// In a process of its own, whose limit is lowered.
    @Test func withoutDescriptorsItRestsAndResumesByItself() async {
        await #expect(processExitsWith: .success) {
            let runner = try LoopRunner()
            let server = try TestServer(runner.loop)
            let peers = [
                try PlainSocketBox(connectingTo: try server.address),
                try PlainSocketBox(connectingTo: try server.address),
            ]
            var before = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
            var none = rlimit(rlim_cur: 3, rlim_max: before.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
            let begin = MonotonicClock.nanoseconds()
            try runner.run(until: { server.acceptErrors.count == 1 })
            runner.settle()
            #expect(server.acceptErrors == [EMFILE])
            try runner.run(until: { server.acceptErrors.count == 2 })
            // The timer of libevent may round the pause a little down.
            #expect(MonotonicClock.nanoseconds() - begin > Listener.pauseAfterErrorNanoseconds * 9 / 10)
            server.listener?.pause()
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
            try runner.run(untilMoment: MonotonicClock.nanoseconds() + 2 * Listener.pauseAfterErrorNanoseconds)
            #expect(server.streams.isEmpty)
            server.listener?.resume()
            try runner.run(until: { server.streams.count == 2 })
            #expect(server.acceptErrors == [EMFILE, EMFILE])
            #expect(peers.count == 2)
            server.close()
            runner.close()
        }
    }

    private func mode(of path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    private func temporaryPath(_ name: String) -> String {
        "/tmp/beatd-listener-\(getpid())-\(name)"
    }
}

private final class PlainSocketBox {
    private let socket: PlainSocket

    init(connectingTo address: SocketAddress) throws {
        socket = try PlainSocket(connectingTo: address)
    }
}
