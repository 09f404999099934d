public import BeatCore

/// What the shell counts and samples for the metrics; the core counts the rest.
public struct ShellMetrics: Sendable {
    /// Requests to this API.
    public var http = HTTPMetrics()
    /// Open connections to this API.
    public var connections = ConnectionMetrics()
    /// Requests to Nacos.
    public var nacos = NacosMetrics()
    /// The event loop.
    public var loop = LoopMetrics()
    /// The storage thread.
    public var storage = StorageMetrics()
    /// The process, sampled when it is asked for.
    public var process = ProcessMetrics()
    /// Lines written to the log, by level.
    public var logMessages = LabelTally<LogLevelLabel>()
    /// Lines that were dropped because the log was blocked.
    public var logDropped: UInt64 = 0
    /// Lookups of the servers' names.
    public var lookups = LabelTally<LookupResult>()
    /// What the process used over the last minute; nil while that is not known.
    public var load: LoadMetrics?
    /// Whether the last reading of settings and files of declared registrations brought no fault.
    public var lastReloadSucceeded = true
    /// Jumps of the wall clock.
    public var clockJumps = LabelTally<ClockDirection>()

    /// Metrics of a process that has done nothing yet.
    public init() {}
}

/// A label with a fixed set of values.
public protocol MetricLabel: CaseIterable, Sendable, RawRepresentable<UInt8> {
    /// The value as it stands in metrics, part of the API.
    var label: StaticString { get }
}

/// A counter for each value of a label.
public struct LabelTally<Label: MetricLabel>: Sendable {
    private var counts: [UInt64]

    /// All zero.
    public init() { counts = Array(repeating: 0, count: Label.allCases.count) }

    /// How often this value was counted; a shell that counts elsewhere may set it.
    public subscript(_ label: Label) -> UInt64 {
        get { counts[Int(label.rawValue)] }
        set { counts[Int(label.rawValue)] = newValue }
    }
}

/// Label `level` of `beatd_log_messages_total`.
public enum LogLevelLabel: UInt8, MetricLabel {
    case debug, info, warn, error

    /// The value as it stands in metrics.
    public var label: StaticString {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warn: "warn"
        case .error: "error"
        }
    }
}

/// Label `direction` of `beatd_clock_jumps_total`.
public enum ClockDirection: UInt8, MetricLabel {
    case forward, backward

    /// The value as it stands in metrics.
    public var label: StaticString {
        switch self {
        case .forward: "forward"
        case .backward: "backward"
        }
    }
}

/// Label `result` of `beatd_nacos_dns_lookups_total`.
public enum LookupResult: UInt8, MetricLabel {
    /// At least one address.
    case ok
    /// None.
    case failed

    /// The value as it stands in metrics.
    public var label: StaticString {
        switch self {
        case .ok: "ok"
        case .failed: "failed"
        }
    }
}

/// What the process used over a while, about the last minute.
public struct LoadMetrics: Equatable, Sendable {
    /// How long that was.
    public var window: Duration
    /// User and system time in it.
    public var cpuSeconds: Double
    /// Beats on the wire in it.
    public var beats: UInt64

    /// A load from its parts.
    public init(window: Duration, cpuSeconds: Double, beats: UInt64) {
        self.window = window
        self.cpuSeconds = cpuSeconds
        self.beats = beats
    }
}

/// Connections to this API.
public struct ConnectionMetrics: Sendable {
    /// Label `listener`.
    public enum ListenerLabel: UInt8, MetricLabel {
        case tcp, unix, ops

        /// The value as it stands in metrics.
        public var label: StaticString {
            switch self {
            case .tcp: "tcp"
            case .unix: "unix"
            case .ops: "ops"
            }
        }
    }

    /// Label `reason` of `beatd_http_connections_rejected_total`.
    public enum RejectReason: UInt8, MetricLabel {
        /// More connections than the listener serves.
        case limit
        /// No descriptor was left.
        case descriptors

        /// The value as it stands in metrics.
        public var label: StaticString {
            switch self {
            case .limit: "limit"
            case .descriptors: "descriptors"
            }
        }
    }

    /// Open connections with a request that is read, served or answered.
    public var busy = LabelTally<ListenerLabel>()
    /// Open connections that wait for a request.
    public var idle = LabelTally<ListenerLabel>()
    /// Label `kind` of `beatd_http_streams`.
    public enum StreamLabel: UInt8, MetricLabel {
        case sse, ndjson, export

        /// The value as it stands in metrics.
        public var label: StaticString {
            switch self {
            case .sse: "sse"
            case .ndjson: "ndjson"
            case .export: "export"
            }
        }
    }

    /// Answers that are written piece by piece.
    public var streams = LabelTally<StreamLabel>()
    /// Connections that were not served.
    public var rejected = LabelTally<RejectReason>()

    /// None.
    public init() {}
}

/// The event loop.
public struct LoopMetrics: Sendable {
    /// Passes since the start.
    public var turns: UInt64 = 0
    /// Time in them, waiting not counted.
    public var busy: Duration = .zero
    /// Turns that took longer than a beat may be late.
    public var stalls = BucketHistogram(bounds: MetricBuckets.stall)

    /// None.
    public init() {}
}

/// The standard `process_*` metrics, from `/proc/self` and `getrlimit`.
public struct ProcessMetrics: Sendable {
    /// User and system time.
    public var cpuSeconds = 0.0
    /// Descriptors that are open.
    public var openDescriptors = 0
    /// The soft limit; nil when there is none.
    public var maxDescriptors: Int?
    /// Address space.
    public var virtualMemoryBytes = 0
    /// The soft limit; nil when there is none.
    public var maxVirtualMemoryBytes: Int?
    /// Memory that is resident.
    public var residentMemoryBytes = 0
    /// Seconds since 1970.
    public var startTimeSeconds = 0.0

    /// All zero.
    public init() {}
}

/// Bounds of histograms, in nanoseconds.
public enum MetricBuckets {
    /// Requests to this API: most take a millisecond, those with `?wait=` as long as Nacos does.
    public static let http = milliseconds([1, 5, 25, 100, 500, 1000, 3000, 5000, 12000])
    /// Requests to Nacos: up to the request time-out of 3 s, and one above it.
    public static let nacos = milliseconds([1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 3000, 5000])
    /// Turns that stall: from what delays a beat to what breaks a promise.
    public static let stall = milliseconds([10, 50, 100, 500, 1000, 3000, 5000, 12000])

    private static func milliseconds(_ values: [Double]) -> [Int64] { values.map { Int64($0 * 1_000_000) } }
}
