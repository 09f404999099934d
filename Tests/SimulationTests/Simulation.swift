import TestSupport

@testable import BeatCore

/// The production core against a fake cluster and a fake shell, on a virtual clock, all chance from one seed.
final class Simulation {
    /// What a seed decides before anything happens.
    struct Plan {
        /// Several servers, one of which at most is ill at a time, and no stalls: the promise P1 holds.
        var singleFault: Bool
        /// In the list at the start; none: it comes later.
        var servers: Int
        /// Nodes of the cluster, those that no list has named yet among them.
        var nodes: Int
        var keys: Int
        var maxRegistrations: Int
        var operations: Int
        var drains: Bool
    }

    /// What the shell and the world have before them.
    enum Event {
        case write(Int)
        case arrive(Int)
        case outcome(Int, Outcome)
        case operation
        case heal(server: Int, wiping: Bool)
        case checked(CheckRun)
    }

    /// How an exchange ends.
    enum Outcome {
        case replied(NacosReply)
        case failed(ExchangeFailure)
    }

    /// An exchange that the core has handed out and whose end it was not told.
    struct Outstanding {
        var number: Int
        var exchange: Exchange
        var key: Int
        var document: RegistrationDocument
        var writtenAt: Instant?
    }

    /// P1 of reliability.md.
    static let gapLimit = Duration.seconds(12)
    /// The shell's, from the first byte of a request.
    static let requestTimeout = Duration.seconds(3)

    let seed: UInt64
    let plan: Plan
    var random: SplitMix
    var reactor: BeatReactor
    let start: Instant
    var now: Instant
    var cluster: FakeCluster
    var nodes: NodeList
    var keys: [KeyModel]
    var tokens: [TokenModel] = []
    var firstOpenToken = 0
    var outstanding: [Outstanding] = []
    var rev: UInt64 = 0
    /// When the last fault ended.
    var healthySince: Instant
    var draining = false
    var finishes = 0
    var operationsDone = 0
    var trace: Trace
    /// The states that those who follow the events know, by id.
    var followed: [String: RegistrationState] = [:]
    /// The first thing that did not hold; nothing goes on after it.
    private(set) var violation: String?

    private var queue = EventQueue<Event>()
    private var exchanges = 0
    private var stalledUntil: Instant
    private var effects: [Effect] = []

    init(seed: UInt64, digesting: Bool = false) {
        self.seed = seed
        var random = SplitMix(seed: seed)
        plan = Plan(&random)
        start = Instant(nanoseconds: 1_000_000_000_000 + Int64(random.next(below: 1_000_000_000)))
        now = start
        stalledUntil = start
        healthySince = start
        reactor = BeatReactor(
            .init(
                servers: (0..<plan.servers).map(NodeList.name), maxRegistrations: plan.maxRegistrations),
            at: start)
        cluster = FakeCluster(servers: plan.nodes, keys: plan.keys, at: start)
        nodes = NodeList(listed: plan.servers)
        cluster.lightInNotFound = random.next(below: 3) > 0
        cluster.lightBeatEnabled = random.next(below: 6) > 0
        keys = (0..<plan.keys).map { number in
            let host = random.next(below: 250)
            return KeyModel(InstanceKey(serviceName: "s\(number)", ip: "10.0.0.\(host)", port: UInt16(number + 1)))
        }
        trace = Trace(start: start, digesting: digesting)
        self.random = random
    }

    // MARK: time

    func schedule(_ event: Event, in delay: Duration) {
        let at = event.isOfTheProcess ? max(now + delay, stalledUntil) : now + delay
        queue.add(event, at: at, order: random.next())
    }

    /// Takes turns until `limit` has passed or `done` says so.
    func run(_ limit: Duration, until done: () -> Bool = { false }) {
        let end = now + limit
        while violation == nil, !done() {
            // In steps, so that `done` is asked also when nothing happens.
            var next = min(end, now + .seconds(5))
            if let event = queue.next { next = min(next, event) }
            if let deadline = reactor.nextDeadline?.at {
                // A timer is never early and sometimes late.
                let slack = Duration.microseconds(random.next(below: 4) == 0 ? random.next(below: 1000) : 0)
                next = min(next, max(deadline + slack, stalledUntil))
            }
            guard next < end else {
                now = end
                return
            }
            now = max(now, next)
            turn()
        }
    }

    private func turn() {
        while violation == nil, let event = queue.pop(notAfter: now) { happen(event) }
        guard now >= stalledUntil else { return }
        if let deadline = reactor.nextDeadline?.at, deadline <= now { feed(.tick) }
        checkTime()
    }

    /// The whole process stands still; servers go on.
    func stall(_ duration: Duration) {
        trace.add(.stalled(duration), at: now)
        stalledUntil = now + duration
        for (at, event) in queue.remove(where: { $0.isOfTheProcess }) {
            queue.add(event, at: max(at, stalledUntil), order: random.next())
        }
    }

    private func happen(_ event: Event) {
        switch event {
        case .operation: operate()
        case .heal(let server, let wiping):
            trace.add(.fault(.none, server: server), at: now)
            cluster.faults[server] = .none
            healthySince = now
            guard wiping else { return }
            trace.add(.wiped, at: now)
            cluster.wipe()
        case .write(let number): write(number)
        case .arrive(let number): arrive(number)
        case .outcome(let number, let outcome): end(number, outcome)
        case .checked(let run): checked(run)
        }
    }

    // MARK: the core

    func feed(_ input: Input) {
        trace.add(.input(input), at: now)
        effects.removeAll(keepingCapacity: true)
        reactor.handle(input, at: now, into: &effects)
        for effect in effects { perform(effect) }
        noteHolds()
        checkInvariants(input)
        checkFollowed()
    }

    private func perform(_ effect: Effect) {
        trace.add(.effect(effect), at: now)
        switch effect {
        case .send(let exchange): accept(exchange)
        case .cancel(let exchange): cancel(exchange)
        case .answer(let token, let answer): checkAnswer(token, answer)
        case .log(.deregistered(let gone, .expired)):
            for key in keys.indices where keys[key].key == gone { confirmDeregister(key) }
        case .publish(let event): told(event)
        case .log: break
        // The simulated servers speak a dialect that is forced, and want no login.
        // Mostly quick, sometimes only at the end of the time-out.
        case .runCheck(let run):
            schedule(.checked(run), in: .milliseconds(random.next(below: 5) == 0 ? 500 : random.next(below: 20)))
        case .addServer(let place, let name): addServer(name, at: place)
        case .retireServer(let place): retireServer(place)
        case .probe, .verify, .login: preconditionFailure("\(effect) with v1 forced and no login")
        case .store, .reopenStorage: preconditionFailure("\(effect) and nothing is stored")
        case .finish:
            finishes += 1
            check(draining && finishes == 1, "finish, and again or without a drain")
        }
    }

    private func confirmDeregister(_ key: Int) {
        keys[key].owesDeregister = false
        keys[key].mayExist = false
    }

    // MARK: the shell

    private func accept(_ exchange: Exchange) {
        check(!outstanding.contains { $0.exchange.slot == exchange.slot }, "two in flight: \(exchange)")
        check(nodes.isListed(exchange.server), "sent to a server that is not in the list: \(exchange)")
        let document = reactor.subject(of: exchange).document
        let key = Int(document.key.port) - 1
        check(
            exchange.kind == .deregister || !reactor.rows[Int(exchange.slot)].hold.isSilent,
            "handed out while it is held back: \(exchange)")
        if exchange.kind.isBeat { checkBeat(exchange, key) }
        exchanges += 1
        outstanding.append(Outstanding(number: exchanges, exchange: exchange, key: key, document: document))
        // Mostly in the same turn, sometimes behind others.
        let delay = random.next(below: 5) == 0 ? random.next(below: 300_000) : random.next(below: 200)
        schedule(.write(exchanges), in: .microseconds(delay))
    }

    private func cancel(_ exchange: Exchange) {
        guard let index = outstanding.firstIndex(where: { $0.exchange == exchange }) else {
            return fail("cancelled what is not in flight: \(exchange)")
        }
        let number = outstanding[index].number
        guard outstanding[index].writtenAt == nil, !queue.remove(where: { $0.writes(number) }).isEmpty else { return }
        schedule(.outcome(number, .failed(.aborted)), in: .microseconds(random.next(below: 500)))
    }

    private func write(_ number: Int) {
        guard let index = outstanding.firstIndex(where: { $0.number == number }) else { return }
        let (exchange, key) = (outstanding[index].exchange, outstanding[index].key)
        guard cluster.faults[nodes.node(at: exchange.server)] != .down else {
            // Refused at once, or no answer to the SYN.
            let delay = random.next(below: 2) == 0 ? Duration.microseconds(200) : .seconds(1)
            return schedule(.outcome(number, .failed(.connect)), in: delay)
        }
        trace.add(.written(exchange), at: now)
        checkWire(exchange, key, outstanding[index].document)
        outstanding[index].writtenAt = now
        let slow = random.next(below: 10) == 0
        schedule(.arrive(number), in: .microseconds(50 + random.next(below: slow ? 400_000 : 5_000)))
    }

    private func arrive(_ number: Int) {
        guard let request = outstanding.first(where: { $0.number == number }), let writtenAt = request.writtenAt
        else { return fail("request \(number) arrives, and nobody wrote it") }
        let exchange = request.exchange
        trace.add(.arrived(exchange), at: now)
        if cluster.faults[nodes.node(at: exchange.server)] == .down {
            return schedule(.outcome(number, .failed(.closed)), in: .microseconds(100))
        }
        let answer = cluster.take(
            exchange.kind, request.key, request.document, server: nodes.node(at: exchange.server), at: now,
            random: &random)
        if exchange.kind != .deregister, cluster.instances[request.key]?.lastBeat == now { refreshed(request.key) }
        let patience = writtenAt + Self.requestTimeout - now
        let (outcome, delay): (Outcome, Duration) =
            if let reply = answer.reply, answer.delay < patience {
                (.replied(reply), answer.delay)
            } else {
                (.failed(.timeout), patience)
            }
        schedule(.outcome(number, outcome), in: delay)
    }

    private func end(_ number: Int, _ outcome: Outcome) {
        guard let index = outstanding.firstIndex(where: { $0.number == number }) else {
            return fail("a second end of request \(number)")
        }
        let request = outstanding.remove(at: index)
        switch outcome {
        case .replied(let reply):
            if request.exchange.kind == .deregister, reply == .ok { confirmDeregister(request.key) }
            if request.exchange.kind == .register, reply == .ok { keys[request.key].registeredAt = now }
            feed(.replied(request.exchange, reply, sentAt: request.writtenAt ?? now))
            if reply == .ok { checkWaiters(request.exchange, request.key) }
        case .failed(let failure):
            feed(.failed(request.exchange, failure, sentAt: request.writtenAt))
        }
    }

    // MARK: what went wrong

    func check(_ holds: Bool, _ message: @autoclosure () -> String) {
        if !holds { fail(message()) }
    }

    func fail(_ message: String) {
        guard violation == nil else { return }
        violation = "seed \(seed), \(now - start) in, \(plan): \(message)\n\(trace.text)"
    }
}

@available(*, unavailable)
extension Simulation: Sendable {}

extension Simulation.Event {
    /// False for what the servers and the network do.
    fileprivate var isOfTheProcess: Bool {
        switch self {
        case .write, .outcome, .operation, .checked: true
        case .arrive, .heal: false
        }
    }

    fileprivate func writes(_ number: Int) -> Bool {
        if case .write(number) = self { true } else { false }
    }
}
