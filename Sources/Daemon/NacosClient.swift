internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import NacosWire

/// A Nacos server as the client reaches it.
struct ServerAddress {
    /// `host:port` as configured; what `Host` says.
    var name: String
    /// The host by itself, and the port.
    var host: String
    var port: UInt16
    /// Whether it is written `https://`.
    var usesTLS: Bool
    /// Where it is; empty while its name is not resolved.
    var addresses: [SocketAddress]

    /// A server by what settings say; a numeric host is its own address.
    init(name: String, host: String, port: UInt16, usesTLS: Bool = false) {
        self.name = name
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
        addresses = SocketAddress(host: host, port: port).map { [$0] } ?? []
    }
}

/// Carries the core's exchanges to the Nacos servers and their outcomes back.
///
/// Every exchange that is handed over comes back exactly once, as an input for the core. Loop-confined.
final class NacosClient {
    /// How a client is set up.
    struct Configuration {
        var contextPath = "/nacos"
        var version: String
        var connectTimeout = Duration.seconds(1)
        var requestTimeout = Duration.seconds(3)
        var connectionsPerServer = 8
        var pipelineDepth = 16
        /// For the servers that use it; must be there when one does.
        var tls: TLSContext?
        /// Signs every request but logins; nil: none is signed.
        var signer: RequestSigner?
    }

    /// By place. A retired one stays until its place is another server's.
    private var pools: [ServerPool] = []
    private let loop: EventLoop
    private let configuration: Configuration
    private var token: SecretText?
    private var access: NacosAccess?
    private var queries = InstanceQueries()
    /// Exchanges that are no longer wanted and have not ended yet.
    private var cancelled: Set<Exchange> = []
    /// What ended since the last turn took it.
    private(set) var outcomes: [Input] = []
    private var metrics: NacosMetrics
    private var signer: RequestSigner?
    private let connectionsMax: Int
    /// When the loop wakes at the latest.
    private var wakesAt = Instant(nanoseconds: .max)
    private var heldUpUntil = Instant(nanoseconds: 0)
    /// How many ends of turns are to come until answers that waited in the kernel have been read.
    private var heldUpTurns = 0
    let readClock: () -> Instant

    init(
        _ loop: EventLoop, servers: [ServerAddress], _ configuration: Configuration,
        credentials: NacosCredentials? = nil, readClock: @escaping () -> Instant
    ) {
        self.loop = loop
        self.configuration = configuration
        self.readClock = readClock
        signer = configuration.signer
        metrics = NacosMetrics()
        connectionsMax = configuration.connectionsPerServer * NacosClientLimits.growth
        pools = servers.map { ServerPool(loop, $0, configuration, self) }
        access = NacosAccess(loop, configuration, credentials, self)
    }

    /// Takes an exchange; it is written by the next `flush` that has room for it.
    func send(_ exchange: Exchange, at now: Instant) { pools[Int(exchange.server)].enqueue(exchange, at: now) }

    /// The exchange is no longer wanted: it is not written any more, and not written again.
    func cancel(_ exchange: Exchange) { cancelled.insert(exchange) }

    /// The process ends: what is in flight is awaited no longer than this, deregistrations excepted.
    func awaitAnswers(until end: Instant) {
        for pool in pools { pool.awaitAnswers(until: end) }
    }

    /// Writes what there is room for.
    func flush(_ core: borrowing BeatReactor, at now: Instant) {
        for pool in pools { pool.flush(core, &queries, at: now) }
        access?.expire(at: now)
    }

    /// A server's name was looked up.
    func resolved(_ server: ServerIndex, _ addresses: [SocketAddress]) {
        pools[Int(server)].setAddresses(addresses)
        access?.resolved(server)
    }

    /// Exchanges what ended since the last call for an empty list, of which the memory is used again.
    func takeOutcomes(_ taken: inout [Input]) {
        taken.removeAll(keepingCapacity: true)
        swap(&taken, &outcomes)
    }

    /// How many more beats are worth beginning. With more due than all servers take, a queue here would be a second one
    /// behind that of the wheel, and each beat be fetched from memory three times over instead of once.
    var roomForBeats: Int {
        let waiting = pools.lazy.filter { !$0.isRetired }.map(\.waitingBeats).min() ?? 0
        return max(Limits.beatsPerFullTurn, Limits.beatsPerTurn - waiting)
    }

    /// When something that waits for room times out.
    var nextDeadline: Instant? { pools.reduce(access?.nextDeadline) { $0.earlier($1.nextDeadline) } }

    /// Requests by operation and outcome, and the connections that are open now.
    func sample() -> NacosMetrics {
        var sample = metrics
        sample.connections = pools.map(\.connectionCounts)
        sample.connectionsMax = connectionsMax
        return sample
    }

    /// Asks a server which dialect it speaks.
    func probe(_ server: ServerIndex) { access?.probe(server) }

    /// Reads what a node lists.
    func verify(_ reading: InstanceReading) { access?.verify(reading) }

    /// Logs in.
    func logIn() { access?.logIn() }

    func close() {
        access?.close()
        for pool in pools { pool.close() }
        pools = []
    }

    // MARK: the list of servers

    /// This place is the server's from now on.
    func add(_ server: ServerAddress, at place: ServerIndex) {
        let position = Int(place)
        precondition(position <= pools.count, "server \(place) is added before \(pools.count)")
        if position < pools.count, pools[position].name == server.name { return pools[position].unretire() }
        let pool = ServerPool(loop, server, configuration, self)
        if let token { pool.encoder.setToken(token) }
        guard position < pools.count else { return pools.append(pool) }
        pools[position].close()
        pools[position] = pool
    }

    /// The server at this place is no longer in the list.
    func retire(_ place: ServerIndex) { pools[Int(place)].retire() }

    // MARK: what probes and logins need

    /// The first place of a server in the list that is not before `place`.
    func listedServer(from place: ServerIndex) -> ServerIndex? {
        pools.indices.first { $0 >= Int(place) && !pools[$0].isRetired }.map { ServerIndex($0) }
    }

    /// The next call or connection tries the server's next address.
    func cannotConnect(_ server: ServerIndex, to address: SocketAddress) {
        pools[Int(server)].cannotConnect(to: address)
    }

    /// Whether it is known of any server where it is.
    var hasAddress: Bool { pools.contains { !$0.isRetired && $0.address != nil } }

    func encoder(of server: ServerIndex) -> NacosRequestEncoder { pools[Int(server)].encoder }

    func address(of server: ServerIndex) -> SocketAddress? { pools[Int(server)].address }

    func transport(of server: ServerIndex) -> ServerTransport { pools[Int(server)].transport }

    /// What signs a request that is made now; nil when none is signed. `groupedServiceName` is nil for a request about
    /// no service.
    func signature(groupedServiceName: String?) -> RequestSignature? {
        signer?.sign(groupedServiceName: groupedServiceName, at: WallTime(milliseconds: WallClock.milliseconds()))
    }

    func setToken(_ token: SecretText) {
        self.token = token
        for pool in pools { pool.encoder.setToken(token) }
    }

    /// Counts a request that was none of an exchange; `status` nil: no answer.
    func record(_ operation: NacosMetrics.Operation, status: Int?, since: Instant) {
        metrics.record(operation, status: status, nanoseconds: readClock().nanoseconds(since: since))
    }

    /// Gives the core an outcome that is none of an exchange.
    func report(_ input: Input) { outcomes.append(input) }

    // MARK: what pools tell

    /// The turn that began at `now` is over, and the next one begins at `wake` at the latest (nil: only for events). What
    /// is overdue then is work that was left, and no sign that the process was held up.
    func sleeps(until wake: Instant?, from now: Instant) {
        wakesAt = wake.map { max($0, now) } ?? Instant(nanoseconds: .max)
        if heldUpTurns > 0 { heldUpTurns -= 1 }
    }

    /// True when this process has just been held up (stopped, swapped out, on a machine that slept): what was slow, or
    /// seems to be, were not the servers.
    func isHeldUp(at now: Instant) -> Bool {
        if now.nanoseconds(since: wakesAt) > NacosClientLimits.heldUp {
            heldUpUntil = now + NacosClientLimits.heldUpGrace
            heldUpTurns = NacosClientLimits.heldUpTurns
        }
        return heldUpTurns > 0 || now < heldUpUntil
    }

    func isCancelled(_ exchange: Exchange) -> Bool { !cancelled.isEmpty && cancelled.contains(exchange) }

    func finish(_ outgoing: Outgoing, _ result: ExchangeResult, at now: Instant) {
        if !cancelled.isEmpty { cancelled.remove(outgoing.exchange) }
        let operation = NacosMetrics.Operation(outgoing.exchange.kind)
        let nanoseconds = outgoing.sentAt.map { now.nanoseconds(since: $0) } ?? 0
        switch result {
        case .replied(let reply):
            metrics.record(operation, status: reply.status, nanoseconds: nanoseconds)
            outcomes.append(.replied(outgoing.exchange, reply, sentAt: outgoing.sentAt ?? outgoing.queuedAt))
        case .failed(let failure, let detail):
            metrics.record(operation, status: nil, nanoseconds: nanoseconds)
            outcomes.append(.failed(outgoing.exchange, failure, sentAt: outgoing.sentAt, detail: detail))
        }
    }
}
