public import BeatCore

/// Requests to Nacos servers, as the client of the shell sees them.
public struct NacosMetrics: Sendable {
    /// Label `op`.
    public enum Operation: UInt8, MetricLabel {
        case beat, register, deregister, login, probe, list

        /// The operation of an exchange.
        public init(_ kind: Exchange.Kind) {
            switch kind {
            case .lightBeat, .fullBeat: self = .beat
            case .register: self = .register
            case .deregister: self = .deregister
            }
        }

        /// The value as it stands in metrics.
        public var label: StaticString {
            switch self {
            case .beat: "beat"
            case .register: "register"
            case .deregister: "deregister"
            case .login: "login"
            case .probe: "probe"
            case .list: "list"
            }
        }
    }

    /// Label `class`.
    public enum StatusClass: UInt8, MetricLabel {
        case success, redirection, clientError, serverError
        /// No answer.
        case none

        /// The class of a status; nil, and what no final status can be, is `none`.
        public init(status: Int?) {
            switch status {
            case .some(200...299): self = .success
            case .some(300...399): self = .redirection
            case .some(400...499): self = .clientError
            case .some(500...599): self = .serverError
            default: self = .none
            }
        }

        /// The value as it stands in metrics.
        public var label: StaticString {
            switch self {
            case .success: "2xx"
            case .redirection: "3xx"
            case .clientError: "4xx"
            case .serverError: "5xx"
            case .none: "none"
            }
        }
    }

    /// Open connections to one server.
    public struct Connections: Equatable, Sendable {
        /// Waiting for a request.
        public var idle = 0
        /// With requests in flight.
        public var busy = 0

        /// None.
        public init(idle: Int = 0, busy: Int = 0) {
            self.idle = idle
            self.busy = busy
        }
    }

    /// By the servers' places.
    public var connections: [Connections] = []
    /// How many connections may be opened to one server at most.
    public var connectionsMax = 0
    private var durations: [BucketHistogram]

    /// Metrics of a client that has done nothing yet.
    public init() {
        durations = Array(
            repeating: BucketHistogram(bounds: MetricBuckets.nacos),
            count: Operation.allCases.count * StatusClass.allCases.count)
    }

    /// The connections to the server at a place.
    public func connections(of server: ServerIndex) -> Connections {
        Int(server) < connections.count ? connections[Int(server)] : Connections()
    }

    /// Counts a request that ended; `status` is nil when there was no answer.
    public mutating func record(_ operation: Operation, status: Int?, nanoseconds: Int64) {
        durations[NacosMetrics.index(operation, StatusClass(status: status))].record(nanoseconds)
    }

    /// How long the requests took that ended so.
    public func durations(_ operation: Operation, _ statusClass: StatusClass) -> BucketHistogram {
        durations[NacosMetrics.index(operation, statusClass)]
    }

    /// How long requests took, with the values of `op` and `class`.
    var histograms: [(key: [String], histogram: BucketHistogram)] {
        Operation.allCases.flatMap { operation in
            StatusClass.allCases.map {
                (["\(operation.label)", "\($0.label)"], durations(operation, $0))
            }
        }
    }

    private static func index(_ operation: Operation, _ statusClass: StatusClass) -> Int {
        Int(operation.rawValue) * StatusClass.allCases.count + Int(statusClass.rawValue)
    }
}
