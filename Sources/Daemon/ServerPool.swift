internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import NacosWire

/// The connections to one Nacos server and the exchanges that wait for room on them (design §6).
///
/// An idle connection is used first, for a few beats in one write; then new ones are opened up to the setting; then
/// beats are pipelined; and when all are full the pool grows for a while. Registers and deregisters have a connection
/// to themselves, and never all of them, so that a flood of registrations does not hold up a beat.
final class ServerPool {
    private let loop: EventLoop
    /// `host:port` as configured.
    let name: String
    private var addresses: AddressRotation
    /// Writes requests to this server, with its token.
    var encoder: NacosRequestEncoder { didSet { lightBeat = encoder.lightBeat } }
    /// What is the same in each light beat; taking the whole encoder in hand costs ten counts of references.
    private var lightBeat: LightBeatFrame
    let transport: ServerTransport
    private let configuration: NacosClient.Configuration
    /// It holds its pools, and closes them before it ends. Unsafe, for checking that it lives costs a count of
    /// references with each answer; not held, for a start that fails would leave both behind.
    private unowned(unsafe) let client: NacosClient
    /// Every request is signed.
    private let signs: Bool
    private var connections: [NacosConnection] = []
    private var beats = RingBuffer<Outgoing>()
    private var others = RingBuffer<Outgoing>()
    private var scratch: [UInt8] = []
    private var batch: [Outgoing] = []
    var learned = LearnedLimits()
    var depth: LearnedDepth
    var replies = ReplyReader()
    /// The server is no longer in the list: what is on the wire ends, and nothing else begins.
    private(set) var isRetired = false
    /// Learned: how many connections beats need. Used up, they are replaced, until one is idle for long.
    private var wanted = 0
    /// Connections to be opened at the end of the pass.
    private var successors = 0
    /// TLS did not come about: until when no connection is opened, and why.
    private var rest: (until: Instant, detail: String)?
    /// Until then a beat waits behind no other one, if the pool can grow.
    private var unpipelinedUntil = Instant(nanoseconds: .min)
    /// At the end of the process: until when answers to beats and registers are awaited.
    private(set) var lastAnswers: Instant?

    init(_ loop: EventLoop, _ server: ServerAddress, _ configuration: NacosClient.Configuration, _ client: NacosClient)
    {
        self.loop = loop
        name = server.name
        self.configuration = configuration
        self.client = client
        signs = configuration.signer != nil
        addresses = AddressRotation(server.addresses)
        transport = ServerTransport(server, configuration)
        depth = LearnedDepth(configuration.pipelineDepth)
        encoder = NacosRequestEncoder(
            host: server.name, contextPath: configuration.contextPath, version: configuration.version)
        lightBeat = encoder.lightBeat
    }

    var requestTimeout: Duration { configuration.requestTimeout }
    func readClock() -> Instant { client.readClock() }
    var address: SocketAddress? { addresses.current }

    /// Connections with and without an exchange on them.
    var connectionCounts: NacosMetrics.Connections {
        let idle = connections.reduce(0) { $0 + ($1.load == 0 ? 1 : 0) }
        return NacosMetrics.Connections(idle: idle, busy: connections.count - idle)
    }

    /// Beats that wait for room on a connection.
    var waitingBeats: Int { beats.count }

    /// When the oldest exchange that is still waiting for room times out.
    var nextDeadline: Instant? {
        // What waits may be allowed another connection soon.
        let soon = others.isEmpty ? nil : readClock() + NacosClientLimits.waitPerConnection
        guard let first = beats.first else { return soon }
        let grows = canGrow ? first.queuedAt + NacosClientLimits.waitForGrowth : nil
        return soon.earlier(first.queuedAt + requestTimeout).earlier(grows).earlier(rest?.until)
    }

    /// Awaits answers to beats and registers no longer than this: deregistering must not wait for a server that hangs.
    func awaitAnswers(until end: Instant) {
        lastAnswers = end
        for connection in connections { connection.armDeadline() }
    }

    func enqueue(_ exchange: Exchange, at now: Instant) {
        let outgoing = Outgoing(exchange: exchange, queuedAt: now, sentAt: nil)
        if exchange.kind.isBeat { beats.append(outgoing) } else { others.append(outgoing) }
    }

    // MARK: writing

    /// Writes what there is room for, beats first.
    func flush(_ core: borrowing BeatReactor, _ queries: inout InstanceQueries, at now: Instant) {
        guard !beats.isEmpty || !others.isEmpty else { return }
        guard address != nil else { return failQueued(.connect) }
        expire(at: now)
        if let rest {
            if now >= rest.until { self.rest = nil } else if connections.isEmpty { failQueued(.connect, rest.detail) }
        }
        if connections.count > configuration.connectionsPerServer { dropUseless(at: now) }
        let isSlow = now < unpipelinedUntil || connections.contains { $0.isStuck(at: now) }
        // Where more waits than a few for each connection of the setting, each takes its share in one write, and those
        // that a flood has added come to rest.
        let evenly = (beats.count + configuration.connectionsPerServer - 1) / configuration.connectionsPerServer
        let share = max(NacosClientLimits.beatsPerWrite, evenly)
        let frame = lightBeat
        var fetched = 0
        var idle = beats.isEmpty ? [] : connections.idle(&learned, at: now)
        while !beats.isEmpty, let connection = connectionForBeats(&idle, isSlow: isSlow, at: now) {
            if fetched <= 0 { fetched = queries.fetch(beats) }
            // Behind a slow answer beats wait only where all connections have one; a write for each of those would let a
            // large table fall behind for as long as the server is taken for slow.
            let most = isSlow && connection.load == 0 ? 1 : share
            fetched -= most
            let room = min(connection.room, depth.beats - connection.load)
            fill(&beats, min(room, most), frame, core, &queries, at: now)
            send(on: connection, exclusive: false)
        }
        while !others.isEmpty, let connection = connectionForOthers(at: now) {
            fill(&others, 1, frame, core, &queries, at: now)
            send(on: connection, exclusive: true)
        }
        // Behind the writes: a connection takes as long to open as thirty beats to send.
        for _ in 0..<successors where hasPlace { _ = connect(at: now) }
        successors = 0
        // What did not fit waits for answers; the next burst of this size is to fit.
        if beats.count > connections.count(learned).opening * depth.beats { _ = growForBeats(at: now) }
    }

    private func send(on connection: NacosConnection, exclusive: Bool) {
        guard !batch.isEmpty else { return }
        // With a million registrations the last write of a burst is milliseconds behind the first.
        connection.write(scratch, batch, exclusive: exclusive, at: readClock())
        if needsSuccessor(connection) { successors += 1 }
    }

    /// Takes up to `count` exchanges that are still wanted and encodes them into `scratch`.
    private func fill(
        _ queue: inout RingBuffer<Outgoing>, _ count: Int, _ frame: LightBeatFrame, _ core: borrowing BeatReactor,
        _ queries: inout InstanceQueries, at now: Instant
    ) {
        scratch.removeAll(keepingCapacity: true)
        batch.removeAll(keepingCapacity: true)
        while batch.count < count, let outgoing = queue.popFirst() {
            guard !client.isCancelled(outgoing.exchange) else {
                finish(outgoing, .failed(.aborted), at: now)
                continue
            }
            let signature =
                signs
                ? client.signature(groupedServiceName: core.key(of: outgoing.exchange.slot).groupedServiceName) : nil
            encode(outgoing.exchange, frame, signature, core, &queries)
            batch.append(outgoing)
        }
    }

    private func encode(
        _ exchange: Exchange, _ frame: LightBeatFrame, _ signature: RequestSignature?, _ core: borrowing BeatReactor,
        _ queries: inout InstanceQueries
    ) {
        if encoder.dialect != exchange.dialect { encoder.dialect = exchange.dialect }
        switch exchange.kind {
        case .lightBeat:
            queries.appendBeat(exchange, core, frame, signature, to: &scratch)
        case .fullBeat:
            let (document, period) = core.subject(of: exchange)
            queries.join(exchange, core)
            encoder.appendFullBeat(
                BeatInfo(document, period: period), instanceQuery: queries.joined.span, signature: signature,
                to: &scratch)
        case .register:
            queries.join(exchange, core)
            encoder.appendRegister(
                core.subject(of: exchange).document, instanceQuery: queries.joined.span, signature: signature,
                to: &scratch)
        case .deregister: encoder.appendDeregister(core.key(of: exchange.slot), signature: signature, to: &scratch)
        }
    }

    // MARK: choosing a connection

    private func connectionForBeats(
        _ idle: inout [NacosConnection], isSlow: Bool, at now: Instant
    ) -> NacosConnection? {
        while let connection = idle.popLast() {
            if connection.isConnected, connection.load == 0, connection.room > 0 { return connection }
        }
        if connections.count < configuration.connectionsPerServer { _ = connect(at: now) }
        let most = isSlow ? 1 : depth.beats
        if let connection = connections.leastLoaded(below: most, learned) { return connection }
        // A burst is over before another connection would stand.
        if isSlow || hasWaited(at: now), let connection = growForBeats(at: now) { return connection }
        return isSlow ? connections.leastLoaded(below: depth.beats, learned) : nil
    }

    /// Whether a beat has waited for room for so long that more connections are worth it.
    private func hasWaited(at now: Instant) -> Bool {
        guard let first = beats.first else { return false }
        return now >= first.queuedAt + NacosClientLimits.waitForGrowth
    }

    private func connectionForOthers(at now: Instant) -> NacosConnection? {
        let exclusive = connections.reduce(0) { $0 + ($1.isExclusive ? 1 : 0) }
        guard exclusive < exclusiveMax(at: now) else { return nil }
        if let idle = connections.lastIdle(&learned, at: now) { return idle }
        return connections.count < configuration.connectionsPerServer ? connect(at: now) : grow(at: now)
    }

    /// How many connections registers and deregisters may hold: never all, and more the longer they wait.
    private func exclusiveMax(at now: Instant) -> Int {
        let few = max(1, configuration.connectionsPerServer - 2)
        let most = configuration.connectionsPerServer * NacosClientLimits.growth / 2
        guard let waiting = others.first else { return few }
        let waited = (now - waiting.queuedAt).wholeNanoseconds / NacosClientLimits.waitPerConnection.wholeNanoseconds
        return min(most, few + Int(clamping: waited))
    }

    /// Whether the connection is nearly used up and there are not enough others to go on with.
    private func needsSuccessor(_ connection: NacosConnection) -> Bool {
        guard connection.room < learned.fresh else { return false }
        return connections.count(learned).fresh + successors < wanted
            || !connections.contains { $0.load == 0 && $0.room > 0 }
    }

    /// Whether more connections than the setting may be opened. Never more than the setting at a time: what comes of
    /// those shows whether the server takes more, or ends what it is given.
    var canGrow: Bool {
        guard hasPlace else { return false }
        let (fresh, opening) = connections.count(learned)
        return fresh < configuration.connectionsPerServer * NacosClientLimits.growth
            && opening < configuration.connectionsPerServer
    }

    /// Whether there may be one connection more, those that are nearly used up among them.
    private var hasPlace: Bool {
        connections.count < NacosClientLimits.connectionsMax(configuration.connectionsPerServer)
    }

    private func grow(at now: Instant) -> NacosConnection? {
        canGrow ? connect(at: now) : nil
    }

    private func growForBeats(at now: Instant) -> NacosConnection? {
        guard let connection = grow(at: now) else { return nil }
        wanted = max(wanted, connections.count(learned).fresh)
        return connection
    }

    private func connect(at now: Instant) -> NacosConnection? {
        guard let address, rest == nil else { return nil }
        dropUseless(at: now)
        let connection = NacosConnection(self, transport.connect(loop, to: address), to: address, at: now)
        connections.append(connection)
        return connection
    }

    /// Idle connections that are used up, that no server keeps so long, or that are above the setting and not needed.
    private func dropUseless(at now: Instant) {
        let isGrown = connections.count > configuration.connectionsPerServer
        let useless = connections.filter {
            $0.load == 0
                && ($0.room == 0
                    || now.nanoseconds(since: $0.idleSince)
                        > (isGrown ? NacosClientLimits.surplus : NacosClientLimits.idleMax))
        }
        if useless.contains(where: { $0.room > 0 }) { wanted = min(wanted, connections.count - useless.count) }
        for connection in useless { connection.abandon() }
    }

    /// The server's name has these addresses now; connections to others end with the answers that they wait for.
    func setAddresses(_ found: [SocketAddress]) {
        for connection in connections where !found.contains(connection.address) { connection.retire() }
        addresses.take(found)
    }

    // MARK: what connections tell

    /// A connection did not come about: the next one tries the next address, for trouble with TLS after a rest.
    func cannotConnect(to address: SocketAddress, _ tlsDetail: String? = nil) {
        addresses.failed(address)
        if let tlsDetail { rest = (readClock() + NacosClientLimits.tlsRest, tlsDetail) }
    }

    /// An exchange ended that had the server's attention for so long. True when the server is to be used unpipelined
    /// for that.
    func took(nanoseconds: Int64, _ result: ExchangeResult, at now: Instant) -> Bool {
        let isTrouble =
            switch result {
            case .failed(.timeout, _), .replied(.clusterTrouble): true
            case .failed, .replied: nanoseconds >= NacosClientLimits.slowAnswer && !client.isHeldUp(at: now)
            }
        if isTrouble { unpipelinedUntil = now + NacosClientLimits.unpipelined }
        return isTrouble
    }

    func finish(_ outgoing: Outgoing, _ result: ExchangeResult, at now: Instant) {
        client.finish(outgoing, result, at: now)
    }

    /// The connection ended before this exchange had a byte of an answer: it goes out again, without having failed,
    /// unless it is no longer wanted.
    func sendAgain(_ outgoing: Outgoing) {
        var outgoing = outgoing
        outgoing.resends += 1
        outgoing.queuedAt = client.readClock()
        if client.isCancelled(outgoing.exchange) {
            finish(outgoing, .failed(.aborted), at: outgoing.queuedAt)
        } else if isRetired || outgoing.resends > NacosClientLimits.resends {
            finish(outgoing, .failed(.closed), at: outgoing.queuedAt)
        } else if outgoing.exchange.kind.isBeat {
            beats.prepend(outgoing)
        } else {
            others.prepend(outgoing)
        }
    }

    func remove(_ connection: NacosConnection) { connections.removeAll { $0 === connection } }

    /// A connection that is used up ends.
    func becameIdle(_ connection: NacosConnection) {
        if connection.room == 0 { connection.abandon() }
    }

    // MARK: queue

    /// What has waited for room for longer than a request may take has timed out without being sent.
    private func expire(at now: Instant) {
        expire(&beats, after: requestTimeout, at: now)
        expire(&others, after: requestTimeout * NacosClientLimits.registerPatience, at: now)
    }

    private func expire(_ queue: inout RingBuffer<Outgoing>, after patience: Duration, at now: Instant) {
        while let first = queue.first, first.queuedAt + patience <= now, var outgoing = queue.popFirst() {
            guard client.isHeldUp(at: now) else {
                finish(outgoing, .failed(.timeout), at: now)
                continue
            }
            // The wait was this process's: it begins anew.
            outgoing.queuedAt = now
            queue.append(outgoing)
        }
    }

    private func failQueued(_ failure: ExchangeFailure, _ detail: String? = nil) {
        let now = readClock()
        while let outgoing = beats.popFirst() { finish(outgoing, .failed(failure, detail: detail), at: now) }
        while let outgoing = others.popFirst() { finish(outgoing, .failed(failure, detail: detail), at: now) }
    }

    // MARK: the list of servers

    /// The server leaves the list: what was not written goes elsewhere, what was is awaited.
    func retire() {
        isRetired = true
        failQueued(.aborted)
        for connection in connections { connection.retire() }
    }

    func unretire() { isRetired = false }

    func close() {
        for connection in connections { connection.close() }
        connections = []
    }
}
