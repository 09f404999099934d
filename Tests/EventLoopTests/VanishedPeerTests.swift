import Glibc
import Testing

@testable import EventLoop

/// A peer that vanishes without a farewell: no machine of a test can do that, so this looks at what the kernel is told.
@Suite struct VanishedPeerTests {
    @Test func theKernelGivesUpInTime() throws {
        let runner = try LoopRunner()
        defer { runner.close() }
        let server = try TestServer(runner.loop)
        let peer = try PlainSocket(connectingTo: try server.address)
        try runner.run(until: { server.streams.count == 1 })
        let stream = try #require(server.streams.first)
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        #expect(getsockopt(stream.descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &value, &size) == 0)
        #expect(value == StreamLimits.unacknowledgedMilliseconds)
        server.close()
        _ = peer.receive()
    }
}
