public import HTTPWire

/// A Nacos naming server in memory, as a value: no I/O, no clock, no threads.
///
/// Time is an argument: `now` in nanoseconds of any monotonic clock, `wall` in milliseconds since 1970 for what
/// answers print. Behaviour follows the recorded traces of real servers (nacos.md §8); what differs between them is
/// in `NamingProfile`. Not reproduced: PATCH, the service and catalogue API. A status set by the switch holds at once
/// (real servers: within 6 s), and check ticks lie on one grid from `init` (real: one for each client).
public struct NamingServer: Sendable {
    /// What happened since the start or the last `forgetEverything`.
    public struct Counters: Equatable, Sendable {
        /// All requests, refused ones as well.
        public var requests = 0
        /// Beats answered 10200.
        public var beats = 0
        /// Beats answered 20404.
        public var unknownBeats = 0
        /// Registrations answered `ok`, updates that register among them.
        public var registers = 0
        /// Deregistrations answered `ok`, of unknown instances as well.
        public var deregisters = 0
        /// Lists and single instances read.
        public var reads = 0
        /// Logins answered with a token.
        public var logins = 0
        /// Logins refused.
        public var refusedLogins = 0
        /// Requests refused for want of a good token.
        public var forbidden = 0
        /// Answers with a status of 400 or more.
        public var errors = 0

        /// Nothing happened.
        public init() {}
    }

    /// What it plays.
    public internal(set) var profile: NamingProfile
    /// How often the check task runs, ns.
    public private(set) var checkPeriod: Int64
    /// nil for the profile's.
    private let wantedCheckPeriod: Int64?
    /// What happened so far.
    public internal(set) var counters = Counters()
    /// When `check` is due next, ns.
    public private(set) var nextCheck: Int64
    /// How long readers see the state before a write, ns; real servers: up to 1 s.
    public var readLag: Int64 {
        get { registry.readLag }
        set { registry.readLag = newValue }
    }
    /// The address that a 2.x server names as responsible for every instance, and 1.x lists as its member.
    public var advertisedAddress = "127.0.0.1:8848"

    /// Who may log in; nobody is asked for a token while it is empty.
    public var authentication = Authentication()

    var registry = Registry()
    /// Whether what is written now came from another node of a cluster.
    var isMirroring = false
    /// The node that answers for what is asked now; nil for this one.
    var responsibleAddress: String?
    var switches = Switches()
    /// Reused by the fast path, so that a light beat allocates nothing for its look-up.
    var keyBuffer: [UInt8] = []

    /// A server without services, whose first check is due one period after `now`; nil takes the profile's period.
    public init(profile: NamingProfile, at now: Int64, checkPeriod: Int64? = nil) {
        precondition(checkPeriod ?? 1 > 0, "the check period is \(String(describing: checkPeriod)) ns")
        self.profile = profile
        wantedCheckPeriod = checkPeriod
        self.checkPeriod = checkPeriod ?? profile.checkPeriod
        nextCheck = now + self.checkPeriod
    }

    /// Plays another server from now on, with the instances that are there, as after an upgrade in place.
    public mutating func become(_ profile: NamingProfile, at now: Int64) {
        self.profile = profile
        checkPeriod = wantedCheckPeriod ?? profile.checkPeriod
        nextCheck = now + checkPeriod
        registry.rebuild { instance, service in
            var moved = instance
            moved.key = NamingServer.key(
                profile, service.namespace, service.groupedName, instance.ip, instance.port, instance.cluster)
            moved.timers = Instance.Timers(instance.metadata, profile)
            return moved
        }
    }

    /// Answers one request.
    public mutating func handle(_ request: HTTPRequest, at now: Int64, wall: Int64) -> NamingAnswer {
        counters.requests += 1
        if let answer = lightBeat(request, at: now) { return answer }
        let context = RequestContext(request, profile, wall: wall)
        let answer = answer(request, context, at: now)
        if answer.status >= 400 { counters.errors += 1 }
        return answer
    }

    /// Answers one request that belongs to another node of a cluster; nil for this one.
    mutating func handle(
        _ request: HTTPRequest, at now: Int64, wall: Int64, responsible: String?
    ) -> NamingAnswer {
        responsibleAddress = responsible
        defer { responsibleAddress = nil }
        return handle(request, at: now, wall: wall)
    }

    /// Does what the owner did, as its copy: nobody is asked for a token and nothing is counted.
    mutating func mirror(_ request: HTTPRequest, at now: Int64, wall: Int64) {
        let kept = (counters, authentication)
        authentication = Authentication()
        isMirroring = true
        _ = handle(request, at: now, wall: wall)
        isMirroring = false
        (counters, authentication) = kept
    }

    /// Runs the check task: who has not beaten in time becomes unhealthy, then goes (nacos.md §4.2). A late call is one
    /// late pass, as after a stall of a real server.
    public mutating func check(at now: Int64) {
        guard now >= nextCheck else { return }
        registry.check(at: now, emptyServiceLife: profile.emptyServiceLife.map { $0 * 1_000_000 })
        let missed = (now - nextCheck) / checkPeriod
        nextCheck += (missed + 1) * checkPeriod
    }

    /// Restarts empty: services, switches and counters are gone, the check grid begins anew.
    public mutating func forgetEverything(at now: Int64) {
        var fresh = NamingServer(profile: profile, at: now, checkPeriod: wantedCheckPeriod)
        fresh.readLag = readLag
        fresh.authentication = authentication
        fresh.authentication.forgetTokens()
        fresh.advertisedAddress = advertisedAddress
        self = fresh
    }

    /// The answer to a request for which the fast path is not made.
    private mutating func answer(_ request: HTTPRequest, _ context: RequestContext, at now: Int64) -> NamingAnswer {
        if request.version == .http11, request.fields["Host"] == nil { return context.serverPage(400) }
        if !isWellFormed(request.target) { return context.serverPage(400) }
        if request.target.path.utf8.containsDoubleSlash { return context.doubleSlash() }
        let endpoint = Endpoint(request)
        let isNaming1 = request.target.path.hasPrefix(Endpoint.naming1 + "/")
        if isNaming1, profile.engine == .tomcat, !switches.lets(request.method) {
            return context.unavailable("server is \(switches.status)now, please try again later!")
        }
        do throws(Refusal) {
            return try serve(endpoint, request, context, at: now) ?? unserved(request, context, isNaming1: isNaming1)
        } catch {
            return context.refusal(error)
        }
    }

    /// nil when the profile knows no such endpoint.
    private mutating func serve(
        _ endpoint: Endpoint, _ request: HTTPRequest, _ context: RequestContext, at now: Int64
    ) throws(Refusal) -> NamingAnswer? {
        let readsBody = request.method != .post || profile.readsPostBody || endpoint.route == .login
        let parameters = Parameters(request, readsBody: readsBody, keepsBadEscapes: profile.engine == .actix)
        let call = Call(api: endpoint.api, parameters: parameters, context: context, now: now)
        if endpoint.route == .state { return state(call) }
        let isServed = try serves(endpoint, request)
        if profile.login.guardsEverything, authentication.isOn, endpoint.route != .login {
            try authenticate(request, call)
        }
        guard isServed else { return nil }
        if endpoint.route == .login { return try login(call) }
        if isGuarded(endpoint) { try authenticate(request, call) }
        if profile.engine == .actix, endpoint.route.isAboutInstances { try parameters.refuseRepeated() }
        if profile.checksParameters, endpoint.route.isAboutInstances {
            try checkParameters(endpoint.route, call)
        }
        switch endpoint.route {
        case .register: return try register(call)
        case .deregister: return try deregister(call)
        case .update: return try update(call, isJavaClient: NamingServer.isJavaClient(request))
        case .beat: return try call.api == .v3 ? beat3(call) : beat(call)
        case .one: return try one(call)
        case .list: return try list(call, isJavaClient: NamingServer.isJavaClient(request))
        case .metrics: return metrics(call)
        case .switches: return switchDocument(call)
        case .setSwitch: return try setSwitch(call)
        case .servers: return members(call)
        case .distro: return responsibleServer(call)
        case .consoleState: return consoleState(call)
        case .readiness: return readiness(call)
        case .login, .state, .unknown: return nil
        }
    }

    private func unserved(_ request: HTTPRequest, _ context: RequestContext, isNaming1: Bool) -> NamingAnswer {
        if profile.engine == .actix { return context.notFound() }
        if isNaming1 { return context.refusal(.container(501, "no such api:\(context.method):\(context.path)")) }
        if profile.servesV3, request.target.path == Endpoint.clientPath3 {
            return context.refusal(.nothing(405, allow: "DELETE, POST"))
        }
        return context.path.hasPrefix(Endpoint.context + "/") ? context.notFound() : context.serverPage(404)
    }

    /// Clients of the Java SDK from 1.0 on get grouped names in lists and strict updates on 1.x (nacos.md §2.1).
    private static func isJavaClient(_ request: HTTPRequest) -> Bool {
        let prefix = "Nacos-Java-Client:v"
        guard let agent = request.fields["User-Agent"], agent.hasPrefix(prefix) else { return false }
        return agent.utf8.dropFirst(prefix.utf8.count).first.map { $0 >= UInt8(ascii: "1") } ?? false
    }

    /// Tomcat refuses what RFC 9112 does not allow in a request target; actix lets braces pass.
    private func isWellFormed(_ target: HTTPTarget) -> Bool {
        let isActix = profile.engine == .actix
        let isLegal: (UInt8) -> Bool = { byte in
            NamingServer.isTargetByte(byte) || isActix && (byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}"))
        }
        return target.path.utf8.allSatisfy(isLegal) && (target.query?.utf8.allSatisfy(isLegal) ?? true)
    }

    static func isTargetByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F...0xFF: false
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"): false
        case UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"): false
        default: true
        }
    }
}

/// One request on its way through the handlers.
struct Call {
    let api: API
    let parameters: Parameters
    let context: RequestContext
    /// ns.
    let now: Int64
}

extension String.UTF8View {
    /// Whether `//` is in it.
    fileprivate var containsDoubleSlash: Bool {
        var last: UInt8 = 0
        for byte in self {
            if byte == UInt8(ascii: "/"), last == byte { return true }
            last = byte
        }
        return false
    }
}
