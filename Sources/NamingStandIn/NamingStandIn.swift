public import EventLoop
import HTTPWire

/// A Nacos naming server on a loop: the embedded default of beatd, and the peer that tests script.
///
/// It serves the `/nacos/v1` naming API of its profile (2.5: `/nacos/v2` as well), and beside it for people:
///
/// * `GET /__state`: JSON with the profile, the status, counters, and every service with its instances, their health
///   and the age of their last beat in ms.
///
/// Connections end as the profile's do (`ConnectionRules`). Loop-confined. Whoever made it holds it and calls `close`.
public final class NamingStandIn {
    /// What may be chosen beside the profile.
    public struct Options: Equatable, Sendable {
        /// How many requests `requestLog` keeps; 0 keeps none and costs nothing.
        public var requestLogCapacity = 0
        /// How long readers see the state before a write, in ms. Real servers: up to 1000.
        public var readLagMilliseconds: Int64 = 0
        /// How often the check task runs, in ms; nil as the profile has it. A test in a hurry may have it run more often
        /// than a real server.
        public var checkPeriodMilliseconds: Int64?
        /// Passwords by user name; empty asks nobody for a token.
        public var users: [String: String] = [:]
        /// How long a token lasts, in s; nil as the profile has it.
        public var tokenLifeSeconds: Int64?
        /// How connections end, in place of the profile's rules.
        public var connection: ConnectionRules?

        /// No log, no lag, all else as the profile has it.
        public init() {}
    }

    /// Connections at one time; Tomcat's own maximum.
    public static let connectionsMax = 8192

    /// What it plays, with the rules of `Options.connection`.
    public private(set) var profile: NamingProfile
    /// The server behind the sockets, to be looked at.
    public internal(set) var server: NamingServer
    /// What came in; see `Options.requestLogCapacity`.
    public internal(set) var requestLog: RequestLog
    /// Where it listens, with the port that was found for 0; the same while paused.
    public let localAddress: SocketAddress
    /// Connections accepted since the start.
    public private(set) var connectionsAccepted = 0

    let loop: EventLoop
    private let options: Options
    private var listener: Listener?
    private var timer: LoopTimer?
    private var connections: [Int: NamingConnection] = [:]
    private var isClosed = false
    var faults = FaultTable()
    /// Answers held back: when each leaves, and on which connection.
    private var held: [(due: Int64, connection: Int)] = []
    /// While a delay holds up everybody: until when.
    private var stalledUntil: Int64?
    private var isHung = false
    /// The cluster that it is a node of, and its place there.
    private weak var cluster: NamingCluster?
    private var node: Int?
    private var dateSecond: Int64 = -1
    private var date: [UInt8] = []

    /// Listens on `address` at once; port 0 takes any.
    public init(loop: EventLoop, address: SocketAddress, profile: NamingProfile, options: Options = Options())
        throws(EventLoopError)
    {
        var profile = profile
        if let rules = options.connection { profile.connection = rules }
        self.loop = loop
        self.profile = profile
        self.options = options
        requestLog = RequestLog(capacity: options.requestLogCapacity)
        server = NamingServer(
            profile: profile, at: MonotonicClock.nanoseconds(),
            checkPeriod: options.checkPeriodMilliseconds.map { $0 * 1_000_000 })
        server.authentication = Authentication(users: options.users, tokenLife: options.tokenLifeSeconds)
        server.readLag = options.readLagMilliseconds * 1_000_000
        // The callbacks need `self`, which needs the address: they find it through this box.
        let owner = Owner()
        let listener = try NamingStandIn.listen(loop, address, owner)
        localAddress = listener.localAddress
        self.listener = listener
        server.advertisedAddress = localAddress.description
        owner.standIn = self
        do throws(EventLoopError) {
            timer = try LoopTimer(loop) { owner.standIn?.timerFired() }
        } catch {
            listener.close()
            throw error
        }
        armTimer()
    }

    private final class Owner {
        weak var standIn: NamingStandIn?
    }

    private static func listen(
        _ loop: EventLoop, _ address: SocketAddress, _ owner: Owner
    ) throws(EventLoopError) -> Listener {
        try Listener(
            loop, on: address, onAccept: { owner.standIn?.accept($0) }, onAcceptError: { _ in })
    }

    /// Stops for good: no listener, no connection, no timer. Idempotent, safe in callbacks of the loop.
    public func close() {
        isClosed = true
        listener?.close()
        listener = nil
        dropConnections()
        timer?.close()
        timer = nil
    }

    // MARK: clusters

    func join(_ cluster: NamingCluster, as node: Int) {
        self.cluster = cluster
        self.node = node
    }

    @inline(__always)
    func answer(_ request: HTTPRequest, at now: Int64, wall: Int64) -> NamingCluster.Answer {
        if let node, let cluster { return cluster.answer(request, at: node, now: now, wall: wall) }
        return NamingCluster.Answer(answer: server.handle(request, at: now, wall: wall))
    }

    // MARK: controls for tests

    /// The server is down: nobody listens, every connection is cut. Services stay and age.
    public func pause() {
        listener?.close()
        listener = nil
        dropConnections()
        loop.freeClosed()
    }

    /// Up again on the same address. Throws when somebody else took it, or in the pass in which `pause` was called.
    public func resume() throws(EventLoopError) {
        guard !isClosed, listener == nil else { return }
        let owner = Owner()
        listener = try NamingStandIn.listen(loop, localAddress, owner)
        owner.standIn = self
    }

    /// Whether `pause` holds.
    public var isPaused: Bool { listener == nil }

    /// As after a restart without memory: no services, all switches at their defaults. Connections stay.
    public func forgetEverything() {
        server.forgetEverything(at: MonotonicClock.nanoseconds())
        armTimer()
    }

    /// Plays another server from now on: the instances, tokens and open connections stay, the next answer is the new
    /// profile's. What an upgrade of the program without loss would look like.
    public func become(_ profile: NamingProfile) {
        var profile = profile
        if let rules = options.connection { profile.connection = rules }
        self.profile = profile
        server.become(profile, at: MonotonicClock.nanoseconds())
        armTimer()
    }

    /// Ends all tokens; who uses one gets 403.
    public func forgetTokens() {
        server.authentication.forgetTokens()
    }

    /// Adds a fault behind those that are there; the number is for `removeFault` and `remainingHits`.
    @discardableResult
    public func inject(_ fault: NamingFault) -> Int {
        faults.add(fault)
    }

    /// Ends a fault. Answers that are held back still leave when they are due.
    public func removeFault(_ id: Int) {
        faults.remove(id)
    }

    /// Ends all faults.
    public func removeFaults() {
        faults.removeAll()
    }

    /// How many requests a fault is still going to hit; nil when there is no end.
    public func remainingHits(_ id: Int) -> Int? {
        faults.remaining(id)
    }

    /// Connections open now.
    public var connectionCount: Int { connections.count }

    /// Empties the log.
    public func clearRequestLog() {
        requestLog = RequestLog(capacity: options.requestLogCapacity)
    }

    // MARK: connections

    private func accept(_ accepted: consuming AcceptedSocket) {
        guard !isClosed, connections.count < NamingStandIn.connectionsMax else { return }
        connectionsAccepted += 1
        let stream = Stream(loop, accepted: accepted, limits: NamingConnection.streamLimits)
        connections[connectionsAccepted] = NamingConnection(stream, number: connectionsAccepted, of: self)
    }

    func connectionEnded(_ number: Int) {
        connections[number] = nil
    }

    private func dropConnections() {
        for connection in connections.values { connection.drop() }
        connections = [:]
        held = []
        stalledUntil = nil
    }

    /// The value of `Date`, made once a second.
    func date(_ wall: Int64) -> [UInt8] {
        if wall / 1000 != dateSecond {
            dateSecond = wall / 1000
            date = WallClockText(milliseconds: wall).httpDate
        }
        return date
    }

    // MARK: time

    /// Whether a delay holds up all connections.
    var isStalled: Bool { stalledUntil != nil || isHung }

    /// Stops or goes on answering, as a process that is sent SIGSTOP and SIGCONT.
    func setHung(_ isHung: Bool) {
        guard self.isHung != isHung else { return }
        self.isHung = isHung
        if !isStalled { for connection in connections.values { connection.proceed() } }
    }

    func hold(until due: Int64, connection: Int, scope: NamingFault.DelayScope) {
        held.append((due, connection))
        switch scope {
        case .connection: break
        case .server: stalledUntil = max(stalledUntil ?? due, due)
        }
        armTimer()
    }

    private func timerFired() {
        let now = MonotonicClock.nanoseconds()
        if let node, now >= server.nextCheck { cluster?.synchronize(node, at: now) }
        server.check(at: now)
        let due = held.filter { $0.due <= now }
        held.removeAll { $0.due <= now }
        for entry in due { connections[entry.connection]?.release() }
        if let end = stalledUntil, end <= now {
            stalledUntil = nil
            for connection in connections.values { connection.proceed() }
        }
        armTimer()
    }

    private func armTimer() {
        var next = server.nextCheck
        for entry in held { next = min(next, entry.due) }
        if let stalledUntil { next = min(next, stalledUntil) }
        timer?.arm(at: next)
    }
}

@available(*, unavailable)
extension NamingStandIn: Sendable {}
