import CLibevent
import CLibeventOpenSSL
import Glibc

/// The input and output of a stream with TLS: libevent's bufferevent on OpenSSL.
///
/// A TLS bufferevent writes as soon as it is given output, and calls back from there; so its output is collected aside
/// and given to it by `send`, in a pass.
struct TLSBuffers {
    private let bufferevent: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let collected: OpaquePointer
    private let descriptor: Int32
    private let connection: TLSConnection

    /// Works on a non-blocking descriptor, which the caller still closes. Neither reads nor writes yet.
    init(_ loop: EventLoop, descriptor: Int32, _ connection: TLSConnection) {
        // It gets the descriptor when that is connected: the handshake would begin at once.
        guard
            let bufferevent = bufferevent_openssl_socket_new(
                loop.base, -1, connection.ssl, BUFFEREVENT_SSL_CONNECTING, 0),
            let incoming = bufferevent_get_input(bufferevent), let outgoing = bufferevent_get_output(bufferevent),
            let collected = evbuffer_new()
        else { preconditionFailure("a bufferevent could not be made: out of memory") }
        self.bufferevent = bufferevent
        self.incoming = incoming
        self.outgoing = outgoing
        self.collected = collected
        self.descriptor = descriptor
        self.connection = connection
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
                if Int32(what) & BEV_EVENT_CONNECTED != 0 {
                    stream.handshakeFinished()
                } else {
                    stream.tlsEnded(isEOF: Int32(what) & BEV_EVENT_EOF != 0, errno: reason)
                }
            },
            context)
    }

    /// No callback comes any more.
    func stop() {
        bufferevent_disable(bufferevent, Int16(EV_READ | EV_WRITE))
        bufferevent_setcb(bufferevent, nil, nil, nil, nil)
    }

    func free() {
        bufferevent_free(bufferevent)
        evbuffer_free(collected)
        connection.free()
    }

    // MARK: input

    var inputCount: Int { evbuffer_get_length(incoming) }

    var input: UnsafeBufferPointer<UInt8> {
        let count = evbuffer_get_length(incoming)
        guard count > 0, let start = evbuffer_pullup(incoming, -1) else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: start, count: count)
    }

    func consume(_ count: Int) { evbuffer_drain(incoming, count) }

    func setReading(_ on: Bool) -> Bool {
        (on ? bufferevent_enable(bufferevent, Int16(EV_READ)) : bufferevent_disable(bufferevent, Int16(EV_READ))) == 0
    }

    // MARK: output

    var outputCount: Int { evbuffer_get_length(outgoing) + evbuffer_get_length(collected) }

    /// The bufferevent has encrypted and sent all that it was given by `send`.
    var hasSentAllGiven: Bool { evbuffer_get_length(outgoing) == 0 }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard evbuffer_add(collected, bytes.baseAddress, bytes.count) == 0 else {
            preconditionFailure("evbuffer_add of \(bytes.count) bytes failed: out of memory")
        }
    }

    /// What is given counts as sent when the whole piece is, so it goes by pieces.
    func send() -> Stream.Sent {
        while hasSentAllGiven {
            guard evbuffer_get_length(collected) > 0 else { return .everything }
            guard evbuffer_remove_buffer(collected, outgoing, StreamLimits.writeMax) > 0 else {
                preconditionFailure("evbuffer_remove_buffer failed: out of memory")
            }
        }
        return .partly
    }

    // MARK: the connection

    /// The descriptor is connected: begins the handshake. False when the kernel refused.
    func startHandshake() -> Bool { bufferevent_setfd(bufferevent, descriptor) == 0 }

    /// The handshake is done: output may leave, and input is read when the stream wants it.
    func handshakeFinished() {
        connection.isEstablished = true
        TLSErrorQueue.clear()
        bufferevent_disable(bufferevent, Int16(EV_READ))
    }

    /// The peer has sent its close_notify, upon which libevent stops writing too; we may still write.
    func inputHasEnded() {
        bufferevent_disable(bufferevent, Int16(EV_READ))
        bufferevent_enable(bufferevent, Int16(EV_WRITE))
    }

    /// Why TLS broke, after an event that says so with this `errno`.
    func failure(errno reason: Int32) -> TLSFailure {
        var codes: [UInt] = []
        while true {
            let code = bufferevent_get_openssl_error(bufferevent)
            guard code != 0 else { break }
            codes.append(code)
        }
        // libevent gives the latest first, the cause is the first.
        return connection.failure(codes: codes.reversed(), errno: reason)
    }

    /// Tells the peer, if it can be told at once, that nothing follows; no output may come afterwards.
    func sayGoodbye() { connection.sayGoodbye() }
}
