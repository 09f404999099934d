import CLibevent
import Glibc

/// What the loop brings to a stream. Every call to the delegate starts here or in `sendOutput`.
extension Stream {
    // MARK: connecting

    /// Begins to connect; the outcome comes in a later pass.
    func connect(to address: SocketAddress) {
        let event = loop.makeEvent(descriptor, EV_WRITE, context: CallbackContext.pointer(self)) { _, _, context in
            CallbackContext.resource(context, as: Stream.self).connectFinished()
        }
        connectEvent = event
        guard address.withSockaddr({ Glibc.connect(descriptor, $0, $1) }) != 0 else {
            // A unix socket connects at once.
            return event_active(event, Int32(EV_WRITE), 0)
        }
        let reason = errno
        guard reason == EINPROGRESS else { return endSoon(.failed(reason)) }
        if event_add(event, nil) != 0 { endSoon(.failed(errno)) }
    }

    private func connectFinished() {
        guard state == .connecting, pendingEnd == nil else { return }
        var reason: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &length)
        guard reason == 0 else { return end(.failed(reason)) }
        guard let encrypted else { return stands() }
        if !encrypted.startHandshake() { endSoon(.failed(errno)) }
    }

    /// The peer has proved who it is.
    func handshakeFinished() {
        guard state == .connecting, pendingEnd == nil else { return }
        encrypted?.handshakeFinished()
        stands()
    }

    private func stands() {
        state = .open
        connectDeadline = nil
        startReading()
        if bufferedOutput > 0 { sendSoon() }
        delegate?.streamDidConnect(self)
    }

    // MARK: buffers

    /// There is something to read on a plain connection.
    func becameReadable() {
        switch plain.receive(into: loop.shared, inputMax: inputMax) {
        case .bytes: didRead()
        case .nothing: return
        case .end:
            hasSeenEOF = true
            _ = setReading(false)
            tellEOF()
        case .failed(let reason): end(.failed(reason))
        }
        plain.keepRest()
    }

    /// How much input may wait: what comes behind `closeAfterWriting` is thrown away.
    private var inputMax: Int { state == .open ? limits.inputMax : StreamLimits.readMax }

    /// There is more input.
    func didRead() {
        switch state {
        case .open:
            if bufferedInput >= limits.inputMax {
                isInputFull = true
                _ = setReading(false)
            }
            delegate?.streamDidRead(self)
        case .flushing, .lingering:
            discarded += bufferedInput
            consumeBuffered(bufferedInput)
            if discarded > StreamLimits.discardMax { end(.finished) }
        case .connecting, .closed:
            break
        }
    }

    /// The kernel takes output again.
    func becameWritable() {
        guard isCongested, pendingEnd == nil else { return }
        switch plain.send() {
        case .everything:
            isCongested = false
            _ = setSending(false)
            didDrain()
        case .partly: break
        case .failed(let reason): end(.failed(reason))
        }
    }

    /// TLS has sent all that it was given.
    func didWrite() {
        guard isCongested, encrypted?.hasSentAllGiven == true else { return }
        isCongested = false
        // That is what there was when the congestion began.
        if bufferedOutput == 0 { didDrain() } else { sendSoon() }
    }

    /// TLS cannot go on. It is told later in this pass: libevent 2.1 comes here from the middle of a read, and
    /// what it has read before only comes afterwards; or it comes from inside `TLSBuffers.send`.
    func tlsEnded(isEOF: Bool, errno reason: Int32) {
        let failure = isEOF ? nil : encrypted?.failure(errno: reason)
        guard failure == nil || (failure == .cutOff && state == .lingering) else {
            if let failure { endSoon(failure.end) }
            return
        }
        hasSeenEOF = true
        mustTellEOF = true
        encrypted?.inputHasEnded()
        event_active(timer, Int32(EV_TIMEOUT), 0)
    }

    private func tellEOF() {
        switch state {
        case .open: delegate?.streamDidEnd(self, reason: .eof)
        case .lingering: end(.finished)
        case .flushing, .connecting, .closed: break
        }
    }

    // MARK: the deadline

    /// Tells the owner once, with `deadlinePassed`, when `nanoseconds` of `MonotonicClock` has passed: never early, and
    /// up to about 10 ms late. nil for none. Each call replaces the moment before, and moving it later costs nothing.
    public func setDeadline(at nanoseconds: Int64?) {
        loop.assertOnLoopThread()
        guard state == .open || state == .connecting else { return }
        deadline = nanoseconds
        armTimer()
    }

    /// Has the timer fire no later than the next deadline.
    ///
    /// It is left alone when it fires earlier than that: it finds out then, and is armed again. So a deadline that
    /// moves with every exchange costs an assignment, not two changes of libevent's heap.
    func armTimer() {
        let wanted = min(connectDeadline ?? .max, deadline ?? .max)
        guard wanted != .max, wanted < timerArmedFor ?? .max else { return }
        timerArmedFor = wanted
        var interval = timeval(nanoseconds: wanted - MonotonicClock.nanoseconds())
        event_add(timer, &interval)
    }

    func timerFired() {
        timerArmedFor = nil
        if let pendingEnd { return end(pendingEnd) }
        if mustTellEOF {
            mustTellEOF = false
            tellEOF()
        }
        let now = MonotonicClock.nanoseconds()
        if let connectDeadline, connectDeadline <= now { return end(.connectTimedOut) }
        if let deadline, deadline <= now {
            self.deadline = nil
            switch state {
            case .flushing: return end(.deadlinePassed)
            case .lingering: return end(.finished)
            case .open, .connecting: delegate?.streamDidEnd(self, reason: .deadlinePassed)
            case .closed: return
            }
        }
        armTimer()
    }
}
