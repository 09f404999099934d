internal import HTTPWire

extension Route {
    /// All routes. `openapi.yaml` says the same, and a test compares them.
    public static let table: [Route] = [
        Route(
            .registerBeat, .post, "/v1/beats", .write, body: .json, [.pretty, .dryRun, .wait],
            statuses: [200, 201, 202, 409, 412, 413, 415, 422, 429, 502, 503]),
        Route(
            .listBeats, .get, "/v1/beats", .read,
            [.pretty] + QueryParameter.instance + [.state, .label, .q, .limit, .continue, .total, .wait],
            statuses: [200, 304, 410, 412]),
        Route(
            .removeBeats, .delete, "/v1/beats", .write,
            [.pretty] + QueryParameter.instance + [.all, .wait, .deregister, .missingOk],
            statuses: [202, 204, 404, 409, 412, 429, 503]),
        Route(
            .readBeat, .get, "/v1/beats/{id}", .read, [.pretty], statuses: [200, 304, 404, 412]),
        Route(
            .putBeat, .put, "/v1/beats/{id}", .write, body: .json, [.pretty, .dryRun, .wait],
            statuses: [200, 201, 202, 409, 412, 413, 415, 422, 429, 502, 503]),
        Route(
            .patchBeat, .patch, "/v1/beats/{id}", .write, body: .mergePatch, [.pretty, .dryRun, .wait],
            statuses: [200, 202, 404, 409, 412, 413, 415, 422, 429, 502, 503]),
        Route(
            .removeBeat, .delete, "/v1/beats/{id}", .write, [.pretty, .wait, .deregister, .missingOk],
            statuses: [202, 204, 404, 412, 429, 503]),
        Route(
            .maintainBeat, .put, "/v1/beats/{id}/maintenance", .write, body: .optionalJSON, [.pretty],
            statuses: [200, 404, 413, 415, 422, 429, 503]),
        Route(
            .endBeatMaintenance, .delete, "/v1/beats/{id}/maintenance", .write, [.pretty],
            statuses: [204, 404, 429, 503]),
        Route(
            .renewBeat, .put, "/v1/beats/{id}/alive", .write, body: .optionalJSON, [.pretty],
            statuses: [204, 404, 409, 413, 415, 422, 429, 503]),
        Route(
            .maintainSidecar, .put, "/v1/maintenance", .write, body: .optionalJSON, [.pretty],
            statuses: [200, 413, 415, 422, 429, 503]),
        Route(.endSidecarMaintenance, .delete, "/v1/maintenance", .write, [.pretty], statuses: [204, 429, 503]),
        Route(
            .drainSidecar, .post, "/v1/drain", .write, body: .optionalJSON, [.pretty, .wait],
            statuses: [200, 202, 409, 413, 415, 422, 429, 503]),
        Route(.readHistory, .get, "/v1/beats/{id}/history", .read, [.pretty], statuses: [200, 404]),
        Route(.readHealth, .get, "/v1/beats/{id}/health", .read, statuses: [200, 404, 429, 503]),
        Route(
            .beatNow, .post, "/v1/beats/{id}/beat", .write, [.pretty], statuses: [200, 404, 409, 429, 502, 503]),
        Route(
            .batchBeats, .post, "/v1/beats:batch", .write, body: .json, bodyBytes: BulkLimits.batchBytes,
            [.pretty, .atomic, .dryRun], statuses: [200, 412, 413, 415, 422, 429, 503]),
        Route(.exportBeats, .get, "/v1/export", .read, [.pretty], statuses: [200, 304, 412]),
        Route(
            .importBeats, .post, "/v1/import", .write, body: .json, bodyBytes: BulkLimits.importBytes,
            [.pretty, .mode, .dryRun], statuses: [200, 412, 413, 415, 422, 429, 503]),
        Route(
            .followEvents, .get, "/v1/events", .read, [.type] + QueryParameter.instance,
            statuses: [200, 429]),
        Route(.readMetrics, .get, "/v1/metrics", .read, [.pretty], statuses: [200]),
        Route(.readMetric, .get, "/v1/metrics/{name}", .read, [.pretty], statuses: [200, 404]),
        Route(.readStatus, .get, "/v1/status", .read, [.pretty], statuses: [200]),
        Route(.readServers, .get, "/v1/servers", .read, [.pretty], statuses: [200]),
        Route(.readConfig, .get, "/v1/config", .read, [.pretty], statuses: [200]),
        Route(.reload, .post, "/v1/reload", .write, [.pretty], statuses: [200, 422, 429, 503]),
        Route(
            .setLogLevel, .put, "/v1/log-level", .write, body: .json, [.pretty], statuses: [200, 413, 415, 422, 429]),
        Route(.readCapabilities, .get, "/v1", .read, [.pretty], statuses: [200]),
        Route(.readLiveness, .get, "/livez", .open, isOnOps: true, statuses: [200, 503]),
        Route(.readReadiness, .get, "/readyz", .open, isOnOps: true, statuses: [200, 503]),
        Route(.readStartup, .get, "/startupz", .open, isOnOps: true, statuses: [200, 503]),
        Route(.scrapeMetrics, .get, "/metrics", .read, isOnOps: true, statuses: [200]),
        Route(.readContract, .get, "/openapi.yaml", .open, statuses: [200, 304, 412]),
        Route(.readProblem, .get, "/problems/{slug}", .open, statuses: [200, 304, 404, 412]),
        Route(.readMenu, .get, "/", .open, statuses: [200, 304, 412]),
        Route(.readDashboardFile, .get, "/ui/{name}", .open, statuses: [200, 304, 404, 412]),
    ]

    /// The paths of the API in the order of the table.
    public static let templates: [String] = table.reduce(into: []) { templates, route in
        if !templates.contains(route.template) { templates.append(route.template) }
    }

    /// Where the template of each operation stands among them, by its raw value.
    private static let templatePlaces = Operation.allCases.map { operation in
        table.first { $0.operation == operation }.flatMap { templates.firstIndex(of: $0.template) } ?? templates.count
    }

    /// Where the template stands among all.
    var templatePlace: Int { Route.templatePlaces[operation.rawValue] }

    /// What a request asks for.
    enum Lookup {
        case route(Route, Match)
        /// OPTIONS, on a path or on `*`: the methods.
        case options([HTTPMethod], Route?)
        /// The path takes only these methods.
        case otherMethods([HTTPMethod], Route)
        case unknownPath
    }

    /// The route for a method and a path. With `ops` only what the read-only listener serves.
    static func find(_ method: HTTPMethod, _ path: PathSegments, ops: Bool) -> Lookup {
        if let found = route(method == .head ? .get : method, path, ops: ops) { return found }
        if method == .options, path.count == 1, path[0] == "*" { return .options(methods(of: table), nil) }
        let others = table.filter { ($0.isOnOps || !ops) && $0.match(path) != nil }
        guard let first = others.first else { return .unknownPath }
        return method == .options ? .options(methods(of: others), first) : .otherMethods(methods(of: others), first)
    }

    /// By the place of the method and then by the number of segments, so that few routes are looked at for a request.
    private static let groups: [[[Route]]] = methods.map { method in
        let longest = table.map(\.segmentCount).max() ?? 0
        return (0...longest).map { count in table.filter { $0.method == method && $0.segmentCount == count } }
    }

    /// The methods that routes have.
    private static let methods: [HTTPMethod] = [.get, .post, .put, .patch, .delete]

    private static func route(_ method: HTTPMethod, _ path: PathSegments, ops: Bool) -> Lookup? {
        guard let place = methods.firstIndex(of: method), path.count < groups[place].count else { return nil }
        for route in groups[place][path.count] where route.isOnOps || !ops {
            if let match = route.match(path) { return .route(route, match) }
        }
        return nil
    }

    private static func methods(of routes: [Route]) -> [HTTPMethod] {
        var methods: [HTTPMethod] = []
        for route in routes where !methods.contains(route.method) {
            methods.append(route.method)
            if route.method == .get { methods.append(.head) }
        }
        return methods + [.options]
    }
}
