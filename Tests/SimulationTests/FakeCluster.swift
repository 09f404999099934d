import TestSupport

@testable import BeatCore

/// Nacos as far as beats can tell: what a v1 cluster holds, who of it is ill, and what it answers.
///
/// All servers show the same instances, as the nodes of a v1 cluster do by relaying to the owner (nacos.md §4.6).
struct FakeCluster {
    /// An instance as consumers see it.
    struct Instance: Equatable {
        var weight: Double
        var enabled: Bool
        var metadata: StringMap
        var lastBeat: Instant
    }

    /// What a server suffers from.
    enum Fault: Int, CaseIterable {
        case none
        /// Refuses connections.
        case down
        /// Takes requests and does nothing.
        case hung
        /// Answers 500, 410 or rubbish and does nothing.
        case broken
        /// Does what is asked and answers 500, as a relaying node does whose owner is slow.
        case relayTimeout
        /// Does what is asked and answers after a long while, sometimes too late.
        case slow
        /// Does what is asked; the answer never arrives.
        case lostReplies
        /// Each request meets another of the faults.
        case flaky
        /// Answers 403.
        case unauthorized
        /// Answers 400 to beats (alibaba/nacos#9959).
        case refusesBeats

        /// Those that a client with another server to ask must not suffer from. A token is refused by all nodes
        /// alike, and what is wrong with a request is wrong everywhere: neither is the fault of one server.
        static let ofOneServer: [Fault] = [.down, .hung, .broken, .relayTimeout, .slow, .lostReplies, .flaky]
    }

    /// What comes back for a request; nil: nothing.
    struct Answer {
        var reply: NacosReply?
        var delay: Duration
    }

    /// The document that Nacos takes offence at.
    static let refusedWeight = 13.0
    private static let deleteTimeout = Duration.seconds(30)
    private static let sweepInterval = Duration.seconds(5)

    var faults: [Fault]
    /// By key; nil: not there.
    var instances: [Instance?]
    /// The switch `clientBeatInterval`.
    var interval: Int64? = 5000
    /// The switch `lightBeatEnabled`.
    var lightBeatEnabled = true
    /// False for 1.4, which leaves `lightBeatEnabled` out of a 20404.
    var lightInNotFound = true
    private var sweptAt: Instant

    init(servers: Int, keys: Int, at now: Instant) {
        faults = Array(repeating: .none, count: servers)
        instances = Array(repeating: nil, count: keys)
        sweptAt = now
    }

    /// Removes what had no beat for too long, on the servers' grid of 5 s.
    mutating func sweep(at now: Instant) {
        var last = sweptAt
        while last + Self.sweepInterval <= now { last = last + Self.sweepInterval }
        guard last > sweptAt else { return }
        sweptAt = last
        for key in instances.indices {
            if let instance = instances[key], last - instance.lastBeat > Self.deleteTimeout { instances[key] = nil }
        }
    }

    mutating func wipe() { instances = Array(repeating: nil, count: instances.count) }

    /// A request has arrived at a server.
    mutating func take(
        _ kind: Exchange.Kind, _ key: Int, _ document: RegistrationDocument, server: Int, at now: Instant,
        random: inout SplitMix
    ) -> Answer {
        sweep(at: now)
        var fault = faults[server]
        if fault == .flaky {
            fault = [.none, .hung, .broken, .relayTimeout, .slow, .lostReplies][random.next(below: 6)]
        }
        let quick = Duration.microseconds(100 + random.next(below: 40_000))
        switch fault {
        case .none, .flaky:
            return Answer(reply: perform(kind, key, document, at: now), delay: quick)
        case .down, .hung:
            return Answer(reply: nil, delay: quick)
        case .broken:
            let replies: [NacosReply] = [
                .serverError(status: 500, detail: "caused: x;"), .notServed(status: 410, detail: "gone"),
                .unreadable(status: 200, detail: ""),
            ]
            return Answer(reply: replies[random.next(below: replies.count)], delay: quick)
        case .relayTimeout:
            _ = perform(kind, key, document, at: now)
            let detail = "java.net.SocketTimeoutException: Read timed out"
            return Answer(reply: .clusterTrouble(status: 500, detail: detail), delay: .seconds(2))
        case .slow:
            let delay = Duration.milliseconds(300 + random.next(below: 3000))
            return Answer(reply: perform(kind, key, document, at: now), delay: delay)
        case .lostReplies:
            _ = perform(kind, key, document, at: now)
            return Answer(reply: nil, delay: quick)
        case .unauthorized:
            return Answer(reply: .unauthorized(status: 403, detail: "token expired!"), delay: quick)
        case .refusesBeats where kind.isBeat:
            return Answer(reply: .rejected(status: 400, detail: "service not found"), delay: quick)
        case .refusesBeats:
            return Answer(reply: perform(kind, key, document, at: now), delay: quick)
        }
    }

    /// What a healthy server does (nacos.md §2, §4.1).
    private mutating func perform(
        _ kind: Exchange.Kind, _ key: Int, _ document: RegistrationDocument, at now: Instant
    ) -> NacosReply {
        switch kind {
        case .deregister:
            instances[key] = nil
            return .ok
        case .register:
            guard document.weight != Self.refusedWeight else { return .rejected(status: 400, detail: "weight") }
            instances[key] = Instance(
                weight: document.weight, enabled: document.enabled, metadata: document.wireMetadata, lastBeat: now)
            return .ok
        case .lightBeat, .fullBeat:
            let told = document.wireMetadata[PreservedMetadata.heartBeatInterval].flatMap { Int64($0) } ?? interval
            if instances[key] != nil {
                // A beat never changes what is there.
                instances[key]?.lastBeat = now
                return .beatAccepted(interval: told, lightBeatEnabled: lightBeatEnabled)
            }
            guard kind == .fullBeat else {
                return .notFound(interval: told, lightBeatEnabled: lightBeatEnabled && lightInNotFound)
            }
            guard document.weight != Self.refusedWeight else { return .rejected(status: 400, detail: "weight") }
            // No beat carries `enabled`: what a full one makes is visible.
            instances[key] = Instance(
                weight: document.weight, enabled: true, metadata: document.wireMetadata, lastBeat: now)
            return .beatAccepted(interval: told, lightBeatEnabled: lightBeatEnabled)
        }
    }
}
