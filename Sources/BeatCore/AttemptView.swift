/// One exchange with Nacos that has ended, as people see it.
public struct AttemptView: Equatable, Sendable {
    /// When it ended, on the millisecond.
    public var at: Instant
    /// What was asked.
    public var kind: Exchange.Kind
    /// The API that it used.
    public var dialect: Dialect
    /// The server that was asked.
    public var server: ServerIndex
    /// How it ended; `.ok` for a register or deregister that was accepted.
    public var outcome: BeatOutcome
    /// The code in the answer (10200, 20404), else the HTTP status; 0 without an answer.
    public var code: Int
    /// From sent to answered, at most 67 s.
    public var latency: Duration
    /// From due to sent, at most 67 s. A repeated attempt is late by intent.
    public var lateness: Duration
    /// What the server said, or what went wrong; empty when all was well.
    public var detail: String

    /// The HTTP status; nil without an answer.
    public var status: Int? {
        switch code {
        case 0: nil
        case ...999: code
        // Nacos puts its own codes into answers with status 200.
        default: 200
        }
    }
}

extension AttemptView {
    init(_ exchange: Exchange, _ reply: NacosReply, sentAt: Instant, at now: Instant) {
        self.init(
            exchange, outcome: reply.outcome(of: exchange.kind), code: reply.code, sentAt: sentAt, at: now,
            detail: reply.detail)
    }

    init(_ exchange: Exchange, _ failure: ExchangeFailure, sentAt: Instant?, _ detail: String, at now: Instant) {
        self.init(exchange, outcome: failure.outcome, code: 0, sentAt: sentAt, at: now, detail: detail)
    }

    private init(
        _ exchange: Exchange, outcome: BeatOutcome, code: Int, sentAt: Instant?, at now: Instant, detail: String
    ) {
        at = now
        kind = exchange.kind
        dialect = exchange.dialect
        server = exchange.server
        self.outcome = outcome
        self.code = code
        // What was never written took no time, and was not late.
        latency = sentAt.map { now - $0 } ?? .zero
        lateness = sentAt.map { max(.zero, $0 - exchange.due) } ?? .zero
        self.detail = detail
    }
}

extension NacosReply {
    /// How an exchange of this kind ended with this reply.
    fileprivate func outcome(of kind: Exchange.Kind) -> BeatOutcome {
        guard !kind.isBeat else { return outcome }
        return switch self {
        case .ok: .ok
        case .beatAccepted, .notFound: .parse
        case .rejected, .unauthorized, .notServed, .clusterTrouble, .serverError, .unreadable: outcome
        }
    }

    /// The server's words, when all was not well.
    fileprivate var detail: String {
        switch self {
        case .ok, .beatAccepted, .notFound: ""
        case .rejected(_, let detail), .unauthorized(_, let detail), .notServed(_, let detail),
            .clusterTrouble(_, let detail), .serverError(_, let detail), .unreadable(_, let detail):
            detail
        }
    }
}
