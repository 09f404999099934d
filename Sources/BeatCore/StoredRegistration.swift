/// What outlives the process of one registration.
public struct StoredRegistration: Equatable, Sendable {
    /// Whether the registration is wanted.
    public enum Stage: UInt8, Sendable {
        /// Wanted: it is beaten again after a restart.
        case kept
        /// A tombstone: its deletion is finished after a restart.
        case leaving
    }

    /// Tells it from all others, those of other times too: the change counter when its key was posted first. In the
    /// order of serials, what is new stands together on the disk.
    public var serial: UInt64
    /// What the client asked for.
    public var document: RegistrationDocument
    /// Whether it is still wanted.
    public var stage: Stage
    /// Rises with each change of the document.
    public var generation: UInt32
    /// The generation that Nacos accepted last; 0 for none.
    public var acceptedGeneration: UInt32
    /// The global change counter when the document last changed.
    public var rev: UInt64
    /// When the key was posted; before this process began, it may lie before the clock's zero.
    public var createdAt: Instant
    /// When the document last changed.
    public var updatedAt: Instant
    /// The id that a client chose; nil: it has that of its key.
    public var chosenID: String?
    /// What holds it back beside its document; nil for nothing.
    public var hold: HoldRecord?

    /// A stored registration from its parts.
    public init(
        serial: UInt64, document: RegistrationDocument, stage: Stage = .kept, generation: UInt32 = 1,
        acceptedGeneration: UInt32 = 0,
        rev: UInt64, createdAt: Instant, updatedAt: Instant,
        chosenID: String? = nil, hold: HoldRecord? = nil
    ) {
        self.serial = serial
        self.document = document
        self.stage = stage
        self.generation = generation
        self.acceptedGeneration = acceptedGeneration
        self.rev = rev
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.chosenID = chosenID
        self.hold = hold
    }
}

/// One change of what is stored.
public enum StoreChange: Equatable, Sendable {
    /// The registration or tombstone stands like this from now on.
    /// It lies elsewhere, since changes are handed on and on.
    indirect case put(StoredRegistration)
    /// Nacos has accepted this generation. Nobody waits for it: lost, it costs one more register after a restart.
    case accepted(serial: UInt64, generation: UInt32)
    /// What holds it back is this from now on. Not awaited for what checks say: lost, a check is pending after a restart.
    case hold(serial: UInt64, HoldRecord?, isAwaited: Bool)
    /// The maintenance of the whole sidecar is this from now on.
    case sidecar(Maintenance?, isAwaited: Bool)
    /// Nothing is left of it.
    case delete(serial: UInt64)
}
