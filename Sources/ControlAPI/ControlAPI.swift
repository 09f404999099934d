public import BeatCore
public import HTTPWire
internal import JSON

/// The control API as values: a request goes in, and an answer or an input for the core comes out.
///
/// Pure: no I/O, no clock, no state of its own. The same value serves every listener; the shell replaces it when
/// tokens or addresses change.
public struct ControlAPI: Sendable {
    /// What the API says about its process, and whom it lets in.
    public struct Configuration: Sendable {
        /// beatd's version, such as `1.0.0`.
        public var version: String
        /// The revision of the sources that it was built from.
        public var revision: String
        /// The compiler's version.
        public var swiftVersion: String
        /// The version of libevent that runs.
        public var libeventVersion: String
        /// Another one in each process: entity tags and `continue` tokens of an earlier run are known by it.
        public var epoch: UInt64
        /// For registrations that name none (`--nacos-namespace`).
        public var defaultNamespace: String
        /// Makes `ip` optional (`--default-ip`).
        public var defaultIP: String?
        /// What a rule for an address, such as `auto`, comes to on this host; asked for documents that have one.
        public var chooseAddress: @Sendable (String) -> AddressChoice = { _ in .none }
        /// Whether clients may ask for `exec` checks (`--allow-exec`).
        public var allowsExec: Bool
        /// Registrations that the core accepts (`--max-registrations`).
        public var maxRegistrations: Int
        /// What `/v1/status` shows under `limits` beside `registrations`, in this order.
        public var limits: [ReportedLimit]
        /// What `/v1/config` shows, in this order.
        public var settings: [ReportedSetting]
        /// Further host names that TCP listeners serve (`--allowed-hosts`).
        public var allowedHosts: [String]
        /// The addresses that TCP listeners are reached at, IPv6 without brackets.
        public var ownAddresses: [String]
        /// The Bearer tokens of TCP listeners.
        public var tokens: Tokens
        /// The unix socket's path, for the menu of commands.
        public var socketPath: String?

        /// A configuration that lets in what comes from loopback.
        public init(
            version: String, revision: String, swiftVersion: String, libeventVersion: String, epoch: UInt64,
            defaultNamespace: String = "public", defaultIP: String? = nil, allowsExec: Bool = false,
            maxRegistrations: Int = Limits.registrations, limits: [ReportedLimit] = [],
            settings: [ReportedSetting] = [],
            allowedHosts: [String] = [],
            ownAddresses: [String] = ["127.0.0.1", "::1"], tokens: Tokens = Tokens(), socketPath: String? = nil
        ) {
            self.version = version
            self.revision = revision
            self.swiftVersion = swiftVersion
            self.libeventVersion = libeventVersion
            self.epoch = epoch
            self.defaultNamespace = defaultNamespace
            self.defaultIP = defaultIP
            self.allowsExec = allowsExec
            self.maxRegistrations = maxRegistrations
            self.limits = limits
            self.settings = settings
            self.allowedHosts = allowedHosts
            self.ownAddresses = ownAddresses
            self.tokens = tokens
            self.socketPath = socketPath
        }
    }

    /// A number of `/v1/status`.
    public struct ReportedLimit: Equatable, Sendable {
        /// As it stands in the document, unit last: `bodyBytes`.
        public var name: String
        /// In the unit that the name ends with.
        public var value: Int

        /// A limit by its name.
        public init(_ name: String, _ value: Int) {
            self.name = name
            self.value = value
        }
    }

    /// Held as an object, because each request takes the API in hand.
    private final class Parts: Sendable {
        let configuration: Configuration
        let admission: Admission

        init(_ configuration: Configuration) {
            self.configuration = configuration
            admission = Admission(configuration)
        }
    }

    private var parts: Parts
    var admission: Admission { parts.admission }
    var configuration: Configuration {
        get { parts.configuration }
        set { parts = Parts(newValue) }
    }

    /// An API of this configuration.
    public init(_ configuration: Configuration) { parts = Parts(configuration) }

    /// Answers a request at once, or hands inputs for the core with what is needed to render their answers.
    ///
    /// Inputs are to be fed to the core in the same turn and in order: preconditions were evaluated on the core as it
    /// is now. `token` names the first input; further ones have the numbers behind it. `metrics` is asked only by the
    /// routes that show what it samples.
    public func handle(
        _ request: HTTPRequest, by client: Client, core: borrowing BeatReactor, context: Context,
        token: RequestToken, metrics: () -> ShellMetrics
    ) -> Handling {
        var route: Route?
        do throws(Problem) {
            try admission.requireKnownHost(request, client)
            let path = try ControlAPI.path(of: request)
            switch Route.find(request.method, path, ops: client.listener == .ops) {
            case .route(let found, let match):
                route = found
                try admission.require(found.rights, request, client)
                let call = try Call(request, found, match)
                return try serve(call, by: client, core: core, context: context, token: token, metrics: metrics)
            case .options(let methods, let found):
                return .respond(ControlAPI.options(methods), route: found)
            case .otherMethods(let methods, let found):
                route = found
                throw ControlAPI.methodNotAllowed(request.method, methods)
            case .unknownPath: throw ControlAPI.unknownPath(request)
            }
        } catch {
            let pretty = ControlAPI.asksPretty(request)
            return .respond(error.response(requestID: context.requestID.text, pretty: pretty), route: route)
        }
    }

    private func serve(
        _ call: Call, by client: Client, core: borrowing BeatReactor, context: Context, token: RequestToken,
        metrics: () -> ShellMetrics
    ) throws(Problem) -> Handling {
        let route = call.route
        switch route.operation {
        case .registerBeat: return try registerBeat(call, core: core, context: context, token: token)
        case .putBeat: return try putBeat(call, core: core, context: context, token: token)
        case .patchBeat: return try patchBeat(call, core: core, context: context, token: token)
        case .batchBeats: return try batchBeats(call, core: core, context: context)
        case .importBeats: return try importBeats(call, core: core, context: context)
        case .exportBeats: return try exportBeats(call, core: core)
        case .removeBeat: return try removeBeat(call, core: core, context: context, token: token)
        case .removeBeats: return try removeBeats(call, core: core, context: context, token: token)
        case .maintainBeat: return try maintainBeat(call, core: core, context: context, token: token)
        case .endBeatMaintenance: return try endBeatMaintenance(call, core: core, context: context, token: token)
        case .renewBeat: return try renewBeat(call, core: core, context: context, token: token)
        case .maintainSidecar: return try maintainSidecar(call, context: context, token: token)
        case .drainSidecar: return try drainSidecar(call, token: token)
        case .endSidecarMaintenance: return try endSidecarMaintenance(call, context: context, token: token)
        case .followEvents: return try readEvents(call, context: context)
        case .listBeats: return try listBeats(call, core: core, context: context)
        case .readBeat: return .respond(try readBeat(call, core: core, context: context), route: route)
        case .readHistory: return .respond(try readHistory(call, core: core, context: context), route: route)
        case .readHealth: return .respond(try readHealth(call, core: core, context: context), route: route)
        case .beatNow: return try beatNow(call, core: core, context: context, token: token)
        case .readMetrics:
            return .respond(readMetrics(call, core: core, context: context, shell: metrics()), route: route)
        case .readMetric:
            return .respond(try readMetric(call, core: core, context: context, shell: metrics()), route: route)
        case .scrapeMetrics:
            return scrapeMetrics(call, context: context, shell: metrics())
        case .readStatus:
            return .respond(readStatus(call, core: core, context: context, shell: metrics()), route: route)
        case .readServers:
            return .respond(readServers(call, core: core, context: context, shell: metrics()), route: route)
        case .readConfig: return .respond(readConfig(call), route: route)
        case .reload: return try reload(call, core: core, context: context)
        case .setLogLevel: return try setLogLevel(call, context: context)
        case .readCapabilities: return .respond(readCapabilities(call), route: route)
        case .readLiveness: return .respond(Probes.liveness(context), route: route)
        case .readReadiness: return .respond(Probes.readiness(context), route: route)
        case .readStartup: return .respond(Probes.startup(context), route: route)
        case .readContract: return .respond(try readContract(call), route: route)
        case .readProblem: return .respond(try readProblem(call), route: route)
        case .readMenu: return .respond(try readFrontPage(call, by: client), route: route)
        case .readDashboardFile: return .respond(try readDashboardFile(call), route: route)
        }
    }

    static func path(of request: HTTPRequest) throws(Problem) -> PathSegments {
        do throws(EscapingError) { return try PathSegments(request.target.path) } catch {
            throw Problem(.malformedRequest, "the path has an escape (%XX) that cannot be decoded")
        }
    }

    private static func options(_ methods: [HTTPMethod]) -> HTTPResponse {
        var fields: HTTPFields = ["Allow": list(methods)]
        if methods.contains(.patch) { fields.append("Accept-Patch", "application/merge-patch+json") }
        return .empty(204, fields: fields)
    }

    private static func methodNotAllowed(_ method: HTTPMethod, _ methods: [HTTPMethod]) -> Problem {
        Problem(
            .methodNotAllowed, "\(NameRules.quoted(method.name)) is not one of the methods of this path",
            fields: ["Allow": list(methods)])
    }

    private static func unknownPath(_ request: HTTPRequest) -> Problem {
        if case .other(let name) = request.method {
            return Problem(.methodNotAllowed, "the method \(NameRules.quoted(name)) is not known", status: 501)
        }
        return Problem(
            .notFound, "there is no path \(NameRules.quoted(request.target.path)); GET / lists what there is")
    }

    private static func list(_ methods: [HTTPMethod]) -> String {
        methods.map(\.name).joined(separator: ", ")
    }

    /// Whether a refusal is to be readable too, although the query may be what is refused.
    private static func asksPretty(_ request: HTTPRequest) -> Bool {
        guard let query = request.target.query else { return false }
        return query.split(separator: "&").contains { $0 == "pretty" || $0 == "pretty=" || $0 == "pretty=true" }
    }
}
