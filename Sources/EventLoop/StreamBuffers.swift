import CLibevent
import CLibeventOpenSSL
import Glibc

/// The two buffers of a stream and the reading and writing behind them: a bufferevent, plain or with TLS.
///
/// What the two do otherwise is in this file. Plain output is not left to the bufferevent at once: it would need two
/// `epoll_ctl` and another pass for each write. `send` writes directly, and only what the kernel did not take waits for
/// the descriptor to become writable. A TLS bufferevent writes as soon as it is given output, and calls back from
/// there; so its output is collected aside and given to it by `send`, in a pass.
struct StreamBuffers {
    private let bufferevent: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    /// Where output is collected: `output` itself, or with TLS a buffer of its own.
    private let collected: OpaquePointer
    private let descriptor: Int32
    private let tls: TLSConnection?

    /// What became of a `send`.
    enum Sent {
        case everything
        case partly
        case failed(Int32)
    }

    /// Works on a non-blocking descriptor (-1 when there is none), which the caller still closes. Neither reads nor
    /// writes yet.
    init(_ loop: EventLoop, descriptor: Int32, tls: TLSConnection?) {
        // TLS gets the descriptor when it is connected: the handshake would begin at once.
        let new =
            if let tls {
                bufferevent_openssl_socket_new(loop.base, -1, tls.ssl, BUFFEREVENT_SSL_CONNECTING, 0)
            } else {
                bufferevent_socket_new(loop.base, descriptor, 0)
            }
        guard let new, let input = bufferevent_get_input(new), let output = bufferevent_get_output(new),
            let collected = tls == nil ? output : evbuffer_new()
        else { preconditionFailure("a bufferevent could not be made: out of memory") }
        bufferevent = new
        self.input = input
        self.output = output
        self.collected = collected
        self.descriptor = descriptor
        self.tls = tls
        // The handshake needs both; `handshakeFinished` has reading rest.
        if tls == nil { bufferevent_disable(bufferevent, Int16(EV_READ | EV_WRITE)) }
        bufferevent_set_max_single_read(bufferevent, StreamLimits.readMax)
        bufferevent_set_max_single_write(bufferevent, StreamLimits.writeMax)
        // No high-water mark: at the mark libevent 2.1 calls the read callback again and again without leaving
        // event_base_loop, so one owner that leaves its input alone would hang the process. `Stream` rests by itself.
    }

    /// Calls the stream behind `context` back from now on.
    func start(context: UnsafeMutableRawPointer) {
        bufferevent_setcb(
            bufferevent,
            { _, context in CallbackContext.resource(context, as: Stream.self).didRead() },
            { _, context in CallbackContext.resource(context, as: Stream.self).didWrite() },
            { _, what, context in
                let reason = errno
                let stream = CallbackContext.resource(context, as: Stream.self)
                let isEOF = Int32(what) & BEV_EVENT_EOF != 0
                if Int32(what) & BEV_EVENT_CONNECTED != 0 {
                    stream.handshakeFinished()
                } else if stream.buffers.isTLS {
                    stream.tlsEnded(isEOF: isEOF, errno: reason)
                } else {
                    stream.bufferEnded(
                        isEOF: isEOF, whileReading: Int32(what) & BEV_EVENT_READING != 0, errno: reason)
                }
            },
            context)
    }

    /// Bytes that came and were not consumed.
    var inputCount: Int { evbuffer_get_length(input) }

    /// Bytes that were written and not yet taken by the kernel.
    var outputCount: Int { evbuffer_get_length(output) + (isTLS ? evbuffer_get_length(collected) : 0) }

    /// The kernel has taken all that it was offered by `send`.
    var hasSentAllGiven: Bool { evbuffer_get_length(output) == 0 }

    /// All input in one piece; valid until the next call that changes the buffer.
    func inputBytes() -> UnsafeBufferPointer<UInt8> {
        let count = evbuffer_get_length(input)
        guard count > 0, let start = evbuffer_pullup(input, -1) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: start, count: count)
    }

    /// Forgets the first bytes of the input.
    func consume(_ count: Int) {
        evbuffer_drain(input, count)
    }

    /// Appends to the output.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard evbuffer_add(collected, bytes.baseAddress, bytes.count) == 0 else {
            preconditionFailure("evbuffer_add of \(bytes.count) bytes failed: out of memory")
        }
    }

    /// Gives the kernel what it takes of the output: in one `writev`, or encrypted. With TLS a failure comes back
    /// through `Stream.tlsEnded` instead.
    func send() -> Sent {
        guard !isTLS else { return sendEncrypted() }
        evbuffer_unfreeze(output, 1)
        let count = evbuffer_write_atmost(output, descriptor, StreamLimits.writeMax)
        let reason = errno
        evbuffer_freeze(output, 1)
        if count < 0, reason != EAGAIN, reason != EINTR { return .failed(reason) }
        return evbuffer_get_length(output) == 0 ? .everything : .partly
    }

    /// Reads from now on, or rests. False when the kernel refused (no memory for epoll).
    func setReading(_ on: Bool) -> Bool {
        (on ? bufferevent_enable(bufferevent, Int16(EV_READ)) : bufferevent_disable(bufferevent, Int16(EV_READ))) == 0
    }

    /// Leaves the rest of the output to the loop, or takes it back. False when the kernel refused.
    func setSending(_ on: Bool) -> Bool {
        // A TLS bufferevent always sends; it only waits for the descriptor while it has something.
        isTLS
            || (on
                ? bufferevent_enable(bufferevent, Int16(EV_WRITE)) : bufferevent_disable(bufferevent, Int16(EV_WRITE)))
                == 0
    }

    /// No callback comes any more.
    func stop() {
        bufferevent_disable(bufferevent, Int16(EV_READ | EV_WRITE))
        bufferevent_setcb(bufferevent, nil, nil, nil, nil)
    }

    /// Frees the buffers; libevent does it in the next pass, or with the loop.
    func free() {
        bufferevent_free(bufferevent)
        guard let tls else { return }
        evbuffer_free(collected)
        tls.free()
    }

    // MARK: TLS

    var isTLS: Bool { tls != nil }

    /// The descriptor is connected: begins the handshake. False when the kernel refused.
    func startHandshake() -> Bool {
        bufferevent_setfd(bufferevent, descriptor) == 0
    }

    /// The handshake is done: output may leave, and input is read when the stream wants it.
    func handshakeFinished() {
        tls?.isEstablished = true
        TLSErrorQueue.clear()
        bufferevent_disable(bufferevent, Int16(EV_READ))
    }

    /// What is given counts as sent when the whole piece is, so it goes by pieces.
    private func sendEncrypted() -> Sent {
        while hasSentAllGiven {
            guard evbuffer_get_length(collected) > 0 else { return .everything }
            guard evbuffer_remove_buffer(collected, output, StreamLimits.writeMax) > 0 else {
                preconditionFailure("evbuffer_remove_buffer failed: out of memory")
            }
        }
        return .partly
    }

    /// The peer has sent its close_notify, upon which libevent stops writing too; we may still write.
    func inputHasEnded() {
        bufferevent_disable(bufferevent, Int16(EV_READ))
        bufferevent_enable(bufferevent, Int16(EV_WRITE))
    }

    /// Why TLS broke, after an event that says so with this `errno`.
    func tlsFailure(errno reason: Int32) -> TLSFailure {
        var codes: [UInt] = []
        while true {
            let code = bufferevent_get_openssl_error(bufferevent)
            guard code != 0 else { break }
            codes.append(code)
        }
        guard let tls else { preconditionFailure("a plain stream has failed as TLS") }
        // libevent gives the latest first, the cause is the first.
        return tls.failure(codes: codes.reversed(), errno: reason)
    }

    /// Tells the peer, if it can be told at once, that nothing follows; no output may come afterwards.
    func sayGoodbye() {
        tls?.sayGoodbye()
    }
}
