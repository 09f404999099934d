/// The reactor: which instances are kept alive, when each beats next, and what every reply means.
///
/// It is Nacos' classic `BeatReactor` turned into a value: the `dom2Beat` map is its table, `addBeatInfo` and
/// `removeBeatInfo` are what the inputs `register` and `remove` do, a `BeatTask` is one pass of `beat(…)`. Inputs go
/// in with the instant of the turn, effects come out as data; it has no clock, no randomness and no I/O, so that a
/// test can ask what happens when a reply comes after a removal.
///
/// What holds always:
/// * one exchange in flight for a registration at most, and each `Effect.send` is answered by exactly one
///   `Input.replied` or `Input.failed`;
/// * a reply whose generation moved on changes nothing but a counter;
/// * a tombstone is never registered and never beaten.
public struct BeatReactor: ~Copyable {
    /// How a reactor is set up.
    public struct Configuration: Sendable {
        /// The servers' names in the order of the list, `host:port`; at most `Limits.servers`. None: nothing is sent
        /// before `Input.serverListChanged`.
        public var servers: [String]
        /// Registrations that are accepted, at most `Limits.registrations`.
        public var maxRegistrations: Int
        /// How the servers' dialects are known.
        public var dialect: DialectChoice
        /// True when there are credentials: nothing is sent before the first login has ended.
        public var logsIn: Bool
        /// True when registrations are stored: changes are handed over by `Effect.store`, and answers wait for them.
        public var stores: Bool
        /// From when phases count; nil: from the start. Given the same in two processes, a registration has the same
        /// phase in both.
        public var phaseEpoch: Instant?

        /// A configuration.
        public init(
            servers: [String], maxRegistrations: Int = Limits.registrations, dialect: DialectChoice = .forced(.v1),
            logsIn: Bool = false, stores: Bool = false, phaseEpoch: Instant? = nil
        ) {
            self.servers = servers
            self.maxRegistrations = maxRegistrations
            self.dialect = dialect
            self.logsIn = logsIn
            self.stores = stores
            self.phaseEpoch = phaseEpoch
        }
    }

    /// What was counted since the process began.
    public internal(set) var counters = Counters()
    /// Latency, lateness and gap of beats.
    public internal(set) var timings = BeatTimings()
    /// Results, durations and transitions of checks.
    public internal(set) var checkMetrics = CheckMetrics()
    /// While a person holds the whole sidecar out.
    public internal(set) var sidecarMaintenance: Maintenance?
    /// How many beats the next tick may begin, at most `Limits.beatsPerTurn`: what is due beyond waits in the wheel.
    public var room = Limits.beatsPerTurn
    /// Rises with every change of a document, and with nothing else.
    public internal(set) var rev: UInt64 = 0

    var table = RegistrationTable()
    var wheel: TimingWheel
    var servers: Servers
    var waiters = Waiters()
    var asked = AskedBeats()
    var history: History
    var login: Login
    var verification = Verification()
    var durability: Durability
    /// Registrations that wait for a probe or a login before they can be tried again.
    var awaiting: [RegistrationHandle] = []
    /// What the servers said of registrations that are not well; no entry for the others.
    var details: [Int32: String] = [:]
    /// What decides whether registrations may beat; no entry for those without checks.
    var checks = Checks()
    /// What is to be done at a time beside the beats.
    var agenda: Agenda
    /// Registrations that a person holds out.
    var maintained: [Int32: Held] = [:]
    /// The agenda's place of the end of `sidecarMaintenance`.
    var sidecarPlace: Int32?
    /// Registrations of which a hold is stored, and since when.
    var storedHolds: [Int32: Instant] = [:]
    /// Registrations whose generation has risen without a change of the document.
    var heldGenerations: [Int32: HeldGeneration] = [:]
    /// Registrations that trouble of the cluster holds up.
    var troubled = 0
    var draining = false
    /// While the sidecar is emptied, and behind that.
    var drainRun: Drain?
    var finished = false
    /// What has an existential is handed over by its address. Without one, each call of a method that changes nothing
    /// copies the two kilobytes of this value.
    private let isHandedOverByAddress: any Sendable = true
    /// Makes the reads of `fetchRows` count as used.
    private var fetched: UInt32 = 0
    let maxRegistrations: Int
    let epoch: Instant

    /// An empty reactor at `now`.
    public init(_ configuration: Configuration, at now: Instant) {
        epoch = now
        wheel = TimingWheel(epoch: configuration.phaseEpoch ?? now, at: now)
        history = History(epoch: now)
        agenda = Agenda(epoch: now)
        servers = Servers(names: configuration.servers, dialect: configuration.dialect, at: now)
        login = Login(isConfigured: configuration.logsIn)
        durability = Durability(isOn: configuration.stores)
        maxRegistrations = min(configuration.maxRegistrations, Limits.registrations)
    }

    /// Takes one input and appends what is to be done about it to `effects`.
    public mutating func handle(_ input: Input, at now: Instant, into effects: inout [Effect]) {
        let first = effects.count
        switch input {
        case .register(let document, let token, let options):
            register(document, token, options, at: now, into: &effects)
        case .remove(let handle, let token, let options):
            remove(handle, token, options, at: now, into: &effects)
        case .beatNow(let handle, let token):
            beatNow(handle, token, at: now, into: &effects)
        case .batch(let operations, let token, let atomic):
            batch(operations, token, atomic: atomic, at: now, into: &effects)
        case .replied(let exchange, let reply, let sentAt):
            replied(exchange, reply, sentAt: sentAt, at: now, into: &effects)
        case .failed(let exchange, let failure, let sentAt, let detail):
            failed(exchange, failure, sentAt: sentAt, detail ?? failure.text, at: now, into: &effects)
        case .probed(let server, let verdict):
            probed(server, verdict, at: now, into: &effects)
        case .serverListChanged(let names):
            serverListChanged(names, at: now, into: &effects)
        case .verified(let reading, let outcome):
            verified(reading, outcome, at: now, into: &effects)
        case .loginEnded(let outcome):
            loginEnded(outcome, at: now, into: &effects)
        case .checkFinished(let run, let outcome):
            checkFinished(run, outcome, at: now, into: &effects)
        case .alive(let handle, let result, let note, let token):
            alive(handle, result, note, token, at: now, into: &effects)
        case .maintain(let handle, let maintenance, let token):
            maintain(handle, maintenance, token, at: now, into: &effects)
        case .maintainSidecar(let maintenance, let token):
            maintainSidecar(maintenance, token, at: now, into: &effects)
        case .restoreSidecarMaintenance(let maintenance):
            maintainSidecar(maintenance, at: now, into: &effects)
        case .restored(let pieces, let rev, let total, let isLast):
            restore(pieces, rev: rev, total: total, at: now)
            if isLast { beginRestored(total: total, at: now) }
            keepMovesQuiet()
        case .stored(let number):
            // The answers that this releases are not to be held back again.
            return stored(through: number, into: &effects)
        case .storeFailed(let detail):
            storeFailed(detail, at: now, into: &effects)
        case .storageReopened(let isEmpty):
            storageReopened(isEmpty: isEmpty, into: &effects)
        case .reloaded(let words):
            publish(.reloaded, words, into: &effects)
        case .abandoned(let token):
            _ = waiters.take { $0.token == token }
            asked.abandon(token)
            durability.abandon(token)
            abandonDrain(token)
        case .beginDrain(let options, let token, let wait):
            beginDrain(options, token, wait: wait, at: now, into: &effects)
        case .tick:
            tick(at: now, into: &effects)
        case .drain:
            drain(at: now, into: &effects)
        }
        publishMoves(into: &effects)
        holdAnswers(from: first, at: now, in: &effects)
    }

    /// Takes inputs in their order.
    public mutating func handle(_ inputs: [Input], at now: Instant, into effects: inout [Effect]) {
        for position in inputs.indices {
            if position % Limits.fetchAhead == 0 {
                for input in inputs[position...].prefix(Limits.fetchAhead) {
                    if case .replied(let exchange, _, _) = input { fetchRow(exchange.slot) }
                }
            }
            handle(inputs[position], at: now, into: &effects)
        }
    }

    /// When the core wants its next `tick`, and why; nil when it waits for nothing.
    public var nextDeadline: (at: Instant, reason: StaticString)? {
        var next: (at: Instant, reason: StaticString)?
        func consider(_ at: Instant?, _ reason: StaticString) {
            guard let at, at < next?.at ?? Instant(nanoseconds: .max) else { return }
            next = (at, reason)
        }
        consider(wheel.nextTick.map { wheel.begin(of: $0) }, "beat due")
        consider(waiters.nextDeadline, "wait over")
        consider(agenda.nextDeadline, "check due")
        consider(asked.nextDeadline, "asked beat over")
        if !servers.isEmpty { consider(login.nextDeadline, "login due") }
        consider(verification.nextDeadline, "reading due")
        consider(durability.nextDeadline, "storage due")
        consider(drainRun?.nextDeadline, "drain goes on")
        if !login.isBlocking { consider(servers.nextProbe, "probe due") }
        return next
    }

    // MARK: time

    private mutating func tick(at now: Instant, into effects: inout [Effect]) {
        if let deadline = waiters.nextDeadline, deadline <= now {
            for waiter in waiters.take(where: { $0.deadline <= now }) {
                effects.append(.answer(waiter.token, answer(waiter, .pending)))
            }
        }
        endOverdueAsked(at: now, into: &effects)
        askServers(at: now, into: &effects)
        workAgenda(at: now, into: &effects)
        verifyDue(at: now, into: &effects)
        tickStorage(at: now, into: &effects)
        workDrain(at: now, into: &effects)
        let due = wheel.tick(at: now)
        for count in 0..<min(room, Limits.beatsPerTurn) {
            if count % Limits.fetchAhead == 0 { fetchRows() }
            guard let slot = wheel.popDue(at: due) else { return }
            wake(slot, at: now, into: &effects)
        }
    }

    /// Reads something of each row that is woken next. The processor fetches them from memory at the same time; when
    /// they are worked on, it would wait for each by itself: at a million registrations a third of what a beat costs.
    private mutating func fetchRows() {
        fetched &+= wheel.peek(Limits.fetchAhead) { table.fetch($0) }
    }

    private mutating func fetchRow(_ slot: Int32) {
        if table.rows.indices.contains(Int(slot)) { fetched &+= table.fetch(slot) }
    }

    // MARK: shutting down

    private mutating func drain(at now: Instant, into effects: inout [Effect]) {
        guard !draining else { return }
        draining = true
        if drainRun?.hides == true { drainRun?.phase = .removing }
        for slot in 0..<slotEnd {
            switch table.rows[Int(slot)].stage {
            case .vacant, .leaving: continue
            case .kept, .refused:
                // What is not to leave Nacos is not to leave the disk either: the next process goes on with it.
                table.rows[Int(slot)].withoutDeregister = !table.records[Int(slot)].deregisterOnExit
                table.rows[Int(slot)].staysStored = !table.records[Int(slot)].deregisterOnExit
                if table.rows[Int(slot)].staysStored { storeHold(slot, isAwaited: false, at: now, into: &effects) }
                removeBeatInfo(slot, at: now, into: &effects)
            }
        }
        finishIfDrained(into: &effects)
    }

    mutating func finishIfDrained(into effects: inout [Effect]) {
        guard draining, !finished, dom2BeatSize == 0, tombstones == 0, durability.isSettled else { return }
        finished = true
        effects.append(.finish)
    }
}
