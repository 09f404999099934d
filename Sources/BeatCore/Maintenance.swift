/// Held out by a person: one registration, or the whole sidecar (control-api.md §3, endpoints 8 and 18).
public struct Maintenance: Equatable, Sendable {
    /// How it is held out.
    public enum Mode: String, Sendable, CaseIterable {
        /// Registered again with `enabled=false`, and beaten lightly: consumers do not see it, Nacos keeps it.
        case disable
        /// Nothing is sent: Nacos calls it unhealthy, later removes it.
        case stop
    }

    /// How it is held out.
    public var mode: Mode
    /// Why, in the words of whoever asked.
    public var reason: String
    /// Since when.
    public var since: Instant
    /// When it ends by itself; nil: not before somebody ends it.
    public var until: Instant?

    /// A maintenance from its parts.
    public init(mode: Mode, reason: String, since: Instant, until: Instant?) {
        self.mode = mode
        self.reason = reason
        self.since = since
        self.until = until
    }
}

/// What holds a registration back, as it is to be kept over a restart of the process.
public struct HoldRecord: Equatable, Sendable {
    /// In the order of the document's checks.
    public var checks: [CheckRecord]
    /// Its own maintenance, not that of the whole sidecar.
    public var maintenance: Maintenance?
    /// Nacos was told `enabled=false` last, for the sake of checks or a person.
    public var isHidden: Bool

    /// A record from its parts.
    public init(checks: [CheckRecord] = [], maintenance: Maintenance? = nil, isHidden: Bool = false) {
        self.checks = checks
        self.maintenance = maintenance
        self.isHidden = isHidden
    }
}

/// How far a registration is held back; the further of several counts.
enum Hold: UInt8, Comparable {
    /// Not at all.
    case none
    /// Registered with `enabled=false` and beaten lightly.
    case disabled
    /// Nothing is sent; the instance is left as it is at Nacos.
    case stopped
    /// Deregistered.
    case absent

    static func < (lhs: Hold, rhs: Hold) -> Bool { lhs.rawValue < rhs.rawValue }

    /// True when no beat is sent.
    var isSilent: Bool { self >= .stopped }
}

extension Maintenance {
    var hold: Hold {
        switch mode {
        case .disable: .disabled
        case .stop: .stopped
        }
    }
}
