/// The Nacos servers and what is known of each: which one an exchange goes to, and which are left in peace.
struct Servers {
    private struct Server {
        var name: String
        var state = State.unknown
        var failures = 0
        var lastError: String?
        var requests: UInt64 = 0
    }

    /// Entered and left by `noteAnswer`, `noteFailure` and `choose` only.
    private enum State {
        /// Never asked. Leaves to `up` by an answer, to `quarantined` by failures.
        case unknown
        /// Answered last time, or has failed fewer than `Limits.failuresUntilQuarantine` times since.
        case up
        /// Failed so often in a row; one exchange is let through at `nextProbe`, then one each second. Leaves to
        /// `up` by an answer.
        case quarantined(nextProbe: Instant)
    }

    private var servers: [Server]

    init(names: [String]) {
        precondition((1...Limits.servers).contains(names.count), "1…\(Limits.servers) servers, got \(names.count)")
        servers = names.map { Server(name: $0) }
    }

    var count: Int { servers.count }

    /// The server that a key's exchanges go to while it is well: spread evenly, the same in every process.
    func home(of fingerprint: UInt64) -> ServerIndex { ServerIndex((fingerprint >> 32) % UInt64(servers.count)) }

    /// The first server from `home` on that may be asked now and is not in `tried`, a bit mask; nil when there is
    /// none. Choosing a quarantined server takes its probe.
    mutating func choose(home: ServerIndex, tried: UInt16, at now: Instant) -> ServerIndex? {
        for step in 0..<servers.count {
            let index = (Int(home) + step) % servers.count
            guard tried & (1 << UInt16(index)) == 0 else { continue }
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

    /// The server answered, whatever it said of the request. True when it was down before.
    mutating func noteAnswer(_ index: ServerIndex) -> Bool {
        let position = Int(index)
        servers[position].requests &+= 1
        servers[position].failures = 0
        switch servers[position].state {
        case .up: return false
        case .unknown:
            servers[position].state = .up
            return false
        case .quarantined:
            servers[position].state = .up
            return true
        }
    }

    /// The server did not answer, or said that it cannot serve. True when this put it into quarantine.
    mutating func noteFailure(_ index: ServerIndex, _ error: String, at now: Instant) -> Bool {
        let position = Int(index)
        servers[position].requests &+= 1
        servers[position].failures += 1
        servers[position].lastError = error
        guard servers[position].failures >= Limits.failuresUntilQuarantine else { return false }
        switch servers[position].state {
        case .quarantined: return false
        case .unknown, .up:
            servers[position].state = .quarantined(nextProbe: now + Limits.probeInterval)
            return true
        }
    }

    func views() -> [ServerView] {
        servers.enumerated().map { index, server in
            let state: ServerView.State =
                switch server.state {
                case .unknown: .unknown
                case .up: .up
                case .quarantined: .quarantined
                }
            return ServerView(
                index: ServerIndex(index), name: server.name, state: state, consecutiveFailures: server.failures,
                lastError: server.lastError, requests: server.requests)
        }
    }
}
