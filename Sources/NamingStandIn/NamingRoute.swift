public import HTTPWire

/// What a request is about; faults, counters and the request log go by it.
public enum NamingRoute: String, CaseIterable, Sendable {
    case register, deregister, update, beat, one, list
    case metrics, switches, setSwitch, servers, distro, consoleState, readiness
    /// Any of the paths for a user name and a password.
    case login
    /// `GET /__state`, for people.
    case state
    /// Everything else.
    case unknown

    /// Whether a query or form of naming is read, which the parameter check looks at.
    var isAboutInstances: Bool {
        switch self {
        case .register, .deregister, .update, .beat, .one, .list: true
        case .metrics, .switches, .setSwitch, .servers, .distro, .consoleState, .readiness, .login, .state, .unknown:
            false
        }
    }

    /// The route of a request, whatever the profile serves.
    public init(_ request: HTTPRequest) {
        self = Endpoint(request).route
    }
}

/// The generations of paths.
enum API: Equatable {
    case v1, v2
    /// `/v3/client` and `/v3/auth`.
    case v3
    /// `/v3/admin`.
    case admin
}

/// A route with the generation of its path.
struct Endpoint: Equatable {
    let route: NamingRoute
    let api: API

    static let context = "/nacos"
    static let beatPath = "/nacos/v1/ns/instance/beat"
    static let naming1 = "/nacos/v1/ns"
    static let clientPath3 = "/nacos/v3/client/ns/instance"

    init(_ request: HTTPRequest) {
        let method = request.method
        let path = request.target.path
        if method == .put, path == Endpoint.beatPath {
            self.init(.beat, .v1)
            return
        }
        if method == .get, path == "/__state" {
            self.init(.state, .v1)
            return
        }
        var tail = path.hasPrefix(Endpoint.context + "/") ? path.dropFirst(Endpoint.context.count) : ""
        if tail.hasPrefix("/v3/") {
            self.init(Endpoint.newRoute(request, tail.dropFirst(3)), tail.hasPrefix("/v3/admin/") ? .admin : .v3)
            return
        }
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
        case ("/auth/users/login", .post) where api == .v1, ("/auth/login", .post) where api == .v1: .login
        default: .unknown
        }
    }

    private static func newRoute(_ request: HTTPRequest, _ tail: Substring) -> NamingRoute {
        switch (tail, request.method) {
        case ("/client/ns/instance", .post):
            Parameters(request, readsBody: true).value("heartBeat").map(NamingServer.isTrueForm) ?? false
                ? .beat : .register
        case ("/client/ns/instance", .delete): .deregister
        case ("/client/ns/instance/list", .get), ("/admin/ns/instance/list", .get): .list
        case ("/admin/ns/instance", .get): .one
        case ("/admin/ns/client/distro", .get): .distro
        case ("/admin/core/state", .get): .consoleState
        case ("/admin/core/state/readiness", .get), ("/admin/core/state/liveness", .get): .readiness
        case ("/auth/user/login", .post): .login
        default: .unknown
        }
    }
}
