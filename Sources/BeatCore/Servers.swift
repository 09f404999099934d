/// The Nacos servers and what is known of each: which one an exchange goes to, and which are left in peace.
struct Servers {
    struct Server {
        var name: String
        /// False behind its removal from the list: nothing new is sent there.
        var isListed = true
        var state = State.unknown
        var failures = 0
        var lastError: String?
        var requests: UInt64 = 0
        /// Nil until the server was asked; set from the start when the user forces one.
        var dialect: Dialect?
        var version: String?
        var upsertsOnBeat = false
        var isBeingProbed = false
        /// Sent to answered, over the last minute: six parts of 10 s, 57 KB.
        var latency = HistogramRing(parts: 6, partNanoseconds: 10_000_000_000)
    }

    /// Entered and left by `noteAnswer`, `noteFailure`, `probed` and `choose` only.
    enum State {
        /// Never asked. Leaves to `up` by an answer, to `quarantined` by failures.
        case unknown
        /// Answered last time, or has failed fewer than `Limits.failuresUntilQuarantine` times since.
        case up
        /// Failed so often in a row; one exchange or probe is let through at `nextProbe`, then one each second. Leaves
        /// to `up` by an answer.
        case quarantined(nextProbe: Instant)
    }

    /// By place: an exchange names one, so a server keeps its own (`setList`).
    var servers: [Server]
    /// Their names by place, for documents.
    var names: [String]
    let choice: DialectChoice
    /// The places of the list, in its order.
    var order: [Int]
    /// The same, sorted by name as the nodes of a cluster sort themselves.
    var sorted: [Int]
    /// No server has to be asked for its dialect before this; nil: none at all.
    private(set) var nextProbe: Instant?

    init(names: [String], dialect choice: DialectChoice, at now: Instant) {
        precondition(names.count <= Limits.servers, "at most \(Limits.servers) servers, got \(names.count)")
        self.choice = choice
        order = Array(names.indices)
        sorted = order.sorted { names[$0] < names[$1] }
        servers = names.map { name in
            var server = Server(name: name)
            if case .forced(let dialect) = choice { server.dialect = dialect }
            return server
        }
        self.names = names
        if choice == .auto, !names.isEmpty { nextProbe = now }
    }

    /// Servers in the list.
    var count: Int { order.count }

    /// Those that are not known to be down, a bit each.
    var well: UInt32 { order.reduce(0) { servers[$1].isWell ? $0 | 1 << UInt32($1) : $0 } }

    /// The node that is responsible for an instance with this hash, among those that are not known to be down: in a
    /// v3 cluster the only one that knows it, in a v1 cluster the one that need not forward (nacos.md §4.6).
    func home(of hash: Int32) -> ServerIndex {
        guard sorted.count > 1 else { return ServerIndex(sorted.first ?? 0) }
        let well = sorted.reduce(0) { $0 + (servers[$1].isWell ? 1 : 0) }
        guard well > 0 else { return ServerIndex(sorted[Distro.index(of: hash, members: sorted.count)]) }
        var left = Distro.index(of: hash, members: well)
        for position in sorted where servers[position].isWell {
            if left == 0 { return ServerIndex(position) }
            left -= 1
        }
        preconditionFailure("\(well) servers are well, but not so many were found")
    }

    /// The first server from `home` on that may be asked now and is not in `tried`, a bit mask; nil when there is
    /// none. Choosing a quarantined server takes its probe. In a cluster that speaks v3 no other node will do.
    mutating func choose(home: ServerIndex, tried: UInt32, at now: Instant) -> ServerIndex? {
        let start = order.firstIndex(of: Int(home)) ?? 0
        for step in order.indices {
            let index = order[(start + step) % order.count]
            guard tried & (1 << UInt32(index)) == 0, let dialect = servers[index].dialect else { continue }
            if step > 0, dialect == .v3 { continue }
            switch servers[index].state {
            case .unknown, .up:
                return ServerIndex(index)
            case .quarantined(let nextProbe):
                guard now >= nextProbe else { continue }
                servers[index].state = .quarantined(nextProbe: now + Limits.probeInterval)
                return ServerIndex(index)
            }
        }
        return nil
    }

    /// The node that an instance with this hash belongs to while all are well, when it is in quarantine, is not probed
    /// because its dialect is forced, and may be asked now. Choosing it takes its probe.
    mutating func returning(_ hash: Int32, _ tried: UInt32, at now: Instant) -> ServerIndex? {
        guard sorted.count > 1, choice != .auto else { return nil }
        let position = sorted[Distro.index(of: hash, members: sorted.count)]
        guard case .quarantined(let nextProbe) = servers[position].state, nextProbe <= now,
            tried & (1 << UInt32(position)) == 0
        else { return nil }
        servers[position].state = .quarantined(nextProbe: now + Limits.probeInterval)
        return ServerIndex(position)
    }

    /// The dialect of a server that `choose` gave.
    func dialect(of index: ServerIndex) -> Dialect? { servers[Int(index)].dialect }

    /// True for r-nacos.
    func upsertsOnBeat(_ index: ServerIndex) -> Bool { servers[Int(index)].upsertsOnBeat }

    // MARK: answers

    /// The server answered, whatever it said of the request. True when it was down before.
    mutating func noteAnswer(_ index: ServerIndex) -> Bool {
        let position = Int(index)
        servers[position].requests &+= 1
        guard servers[position].isListed else { return false }
        servers[position].failures = 0
        defer { servers[position].state = .up }
        if case .quarantined = servers[position].state { return true }
        return false
    }

    /// The server did not answer, or said that it cannot serve. True when this put it into quarantine. In a v3 cluster
    /// one that is gone is so at once: no other node takes over what is its own before.
    mutating func noteFailure(
        _ index: ServerIndex, _ error: String, isGone: Bool = false, at now: Instant
    ) -> Bool {
        let position = Int(index)
        servers[position].requests &+= 1
        guard servers[position].isListed else { return false }
        servers[position].failures += 1
        servers[position].lastError = error
        let isMissed = isGone && order.count > 1 && servers[position].dialect == .v3
        guard isMissed || servers[position].failures >= Limits.failuresUntilQuarantine else { return false }
        if case .quarantined = servers[position].state { return false }
        servers[position].state = .quarantined(nextProbe: now + Limits.probeInterval)
        // Another server may come back in its place.
        forgetDialect(position, probeAt: now + Limits.probeInterval)
        return true
    }

    /// Whether servers are asked for their dialect.
    var asksForDialect: Bool { choice == .auto }

    /// The server does not serve the API that it was asked for: it has to be asked which one it does.
    mutating func noteNotServed(_ index: ServerIndex, _ error: String, at now: Instant) {
        servers[Int(index)].requests &+= 1
        guard servers[Int(index)].isListed else { return }
        servers[Int(index)].lastError = error
        forgetDialect(Int(index), probeAt: now)
    }

    private mutating func forgetDialect(_ position: Int, probeAt: Instant) {
        guard choice == .auto else { return }
        servers[position].dialect = nil
        nextProbe = min(nextProbe ?? probeAt, probeAt)
    }

    // MARK: probes

    /// True while an answer is awaited that may bring another server to ask.
    var isProbing: Bool { servers.contains { $0.isListed && $0.isBeingProbed } }

    /// The servers that are to be asked for their dialect now; each counts as being asked until `probed`.
    mutating func takeProbes(at now: Instant) -> [ServerIndex] {
        guard let due = nextProbe, due <= now else { return [] }
        var taken: [ServerIndex] = []
        for position in order where servers[position].dialect == nil && !servers[position].isBeingProbed {
            if case .quarantined(let nextProbe) = servers[position].state, nextProbe > now { continue }
            servers[position].isBeingProbed = true
            taken.append(ServerIndex(position))
        }
        planProbes()
        return taken
    }

    /// What the probe brought. True when the server had been down.
    mutating func probed(_ index: ServerIndex, _ verdict: ProbeOutcome, at now: Instant) -> Bool {
        let position = Int(index)
        servers[position].isBeingProbed = false
        guard servers[position].isListed else { return false }
        defer { planProbes() }
        switch verdict {
        case .found(let dialect, let version, let upsertsOnBeat):
            servers[position].dialect = dialect
            servers[position].version = version
            servers[position].upsertsOnBeat = upsertsOnBeat
            return noteAnswer(index)
        case .needsLogin:
            servers[position].lastError = "it wants a login"
            servers[position].state = .quarantined(nextProbe: now + Limits.probeInterval)
        case .failed(let error):
            servers[position].lastError = error
            servers[position].failures += 1
            servers[position].state = .quarantined(nextProbe: now + Limits.probeInterval)
        }
        return false
    }

    /// After a login every server may be asked again.
    mutating func probeAgain(at now: Instant) {
        for position in servers.indices where servers[position].dialect == nil {
            servers[position].state = .unknown
        }
        planProbes()
        if nextProbe != nil { nextProbe = now }
    }

    mutating func planProbes() {
        nextProbe = nil
        for server in order.map({ servers[$0] }) where server.dialect == nil && !server.isBeingProbed {
            let at: Instant
            if case .quarantined(let next) = server.state { at = next } else { at = Instant(nanoseconds: 0) }
            nextProbe = min(nextProbe ?? at, at)
        }
    }

    // MARK: evidence

    mutating func recordLatency(_ index: ServerIndex, nanoseconds: Int64, at now: Instant) {
        servers[Int(index)].latency.record(nanoseconds, at: now.nanoseconds)
    }

    func latency(of index: ServerIndex, at now: Instant) -> Histogram {
        servers[Int(index)].latency.merged(at: now.nanoseconds)
    }

    /// What was last wrong with a server, by its name; nil when nothing was.
    func trouble(of index: ServerIndex) -> String? {
        // Without any server there is still a home.
        guard servers.indices.contains(Int(index)) else { return nil }
        let server = servers[Int(index)]
        return server.lastError.map { "\(server.name): \($0)" }
    }

    func views() -> [ServerView] {
        order.map { index in
            let server = servers[index]
            let state: ServerView.State =
                switch server.state {
                case .unknown: .unknown
                case .up: .up
                case .quarantined: .quarantined
                }
            return ServerView(
                index: ServerIndex(index), name: server.name, state: state, dialect: server.dialect,
                version: server.version, consecutiveFailures: server.failures, lastError: server.lastError,
                requests: server.requests)
        }
    }
}

extension Servers.Server {
    /// Not known to be down.
    fileprivate var isWell: Bool {
        if case .quarantined = state { return false }
        return true
    }
}
