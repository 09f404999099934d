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
    /// Where it is; empty while its name is not resolved.
    var addresses: [SocketAddress]

    /// A server by what settings say; a numeric host is its own address.
    init(name: String, host: String, port: UInt16) {
        self.name = name
        self.host = host
        self.port = port
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
    }

    private var pools: [ServerPool] = []
    private var access: NacosAccess?
    private var queries = InstanceQueries()
    /// Exchanges that are no longer wanted and have not ended yet.
    private var cancelled: Set<Exchange> = []
    /// What ended since the last turn took it.
    private(set) var outcomes: [Input] = []
    private var metrics: NacosMetrics
    let readClock: () -> Instant

    init(
        _ loop: EventLoop, servers: [ServerAddress], _ configuration: Configuration,
        credentials: NacosCredentials? = nil, readClock: @escaping () -> Instant
    ) {
        self.readClock = readClock
        metrics = NacosMetrics(servers: servers.count)
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
    }

    /// A server's name was looked up.
    func resolved(_ server: ServerIndex, _ addresses: [SocketAddress]) { pools[Int(server)].setAddresses(addresses) }

    /// What ended since the last call.
    func takeOutcomes() -> [Input] {
        defer { outcomes.removeAll(keepingCapacity: true) }
        return outcomes
    }

    /// When something that waits for room times out.
    var nextDeadline: Instant? { pools.compactMap(\.nextDeadline).min() }

    /// Requests by operation and outcome, and the connections that are open now.
    func sample() -> NacosMetrics {
        var sample = metrics
        sample.connections = pools.map(\.connectionCounts)
        return sample
    }

    /// Asks a server which dialect it speaks.
    func probe(_ server: ServerIndex) { access?.probe(server) }

    /// Logs in.
    func logIn() { access?.logIn() }

    func close() {
        access?.close()
        for pool in pools { pool.close() }
    }

    // MARK: what probes and logins need

    var serverCount: Int { pools.count }

    func encoder(of server: ServerIndex) -> NacosRequestEncoder { pools[Int(server)].encoder }

    func address(of server: ServerIndex) -> SocketAddress? { pools[Int(server)].address }

    func setToken(_ token: SecretText) {
        for pool in pools { pool.encoder.setToken(token) }
    }

    /// Gives the core an outcome that is none of an exchange.
    func report(_ input: Input) { outcomes.append(input) }

    // MARK: what pools tell

    func isCancelled(_ exchange: Exchange) -> Bool { !cancelled.isEmpty && cancelled.contains(exchange) }

    func finish(_ outgoing: Outgoing, _ result: ExchangeResult) {
        if !cancelled.isEmpty { cancelled.remove(outgoing.exchange) }
        let operation = NacosMetrics.Operation(outgoing.exchange.kind)
        let duration = outgoing.sentAt.map { readClock() - $0 } ?? .zero
        switch result {
        case .replied(let reply):
            metrics.record(operation, status: reply.status, duration: duration)
            outcomes.append(.replied(outgoing.exchange, reply, sentAt: outgoing.sentAt ?? outgoing.queuedAt))
        case .failed(let failure):
            metrics.record(operation, status: nil, duration: duration)
            outcomes.append(.failed(outgoing.exchange, failure, sentAt: outgoing.sentAt))
        }
    }
}
