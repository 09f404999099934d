// What replies mean.
extension BeatReactor {
    mutating func replied(
        _ exchange: Exchange, _ reply: NacosReply, sentAt: Instant, at now: Instant, into effects: inout [Effect]
    ) {
        noteServer(exchange.server, reply, at: now, into: &effects)
        guard settle(exchange, sentAt: sentAt) else { return }
        let slot = exchange.slot
        if !reply.isGood || notesCalm(slot) {
            noteAttempt(AttemptView(exchange, reply, sentAt: sentAt, at: now), of: slot)
        }
        if !reply.isFailureOfServer { table.rows[Int(slot)].attempt.tried = 0 }
        if exchange.kind.isBeat {
            let latency = now.nanoseconds(since: sentAt)
            timings.recordLatency(nanoseconds: latency, ok: reply.isGood, at: now)
            servers.recordLatency(exchange.server, nanoseconds: latency, at: now)
        }
        // A deletion concerns whatever was there before: its answer counts for every generation.
        if exchange.kind == .deregister {
            return deregisterReplied(exchange, reply, sentAt: sentAt, at: now, into: &effects)
        }
        guard exchange.generation == table.rows[Int(slot)].generation else {
            counters.staleReplies &+= 1
            return advance(slot, at: now, into: &effects)
        }
        table.rows[Int(slot)].server = exchange.server
        switch exchange.kind {
        case .lightBeat, .fullBeat: beatReplied(exchange, reply, sentAt: sentAt, at: now, into: &effects)
        case .register: registerReplied(exchange, reply, sentAt: sentAt, at: now, into: &effects)
        case .deregister: break
        }
    }

    mutating func failed(
        _ exchange: Exchange, _ failure: ExchangeFailure, sentAt: Instant?, _ detail: String, at now: Instant,
        into effects: inout [Effect]
    ) {
        // What was never written says nothing about the server.
        if failure != .aborted, failure == .connect || sentAt != nil,
            servers.noteFailure(exchange.server, detail, isGone: failure == .connect, at: now)
        {
            tellServerDown(exchange.server, detail, into: &effects)
        }
        if failure.mayMeanRestart, servers.upsertsOnBeat(exchange.server) { forgetAccepted(by: exchange.server) }
        guard settle(exchange, sentAt: sentAt) else { return }
        let slot = exchange.slot
        if failure != .aborted || sentAt != nil {
            noteAttempt(AttemptView(exchange, failure, sentAt: sentAt, detail, at: now), of: slot)
        }
        if failure == .aborted { table.rows[Int(slot)].attempt.tried &= ~(1 << UInt32(exchange.server)) }
        if exchange.kind.isBeat, let sentAt {
            timings.recordLatency(nanoseconds: now.nanoseconds(since: sentAt), ok: false, at: now)
        }
        guard exchange.kind == .deregister || exchange.generation == table.rows[Int(slot)].generation else {
            if failure != .aborted { counters.staleReplies &+= 1 }
            return advance(slot, at: now, into: &effects)
        }
        noteLastBeat(exchange, failure.outcome, code: 0, sentAt: sentAt ?? now, at: now)
        details[slot] = detail
        tryElsewhere(slot, exchange.kind, failure.outcome, failure.retryReason, at: now, into: &effects)
    }

    /// Ends the exchange in the table and counts it as sent; false when the table knows of no such exchange.
    private mutating func settle(_ exchange: Exchange, sentAt: Instant?) -> Bool {
        let position = Int(exchange.slot)
        guard table.rows.indices.contains(position),
            table.rows[position].activity
                == .inFlight(exchange.kind, generation: exchange.generation, server: exchange.server)
        else {
            counters.staleReplies &+= 1
            return false
        }
        table.rows[position].activity = .idle
        guard let sentAt, exchange.kind != .deregister else { return true }
        table.rows[position].lastSent = sentAt
        switch exchange.kind {
        case .lightBeat where exchange.dialect == .v3: counters.v3BeatsSent &+= 1
        case .lightBeat: counters.lightBeatsSent &+= 1
        case .fullBeat: counters.fullBeatsSent &+= 1
        case .register, .deregister: return true
        }
        let attempt = table.rows[position].attempt
        if attempt.sends == 1, attempt.waits == 0 {
            timings.recordLateness(nanoseconds: sentAt.nanoseconds(since: exchange.due), at: sentAt)
        }
        return true
    }

    private mutating func noteServer(
        _ server: ServerIndex, _ reply: NacosReply, at now: Instant, into effects: inout [Effect]
    ) {
        switch reply {
        case .ok, .beatAccepted, .notFound, .rejected, .unauthorized, .clusterTrouble:
            if servers.noteAnswer(server) { tellServerUp(server, into: &effects) }
        case .notServed(let status, let detail) where servers.asksForDialect:
            servers.noteNotServed(server, "\(status) \(detail)", at: now)
        case .notServed(let status, let detail), .serverError(let status, let detail),
            .unreadable(let status, let detail):
            guard servers.noteFailure(server, "\(status) \(detail)", at: now) else { return }
            tellServerDown(server, "\(status) \(detail)", into: &effects)
        }
    }

    // MARK: beats

    private mutating func beatReplied(
        _ exchange: Exchange, _ reply: NacosReply, sentAt: Instant, at now: Instant, into effects: inout [Effect]
    ) {
        let slot = exchange.slot
        noteLastBeat(exchange, reply.outcome, code: reply.code, sentAt: sentAt, at: now)
        // A server that does not take a light beat may take a full one.
        if table.rows[Int(slot)].lightServer == Row.anyServer { table.rows[Int(slot)].lightServer = Row.noServer }
        switch reply {
        case .beatAccepted(let interval, let light):
            beatAccepted(exchange, interval: interval, light: light, at: now, into: &effects)
        case .notFound(let interval, let light):
            counters.beats.add(.notFound)
            answerAsked(slot, accepted: false, into: &effects)
            counters.reregistrations.add(
                table.rows[Int(slot)].dialect ?? exchange.dialect == exchange.dialect ? .notFound : .dialect)
            effects.append(.log(.instanceNotFound(key: table.key(slot), server: exchange.server)))
            takeInterval(interval, exchange, at: now, into: &effects)
            table.rows[Int(slot)].lightServer = light ? exchange.server : Row.noServer
            table.rows[Int(slot)].acceptedGeneration = 0
            if table.rows[Int(slot)].stage == .refused { table.rows[Int(slot)].stage = .kept }
            advance(slot, at: now, into: &effects)
        case .rejected(let status, let detail):
            details[slot] = "\(status) \(detail)"
            table.rows[Int(slot)].attempt.outcome = .rejected
            endFailedBeat(slot, at: now, into: &effects)
        case .unauthorized(let status, let detail):
            details[slot] = "\(status) \(detail)"
            unauthorized(slot, exchange, at: now, into: &effects)
        case .clusterTrouble(let status, let detail):
            clusterTrouble(exchange, "\(status) \(detail)", took: now - sentAt, at: now, into: &effects)
        case .notServed(let status, let detail), .serverError(let status, let detail),
            .unreadable(let status, let detail):
            details[slot] = "\(status) \(detail)"
            tryElsewhere(slot, exchange.kind, reply.outcome, at: now, into: &effects)
        case .ok:
            details[slot] = "the answer to a beat was a bare ok"
            tryElsewhere(slot, exchange.kind, .parse, at: now, into: &effects)
        }
    }

    private mutating func beatAccepted(
        _ exchange: Exchange, interval: Int64?, light: Bool, at now: Instant, into effects: inout [Effect]
    ) {
        let position = Int(exchange.slot)
        counters.beats.add(.ok)
        let last = table.rows[position].lastAcceptedBeat
        if last != Row.never { timings.recordGap(nanoseconds: now.nanoseconds(since: last), at: now) }
        table.rows[position].lastAccepted = now
        table.rows[position].lastAcceptedBeat = now
        table.rows[position].lightServer = light ? exchange.server : Row.noServer
        table.rows[position].dialect = exchange.dialect
        if table.rows[position].state != .beating { recovered(exchange, into: &effects) }
        table.rows[position].failures = 0
        answerAsked(exchange.slot, accepted: true, into: &effects)
        takeInterval(interval, exchange, at: now, into: &effects)
        // What was asked for while the beat was in flight follows it at once.
        if table.rows[position].acceptedGeneration != exchange.generation, table.rows[position].stage == .kept {
            advance(exchange.slot, at: now, into: &effects)
        }
    }

    private mutating func recovered(_ exchange: Exchange, into effects: inout [Effect]) {
        let slot = exchange.slot
        details[slot] = nil
        let state = acceptedState(slot)
        let before = table.rows[Int(slot)].state
        guard before != state else { return }
        table.move(slot, to: state)
        // Restored, and there as it was, or held back until now: nothing has recovered.
        if before != .pending { publish(.beatRecovered, slot, "beat accepted", into: &effects) }
        guard !endTrouble(slot, into: &effects), before != .pending else { return }
        effects.append(
            .log(
                .beatRecovered(
                    key: table.key(slot), server: exchange.server,
                    failures: Int(table.rows[Int(slot)].failures))))
    }

    /// A period that the server asks for is used from the next beat on. Most answers repeat the one that is kept.
    private mutating func takeInterval(
        _ interval: Int64?, _ exchange: Exchange, at now: Instant, into effects: inout [Effect]
    ) {
        let slot = exchange.slot
        let kept = Int64(table.rows[Int(slot)].periodTicks) * TimingWheel.slotNanoseconds
        if let interval, interval > 0, interval < 1_000_000, interval * 1_000_000 == kept { return }
        let document = table.document(slot)
        let period: UInt16
        switch Period.directed(interval, for: document) {
        case .use(let directed): period = Period.ticks(directed)
        case .own: period = Period.ticks(document.requestedPeriod)
        case .bad:
            counters.badIntervals &+= 1
            effects.append(
                .log(
                    .badInterval(
                        key: document.key, server: exchange.server, milliseconds: interval ?? 0)))
            period = Period.ticks(document.requestedPeriod)
        }
        guard period != table.rows[Int(slot)].periodTicks else { return }
        table.rows[Int(slot)].periodTicks = period
        if table.rows[Int(slot)].nextDue != Row.noTick { scheduleNextPhase(slot, at: now) }
    }

    private mutating func noteLastBeat(
        _ exchange: Exchange, _ outcome: BeatOutcome, code: Int, sentAt: Instant, at now: Instant
    ) {
        guard exchange.kind.isBeat else { return }
        table.rows[Int(exchange.slot)].lastBeat = Row.LastBeat(
            at: now, latency: Int32(clamping: now.nanoseconds(since: sentAt) / 1000), code: Int16(clamping: code),
            outcome: outcome, server: exchange.server)
    }

    /// The token is no longer good: one login for all, at once, and then the same again.
    private mutating func unauthorized(
        _ slot: Int32, _ exchange: Exchange, at now: Instant, into effects: inout [Effect]
    ) {
        let wasRefusedBefore = table.rows[Int(slot)].attempt.retryReason == .auth
        table.rows[Int(slot)].attempt.outcome = .auth
        table.rows[Int(slot)].attempt.retryReason = .auth
        login.refused(at: now)
        askServers(at: now, into: &effects)
        backOff(slot, exchange.kind, at: now, into: &effects)
        // Refused with a token that is new: this node's trouble, the next one is asked first.
        if wasRefusedBefore { table.rows[Int(slot)].attempt.tried = 1 << UInt32(exchange.server) }
        awaitServers(slot)
    }

    // MARK: registerInstance, deregisterInstance

    private mutating func registerReplied(
        _ exchange: Exchange, _ reply: NacosReply, sentAt: Instant, at now: Instant, into effects: inout [Effect]
    ) {
        let slot = exchange.slot
        switch reply {
        case .ok: registered(exchange, at: now, into: &effects)
        case .rejected(let status, let detail): refused(exchange, status, detail, at: now, into: &effects)
        case .unauthorized(let status, let detail):
            details[slot] = "\(status) \(detail)"
            unauthorized(slot, exchange, at: now, into: &effects)
        case .clusterTrouble(let status, let detail):
            clusterTrouble(exchange, "\(status) \(detail)", took: now - sentAt, at: now, into: &effects)
        case .notServed(let status, let detail), .serverError(let status, let detail),
            .unreadable(let status, let detail):
            details[slot] = "\(status) \(detail)"
            tryElsewhere(slot, .register, reply.outcome, at: now, into: &effects)
        case .beatAccepted, .notFound:
            details[slot] = "the answer to a register was that to a beat"
            tryElsewhere(slot, .register, .parse, at: now, into: &effects)
        }
    }

    private mutating func registered(_ exchange: Exchange, at now: Instant, into effects: inout [Effect]) {
        let slot = exchange.slot
        let position = Int(slot)
        let isChange = isKnownToNacos(slot)
        table.rows[position].acceptedGeneration = exchange.generation
        table.rows[position].dialect = exchange.dialect
        table.rows[position].lastAccepted = now
        table.rows[position].failures = 0
        details[slot] = nil
        table.move(slot, to: acceptedState(slot))
        noteObserved(slot)
        endTrouble(slot, into: &effects)
        sampleForVerification(exchange, at: now)
        effects.append(.log(.registered(key: table.key(slot), server: exchange.server)))
        if table.rows[position].state == .beating {
            publish(.updated, slot, isChange ? "Nacos accepted the change" : "registration accepted", into: &effects)
        }
        storeAccepted(slot, into: &effects)
        confirm(slot, .accepted, into: &effects)
        // Beats that fell due while it was not registered had nothing to keep alive.
        let due = table.rows[position].nextDue
        if !isChange, due != Row.noTick, due <= wheel.tick(at: now) { scheduleNextPhase(slot, at: now) }
        advance(slot, at: now, into: &effects)
    }

    private mutating func refused(
        _ exchange: Exchange, _ status: Int, _ detail: String, at now: Instant, into effects: inout [Effect]
    ) {
        let slot = exchange.slot
        table.rows[Int(slot)].stage = .refused
        // It is offered again each minute, and refused again: nothing new.
        let isNews = details[slot] != "\(status) \(detail)"
        details[slot] = "\(status) \(detail)"
        if table.rows[Int(slot)].acceptedGeneration == 0 {
            // `mayExist` stays: an earlier document may be there, by a register whose answer was lost or stale.
            table.rows[Int(slot)].nextDue = Row.noTick
            table.move(slot, to: .stopped)
            endTrouble(slot, into: &effects)
        }
        effects.append(
            .log(
                .registerRejected(
                    key: table.key(slot), server: exchange.server, status: status, detail: detail)))
        if isNews { publish(.updated, slot, into: &effects) }
        confirm(slot, .rejected(status: status, detail: detail), into: &effects)
        answerAsked(slot, accepted: false, into: &effects)
        advance(slot, at: now, into: &effects)
    }

    private mutating func deregisterReplied(
        _ exchange: Exchange, _ reply: NacosReply, sentAt: Instant, at now: Instant, into effects: inout [Effect]
    ) {
        let slot = exchange.slot
        switch reply {
        case .ok: deregistered(slot, .ok, at: now, into: &effects)
        case .rejected: deregistered(slot, .failed, at: now, into: &effects)
        case .unauthorized: unauthorized(slot, exchange, at: now, into: &effects)
        case .clusterTrouble(let status, let detail):
            clusterTrouble(exchange, "\(status) \(detail)", took: now - sentAt, at: now, into: &effects)
        case .notServed, .serverError, .unreadable, .beatAccepted, .notFound:
            tryElsewhere(slot, .deregister, reply.outcome, at: now, into: &effects)
        }
    }
}

extension NacosReply {
    /// True when the server did what was asked.
    var isGood: Bool {
        switch self {
        case .ok, .beatAccepted: true
        case .notFound, .rejected, .unauthorized, .clusterTrouble, .notServed, .serverError, .unreadable: false
        }
    }

    /// True when another server might do what this one could not.
    var isFailureOfServer: Bool {
        switch self {
        case .ok, .beatAccepted, .notFound, .rejected, .unauthorized, .clusterTrouble: false
        case .notServed, .serverError, .unreadable: true
        }
    }

    /// How a beat with this reply counts.
    var outcome: BeatOutcome {
        switch self {
        case .ok, .unreadable: .parse
        case .beatAccepted: .ok
        case .notFound: .notFound
        case .rejected: .rejected
        case .unauthorized: .auth
        case .clusterTrouble: .clusterTrouble
        case .notServed, .serverError: .httpError
        }
    }

    /// The code that a person looks for: Nacos' own, else the HTTP status.
    var code: Int {
        switch self {
        case .beatAccepted: 10200
        case .notFound: 20404
        case .ok, .rejected, .unauthorized, .clusterTrouble, .notServed, .serverError, .unreadable: status
        }
    }
}

extension ExchangeFailure {
    /// How a beat that ended so counts.
    var outcome: BeatOutcome {
        switch self {
        case .connect, .closed: .connect
        case .timeout: .timeout
        case .parse: .parse
        case .aborted: .aborted
        }
    }

    /// True when the server may have ended since it answered last. A connection that it closed while idle is no failure.
    fileprivate var mayMeanRestart: Bool {
        switch self {
        case .connect, .closed: true
        case .timeout, .parse, .aborted: false
        }
    }

    /// The label under which the next attempt is counted.
    var retryReason: RetryReason {
        switch self {
        case .connect: .connect
        case .timeout: .timeout
        case .closed, .parse, .aborted: .closed
        }
    }

    /// In words.
    var text: String {
        switch self {
        case .connect: "no connection"
        case .timeout: "no answer in time"
        case .closed: "connection closed within the answer"
        case .parse: "the answer was not HTTP"
        case .aborted: "cancelled"
        }
    }
}
