public import HTTPWire

/// One method on one path: what it takes, what it may answer, who may ask. An object, because every request that has
/// found its route carries it along, and copying a value would count the references of each part.
public final class Route: Sendable {
    /// The operations of the API.
    public enum Operation: Int, CaseIterable, Sendable {
        case registerBeat, listBeats, removeBeats, readBeat, putBeat, patchBeat, removeBeat
        case maintainBeat, endBeatMaintenance, renewBeat, maintainSidecar, endSidecarMaintenance, drainSidecar
        case readHistory, readHealth, beatNow, followEvents
        case batchBeats, exportBeats, importBeats
        case readMetrics, readMetric, readStatus, readServers, readConfig, reload, setLogLevel, readCapabilities
        case readLiveness, readReadiness, readStartup, scrapeMetrics
        case readContract, readProblem, readMenu, readDashboardFile

        /// The operationId of `openapi.yaml`.
        public var id: String { "\(self)" }
    }

    /// What a client must be allowed to.
    enum Rights: Sendable {
        /// Probes and documentation: everybody whose Host is known.
        case open
        case read
        case write
    }

    /// What a request may carry.
    enum Body: Sendable {
        case none
        case json
        /// JSON, or none at all.
        case optionalJSON
        /// RFC 7396.
        case mergePatch
    }

    /// What is done.
    public let operation: Operation
    /// The method; GET answers HEAD too.
    public let method: HTTPMethod
    /// The path with `{name}` in place of what varies; label `route` of metrics.
    public let template: String
    /// Every status that the handler or its guards answer, ascending; `openapi.yaml` lists the same.
    public let statuses: [Int]
    let rights: Rights
    let body: Body
    /// The longest body that it takes, in bytes.
    let bodyBytes: Int
    let parameters: [QueryParameter]
    /// Whether the read-only listener serves it.
    let isOnOps: Bool

    /// Of the template in UTF-8; nil stands for the parameter.
    private let segments: [[UInt8]?]
    private let parameterPlace: Int?

    init(
        _ operation: Operation, _ method: HTTPMethod, _ template: String, _ rights: Rights, body: Body = .none,
        bodyBytes: Int = HTTPLimits.request.bodyBytes, _ parameters: [QueryParameter] = [], isOnOps: Bool = false,
        statuses: [Int]
    ) {
        self.operation = operation
        self.method = method
        self.template = template
        self.rights = rights
        self.body = body
        self.bodyBytes = bodyBytes
        self.parameters = parameters
        self.isOnOps = isOnOps
        self.statuses = Set(statuses + Route.guardStatuses(rights)).sorted()
        segments = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            $0.hasPrefix("{") ? nil : Array($0.utf8)
        }
        parameterPlace = segments.firstIndex { $0 == nil }
    }

    /// What is answered before a handler runs: an unknown query parameter, an unknown host or site, a missing token.
    private static func guardStatuses(_ rights: Rights) -> [Int] {
        switch rights {
        case .open: [400, 403]
        case .read, .write: [400, 401, 403]
        }
    }

    /// Segments of its paths.
    var segmentCount: Int { segments.count }

    /// Whether the path is of this route, and what stands in place of its parameter.
    func match(_ path: PathSegments) -> Match? {
        guard path.match(segments) else { return nil }
        return Match(parameter: parameterPlace.map { path[$0] })
    }

    /// A path that matched.
    struct Match: Sendable {
        var parameter: String?
    }
}
