internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import HTTPWire

// Requests of the control API: from an arrival to an answer.
extension Daemon {
    /// Answers what has arrived, bounded, so that beats come in between.
    func serveRequests() {
        let end = MonotonicClock.nanoseconds() + HTTPServerLimits.turnNanoseconds
        for _ in 0..<HTTPServerLimits.requestsPerTurn {
            guard let arrival = server.nextArrival() else { return }
            serve(arrival)
            if MonotonicClock.nanoseconds() >= end { return }
        }
    }

    private func serve(_ arrival: HTTPServer.Arrival) {
        let requestID = requestID(of: arrival.request)
        if !arrival.waited, let wait = rateLimit(arrival) {
            return respond(
                api.rateLimited(retryAfter: wait, requestID: requestID.text), to: arrival, route: nil, requestID)
        }
        let token = newTokens(0)
        var context = context(requestID)
        context.waited = arrival.waited
        let handling = api.handle(
            arrival.request, by: arrival.connection.client, core: core, context: context, token: token,
            metrics: sampleMetrics)
        switch handling {
        case .respond(let response, let route): respond(response, to: arrival, route: route, requestID)
        case .perform(let command, let response, let route):
            perform(command)
            respond(response, to: arrival, route: route, requestID)
        case .reload(let request, let route): reload(request, for: arrival, route, requestID)
        case .gather(let answer, let route):
            gathers.append(GatherRun(arrival: arrival, answer: answer, route: route, requestID: requestID))
        case .bulk(let bulk, let route):
            bulks.append(BulkRun(arrival: arrival, bulk: bulk, route: route, requestID: requestID))
        case .export(let head, let export, let route):
            beginExport(head, ExportRun(arrival: arrival, export: export, requestID: requestID), route: route)
        case .events(let head, let stream, let route):
            beginEvents(head, stream, for: arrival, route, requestID)
        case .park(let until, _): park(arrival, until: until)
        case .submit(let inputs, let pending, let route):
            _ = newTokens(inputs.count)
            submissions.add(
                Submissions.Submission(
                    arrival: arrival, pending: pending, route: route, requestID: requestID,
                    firstToken: token.number))
            for input in inputs { core.handle(input, at: clocks.now, into: &effects) }
        }
    }

    /// An answer of the core has come.
    func deliver(_ answer: Answer, for token: RequestToken) {
        if deliverToBulk(answer, for: token) { return }
        guard let (submission, answers) = submissions.take(answer, for: token) else { return }
        let response = api.render(
            answers, for: submission.pending, core: core, context: context(submission.requestID))
        respond(response, to: submission.arrival, route: submission.route, submission.requestID)
    }

    func respond(
        _ response: consuming HTTPResponse, to arrival: HTTPServer.Arrival, route: Route?, _ requestID: RequestID
    ) {
        if arrival.request.fields.contains("X-Request-Id") { response.fields.set("X-Request-Id", requestID.text) }
        let now = MonotonicClock.nanoseconds()
        httpMetrics.record(
            route, arrival.request.method, status: response.status, nanoseconds: now - arrival.at)
        arrival.connection.respond(response, date: clocks.httpDate(), thenClose: isDraining, at: now)
    }

    /// Answers what no route sees: broken framing, or a missed deadline.
    func refuse(_ connection: HTTPConnection, _ refusal: HTTPRefusal?) {
        clocks.read()
        let requestID = requestID(of: nil).text
        let response =
            refusal.map { api.problem(for: $0, requestID: requestID) } ?? api.requestTimeout(requestID: requestID)
        httpMetrics.record(nil, .other(""), status: response.status, nanoseconds: 0)
        connection.respond(
            response, date: clocks.httpDate(), thenClose: true, at: MonotonicClock.nanoseconds())
    }

    /// Nobody waits for these answers any more.
    func abandon(_ connection: HTTPConnection) {
        for token in submissions.abandon(connection: connection.number) {
            core.handle(.abandoned(token), at: clocks.now, into: &effects)
        }
    }

    /// The seconds that a client has to wait which writes too fast.
    private func rateLimit(_ arrival: HTTPServer.Arrival) -> Int? {
        switch (arrival.connection.client.listener, arrival.request.method) {
        case (.unixSocket, _), (.ops, _), (_, .get), (_, .head), (_, .options), (_, .other): nil
        case (.tcp, .post), (.tcp, .put), (.tcp, .patch), (.tcp, .delete):
            writeRate.admit(arrival.connection.client.peer, at: arrival.at)
        }
    }

    func context(_ requestID: RequestID) -> Context {
        Context(
            now: clocks.now, wall: clocks.wall, requestID: requestID, started: started,
            draining: isDraining || core.isBeingDrained, openStreams: eventRuns.count,
            storageProblem: storageProblem)
    }

    /// The client's `X-Request-Id` when it is a plain token, else one that no other request of any process has.
    private func requestID(of request: HTTPRequest?) -> RequestID {
        if let given = request?.fields["X-Request-Id"], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ isTokenByte($0) })
        {
            return .given(given)
        }
        return .number(idPrefix &+ newTokens(1).number &* 0x9e37_79b9_7f4a_7c15)
    }

    private func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private func sampleMetrics() -> ShellMetrics {
        var metrics = ShellMetrics()
        metrics.http = httpMetrics
        server.count(into: &metrics.connections)
        for run in eventRuns where run.connection.isStreaming {
            metrics.connections.streams[run.stream.format.label] += 1
        }
        for run in exports where run.arrival.connection.isStreaming { metrics.connections.streams[.export] += 1 }
        metrics.nacos = client.sample()
        metrics.loop = loopMetrics
        metrics.storage = storage?.metrics ?? StorageMetrics()
        metrics.process = ProcessStatistics.sample(startedAt: Double(startedWall.milliseconds) / 1000)
        for level in LogLevelLabel.allCases {
            guard let logLevel = LogLevel(name: "\(level.label)") else { continue }
            metrics.logMessages[level] = log.messages(logLevel)
        }
        metrics.logDropped = log.dropped
        metrics.clockJumps = clocks.jumps
        metrics.lastReloadSucceeded = isLastReloadGood
        sampleEvidence(into: &metrics)
        return metrics
    }
}
