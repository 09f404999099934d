internal import BeatCore
internal import EventLoop
internal import NacosWire

/// A Nacos server as the client reaches it.
struct NacosEndpoint {
    /// `host:port` as configured; what `Host` says.
    var name: String
    /// Nil when the host is a name that is not resolved.
    var address: SocketAddress?
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

    /// Exchanges by kind and by how they ended, for `beatd_nacos_requests_total`.
    struct Tally {
        var answered = [UInt64](repeating: 0, count: Exchange.Kind.allCases.count)
        var unanswered = [UInt64](repeating: 0, count: Exchange.Kind.allCases.count)
    }

    private var pools: [ServerPool] = []
    private var queries = InstanceQueries()
    /// Exchanges that are no longer wanted and have not ended yet.
    private var cancelled: Set<Exchange> = []
    /// What ended since the last turn took it.
    private(set) var outcomes: [Input] = []
    private(set) var tally = Tally()
    let readClock: () -> Instant

    init(
        _ loop: EventLoop, servers: [NacosEndpoint], _ configuration: Configuration,
        readClock: @escaping () -> Instant
    ) {
        self.readClock = readClock
        pools = servers.map { ServerPool(loop, $0, configuration, self) }
    }

    /// Takes an exchange; it is written by the next `flush` that has room for it.
    func send(_ exchange: Exchange, at now: Instant) { pools[Int(exchange.server)].enqueue(exchange, at: now) }

    /// The exchange is no longer wanted: it is not written any more, and not written again.
    func cancel(_ exchange: Exchange) { cancelled.insert(exchange) }

    /// Writes what there is room for.
    func flush(_ core: borrowing BeatReactor, at now: Instant) {
        for pool in pools { pool.flush(core, &queries, at: now) }
    }

    /// What ended since the last call.
    func takeOutcomes() -> [Input] {
        defer { outcomes.removeAll(keepingCapacity: true) }
        return outcomes
    }

    /// When something that waits for room times out.
    var nextDeadline: Instant? { pools.compactMap(\.nextDeadline).min() }

    /// Open connections to each server.
    var connectionCounts: [(idle: Int, busy: Int)] { pools.map(\.connectionCounts) }

    func close() {
        for pool in pools { pool.close() }
    }

    // MARK: what pools tell

    func isCancelled(_ exchange: Exchange) -> Bool { !cancelled.isEmpty && cancelled.contains(exchange) }

    func finish(_ outgoing: Outgoing, _ result: ExchangeResult) {
        if !cancelled.isEmpty { cancelled.remove(outgoing.exchange) }
        let kind = Int(outgoing.exchange.kind.rawValue)
        switch result {
        case .replied(let reply):
            tally.answered[kind] &+= 1
            outcomes.append(.replied(outgoing.exchange, reply, sentAt: outgoing.sentAt ?? outgoing.queuedAt))
        case .failed(let failure):
            tally.unanswered[kind] &+= 1
            outcomes.append(.failed(outgoing.exchange, failure, sentAt: outgoing.sentAt))
        }
    }
}
