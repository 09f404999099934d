/// One request in flight for a registration, named so that its reply finds back and a late one is known as stale.
public struct Exchange: Hashable, Sendable {
    /// What is asked of Nacos.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// `PUT …/instance/beat` without a body.
        case lightBeat
        /// `PUT …/instance/beat` with the BeatInfo as JSON.
        case fullBeat
        /// `registerInstance`: `POST …/instance`.
        case register
        /// `deregisterInstance`: `DELETE …/instance`.
        case deregister

        /// True for both kinds of beat, which may be repeated safely.
        @inlinable public var isBeat: Bool { self == .lightBeat || self == .fullBeat }
    }

    /// The registration's place in the table.
    public var slot: Int32
    /// The registration's generation when the request was made.
    public var generation: UInt32
    /// The use of the place, which rises when another registration gets it: what is kept by slot is another one's then.
    public var epoch: UInt32
    /// What is asked.
    public var kind: Kind
    /// The API that it uses.
    public var dialect: Dialect
    /// Which server of the list it goes to.
    public var server: ServerIndex
    /// When it should leave. Lateness is counted from here.
    public var due: Instant

    /// An exchange from its parts.
    public init(
        slot: Int32, generation: UInt32, epoch: UInt32, kind: Kind, dialect: Dialect = .v1, server: ServerIndex,
        due: Instant
    ) {
        self.slot = slot
        self.generation = generation
        self.epoch = epoch
        self.kind = kind
        self.dialect = dialect
        self.server = server
        self.due = due
    }
}

/// A server's place, below `Limits.serverPlaces`. It keeps it while it is in the list, and behind that until nothing
/// refers to it.
public typealias ServerIndex = UInt8

/// What a Nacos server said, classified (nacos.md §2, §3, §5.4). `NacosWire` makes it from bytes.
public enum NacosReply: Equatable, Sendable {
    /// `ok` to a register or deregister.
    case ok
    /// Code 10200. `interval` is `clientBeatInterval` in milliseconds as sent, nil when missing or no number.
    case beatAccepted(interval: Int64?, lightBeatEnabled: Bool)
    /// Code 20404: the server does not know the instance.
    case notFound(interval: Int64?, lightBeatEnabled: Bool)
    /// A 4xx that says the request itself is wrong; other servers would say the same.
    case rejected(status: Int, detail: String)
    /// 401 or 403.
    case unauthorized(status: Int, detail: String)
    /// 404, 405, 410 or 501: the server does not serve this API.
    case notServed(status: Int, detail: String)
    /// 400 or 500 by which a node tells of its cluster: it could not hand the request to the node that owns the
    /// instance, or they do not agree on which one that is (nacos.md §4.6). Neither the instance's fault nor this
    /// server's, and another server would say the same.
    case clusterTrouble(status: Int, detail: String)
    /// 5xx or 429: the server's matter, not the instance's.
    case serverError(status: Int, detail: String)
    /// An answer that is none of the above: 200 with an empty body or text in place of JSON, a redirect.
    case unreadable(status: Int, detail: String)

    /// The HTTP status that it came with.
    public var status: Int {
        switch self {
        case .ok, .beatAccepted, .notFound: 200
        case .rejected(let status, _), .unauthorized(let status, _), .notServed(let status, _),
            .clusterTrouble(let status, _), .serverError(let status, _), .unreadable(let status, _):
            status
        }
    }
}

/// Why an exchange ended without an answer.
public enum ExchangeFailure: UInt8, Sendable, CaseIterable {
    /// No connection within the connect time-out, or refused.
    case connect
    /// No whole answer within the request time-out.
    case timeout
    /// The connection ended within the answer, or again and again before it.
    case closed
    /// The bytes were no HTTP that may be believed.
    case parse
    /// Cancelled before a byte of it was written.
    case aborted
}
