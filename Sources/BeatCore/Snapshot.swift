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

/// One registration as it stands, for documents. An object, because it is large and handed on.
public final class RegistrationView: Sendable {
    /// Finds it again, as long as it is there.
    public let handle: RegistrationHandle
    /// Its id in the API.
    public let id: String
    /// The value of the global change counter when the document last changed.
    public let rev: UInt64
    /// Rises with each change of the document.
    public let generation: UInt32
    /// The generation that Nacos accepted last; 0 for none.
    public let observedGeneration: UInt32
    /// When the key was posted.
    public let createdAt: Instant
    /// When the document last changed.
    public let updatedAt: Instant
    /// What was asked for.
    public let document: RegistrationDocument
    /// Where it stands.
    public let state: RegistrationState
    /// Why it is in this state, in words.
    public let reason: String
    /// The time between beats that is kept now.
    public let period: Duration
    /// False while no further beat is planned.
    public let scheduled: Bool
    /// True while its checks or a person let nothing be sent.
    public let isHeldBack: Bool
    /// True for a tombstone: `removeBeatInfo` was called.
    public let stopped: Bool
    /// When the next beat is due.
    public let nextBeatAt: Instant?
    /// When a beat or a register was last written.
    public let lastSentAt: Instant?
    /// When Nacos last accepted a beat or a register.
    public let lastAcceptedAt: Instant?
    /// When Nacos will call the instance unhealthy unless a beat comes; nil before the first acceptance.
    public let unhealthyAt: Instant?
    /// Scheduled beats in a row that failed.
    public let consecutiveFailures: Int
    /// The server that answered last.
    public let server: ServerIndex?
    /// The dialect in which Nacos accepted it; nil before.
    public let dialect: Dialect?
    /// The beat that ended last.
    public let lastBeat: LastBeat?
    /// Its checks in the order of the document.
    public let checks: [CheckView]
    /// Its own maintenance, else that of the whole sidecar.
    public let maintenance: Maintenance?
    /// Whether `maintenance` is that of the whole sidecar.
    public let isSidecarMaintenance: Bool

    /// The registration in a slot, which must not be vacant.
    init(_ core: borrowing BeatReactor, _ slot: Int32) {
        let row = core.table.rows[Int(slot)]
        handle = core.table.handle(slot)
        id = core.table.id(slot)
        rev = core.table.records[Int(slot)].rev
        generation = core.documentGeneration(slot)
        observedGeneration = core.observedGeneration(slot)
        createdAt = core.table.records[Int(slot)].createdAt
        updatedAt = core.table.records[Int(slot)].updatedAt
        document = core.table.document(slot)
        state = row.state
        reason = core.reason(slot)
        period = Period.duration(ticks: row.periodTicks)
        isHeldBack = row.hold.isSilent
        stopped = row.stage == .leaving
        scheduled = row.nextDue != Row.noTick && !stopped && !isHeldBack
        nextBeatAt = scheduled ? core.wheel.begin(of: row.nextDue) : nil
        lastSentAt = row.lastSent.known
        lastAcceptedAt = row.lastAccepted.known
        unhealthyAt =
            row.lastAccepted == Row.never
            ? nil : row.lastAccepted + PreservedMetadata.timeout(in: core.table.records[Int(slot)].metadata)
        consecutiveFailures = Int(row.failures)
        server = row.server == Row.noServer ? nil : row.server
        dialect = row.dialect
        lastBeat = LastBeat(row.lastBeat)
        checks = core.checkViews(slot)
        let own = core.maintenanceOf(slot)
        maintenance = own ?? core.sidecarMaintenance
        isSidecarMaintenance = own == nil && core.sidecarMaintenance != nil
    }

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

        /// Nil when none has ended.
        init?(_ beat: Row.LastBeat) {
            guard let at = beat.at.known else { return nil }
            self.at = at
            outcome = beat.outcome
            code = Int(beat.code)
            server = beat.server
            latency = .microseconds(Int64(beat.latency))
        }
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
