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
    /// Finds it again, as long as it is there.
    public var handle: RegistrationHandle
    /// Its id in the API.
    public var id: String
    /// The value of the global change counter when the document last changed.
    public var rev: UInt64
    /// Rises with each change of the document.
    public var generation: UInt32
    /// The generation that Nacos accepted last; 0 for none.
    public var observedGeneration: UInt32
    /// When the key was posted.
    public var createdAt: Instant
    /// When the document last changed.
    public var updatedAt: Instant
    /// What was asked for.
    public var document: RegistrationDocument
    /// Where it stands.
    public var state: RegistrationState
    /// Why it is in this state, in words.
    public var reason: String
    /// The time between beats that is kept now.
    public var period: Duration
    /// False while no further beat is planned.
    public var scheduled: Bool
    /// True while its checks or a person let nothing be sent.
    public var isHeldBack = false
    /// True for a tombstone: `removeBeatInfo` was called.
    public var stopped: Bool
    /// When the next beat is due.
    public var nextBeatAt: Instant?
    /// When a beat or a register was last written.
    public var lastSentAt: Instant?
    /// When Nacos last accepted a beat or a register.
    public var lastAcceptedAt: Instant?
    /// When Nacos will call the instance unhealthy unless a beat comes; nil before the first acceptance.
    public var unhealthyAt: Instant?
    /// Scheduled beats in a row that failed.
    public var consecutiveFailures: Int
    /// The server that answered last.
    public var server: ServerIndex?
    /// The dialect in which Nacos accepted it; nil before.
    public var dialect: Dialect?
    /// The beat that ended last.
    public var lastBeat: LastBeat?
    /// Its checks in the order of the document.
    public var checks: [CheckView] = []
    /// Its own maintenance, else that of the whole sidecar.
    public var maintenance: Maintenance?
    /// Whether `maintenance` is that of the whole sidecar.
    public var isSidecarMaintenance = false

    /// The beat that ended last.
    public struct LastBeat: Equatable, Sendable {
        /// When it ended.
        public var at: Instant
        /// How it ended.
        public var outcome: BeatOutcome
        /// The code in the answer (10200, 20404) or the HTTP status; 0 without an answer.
        public var code: Int
        /// The server that was asked.
        public var server: ServerIndex
        /// From sent to answered.
        public var latency: Duration
    }
}

/// One Nacos server as it stands.
public struct ServerView: Equatable, Sendable {
    /// Its place, which exchanges and `Effect.addServer` name.
    public var index: ServerIndex
    /// `host:port` as configured.
    public var name: String
    /// Whether it is asked.
    public var state: State
    /// What it speaks; nil while that is not known.
    public var dialect: Dialect?
    /// As it says.
    public var version: String?
    /// Exchanges in a row that it did not answer, or could not serve.
    public var consecutiveFailures: Int
    /// The last of them, in words.
    public var lastError: String?
    /// Exchanges that ended, with or without an answer.
    public var requests: UInt64

    /// Whether exchanges are sent there.
    public enum State: String, Sendable {
        case unknown, up, quarantined
    }
}
