/// How a scheduled beat ended, after its retries (label `outcome` of `beatd_beats_total`).
public enum BeatOutcome: UInt8, Sendable, CaseIterable {
    case ok, notFound, rejected, auth, clusterTrouble, httpError, timeout, connect, parse, aborted

    /// The label value, part of the API.
    public var label: StaticString {
        switch self {
        case .ok: "ok"
        case .notFound: "not_found"
        case .rejected: "rejected"
        case .auth: "auth"
        case .clusterTrouble: "cluster_trouble"
        case .httpError: "http_error"
        case .timeout: "timeout"
        case .connect: "connect"
        case .parse: "parse"
        case .aborted: "aborted"
        }
    }
}

/// How a deregistration ended (label `result` of `beatd_deregistrations_total`).
public enum DeregisterResult: UInt8, Sendable, CaseIterable {
    /// The server confirmed.
    case ok
    /// The server refused for good.
    case failed
    /// No server could be asked before the instance's own delete time-out was over.
    case expired

    /// The label value, part of the API.
    public var label: StaticString {
        switch self {
        case .ok: "ok"
        case .failed: "failed"
        case .expired: "expired"
        }
    }
}

/// Why an attempt was made again (label `reason` of `beatd_beat_retries_total`).
public enum RetryReason: UInt8, Sendable, CaseIterable {
    case connect, timeout, httpError, auth, closed

    /// The label value, part of the API.
    public var label: StaticString {
        switch self {
        case .connect: "connect"
        case .timeout: "timeout"
        case .httpError: "http_error"
        case .auth: "auth"
        case .closed: "closed"
        }
    }
}

/// Why an instance was registered again (label `reason` of `beatd_reregistrations_total`).
public enum ReregisterReason: UInt8, Sendable, CaseIterable {
    case notFound, change, dialect, recovery

    /// The label value, part of the API.
    public var label: StaticString {
        switch self {
        case .notFound: "not_found"
        case .change: "change"
        case .dialect: "dialect"
        case .recovery: "recovery"
        }
    }
}

/// Why a due beat was not sent (label `reason` of `beatd_beats_skipped_total`).
public enum SkipReason: UInt8, Sendable, CaseIterable {
    case check, maintenance, inFlight, draining

    /// The label value, part of the API.
    public var label: StaticString {
        switch self {
        case .check: "check"
        case .maintenance: "maintenance"
        case .inFlight: "in_flight"
        case .draining: "draining"
        }
    }
}

/// A counter for each case of a label.
public struct Tally<Label: CaseIterable & RawRepresentable & Sendable>: Sendable where Label.RawValue == UInt8 {
    private var counts: [UInt64]

    init() { counts = Array(repeating: 0, count: Label.allCases.count) }

    /// How often this case was counted.
    public subscript(_ label: Label) -> UInt64 { counts[Int(label.rawValue)] }

    mutating func add(_ label: Label, times: UInt64 = 1) { counts[Int(label.rawValue)] &+= times }
}

/// What the core counts, since the process began.
public struct Counters: Sendable {
    /// Attempts on the wire in v1 without a body.
    public internal(set) var lightBeatsSent: UInt64 = 0
    /// Attempts on the wire in v3, which knows no other kind.
    public internal(set) var v3BeatsSent: UInt64 = 0
    /// Attempts on the wire with the JSON body, which only v1 knows.
    public internal(set) var fullBeatsSent: UInt64 = 0
    /// All attempts on the wire.
    public var beatsSent: UInt64 { lightBeatsSent &+ v3BeatsSent &+ fullBeatsSent }
    /// Scheduled beats by their end.
    public internal(set) var beats = Tally<BeatOutcome>()
    /// Due beats that were not sent.
    public internal(set) var skipped = Tally<SkipReason>()
    /// Further attempts at a beat.
    public internal(set) var retries = Tally<RetryReason>()
    /// Instances registered again.
    public internal(set) var reregistrations = Tally<ReregisterReason>()
    /// Deletions that ended.
    public internal(set) var deregistrations = Tally<DeregisterResult>()
    /// Replies to an older generation, or to nothing.
    public internal(set) var staleReplies: UInt64 = 0
    /// Readings that did not find at another node what one node had taken.
    public internal(set) var strayed: UInt64 = 0
    /// Values of `clientBeatInterval` that were no number or out of range.
    public internal(set) var badIntervals: UInt64 = 0
    /// Registrations made by the API.
    public internal(set) var created: UInt64 = 0
    /// Documents changed by the API.
    public internal(set) var updated: UInt64 = 0
    /// Registrations removed by the API.
    public internal(set) var deleted: UInt64 = 0
    /// Registrations refused for the limit on their number.
    public internal(set) var createRejected: UInt64 = 0
}
