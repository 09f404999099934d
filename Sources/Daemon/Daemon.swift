internal import BeatCore
internal import ControlAPI
public import EventLoop
internal import HTTPWire
internal import NacosWire

/// The whole process around the core: it turns the loop, feeds the core, performs its effects. Loop-confined.
public final class Daemon {
    let loop: EventLoop
    let configuration: Configuration
    let log: Log
    var core: BeatReactor
    var clocks: Clocks
    var effects: [Effect] = []
    /// What the core is given in this turn of what `client` brought.
    private var outcomes: [Input] = []
    let client: NacosClient
    let server: HTTPServer
    let checks: CheckRunner
    var api: ControlAPI
    var submissions = Submissions()
    /// When chosen addresses are looked at next.
    var nextAddressLook: Instant
    /// What configuration files declare.
    var declared = DeclaredState()
    /// How settings are read again; nil: not at all.
    var readSettings: SettingsReading?
    /// Whether the last reading of the settings brought no fault.
    var isLastReloadGood = true
    var bulks: [BulkRun] = []
    var exports: [ExportRun] = []
    var gathers = RingBuffer<GatherRun>()
    var parked: [ParkedRequest] = []
    var journal: EventJournal
    var eventRuns: [EventRun] = []
    /// When the streams are due for a sign of life; nil without any.
    var keepaliveAt: Instant?
    var writeRate: WriteRate
    var httpMetrics = HTTPMetrics()
    var loopMetrics = LoopMetrics()
    var loadMeter = LoadMeter()
    var logLevelChange: LogLevelChange
    /// The level that the process was started with.
    let startLogLevel: LogLevel
    private var timer: LoopTimer?
    let resolver: Resolver?
    let serverList: ServerListSource?
    /// Nil when nothing is stored.
    var storage: StorageThread?
    /// What cannot be made good without a restart.
    var storageIncident: String?
    private var nextToken: UInt64 = 1
    /// The first number of every request id of this process.
    let idPrefix: UInt64
    let started: Instant
    let startedWall: WallTime
    private var drainDeadline: Instant?
    /// Set by what is done between turns: the next one has something to send and does not wait.
    private var hasWork = false
    /// When the end does not wait for the disk any longer.
    private var finishDeadline: Instant?
    /// Set when the process is to end.
    public private(set) var exitStatus: Int32?
    /// The addresses that it listens on, with real ports.
    public private(set) var addresses: [SocketAddress] = []

    /// Binds the listeners; nothing turns yet.
    public init(_ configuration: Configuration, loop: EventLoop, log: Log) throws(EventLoopError) {
        self.configuration = configuration
        self.loop = loop
        self.log = log
        startLogLevel = log.level
        logLevelChange = LogLevelChange(base: log.level)
        clocks = Clocks()
        started = clocks.now
        nextAddressLook = clocks.now
        startedWall = clocks.wall
        idPrefix = UInt64(bitPattern: clocks.wall.milliseconds) << 20 ^ UInt64(bitPattern: clocks.now.nanoseconds)
        journal = EventJournal(epoch: idPrefix)
        core = BeatReactor(
            .init(
                servers: configuration.servers.map(\.name), maxRegistrations: configuration.maxRegistrations,
                dialect: configuration.dialect, logsIn: configuration.credentials != nil,
                stores: configuration.stores, phaseEpoch: Instant(nanoseconds: 0)),
            at: clocks.now)
        client = NacosClient(
            loop, servers: configuration.servers, configuration.client, credentials: configuration.credentials,
            readClock: { Instant(nanoseconds: MonotonicClock.nanoseconds()) })
        checks = CheckRunner(loop) { Instant(nanoseconds: MonotonicClock.nanoseconds()) }
        server = HTTPServer(loop, configuration.http, readClock: MonotonicClock.nanoseconds)
        writeRate = WriteRate(perSecond: configuration.writeRate)
        var own: [String] = ["127.0.0.1", "::1"]
        for listen in configuration.listeners {
            let address = try server.listen(on: listen.address, as: listen.kind)
            addresses.append(address)
            if let host = address.host, !own.contains(host) { own.append(host) }
        }
        let now = clocks.now
        serverList = configuration.serverListURL.map {
            ServerListSource(loop, $0, configuration.client, refresh: configuration.serverListRefresh, at: now)
        }
        resolver = try Daemon.makeResolver(configuration, serverList, loop)
        api = ControlAPI(configuration.api(epoch: idPrefix, ownAddresses: own))
        timer = try LoopTimer(loop, onFire: {})
        server.onRefusal = { [unowned self] in self.refuse($0, $1) }
        server.bodyLimit = { [unowned self] client in
            let api = self.api
            return { api.bodyLimit(of: $0, by: client) }
        }
        server.onGone = { [unowned self] in self.abandon($0) }
        server.onAcceptError = { [unowned self] in self.acceptFailed($0) }
        server.onStalled = { [unowned self] in self.logStalled($0) }
        armTimer(turnBegan: clocks.now)
    }

    // MARK: the turn

    /// One pass of the loop with everything that follows from it, always in this order.
    public func turn(waiting: Bool) {
        let hasMore =
            server.hasArrivals || !client.outcomes.isEmpty || hasWork || hasBulkWork || hasEventWork || !gathers.isEmpty
        loop.runOnce(waiting: waiting && !hasMore && exitStatus == nil)
        hasWork = false
        clocks.read()
        let begin = clocks.now
        takeAddresses(at: begin)
        takeServerList(at: begin)
        checks.turn(at: begin)
        // What the callbacks collected goes in: Nacos' answers first, checks, then what is due. Then, with those beats on
        // their way, the API.
        client.takeOutcomes(&outcomes)
        core.handle(outcomes, at: begin, into: &effects)
        for outcome in checks.takeOutcomes() { core.handle(outcome, at: begin, into: &effects) }
        takeStorageReports()
        core.room = client.roomForBeats
        if let deadline = core.nextDeadline?.at, deadline <= begin { core.handle(.tick, at: begin, into: &effects) }
        perform()
        client.flush(core, at: Instant(nanoseconds: MonotonicClock.nanoseconds()))
        serveRequests()
        serveGathers()
        serveBulks()
        perform()
        releaseParked()
        client.flush(core, at: Instant(nanoseconds: MonotonicClock.nanoseconds()))
        watchAddresses()
        serveEvents()
        endDrain()
        revertLogLevel()
        armTimer(turnBegan: begin)
        loop.freeClosed()
        account(since: begin)
    }

    /// Performs the core's effects: the one place where its decisions become deeds.
    func perform() {
        var position = 0
        while true {
            if position == effects.count { flushStorage() }
            guard position < effects.count else { break }
            switch effects[position] {
            case .send(let exchange): client.send(exchange, at: clocks.now)
            case .cancel(let exchange): client.cancel(exchange)
            case .probe(let server): client.probe(server)
            case .verify(let reading): client.verify(reading)
            case .login: client.logIn()
            case .runCheck(let run):
                guard let (check, processStart) = core.subject(of: run) else { break }
                checks.start(run, check, processStart: processStart)
            case .addServer(let place, let name): addServer(name, at: place)
            case .retireServer(let place): retireServer(place)
            case .store(let change, let number): storage?.add(change, number: number, at: clocks.now)
            case .reopenStorage: reopenStorage()
            case .answer(let token, let answer): deliver(answer, for: token)
            case .publish(let event): journal.append(event, at: clocks.wall)
            case .log(let event): write(event)
            case .finish: finish()
            }
            position += 1
        }
        effects.removeAll(keepingCapacity: true)
    }

    /// At the end of each turn, and before the first, which would wait for ever.
    func armTimer(turnBegan: Instant) {
        let next = parked.reduce(core.nextDeadline?.at) { $0.earlier($1.until) }
            .earlier(client.nextDeadline).earlier(storage?.nextDeadline)
            .earlier(resolver?.nextDeadline).earlier(serverList?.nextDeadline).earlier(checks.nextDeadline)
            .earlier(drainDeadline).earlier(finishDeadline).earlier(logLevelChange.revertsAt)
            .earlier(core.hasIPRules ? nextAddressLook : nil)
            .earlier(keepaliveAt)
        client.sleeps(until: next, from: turnBegan)
        if let next { timer?.arm(at: next.nanoseconds) } else { timer?.disarm() }
    }

    private func account(since begin: Instant) {
        let busy = Instant(nanoseconds: MonotonicClock.nanoseconds()) - begin
        loopMetrics.turns &+= 1
        loopMetrics.busy += busy
        loopMetrics.stalls.record(busy.wholeNanoseconds)
        measureLoad()
    }

    func newTokens(_ count: Int) -> RequestToken {
        defer { nextToken += UInt64(count) }
        return RequestToken(nextToken)
    }

    // MARK: the end

    /// Begins to end: deregisters what wants it, within the shutdown time-out. The second call ends at once.
    public func stop() {
        guard drainDeadline == nil else {
            exitStatus = 130
            return
        }
        clocks.read()
        let closing = min(Daemon.closingTime, configuration.shutdownTimeout / 10)
        drainDeadline = clocks.now + configuration.shutdownTimeout - closing
        write(LogRecord(.info, "shutting down", event: "process.stopping"))
        client.awaitAnswers(until: clocks.now + Daemon.inFlightWait)
        handle(.drain)
        releaseParked()
        serveRequests()
    }

    /// Feeds the core inputs that come from neither Nacos nor the API, all in one turn.
    func handle(_ inputs: Input...) { handle(inputs) }

    func handle(_ inputs: [Input]) {
        clocks.read()
        for input in inputs { core.handle(input, at: clocks.now, into: &effects) }
        perform()
        hasWork = true
    }

    /// How long the end waits for beats in flight before it deregisters their instances (control-api.md §7).
    private static let inFlightWait = Duration.seconds(1)

    /// Kept of the shutdown time-out for the last checkpoint and for closing, so that the process is gone within it.
    private static let closingTime = Duration.milliseconds(200)

    /// True from `stop` on.
    var isDraining: Bool { drainDeadline != nil }

    private func endDrain() {
        if let finishDeadline, clocks.now >= finishDeadline { end(0) }
        guard let drainDeadline, exitStatus == nil, finishDeadline == nil, clocks.now >= drainDeadline else { return }
        write(
            LogRecord(
                .warn,
                storage == nil
                    ? "shutdown time-out: instances are left to expire at Nacos"
                    : "shutdown time-out: the next start finishes the deletions",
                event: "process.leftovers", fields: ["instances": .integer(Int64(core.tombstones))]))
        finish()
    }

    /// Everything is done but the checkpoint.
    private func finish() {
        guard finishDeadline == nil else { return }
        guard let storage, storage.finish() else { return end(0) }
        finishDeadline = clocks.now + Daemon.checkpointWait
    }

    /// How long the end waits for the last checkpoint: without one the next start does it.
    private static let checkpointWait = Duration.seconds(1)

    func end(_ status: Int32) {
        if exitStatus == nil { exitStatus = status }
    }

    /// Sends what the last turn answered, then closes every socket. The daemon is not turned afterwards.
    public func close() {
        endEvents()
        server.stopListening()
        loop.runOnce(waiting: false)
        server.close()
        client.close()
        checks.close()
        serverList?.close()
        resolver?.close()
        // At once, or on a disk that hangs: what was acknowledged is durable.
        storage?.close(waiting: exitStatus != 130 && !core.isReadOnly)
        storage = nil
        timer?.close()
        loop.freeClosed()
    }

    // MARK: log

    func write(_ record: LogRecord) {
        log.write(record, at: clocks.wall, nanoseconds: clocks.now.nanoseconds)
    }

    private func write(_ event: LogEvent) {
        log.write(event.heading, at: clocks.wall, nanoseconds: clocks.now.nanoseconds) {
            event.record(servers: core.serverNames())
        }
    }

    private func acceptFailed(_ errno: Int32) {
        write(
            LogRecord(
                .error, "cannot accept connections, trying again in 100 ms", event: "listener.accept",
                error: SystemError.text(errno)))
    }

    /// Writes a summary of the state, as SIGUSR1 asks for.
    public func logSummary() {
        clocks.read()
        write(
            LogRecord(
                .info, "summary", event: "process.summary",
                fields: [
                    "registrations": .integer(Int64(core.dom2BeatSize)),
                    "beating": .integer(Int64(core.count(of: .beating))),
                    "tombstones": .integer(Int64(core.tombstones)),
                    "beats_ok": .integer(Int64(clamping: core.counters.beats[.ok])),
                ]))
    }

    /// Writes the first line, with the addresses that were really taken.
    public func logStart() {
        write(
            LogRecord(
                .info, "beatd is up", event: "process.up",
                fields: [
                    "version": .string(Version.text),
                    "listen": .string(addresses.map(\.description).joined(separator: " ")),
                    "nacos": .string(nacosText),
                    "libevent": .string(EventLoop.libeventVersion),
                ]))
    }
}

@available(*, unavailable)
extension Daemon: Sendable {}
