@testable import BeatCore

/// A reactor with a clock of its own, for tests that read as traces.
final class Core {
    static let second: Int64 = 1_000_000_000
    private var reactor: BeatReactor
    private(set) var now: Instant
    private var nextToken: UInt64 = 0
    /// Exchanges that were sent and not answered, in order.
    private(set) var inFlight: [Exchange] = []
    /// Everything that was ever sent, with its time.
    private(set) var sent: [(exchange: Exchange, at: Instant)] = []
    private(set) var answers: [RequestToken: Answer] = [:]
    /// Everything that was handed over to be stored.
    private(set) var stored: [StoreChange] = []
    /// What a look for an instance at a server says; nil: it is not answered.
    var looking: (InstanceReading) -> ReadingOutcome? = { _ in nil }
    /// Looks that were not answered yet, in order.
    private(set) var readings: [InstanceReading] = []
    /// Runs of checks that were begun and have not ended, in order.
    private(set) var runs: [CheckRun] = []
    /// How many runs were ever begun.
    private(set) var runsBegun = 0
    private var events: [Event] = []

    init(
        servers: [String] = ["127.0.0.1:8848"], maxRegistrations: Int = Limits.registrations,
        dialect: DialectChoice = .forced(.v1), logsIn: Bool = false, stores: Bool = false, at start: Int64 = 1_000
    ) {
        now = Instant(nanoseconds: start * Self.second)
        reactor = BeatReactor(
            .init(
                servers: servers, maxRegistrations: maxRegistrations, dialect: dialect, logsIn: logsIn, stores: stores,
                phaseEpoch: stores ? Instant(nanoseconds: 0) : nil), at: now)
    }

    /// Another process, at the time that it is now.
    func restart() {
        reactor = BeatReactor(
            .init(
                servers: ["127.0.0.1:8848"], dialect: .forced(.v1), stores: true,
                phaseEpoch: Instant(nanoseconds: 0)), at: now)
        inFlight = []
    }

    /// Feeds an input and gives the effects; log lines are left out unless asked for, events always.
    @discardableResult
    func handle(_ input: Input, logs: Bool = false) -> [Effect] {
        var effects: [Effect] = []
        reactor.handle(input, at: now, into: &effects)
        for effect in effects {
            switch effect {
            case .send(let exchange):
                inFlight.append(exchange)
                sent.append((exchange, now))
            case .answer(let token, let answer): answers[token] = answer
            case .runCheck(let run):
                runs.append(run)
                runsBegun += 1
            case .publish(let event): events.append(event)
            case .verify(let reading): readings.append(reading)
            case .cancel, .probe, .login, .addServer, .retireServer, .log, .finish, .reopenStorage: break
            case .store(let change, _): stored.append(change)
            }
        }
        return effects.filter { effect in
            switch effect {
            case .log: logs
            case .publish: false
            default: true
            }
        }
    }

    /// What was published since the last call.
    func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    func token() -> RequestToken {
        nextToken += 1
        return RequestToken(nextToken)
    }

    @discardableResult
    func register(_ document: RegistrationDocument, _ options: RegisterOptions = RegisterOptions()) -> [Effect] {
        handle(.register(document, token(), options))
    }

    @discardableResult
    func remove(_ key: InstanceKey, wait: Duration = .zero, deregister: Bool = true) -> [Effect] {
        guard let handle = reactor.find(key) else { return [] }
        return self.handle(.remove(handle, token(), RemoveOptions(deregister: deregister, wait: wait)))
    }

    /// Answers the oldest exchange in flight, as if it was sent when it was handed out.
    @discardableResult
    func reply(_ reply: NacosReply) -> [Effect] {
        let exchange = inFlight.removeFirst()
        return handle(.replied(exchange, reply, sentAt: sentAt(exchange)))
    }

    /// Answers all exchanges in flight, in one turn.
    func replyToAll(_ reply: NacosReply) {
        let inputs = inFlight.map { Input.replied($0, reply, sentAt: sentAt($0)) }
        inFlight = []
        var effects: [Effect] = []
        reactor.handle(inputs, at: now, into: &effects)
        for case .send(let exchange) in effects { inFlight.append(exchange) }
    }

    @discardableResult
    func fail(_ failure: ExchangeFailure) -> [Effect] {
        let exchange = inFlight.removeFirst()
        return handle(.failed(exchange, failure, sentAt: failure == .aborted ? nil : sentAt(exchange)))
    }

    /// Ends the oldest run of a check.
    @discardableResult
    func finish(_ result: CheckResult, _ output: String = "", processStart: UInt64? = nil) -> [Effect] {
        let run = runs.removeFirst()
        return handle(
            .checkFinished(
                run, CheckOutcome(result, output, duration: .milliseconds(3), processStart: processStart)))
    }

    /// Takes the oldest exchange in flight away, for a test that answers it itself.
    func forget() { inFlight.removeFirst() }

    private func sentAt(_ exchange: Exchange) -> Instant {
        sent.last { $0.exchange == exchange }?.at ?? now
    }

    /// Lets time pass up to `duration` from now, ticking at each deadline, answering what is sent by `answering`.
    func run(_ duration: Duration, answering: (Exchange) -> NacosReply? = { _ in nil }) {
        watch(duration, checking: { _ in nil }, answering: answering)
    }

    /// As `run`, ending runs of checks by `checking`.
    func watch(
        _ duration: Duration, checking: (Check) -> CheckResult?, answering: (Exchange) -> NacosReply? = { _ in nil }
    ) {
        let end = now + duration
        while let deadline = reactor.nextDeadline?.at, deadline <= end {
            now = max(now, deadline)
            handle(.tick)
            for run in runs {
                guard let check = reactor.subject(of: run)?.check else {
                    runs.removeAll { $0 == run }
                    continue
                }
                guard let result = checking(check) else { continue }
                runs.removeAll { $0 == run }
                handle(.checkFinished(run, CheckOutcome(result, "", duration: .milliseconds(1))))
            }
            settle(answering)
        }
        now = end
    }

    /// Answers what is in flight until nothing more comes.
    func settle(_ answering: (Exchange) -> NacosReply?) {
        while let first = inFlight.first, let answer = answering(first) { reply(answer) }
        while let first = readings.first, let outcome = looking(first) {
            readings.removeFirst()
            handle(.verified(first, outcome))
        }
    }

    func advance(_ duration: Duration) { now = now + duration }

    /// Jumps to the next deadline and ticks; the effects.
    @discardableResult
    func tickAtDeadline() -> [Effect] {
        guard let deadline = reactor.nextDeadline?.at else { return [] }
        now = max(now, deadline)
        return handle(.tick)
    }

    func view(_ key: InstanceKey) -> RegistrationView? { reactor.find(key).flatMap { reactor.view($0) } }
    var dom2BeatSize: Int { reactor.dom2BeatSize }
    var tombstones: Int { reactor.tombstones }
    var counters: Counters { reactor.counters }
    var rev: UInt64 { reactor.rev }
    var room: Int {
        get { reactor.room }
        set { reactor.room = newValue }
    }
    var servers: [ServerView] { reactor.serverViews() }
    var nextDeadline: Instant? { reactor.nextDeadline?.at }
    func count(of state: RegistrationState) -> Int { reactor.count(of: state) }
    func read<R>(_ body: (borrowing BeatReactor) -> R) -> R { body(reactor) }
}

extension NacosReply {
    static let accepted = NacosReply.beatAccepted(interval: 5000, lightBeatEnabled: true)
    static let unknown = NacosReply.notFound(interval: 5000, lightBeatEnabled: true)
    static let broken = NacosReply.serverError(status: 500, detail: "caused: x;")
}

extension RegistrationDocument {
    static func orders(_ number: Int = 1, metadata: StringMap = StringMap()) -> RegistrationDocument {
        RegistrationDocument(
            key: InstanceKey(serviceName: "orders", ip: "10.0.0.\(number % 250)", port: UInt16(1000 + number / 250)),
            metadata: metadata)
    }
}

extension Effect {
    /// The kind of the exchange that this sends.
    var sends: Exchange.Kind? {
        guard case .send(let exchange) = self else { return nil }
        return exchange.kind
    }
}

/// What Nacos answers when all is well.
func well(_ exchange: Exchange) -> NacosReply? { exchange.kind.isBeat ? .accepted : .ok }
