public import HTTPWire

/// What a request is about; faults, counters and the request log go by it.
public enum NamingRoute: String, CaseIterable, Sendable {
    case register, deregister, update, beat, one, list
    case metrics, switches, setSwitch, servers, distro, consoleState, readiness
    /// `GET /__state`, for people.
    case state
    /// Everything else.
    case unknown

    /// Whether a query or form of naming is read, which the parameter check looks at.
    var isAboutInstances: Bool {
        switch self {
        case .register, .deregister, .update, .beat, .one, .list: true
        case .metrics, .switches, .setSwitch, .servers, .distro, .consoleState, .readiness, .state, .unknown: false
        }
    }

    /// The route of a request, whatever the profile serves.
    public init(_ request: HTTPRequest) {
        self = Endpoint(request.method, request.target.path).route
    }
}

/// The two generations of paths.
enum API: Equatable { case v1, v2 }

/// A route with the generation of its path.
struct Endpoint: Equatable {
    let route: NamingRoute
    let api: API

    static let context = "/nacos"
    static let beatPath = "/nacos/v1/ns/instance/beat"
    static let naming1 = "/nacos/v1/ns"

    init(_ method: HTTPMethod, _ path: String) {
        if method == .put, path == Endpoint.beatPath {
            self.init(.beat, .v1)
            return
        }
        if method == .get, path == "/__state" {
            self.init(.state, .v1)
            return
        }
        var tail = path.hasPrefix(Endpoint.context + "/") ? path.dropFirst(Endpoint.context.count) : ""
        if tail.count > 1, tail.last == "/" { tail = tail.dropLast() }
        let api: API = tail.hasPrefix("/v2/") ? .v2 : .v1
        let isKnownGeneration = tail.hasPrefix("/v1/") || tail.hasPrefix("/v2/")
        self.init(isKnownGeneration ? Endpoint.route(method, tail.dropFirst(3), api) : .unknown, api)
    }

    private init(_ route: NamingRoute, _ api: API) {
        self.route = route
        self.api = api
    }

    private static func route(_ method: HTTPMethod, _ tail: Substring, _ api: API) -> NamingRoute {
        switch (tail, method) {
        case ("/ns/instance", .post): .register
        case ("/ns/instance", .delete): .deregister
        case ("/ns/instance", .put): .update
        case ("/ns/instance", .get): .one
        case ("/ns/instance/beat", .put): .beat
        case ("/ns/instance/list", .get): .list
        case ("/ns/operator/metrics", .get): .metrics
        case ("/ns/operator/switches", .get): .switches
        case ("/ns/operator/switches", .put): .setSwitch
        case ("/ns/operator/servers", .get) where api == .v1: .servers
        case ("/ns/operator/distro/client", .get) where api == .v1: .distro
        case ("/console/server/state", .get) where api == .v1: .consoleState
        case ("/console/health/readiness", .get), ("/console/health/liveness", .get): .readiness
        default: .unknown
        }
    }
}
