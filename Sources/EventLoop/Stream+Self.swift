import CLibevent
import Glibc

extension Stream {
    /// Whether the connection goes to itself: on this host the kernel may choose, as our port, the very one that is
    /// connected to, and then the two ends of one socket meet though nobody listens (tcp(7), simultaneous open).
    public var isConnectedToItself: Bool {
        loop.assertOnLoopThread()
        guard state == .open else { return false }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 && SocketAddress(storage, length: length) == peer
    }
}
