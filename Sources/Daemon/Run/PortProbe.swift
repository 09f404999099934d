internal import EventLoop

/// Connects to a program's port again and again until it takes a connection, then tells so once. Loop-confined.
final class PortProbe: StreamDelegate {
    /// Between two tries: a person who waits for a program to come up does not notice it.
    private static let spacing: Int64 = 200_000_000
    /// A port on this host answers within this or not at all.
    private static let timeout: Int64 = 1_000_000_000

    private let loop: EventLoop
    private let address: SocketAddress?
    private var onAnswer: (() -> Void)?
    private var stream: Stream?
    private var nextTry: Int64? = 0

    /// At `ip` when it is an address of this host, else at the loopback address: what is registered may be known to
    /// others only.
    init(_ loop: EventLoop, _ ip: String, _ port: UInt16, onAnswer: @escaping () -> Void) {
        self.loop = loop
        self.onAnswer = onAnswer
        let isOwn = HostInterface.all().contains { $0.address.host == ip }
        address = SocketAddress(host: isOwn ? ip : "127.0.0.1", port: port)
    }

    /// When it wants a turn.
    var nextDeadline: Int64? { stream == nil ? nextTry : nil }

    func turn(at now: Int64) {
        guard stream == nil, let nextTry, nextTry <= now, let address else { return }
        self.nextTry = now + Self.spacing
        let stream = Stream(
            loop, connectingTo: address, timeoutNanoseconds: Self.timeout,
            limits: StreamLimits(inputMax: 1024, outputMax: 1024))
        stream.delegate = self
        self.stream = stream
    }

    func streamDidConnect(_ stream: Stream) {
        let tell = onAnswer
        close()
        tell?()
    }

    func streamDidRead(_ stream: Stream) {}
    func streamDidDrain(_ stream: Stream) {}

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        stream.close()
        self.stream = nil
    }

    /// Gives up, or is done. Idempotent.
    func close() {
        onAnswer = nil
        nextTry = nil
        stream?.close()
        stream = nil
    }
}

@available(*, unavailable)
extension PortProbe: Sendable {}
