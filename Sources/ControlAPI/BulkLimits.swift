internal import BeatCore
public import HTTPWire

/// What bounds a batch or an import, each with the reason for its number.
enum BulkLimits {
    /// The body of a batch: a thousand registrations with full metadata.
    static let batchBytes = 1 << 20
    /// Applied in one turn, as one transaction: 2 ms of the core.
    static let batchOperations = 1000
    /// The body of an import: 30 000 registrations as an export writes them.
    static let importBytes = 8 << 20
    /// One element, and all that stands around the list: what a single registration's body may have.
    static let elementBytes = HTTPLimits.request.bodyBytes
    /// How deep an element may nest: the list and the document around it are two of the sixteen.
    static let elementDepth = 14
    /// Operations of an import that are applied in one turn: a quarter of a millisecond of the core.
    static let importedAtOnce = 128
    /// Rows of the table that one step looks at when registrations are to be replaced: 0.1 ms.
    static let rowsAtOnce = 256
    /// Faults shown for one operation, so that a thousand of them fit into what a connection may have waiting.
    static let itemsShown = 4
    /// Bytes of results after which problems are told without their faults.
    static let resultBytes = 384 << 10
}

extension ControlAPI {
    /// How long the body of a request may be, by its head: more than for one registration only where a list is taken,
    /// and only from a client that may write. The longest import is taken through the unix socket or with a token,
    /// for any process of the host can have loopback connections.
    public func bodyLimit(of request: HTTPRequest, by client: Client) -> Int {
        let usual = HTTPLimits.request.bodyBytes
        guard let path = try? ControlAPI.path(of: request),
            case .route(let route, _) = Route.find(request.method, path, ops: client.listener == .ops),
            route.bodyBytes > usual, (try? admission.require(route.rights, request, client)) != nil
        else { return usual }
        return admission.isNamed(request, client) ? route.bodyBytes : min(route.bodyBytes, BulkLimits.batchBytes)
    }
}
