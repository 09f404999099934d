/// What a person sees of a registration's state (control-api.md §2).
public enum RegistrationState: UInt8, Sendable, CaseIterable {
    /// Accepted here, not yet by Nacos.
    case pending
    /// The last beat was accepted, or Nacos has just accepted the registration.
    case beating
    /// At least one failure in a row.
    case degraded
    /// Failing, and no beat accepted for more than `Limits.criticalAge`.
    case critical
    /// Held back by its checks.
    case unhealthy
    /// Held out by a person.
    case maintenance
    /// Removed here, Nacos has not confirmed: a tombstone.
    case deregistering
    /// Not beating for good until it is changed: Nacos refused it.
    case stopped

    /// The name in documents and metrics, part of the API.
    public var label: StaticString {
        switch self {
        case .pending: "pending"
        case .beating: "beating"
        case .degraded: "degraded"
        case .critical: "critical"
        case .unhealthy: "unhealthy"
        case .maintenance: "maintenance"
        case .deregistering: "deregistering"
        case .stopped: "stopped"
        }
    }
}

/// One registration as it stands, for documents.
public struct RegistrationView: Equatable, Sendable {
    public var handle: RegistrationHandle
    public var id: String
    /// The value of the global change counter when the document last changed.
    public var rev: UInt64
    public var generation: UInt32
    /// The generation that Nacos accepted last; 0 for none.
    public var observedGeneration: UInt32
    public var createdAt: Instant
    public var updatedAt: Instant
    public var document: RegistrationDocument
    public var state: RegistrationState
    /// Why it is in this state, in words.
    public var reason: String
    /// The time between beats that is kept now.
    public var period: Duration
    /// False while no further beat is planned.
    public var scheduled: Bool
    /// True for a tombstone: `removeBeatInfo` was called.
    public var stopped: Bool
    public var nextBeatAt: Instant?
    public var lastSentAt: Instant?
    public var lastAcceptedAt: Instant?
    /// When Nacos will call the instance unhealthy unless a beat comes; nil before the first acceptance.
    public var unhealthyAt: Instant?
    public var consecutiveFailures: Int
    public var server: ServerIndex?
    public var lastBeat: LastBeat?

    /// The beat that ended last.
    public struct LastBeat: Equatable, Sendable {
        public var at: Instant
        public var outcome: BeatOutcome
        /// The code in the answer (10200, 20404) or the HTTP status; 0 without an answer.
        public var code: Int
        public var server: ServerIndex
        public var latency: Duration
    }
}

/// One Nacos server as it stands.
public struct ServerView: Equatable, Sendable {
    public var index: ServerIndex
    /// `host:port` as configured.
    public var name: String
    public var state: State
    public var consecutiveFailures: Int
    public var lastError: String?
    /// Exchanges that ended, with or without an answer.
    public var requests: UInt64

    /// Whether exchanges are sent there.
    public enum State: String, Sendable {
        case unknown, up, quarantined
    }
}
