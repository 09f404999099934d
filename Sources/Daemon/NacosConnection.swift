internal import BeatCore
internal import EventLoop
internal import HTTPWire
internal import NacosWire

/// One exchange on its way to a server.
struct Outgoing {
    var exchange: Exchange
    /// Since when it waits for room on a connection: since the core handed it over, or it has to be written again.
    var queuedAt: Instant
    /// When it was first written; nil: not yet.
    var sentAt: Instant?
    /// When it was written to the connection that it is on; the time-out counts from here.
    var writtenAt: Instant?
    /// Times it was written again because a connection ended without an answer.
    var resends: UInt8 = 0
    /// It waited behind one that timed out: the server may hang.
    var isLate = false
}

/// One kept-alive connection to a Nacos server with the exchanges that wait for their answers on it, in order.
final class NacosConnection: StreamDelegate {
    /// Held until the connection ends, upon which the pool lets go of it: what is unowned is counted once more with each
    /// answer.
    private let pool: ServerPool
    private let stream: Stream
    /// Where it goes.
    let address: SocketAddress
    /// Takes no further requests, because its address or its server is no longer one to ask.
    private var isRetired = false
    private var pending = RingBuffer<Outgoing>()
    /// Reads an answer that the scanner does not take; nil between such answers.
    private var parser: HTTPResponseParser?
    /// Bytes of an unfinished answer have come.
    private var hasPartialAnswer = false
    private(set) var isConnected = false
    /// Requests written since nothing was pending, and when the first of them was.
    private var inFlight = (count: 0, since: Instant(nanoseconds: .min))
    /// Requests written since the connection was made, and answers to them.
    private var written = 0
    private var answered = 0
    /// A register or deregister is on its way: nothing is pipelined behind it.
    private(set) var isExclusive = false
    private(set) var idleSince: Instant
    /// When the answer to the last one came.
    private var answeredAt = Instant(nanoseconds: .min)
    /// The deadline of the oldest exchange.
    private var awaitedUntil = Instant(nanoseconds: .max)
    /// The last answer was slow, or told of trouble of the cluster.
    private var wasSlow = false
    /// The last answer was a 200.
    private var wasWell = false

    init(_ pool: ServerPool, _ stream: Stream, to address: SocketAddress, at now: Instant) {
        self.pool = pool
        self.address = address
        self.stream = stream
        idleSince = now
        stream.delegate = self
        stream.tellsOfDrain = false
    }

    /// True when the server has been at its oldest exchange for so long that none should wait behind it.
    func isStuck(at now: Instant) -> Bool {
        guard let writtenAt = pending.first?.writtenAt else { return false }
        return now.nanoseconds(since: max(writtenAt, answeredAt)) > NacosClientLimits.stuck
    }

    /// Exchanges without an answer yet.
    var load: Int { pending.count }

    /// How many more requests may be written on this connection.
    var room: Int { room(within: pool.learned.requests) }

    /// The same, for the pool, which knows its limit and looks at many connections for each write.
    func room(within requestLimit: Int) -> Int { isRetired ? 0 : max(0, requestLimit - written) }

    // MARK: writing

    /// Writes requests that were appended to `bytes`, one for each of `batch`, in one go.
    ///
    /// Beats leave now: the server is at the first ones of a burst while the next are encoded. Registers leave together
    /// when the turn is over, for their answers then come together too (a flood of them took 5 to 10 % more otherwise).
    func write(_ bytes: [UInt8], _ batch: [Outgoing], exclusive: Bool, at now: Instant) {
        isExclusive = exclusive
        inFlight = pending.isEmpty ? (batch.count, now) : (inFlight.count + batch.count, inFlight.since)
        for var outgoing in batch {
            if outgoing.sentAt == nil { outgoing.sentAt = now }
            outgoing.writtenAt = now
            pending.append(outgoing)
        }
        written += batch.count
        if exclusive { stream.write(bytes) } else { stream.writeAtOnce(bytes) }
        armDeadline()
    }

    /// Arms the time-out of the exchange that is to be answered next.
    func armDeadline() {
        guard let head = pending.first, let writtenAt = head.writtenAt else { return stream.setDeadline(at: nil) }
        let patience = head.isLate ? min(pool.requestTimeout, NacosClientLimits.secondChance) : pool.requestTimeout
        // The server came to it when it had answered the one before.
        var deadline = max(writtenAt, answeredAt) + patience
        if head.exchange.kind != .deregister, let end = pool.lastAnswers { deadline = min(deadline, end) }
        stream.setDeadline(at: deadline.nanoseconds)
        awaitedUntil = deadline
    }

    /// The deadline came to our notice long after it had passed: it was this process that was held up (stopped, swapped
    /// out, a machine that slept), and answers may have come meanwhile. They are read first.
    private func wasHeldUp() -> Bool {
        let now = pool.readClock()
        guard now.nanoseconds(since: awaitedUntil) > NacosClientLimits.heldUp else { return false }
        awaitedUntil = now + NacosClientLimits.heldUpGrace
        stream.setDeadline(at: awaitedUntil.nanoseconds)
        return true
    }

    // MARK: reading

    func streamDidConnect(_ stream: Stream) { isConnected = true }

    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        let now = pool.readClock()
        var consumed = 0
        var goesOn = true
        stream.withInput { bytes in
            while goesOn, let head = pending.first {
                let rest = bytes.extracting(consumed...)
                guard parser == nil else {
                    guard parse(rest, head.exchange, at: now, consumed: &consumed, goesOn: &goesOn) else { break }
                    continue
                }
                switch pool.replies.scan(rest, kind: head.exchange.kind, dialect: head.exchange.dialect) {
                case .incomplete:
                    hasPartialAnswer = !rest.isEmpty
                    return
                case .complete(let length, let reply, let keepsOpen):
                    consumed += length
                    goesOn = keepsOpen
                    finish(.replied(reply), at: now)
                case .unusual:
                    parser = HTTPResponseParser()
                }
            }
        }
        stream.consume(consumed)
        guard goesOn, !(pending.isEmpty && stream.inputCount > 0) else {
            // Tomcat closes behind 400, 500, 501 and 503 too, which says nothing of how many it takes.
            if wasWell { pool.learned.closedBehind(answered) }
            return abandon()
        }
        if pending.isEmpty {
            pool.depth.answered(inFlight.count, nanoseconds: now.nanoseconds(since: inFlight.since))
            pool.becameIdle(self)
        } else if wasSlow, pool.canGrow {
            // What waits behind a slow answer was written before that was known. A beat may be repeated.
            return abandon()
        }
        armDeadline()
    }

    /// Reads an answer by the parser; false when more bytes are needed or the connection is over.
    private func parse(
        _ bytes: Span<UInt8>, _ exchange: Exchange, at now: Instant, consumed: inout Int, goesOn: inout Bool
    ) -> Bool {
        do throws(HTTPResponseError) {
            guard let step = try parser?.parse(bytes) else { return false }
            consumed += step.consumed
            hasPartialAnswer = true
            switch step.event {
            case .needsMore: return false
            case .response(let response, let keepsOpen):
                parser = nil
                goesOn = keepsOpen
                finish(
                    .replied(NacosReply(classifying: response, kind: exchange.kind, dialect: exchange.dialect)),
                    at: now)
                return keepsOpen
            }
        } catch {
            goesOn = false
            finish(.failed(.parse), at: now)
            return false
        }
    }

    /// The oldest exchange has ended.
    private func finish(_ result: ExchangeResult, at now: Instant) {
        hasPartialAnswer = false
        guard let outgoing = pending.popFirst() else { return }
        answered += 1
        if case .replied(let reply) = result { wasWell = reply.status == 200 } else { wasWell = false }
        isExclusive = false
        if let writtenAt = outgoing.writtenAt {
            wasSlow = pool.took(nanoseconds: now.nanoseconds(since: max(writtenAt, answeredAt)), result, at: now)
        }
        answeredAt = now
        pool.finish(outgoing, result, at: now)
        if answered == written, written >= pool.learned.requests { pool.learned.survived(answered) }
        if pending.isEmpty { idleSince = now }
    }

    // MARK: the end

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        if !isConnected || isRefusal(reason) {
            pool.cannotConnect(to: address, reason.tlsDetail)
            failAll(.connect, sent: false, reason.tlsDetail)
        } else if reason == .deadlinePassed {
            if wasHeldUp() { return }
            // Only the first has had the server's attention; those behind it go elsewhere.
            finish(.failed(.timeout), at: pool.readClock())
            return abandon(late: true)
        } else {
            endedByPeer(reason)
        }
        abandon()
    }

    /// With TLS 1.3 the server looks at our certificate when the connection already stands for us. It has seen nothing
    /// of what was written then.
    private func isRefusal(_ reason: StreamEnd) -> Bool {
        answered == 0 && reason != .cutOff && reason.tlsDetail != nil
    }

    /// The server closed: an answer that was cut off has failed, and so has the first request on a connection that
    /// never answered; whatever else is pending goes out again.
    private func endedByPeer(_ reason: StreamEnd) {
        if reason.tlsDetail == nil, let response = try? parser?.finish(), let head = pending.first {
            finish(
                .replied(
                    NacosReply(
                        classifying: response, kind: head.exchange.kind, dialect: head.exchange.dialect)),
                at: pool.readClock())
        } else if pool.transport.usesTLS, answered == 0, !pending.isEmpty {
            // It may have been a refusal whose words were lost: those of a server that closes with input unread.
            pool.cannotConnect(to: address, Self.unanswered)
            failAll(.closed, sent: true, Self.unanswered)
        } else if hasPartialAnswer || (answered == 0 && !pending.isEmpty) {
            finish(.failed(.closed), at: pool.readClock())
        } else if pending.isEmpty {
            pool.learned.closed(idle: pool.readClock().nanoseconds(since: idleSince))
        }
    }

    private static let unanswered = "TLS: the server ended the connection before its first answer"

    private func failAll(_ failure: ExchangeFailure, sent: Bool, _ detail: String?) {
        while var outgoing = pending.popFirst() {
            if !sent { outgoing.sentAt = nil }
            pool.finish(outgoing, .failed(failure, detail: detail), at: pool.readClock())
        }
    }

    /// Closes; what has no answer is sent again elsewhere.
    func abandon(late: Bool = false) {
        stream.close()
        pool.remove(self)
        while var outgoing = pending.popFirst() {
            outgoing.isLate = late
            pool.sendAgain(outgoing)
        }
    }

    /// Closes as soon as nothing is pending.
    func retire() {
        isRetired = true
        if pending.isEmpty { abandon() }
    }

    /// Closes at the end of the process.
    func close() {
        stream.close()
    }
}

/// How an exchange ended.
enum ExchangeResult {
    case replied(NacosReply)
    case failed(ExchangeFailure, detail: String? = nil)
}
