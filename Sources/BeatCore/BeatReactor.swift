/// The reactor: which instances are kept alive, when each beats next, and what every reply means.
public struct BeatReactor: ~Copyable {
    /// How a reactor is set up.
    public struct Configuration: Sendable {
        /// The servers' names in the order of the list, `host:port`; 1…`Limits.servers`.
        public var servers: [String]
        /// Registrations that are accepted, at most `Limits.registrations`.
        public var maxRegistrations: Int

        /// A configuration.
        public init(servers: [String], maxRegistrations: Int = Limits.registrations) {
            self.servers = servers
            self.maxRegistrations = maxRegistrations
        }
    }

    /// An empty reactor at `now`.
    public init(_ configuration: Configuration, at now: Instant) {
        counters = Counters()
        rev = 0
        preconditionFailure("skeleton")
    }

    /// Takes one input and appends what is to be done about it to `effects`.
    public mutating func handle(_ input: Input, at now: Instant, into effects: inout [Effect]) {
        preconditionFailure("skeleton")
    }

    /// When the core wants its next `tick`, and why; nil when it waits for nothing.
    public var nextDeadline: (at: Instant, reason: StaticString)? { preconditionFailure("skeleton") }

    // MARK: reading

    /// What was counted since the process began.
    public private(set) var counters: Counters
    /// Rises with every change of a document, and with nothing else.
    public private(set) var rev: UInt64
    /// `dom2Beat.size()`: registrations that are kept, tombstones not counted.
    public var dom2BeatSize: Int { preconditionFailure("skeleton") }
    /// Deletions that Nacos has not confirmed yet.
    public var tombstones: Int { preconditionFailure("skeleton") }
    /// The registrations in a state; `.deregistering` are the tombstones.
    public func count(of state: RegistrationState) -> Int { preconditionFailure("skeleton") }
    /// The registration with this id, tombstones included.
    public func find(id: String) -> RegistrationHandle? { preconditionFailure("skeleton") }
    /// The registration with this key, tombstones included.
    public func find(_ key: InstanceKey) -> RegistrationHandle? { preconditionFailure("skeleton") }
    /// A registration as it stands; nil when the handle is stale. Tombstones have state `.deregistering`.
    public func view(_ handle: RegistrationHandle, at now: Instant) -> RegistrationView? {
        preconditionFailure("skeleton")
    }
    /// The first registration (tombstones left out) at `slot` or behind it, and where to go on; nil at the end.
    /// Slots are stable over the life of a registration, so a walk from slot 0 sees each that stays exactly once.
    public func nextRegistration(from slot: Int32, at now: Instant) -> (view: RegistrationView, next: Int32)? {
        preconditionFailure("skeleton")
    }
    /// The end of the table: no registration has a slot at or above it.
    public var slotEnd: Int32 { preconditionFailure("skeleton") }
    /// The servers in the order of the list.
    public func servers(at now: Instant) -> [ServerView] { preconditionFailure("skeleton") }
    /// The longest time since an accepted beat among registrations that should be beating; zero without any.
    public func oldestSuccessAge(at now: Instant) -> Duration { preconditionFailure("skeleton") }
}
