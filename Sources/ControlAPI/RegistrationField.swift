/// The fields of a registration document, in the order in which they are written (control-api.md §2).
///
/// The one list of them: reading, the suggestion for an unknown field and writing all go over it, and a test holds it
/// against `openapi.yaml`.
enum RegistrationField: String, CaseIterable, Sendable {
    case id
    case serviceName
    case groupName
    case namespaceId
    case clusterName
    case ip
    case ipRule
    case port
    case weight
    case enabled
    case metadata
    case period
    case checks
    case onUnhealthy
    case deregisterOnExit
    case labels
    case rev
    case generation
    case createdAt
    case updatedAt
    case source
    case status
    case result

    /// The name as a key that needs no escapes.
    var key: StaticString {
        switch self {
        case .id: "id"
        case .serviceName: "serviceName"
        case .groupName: "groupName"
        case .namespaceId: "namespaceId"
        case .clusterName: "clusterName"
        case .ip: "ip"
        case .ipRule: "ipRule"
        case .port: "port"
        case .weight: "weight"
        case .enabled: "enabled"
        case .metadata: "metadata"
        case .period: "period"
        case .checks: "checks"
        case .onUnhealthy: "onUnhealthy"
        case .deregisterOnExit: "deregisterOnExit"
        case .labels: "labels"
        case .rev: "rev"
        case .generation: "generation"
        case .createdAt: "createdAt"
        case .updatedAt: "updatedAt"
        case .source: "source"
        case .status: "status"
        case .result: "result"
        }
    }

    /// Whether it is the server's own: a write may carry it, so that what was read can be put back, and it is ignored,
    /// except that an `id` must not contradict.
    var isServerOwned: Bool {
        switch self {
        case .id, .rev, .generation, .createdAt, .updatedAt, .source, .status, .result: true
        case .serviceName, .groupName, .namespaceId, .clusterName, .ip, .ipRule, .port, .weight, .enabled, .metadata,
            .period,
            .checks, .onUnhealthy, .deregisterOnExit, .labels:
            false
        }
    }

    /// What a client may write.
    static let writable = allCases.filter { !$0.isServerOwned }
    /// What stays the same while nobody writes.
    static let stored = allCases.filter { $0 != .status }
    /// What is suggested for a misspelt name.
    static let writableNames = writable.map(\.rawValue)
}
