import CLibevent
import Glibc

/// The two buffers of a stream and the reading and writing behind them: a bufferevent.
///
/// Everything that a TLS bufferevent or a path of our own would do otherwise is in this file. Output is not left to
/// the bufferevent at once: it would need two `epoll_ctl` and another pass for each write. `send` writes directly, and
/// only what the kernel did not take waits for the descriptor to become writable.
struct StreamBuffers {
    private let bufferevent: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    private let descriptor: Int32

    /// What became of a `send`.
    enum Sent {
        case everything
        case partly
        case failed(Int32)
    }

    /// Works on a non-blocking descriptor (-1 when there is none), which the caller still closes. Neither reads nor
    /// writes yet.
    init(_ loop: EventLoop, descriptor: Int32) {
        guard let bufferevent = bufferevent_socket_new(loop.base, descriptor, 0),
            let input = bufferevent_get_input(bufferevent), let output = bufferevent_get_output(bufferevent)
        else { preconditionFailure("bufferevent_socket_new failed: out of memory") }
        self.bufferevent = bufferevent
        self.input = input
        self.output = output
        self.descriptor = descriptor
        bufferevent_disable(bufferevent, Int16(EV_READ | EV_WRITE))
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
                CallbackContext.resource(context, as: Stream.self).bufferEnded(
                    isEOF: Int32(what) & BEV_EVENT_EOF != 0, whileReading: Int32(what) & BEV_EVENT_READING != 0,
                    errno: reason)
            },
            context)
    }

    /// Bytes that came and were not consumed.
    var inputCount: Int { evbuffer_get_length(input) }

    /// Bytes that were written and not yet taken by the kernel.
    var outputCount: Int { evbuffer_get_length(output) }

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
        guard evbuffer_add(output, bytes.baseAddress, bytes.count) == 0 else {
            preconditionFailure("evbuffer_add of \(bytes.count) bytes failed: out of memory")
        }
    }

    /// Gives the kernel what it takes of the output, in one `writev`.
    func send() -> Sent {
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
        (on ? bufferevent_enable(bufferevent, Int16(EV_WRITE)) : bufferevent_disable(bufferevent, Int16(EV_WRITE))) == 0
    }

    /// No callback comes any more.
    func stop() {
        bufferevent_disable(bufferevent, Int16(EV_READ | EV_WRITE))
        bufferevent_setcb(bufferevent, nil, nil, nil, nil)
    }

    /// Frees the buffers; libevent does it in the next pass, or with the loop.
    func free() {
        bufferevent_free(bufferevent)
    }
}
