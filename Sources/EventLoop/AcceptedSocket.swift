import Glibc

/// A connection that a listener accepted: non-blocking, close-on-exec. It is closed when it is dropped without having
/// become a `Stream`.
public struct AcceptedSocket: ~Copyable {
    private var descriptor: Int32
    /// Where it came from; a unix client has no name.
    public let peer: SocketAddress

    init(descriptor: Int32, peer: SocketAddress) {
        self.descriptor = descriptor
        self.peer = peer
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Hands the descriptor over; the caller closes it.
    mutating func takeDescriptor() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }
}

@available(*, unavailable)
extension AcceptedSocket: Sendable {}
