/// What one look at the target says (label `result` of metrics).
public enum CheckResult: UInt8, Sendable, CaseIterable {
    case passing, warning, failing

    /// The name, part of the API.
    public var label: StaticString {
        switch self {
        case .passing: "passing"
        case .warning: "warning"
        case .failing: "failing"
        }
    }
}

/// What a check has come to, over its results (control-api.md §4).
public enum CheckVerdict: UInt8, Sendable, CaseIterable {
    /// No result yet that counts.
    case pending
    case passing
    /// Counts as passing.
    case warning
    case failing

    /// The name, part of the API.
    public var label: StaticString {
        switch self {
        case .pending: "pending"
        case .passing: "passing"
        case .warning: "warning"
        case .failing: "failing"
        }
    }

    init(_ result: CheckResult) {
        switch result {
        case .passing: self = .passing
        case .warning: self = .warning
        case .failing: self = .failing
        }
    }
}

/// One run of a check, named so that its outcome finds back and a late one is known as stale.
public struct CheckRun: Hashable, Sendable {
    /// Whose check it is.
    public var handle: RegistrationHandle
    /// Which of its checks.
    public var index: UInt8
    /// No other run has it.
    public var number: UInt32

    init(handle: RegistrationHandle, index: UInt8, number: UInt32) {
        self.handle = handle
        self.index = index
        self.number = number
    }
}

/// How a run ended.
public struct CheckOutcome: Equatable, Sendable {
    /// What it says.
    public var result: CheckResult
    /// In words, for people; cut to `Limits.checkOutputBytes`.
    public var output: String
    /// How long it took.
    public var duration: Duration
    /// When the process of a `pid` check began, in the kernel's clock ticks since boot; nil for other checks.
    public var processStart: UInt64?

    /// An outcome from its parts.
    public init(_ result: CheckResult, _ output: String, duration: Duration, processStart: UInt64? = nil) {
        self.result = result
        self.output = output
        self.duration = duration
        self.processStart = processStart
    }
}

/// One check as it stands, for documents.
public struct CheckView: Equatable, Sendable {
    /// What kind of check it is.
    public var kind: Check.Kind
    /// What it has come to.
    public var verdict: CheckVerdict
    /// Since when it has this verdict.
    public var since: Instant
    /// What the last run said.
    public var output: String
}

/// One check as it is to be kept over a restart of the process.
public struct CheckRecord: Equatable, Sendable {
    /// What it had come to.
    public var verdict: CheckVerdict
    /// Whether it had passed once: before that nothing was sent.
    public var hasPassed: Bool
    /// Since when.
    public var since: Instant
    /// When the last result came; nil before the first.
    public var lastResultAt: Instant?
    /// When a `ttl` check expires; nil for others, and before the first renewal.
    public var expiresAt: Instant?
    /// What the last result said.
    public var output: String
    /// When the process of a `pid` check began.
    public var processStart: UInt64?

    /// A record from its parts.
    public init(
        verdict: CheckVerdict, hasPassed: Bool, since: Instant, lastResultAt: Instant?, expiresAt: Instant? = nil,
        output: String = "",
        processStart: UInt64? = nil
    ) {
        self.verdict = verdict
        self.hasPassed = hasPassed
        self.since = since
        self.lastResultAt = lastResultAt
        self.expiresAt = expiresAt
        self.output = output
        self.processStart = processStart
    }
}

/// What the core counts about checks, since the process began.
public struct CheckMetrics: Sendable {
    private var results = CheckMetrics.table(UInt64(0))
    private var transitions = CheckMetrics.table(UInt64(0))
    private var durations = CheckMetrics.table(BucketHistogram(bounds: bounds))

    private static let millisecond: Int64 = 1_000_000
    /// From a connection on the same host to the longest time-out.
    private static let bounds = [1, 2, 5, 10, 50, 100, 500, 1_000, 5_000, 60_000].map { $0 * millisecond }

    init() {}

    private static func table<Value>(_ value: Value) -> [Value] {
        Array(repeating: value, count: Check.Kind.allCases.count * CheckResult.allCases.count)
    }

    private static func place(_ kind: Check.Kind, _ result: CheckResult) -> Int {
        Int(kind.rawValue) * CheckResult.allCases.count + Int(result.rawValue)
    }

    /// Results of this kind: `beatd_checks_total`.
    public func results(_ kind: Check.Kind, _ result: CheckResult) -> UInt64 {
        results[CheckMetrics.place(kind, result)]
    }

    /// Verdicts that became this one: `beatd_check_transitions_total`.
    public func transitions(_ kind: Check.Kind, _ result: CheckResult) -> UInt64 {
        transitions[CheckMetrics.place(kind, result)]
    }

    /// How long runs took: `beatd_check_duration_seconds`. A `ttl` check has no runs.
    public func durations(_ kind: Check.Kind, _ result: CheckResult) -> BucketHistogram {
        durations[CheckMetrics.place(kind, result)]
    }

    mutating func add(_ kind: Check.Kind, _ result: CheckResult, duration: Duration?) {
        let place = CheckMetrics.place(kind, result)
        results[place] &+= 1
        if let duration { durations[place].record(duration.wholeNanoseconds) }
    }

    mutating func addTransition(_ kind: Check.Kind, to result: CheckResult) {
        transitions[CheckMetrics.place(kind, result)] &+= 1
    }
}
