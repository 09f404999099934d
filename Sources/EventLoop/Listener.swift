import CLibevent
import Glibc

/// Accepts connections on one address. Loop-confined.
///
/// It accepts by itself instead of through libevent's evconnlistener, which takes everything that waits in one go: here
/// the work of a pass is bounded, and the reason of a refusal is known.
public final class Listener: LoopResource {
    /// How long it rests when the process or the system has no descriptor or memory left: long enough not to spin on a
    /// socket that stays readable, short enough that clients hardly notice (reliability.md §2).
    public static let pauseAfterErrorNanoseconds: Int64 = 100_000_000
    /// Connections accepted in one pass, so that a flood of them cannot hold up a beat.
    static let acceptsPerPassMax = 64
    /// Connections that wait in the kernel; it is cut to net.core.somaxconn, which is 4096 by default.
    public static let defaultBacklog: Int32 = 1024
    /// A unix socket is for its owner and its group.
    public static let defaultUnixMode: UInt32 = 0o660

    /// The address it listens on, with the real port when 0 was asked for.
    public var localAddress: SocketAddress { socket.address }

    private let loop: EventLoop
    private let socket: ListeningSocket
    private var acceptEvent: OpaquePointer?
    private var resumeEvent: OpaquePointer?
    private var onAccept: ((consuming AcceptedSocket) -> Void)?
    private var onAcceptError: ((Int32) -> Void)?
    private var isPausedByOwner = false
    private var isPausedByError = false

    /// Listens on `address` from now on. A stale socket file is replaced, a live one is `addressInUse`.
    ///
    /// `onAccept` gets each connection, in a pass of the loop. `onAcceptError` gets the errno of a failed accept, after
    /// which the listener rests for `pauseAfterErrorNanoseconds` and resumes by itself.
    public init(
        _ loop: EventLoop, on address: SocketAddress, backlog: Int32 = Listener.defaultBacklog,
        unixMode: UInt32 = Listener.defaultUnixMode, onAccept: @escaping (consuming AcceptedSocket) -> Void,
        onAcceptError: @escaping (Int32) -> Void
    ) throws(EventLoopError) {
        loop.assertOnLoopThread()
        self.loop = loop
        socket = try ListeningSocket.open(address, backlog: backlog, unixMode: unixMode)
        self.onAccept = onAccept
        self.onAcceptError = onAcceptError
        let context = CallbackContext.begin(self)
        acceptEvent = loop.makeEvent(socket.descriptor, EV_READ | EV_PERSIST, context: context) { _, _, context in
            CallbackContext.resource(context, as: Listener.self).acceptWaiting()
        }
        resumeEvent = loop.makeEvent(-1, 0, context: context) { _, _, context in
            CallbackContext.resource(context, as: Listener.self).resumeAfterError()
        }
        guard event_add(acceptEvent, nil) == 0 else {
            let reason = errno
            close()
            throw .refused(call: "event_add", errno: reason)
        }
    }

    /// Accepts nothing until `resume`; the kernel keeps connections waiting, up to the backlog.
    public func pause() {
        guard isOpen, !isPausedByOwner else { return }
        isPausedByOwner = true
        event_del(acceptEvent)
    }

    /// Accepts again after `pause`.
    public func resume() {
        guard isOpen, isPausedByOwner else { return }
        isPausedByOwner = false
        if !isPausedByError { event_add(acceptEvent, nil) }
    }

    /// Stops listening and removes the file of a unix socket. Idempotent, also inside the callbacks.
    public func close() {
        guard isOpen else { return }
        event_del(acceptEvent)
        event_del(resumeEvent)
        onAccept = nil
        onAcceptError = nil
        loop.retire(self)
    }

    func free() {
        event_free(acceptEvent)
        event_free(resumeEvent)
        socket.closeAndRemove()
    }

    private var isOpen: Bool {
        loop.assertOnLoopThread()
        return onAccept != nil
    }

    private func acceptWaiting() {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        for _ in 0..<Self.acceptsPerPassMax {
            guard let onAccept, !isPausedByOwner else { return }
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    accept4(socket.descriptor, $0, &length, flags)
                }
            }
            if descriptor >= 0 {
                onAccept(AcceptedSocket(descriptor: descriptor, peer: SocketAddress(storage, length: length)))
                continue
            }
            switch errno {
            case EAGAIN:
                return
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                ENETUNREACH:
                // Only this connection is lost (accept(2) wants all of these treated like EAGAIN).
                continue
            case let reason:
                pauseAfterError()
                onAcceptError?(reason)
                return
            }
        }
    }

    /// Whatever the reason is (EMFILE, ENFILE, ENOBUFS, ENOMEM or one not thought of), the socket stays readable.
    private func pauseAfterError() {
        isPausedByError = true
        event_del(acceptEvent)
        var rest = timeval(nanoseconds: Self.pauseAfterErrorNanoseconds)
        event_add(resumeEvent, &rest)
    }

    private func resumeAfterError() {
        isPausedByError = false
        if !isPausedByOwner { event_add(acceptEvent, nil) }
    }
}

@available(*, unavailable)
extension Listener: Sendable {}

extension timeval {
    /// An interval, rounded up to whole microseconds; below zero counts as zero.
    init(nanoseconds: Int64) {
        let microseconds = (max(0, nanoseconds) + 999) / 1_000
        self.init(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
    }
}
