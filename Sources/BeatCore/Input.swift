/// What enters the core. Each comes with the instant of its turn.
///
/// What is larger than a reply lies elsewhere (`indirect`), since by far most inputs are the reply to a beat.
public enum Input: Equatable, Sendable {
    /// `registerInstance` from the API: upsert by natural key.
    indirect case register(RegistrationDocument, RequestToken, RegisterOptions)
    /// `deregisterInstance` from the API.
    case remove(RegistrationHandle, RequestToken, RemoveOptions)
    /// One beat now, beside the schedule.
    case beatNow(RegistrationHandle, RequestToken)
    /// Several writes of the API in one turn; `atomic`: all or none.
    indirect case batch([BatchOperation], RequestToken, atomic: Bool)
    /// A server answered an exchange. `sentAt` is when its first byte was handed to the socket.
    case replied(Exchange, NacosReply, sentAt: Instant)
    /// An exchange ended without an answer; `sentAt` is nil when nothing of it was written. `detail` says more than the
    /// failure itself, such as why TLS did not come about.
    indirect case failed(Exchange, ExchangeFailure, sentAt: Instant?, detail: String? = nil)
    /// A server was asked for its dialect, as `Effect.probe` wanted.
    case probed(ServerIndex, ProbeOutcome)
    /// The Nacos servers are these from now on, as `host:port`, 1…`Limits.servers` different ones. Servers that stay keep
    /// what is known of them; another number of them changes nothing but the log.
    case serverListChanged([String])
    /// A node's list was read, as `Effect.verify` wanted.
    indirect case verified(InstanceReading, ReadingOutcome)
    /// The login that `Effect.login` wanted has ended.
    case loginEnded(LoginOutcome)
    /// The run that `Effect.runCheck` wanted has ended.
    indirect case checkFinished(CheckRun, CheckOutcome)
    /// A program renews the `ttl` checks of its registration, or says that it is unwell.
    indirect case alive(RegistrationHandle, CheckResult, note: String, RequestToken)
    /// Somebody holds a registration out, or (nil) puts it back.
    indirect case maintain(RegistrationHandle, Maintenance?, RequestToken)
    /// Somebody holds the whole sidecar out, or (nil) puts it back.
    indirect case maintainSidecar(Maintenance?, RequestToken)
    /// What held the whole sidecar back before the process was started anew; before what was stored comes in.
    indirect case restoreSidecarMaintenance(Maintenance)
    /// A piece of what an earlier process has stored, before anything else comes in: `rev` is its change counter,
    /// `total` the number of all its rows. The schedule begins with the last piece, which may be empty.
    indirect case restored([StoredRegistration], rev: UInt64, total: Int, isLast: Bool = true)
    /// Every `Effect.store` up to this number is durable.
    case stored(through: UInt64)
    /// An `Effect.store`, or `Effect.reopenStorage`, came to nothing; the shell stores nothing until it is reopened.
    case storeFailed(detail: String)
    /// The database that `Effect.reopenStorage` asked for is open and can be written; `isEmpty` when what was in it is
    /// gone.
    case storageReopened(isEmpty: Bool)
    /// Settings and files were read again, and what they changed is done: the words are for those who follow.
    case reloaded(String)
    /// The client that waited for this answer is gone.
    case abandoned(RequestToken)
    /// Somebody empties the sidecar while the process lives on, or (nil) asks how far that is, beginning it with the
    /// defaults; answered when it is done, but not later than `wait`.
    indirect case beginDrain(DrainOptions?, RequestToken, wait: Duration?)
    /// `nextDeadline` has come.
    case tick
    /// The process is to end: every registration that wants it is deregistered, then comes `Effect.finish`.
    case drain
}

/// Names the request that an `Effect.answer` belongs to. The shell chooses it.
public struct RequestToken: Hashable, Sendable {
    /// Unique among the requests that are not answered yet.
    public var number: UInt64

    /// A token by its number.
    public init(_ number: UInt64) { self.number = number }
}

/// A registration's place, which goes stale when the registration is gone.
public struct RegistrationHandle: Hashable, Sendable {
    /// The place in the table.
    public var slot: Int32
    /// Which of the registrations that had this place.
    public var epoch: UInt32

    init(slot: Int32, epoch: UInt32) {
        self.slot = slot
        self.epoch = epoch
    }
}

/// How a registration is to be answered.
public struct RegisterOptions: Equatable, Sendable {
    /// Create only (`If-None-Match: *`): an existing registration is left alone.
    public var mustCreate: Bool
    /// Answer when Nacos has accepted, but not later than this; nil: answer at once.
    public var wait: Duration?
    /// The id that the registration has or gets, as PUT names it; nil: whichever it has, for a new one that of its key.
    public var id: String?

    /// Options; by default an upsert that is answered at once.
    public init(mustCreate: Bool = false, wait: Duration? = nil, id: String? = nil) {
        self.mustCreate = mustCreate
        self.wait = wait
        self.id = id
    }
}

/// How a removal is to be done and answered.
public struct RemoveOptions: Equatable, Sendable {
    /// False: only stop beating and leave the instance to expire at Nacos.
    public var deregister: Bool
    /// Answer when Nacos has confirmed, but not later than this; zero: answer at once.
    public var wait: Duration

    /// Options for a removal.
    public init(deregister: Bool = true, wait: Duration) {
        self.deregister = deregister
        self.wait = wait
    }
}
