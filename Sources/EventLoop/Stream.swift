import CLibevent
import Glibc

/// A TCP or unix stream connection with buffered input and output. Loop-confined.
///
/// Ownership: the loop keeps an open stream alive and the stream keeps its delegate alive, so an owner may hold the
/// stream and be its delegate; closing (by `close`, at the end of `closeAfterWriting`, or with an end that says so)
/// undoes both. Every stream must come to such an end.
public final class Stream: LoopResource {
    /// Where the stream is in its life.
    enum State {
        /// Entered by `init(connectingTo:)`, lasts until TLS stands too; leaves to `open` or `closed`.
        case connecting
        /// Entered when the connection stands; leaves to `flushing` or `closed`.
        case open
        /// Entered by `closeAfterWriting`: output leaves, input is thrown away; leaves to `lingering` or `closed`.
        case flushing
        /// Entered when everything was sent and our side shut down: waits, bounded, for the peer to close its own;
        /// leaves to `closed`.
        case lingering
        /// Entered by every end; the loop frees the stream after the pass.
        case closed
    }

    /// Who is told of events; released when the stream is closed. Set it before the next pass.
    public var delegate: (any StreamDelegate)?
    /// A number for the owner, such as an index into its table; the stream does not look at it.
    public var tag = 0
    /// Whether the owner is told by `streamDidDrain`, which costs a pass of the loop that does not wait.
    public var tellsOfDrain = true
    /// The other side: where the connection came from or goes to.
    public let peer: SocketAddress

    let loop: EventLoop
    let limits: StreamLimits
    var state: State
    /// The moment until which a connection must stand; only while connecting.
    var connectDeadline: Int64?
    /// The moment of `setDeadline`, or the end of the current stage of the farewell.
    var deadline: Int64?
    /// When the timer is going to fire; nil while it is not pending. It may be earlier than needed, see `armTimer`.
    var timerArmedFor: Int64?
    /// An end that arose inside a call on the stream and is told in the next pass.
    var pendingEnd: StreamEnd?
    let descriptor: Int32
    var plain: PlainBuffers
    /// In place of `plain`, with TLS.
    let encrypted: TLSBuffers?
    var timer: OpaquePointer?
    var connectEvent: OpaquePointer?
    var hasSeenEOF = false
    /// The end of the input has been met and is told later in this pass, behind the input before it.
    var mustTellEOF = false
    var isReadingPaused = false
    /// Reading rests until the owner has consumed some of `limits.inputMax` bytes.
    var isInputFull = false
    /// The kernel's buffer is full; the loop sends the rest when there is room.
    var isCongested = false
    private var isQueuedToSend = false
    var discarded = 0

    /// A stream on an accepted connection; it reads at once.
    public convenience init(_ loop: EventLoop, accepted: consuming AcceptedSocket, limits: StreamLimits) {
        var accepted = accepted
        self.init(loop, accepted.takeDescriptor(), .open, peer: accepted.peer, tls: nil, limits)
        // A peer that has vanished without a farewell shows only by what it does not acknowledge, by default for 15 min.
        if peer.port != nil {
            SocketOption.set(
                TCP_USER_TIMEOUT, Int32(IPPROTO_TCP), StreamLimits.unacknowledgedMilliseconds, on: descriptor)
        }
        startReading()
    }

    /// A stream that connects to `address` and gives up after `timeoutNanoseconds`. Whatever goes wrong is told by
    /// `streamDidEnd` in the next pass or later. What is written before the connection stands is sent when it does.
    public convenience init(
        _ loop: EventLoop, connectingTo address: SocketAddress, timeoutNanoseconds: Int64, limits: StreamLimits
    ) {
        self.init(loop, connectingTo: address, tls: nil, timeoutNanoseconds, limits)
    }

    /// As `init(connectingTo:)` without TLS; `timeoutNanoseconds` is for the connection and the handshake together.
    ///
    /// The peer must show a certificate for `serverName` (a host name, or a numeric address without brackets and
    /// interface) that `tls` trusts, else the stream ends with `StreamEnd.tlsFailed`. A host name is also sent to the
    /// peer (SNI), an address is not (RFC 6066 section 3).
    public convenience init(
        _ loop: EventLoop, connectingTo address: SocketAddress, tls: TLSContext, serverName: String,
        timeoutNanoseconds: Int64, limits: StreamLimits
    ) {
        do throws(TLSError) {
            let connection = try TLSConnection(tls, serverName: serverName, peer: address)
            self.init(loop, connectingTo: address, tls: connection, timeoutNanoseconds, limits)
        } catch {
            self.init(loop, -1, .connecting, peer: address, tls: nil, limits)
            endSoon(.tlsFailed(error.description))
        }
    }

    private convenience init(
        _ loop: EventLoop, connectingTo address: SocketAddress, tls: TLSConnection?, _ timeoutNanoseconds: Int64,
        _ limits: StreamLimits
    ) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        let reason = errno
        self.init(loop, descriptor, .connecting, peer: address, tls: tls, limits)
        guard descriptor >= 0 else {
            endSoon(.failed(reason))
            return
        }
        connectDeadline = MonotonicClock.nanoseconds() + timeoutNanoseconds
        armTimer()
        connect(to: address)
    }

    private init(
        _ loop: EventLoop, _ descriptor: Int32, _ state: State, peer: SocketAddress, tls: TLSConnection?,
        _ limits: StreamLimits
    ) {
        loop.assertOnLoopThread()
        self.loop = loop
        self.descriptor = descriptor
        self.state = state
        self.peer = peer
        self.limits = limits
        plain = PlainBuffers(descriptor: descriptor)
        encrypted = tls.map { TLSBuffers(loop, descriptor: descriptor, $0) }
        let context = CallbackContext.begin(self)
        if let encrypted { encrypted.start(context: context) } else { plain.start(loop, context: context) }
        timer = loop.makeEvent(-1, 0, context: context) { _, _, context in
            CallbackContext.resource(context, as: Stream.self).timerFired()
        }
        if descriptor >= 0, peer.port != nil {
            SocketOption.enable(TCP_NODELAY, Int32(IPPROTO_TCP), on: descriptor)
        }
    }

    // MARK: input

    /// Whether it has come to its end, and only waits to be freed.
    var isClosed: Bool { state == .closed }

    /// Bytes of input that were not consumed yet.
    public var inputCount: Int { state == .open ? bufferedInput : 0 }

    /// Calls `body` once with all input that was not consumed, in one piece; empty unless the stream is open.
    ///
    /// Inside `body` the stream may be written to, but not consumed or closed.
    @inlinable
    public func withInput<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(inputBytes().span)
    }

    /// The unconsumed input; valid until the next `consume` or pass.
    @usableFromInline
    func inputBytes() -> UnsafeBufferPointer<UInt8> {
        loop.assertOnLoopThread()
        guard state == .open else { return UnsafeBufferPointer(start: nil, count: 0) }
        return encrypted?.input ?? plain.input
    }

    /// Forgets the first `count` bytes of the input, which must be there.
    public func consume(_ count: Int) {
        loop.assertOnLoopThread()
        guard state == .open, count != 0 else { return }
        precondition(count > 0 && count <= bufferedInput, "consume(\(count)) of \(bufferedInput) bytes")
        consumeBuffered(count)
        guard isInputFull, bufferedInput < limits.inputMax else { return }
        isInputFull = false
        startReading()
    }

    /// Reads nothing until `resumeReading`, and so sees no end either. What has been read stays.
    public func pauseReading() {
        loop.assertOnLoopThread()
        guard state == .open || state == .connecting, !isReadingPaused else { return }
        isReadingPaused = true
        if state == .open { _ = setReading(false) }
    }

    /// Reads again. Nothing is told of input that was there before; the owner looks at it by itself.
    public func resumeReading() {
        loop.assertOnLoopThread()
        guard state == .open || state == .connecting, isReadingPaused else { return }
        isReadingPaused = false
        if state == .open { startReading() }
    }

    func startReading() {
        guard !isReadingPaused, !isInputFull, !hasSeenEOF else { return }
        if !setReading(true) { endSoon(.failed(errno)) }
    }

    // MARK: output

    /// Bytes that were written and not yet taken by the kernel.
    public var outputCount: Int { state == .closed ? 0 : bufferedOutput }

    /// Appends to the output, which leaves when the next pass begins. Has no effect after `closeAfterWriting` and
    /// `close`.
    public func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends to the output, as `write(_:)` of an array.
    public func write(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// As `write(_:)`, for what has been put together to leave in one piece: on a plain stream without other output the
    /// kernel gets it now, out of `bytes`. The rest, and whatever goes wrong, is that of `write`; of what leaves now,
    /// `streamDidDrain` tells nothing.
    public func writeAtOnce(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            let taken = canSendAtOnce(bytes.count) ? plain.send(atOnce: bytes) : 0
            append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
        }
    }

    private func canSendAtOnce(_ count: Int) -> Bool {
        state == .open && encrypted == nil && pendingEnd == nil && !isCongested && !isQueuedToSend
            && bufferedOutput == 0 && count <= limits.outputMax
    }

    private func append(_ bytes: UnsafeRawBufferPointer) {
        loop.assertOnLoopThread()
        guard state == .open || state == .connecting, pendingEnd == nil, !bytes.isEmpty else { return }
        guard bytes.count <= limits.outputMax - bufferedOutput else { return endSoon(.outputLimitExceeded) }
        buffer(bytes)
        sendSoon()
    }

    func sendSoon() {
        guard state != .connecting, !isCongested, !isQueuedToSend else { return }
        isQueuedToSend = true
        loop.sendSoon(self)
    }

    /// Called by the loop when a pass begins after `sendSoon`. True when the owner was told of something.
    func sendOutput() -> Bool {
        isQueuedToSend = false
        guard state == .open || state == .flushing, pendingEnd == nil, !isCongested else { return false }
        switch bufferedOutput == 0 ? .everything : sendBuffered() {
        case .everything:
            return didDrain()
        case .partly:
            isCongested = true
            guard !setSending(true) else { return false }
            end(.failed(errno))
        case .failed(let reason):
            end(.failed(reason))
        }
        return true
    }

    /// True when the owner was told of something.
    @discardableResult
    func didDrain() -> Bool {
        switch state {
        case .open where tellsOfDrain: delegate?.streamDidDrain(self)
        case .flushing: linger()
        case .open, .connecting, .lingering, .closed: return false
        }
        return true
    }

    // MARK: the end

    /// Sends what was written, closes the writing side, gives the peer a moment to close its own, and closes. Input is
    /// thrown away from now on. `streamDidEnd` is the only call that still comes, once: with `finished` when all was
    /// sent. Replaces the deadline. A stream that still connects has nobody to write to and ends with
    /// `failed(ECONNABORTED)`. Idempotent, safe in callbacks.
    public func closeAfterWriting() {
        loop.assertOnLoopThread()
        switch state {
        case .connecting: return endSoon(.failed(ECONNABORTED))
        case .flushing, .lingering, .closed: return
        case .open: state = .flushing
        }
        isReadingPaused = false
        isInputFull = false
        deadline = MonotonicClock.nanoseconds() + limits.flushNanoseconds
        armTimer()
        consumeBuffered(bufferedInput)
        startReading()
        sendSoon()
    }

    /// Closes at once and drops output that was not sent; the descriptor is closed when the pass ends or with
    /// `EventLoop.freeClosed`. No call to the delegate comes afterwards. Idempotent, safe in callbacks.
    public func close() {
        loop.assertOnLoopThread()
        guard state != .closed else { return }
        state = .closed
        delegate = nil
        deadline = nil
        connectDeadline = nil
        encrypted?.sayGoodbye()
        if let encrypted { encrypted.stop() } else { plain.stop() }
        event_del(timer)
        if let connectEvent { event_del(connectEvent) }
        loop.retire(self)
    }

    func free() {
        if let encrypted { encrypted.free() } else { plain.free() }
        event_free(timer)
        if let connectEvent { event_free(connectEvent) }
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Everything was sent. The peer may still be reading it: closing now, with input unread, would destroy it.
    func linger() {
        guard !hasSeenEOF else { return end(.finished) }
        encrypted?.sayGoodbye()
        shutdown(descriptor, Int32(SHUT_WR))
        state = .lingering
        deadline = MonotonicClock.nanoseconds() + limits.lingerNanoseconds
        armTimer()
    }

    /// Tells the owner and closes.
    func end(_ reason: StreamEnd) {
        delegate?.streamDidEnd(self, reason: reason)
        close()
    }

    /// Tells the owner in the next pass: it is inside a call on the stream.
    func endSoon(_ reason: StreamEnd) {
        guard pendingEnd == nil else { return }
        pendingEnd = reason
        event_active(timer, Int32(EV_TIMEOUT), 0)
    }
}

@available(*, unavailable)
extension Stream: Sendable {}
