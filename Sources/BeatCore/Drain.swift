/// How the whole sidecar is to be emptied (control-api.md §3, endpoint 19).
public struct DrainOptions: Equatable, Sendable {
    /// How long consumers have to notice, between the instances' being hidden and their being stopped.
    public var settle: Duration
    /// How long all of it may take; at least `Limits.drainRemoval` more than `settle`.
    public var timeout: Duration

    /// Options from their parts.
    public init(settle: Duration, timeout: Duration) {
        self.settle = settle
        self.timeout = timeout
    }
}

/// Where a drain stands.
public struct DrainReport: Equatable, Sendable {
    /// Everything is gone, or the time is over; what is left is tried further.
    public var isDone: Bool
    /// Deletions that Nacos confirmed.
    public var deregistered: Int
    /// Instances of these that were looked for at a server, and not found.
    public var verified: Int
    /// The ids of what is not known to be gone, at most `Limits.drainLeftShown`.
    public var left: [String]

    /// A report from its parts.
    public init(isDone: Bool, deregistered: Int, verified: Int, left: [String]) {
        self.isDone = isDone
        self.deregistered = deregistered
        self.verified = verified
        self.left = left
    }
}

/// The sidecar is being emptied for good: this process takes no registrations any more.
struct Drain {
    enum Phase: Equatable {
        /// Instances are registered with `enabled=false`. Entered by `beginDrain`; leaves to `settling` when Nacos has
        /// taken all, at the latest at this instant.
        case hiding(until: Instant)
        /// Consumers notice; beats go on. Leaves to `removing` at this instant.
        case settling(until: Instant)
        /// Instances are deregistered and looked for. Leaves to `done` when all are gone, or at the deadline.
        case removing
        /// What is left is tried further.
        case done
    }

    /// An instance that Nacos says is deregistered.
    struct Gone {
        var id: String
        var handle: RegistrationHandle
        var key: InstanceKey
        /// It is not looked for before.
        var notBefore: Instant
    }

    let options: DrainOptions
    let deadline: Instant
    var phase: Phase
    var deregistered = 0
    var verified = 0
    /// To be looked for.
    var gone: [Gone] = []
    /// Being looked for.
    var looking: [Gone] = []
    var waiters: [(token: RequestToken, until: Instant)] = []
    /// When the next step is tried.
    var nextLook: Instant

    init(_ options: DrainOptions, at now: Instant) {
        self.options = options
        deadline = now + options.timeout
        phase = .hiding(until: now + Limits.drainHiding)
        nextLook = now
    }

    /// True while instances are to be hidden from consumers.
    var hides: Bool {
        switch phase {
        case .hiding, .settling: true
        case .removing, .done: false
        }
    }

    /// Takes an instance that is to be looked for now, unless as many as may be are looked for already. In no order: with
    /// a hundred thousand of them, keeping one would cost more than the looking.
    mutating func takeDue(at now: Instant) -> Gone? {
        guard looking.count < Limits.drainReadings, let place = gone.firstIndex(where: { $0.notBefore <= now }) else {
            return nil
        }
        gone.swapAt(place, gone.count - 1)
        let due = gone.removeLast()
        looking.append(due)
        return due
    }

    var nextDeadline: Instant? {
        let waits = waiters.lazy.map(\.until).min()
        switch phase {
        case .hiding, .removing: return nextLook.earlier(waits)
        case .settling(let until): return until.earlier(waits)
        case .done: return waits
        }
    }
}

extension Instant {
    fileprivate func earlier(_ other: Instant?) -> Instant { other.map { min($0, self) } ?? self }
}
