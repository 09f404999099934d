import BeatCore
import ControlAPI
import HTTPWire
import JSON
import Testing

/// A control API over a reactor, without sockets and with a clock of its own. Nacos is a closure.
final class InProcessAPI: APIDriver {
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    /// 2026-08-22T09:05:03.000Z, at `start`.
    static let wall = WallTime(milliseconds: 1_787_389_503_000)

    /// What Nacos answers; nil: nothing, until the request time-out.
    var nacos: (Exchange) -> NacosReply? = { .accepted($0) }
    var client = Client(.tcp(loopback: true), peer: "127.0.0.1")
    /// How long ago what is answered was sent.
    var delayMilliseconds: Int64 = 0
    var draining = false
    var restored = true
    var openStreams = 0
    private var journal = EventJournal(epoch: 77)
    var loopResponsive = true
    var shell: ShellMetrics = {
        var shell = ShellMetrics()
        shell.nacos.connections = [NacosMetrics.Connections(), NacosMetrics.Connections()]
        return shell
    }()
    private var waited = false
    var api: ControlAPI
    private(set) var now = InProcessAPI.start
    /// How often the metrics were sampled.
    private(set) var samples = 0
    private(set) var lastRoute: Route?
    private(set) var lastInputs: [Input] = []
    /// What the shell was asked to do.
    private(set) var commands: [ShellCommand] = []
    /// Reloads that were asked for; none of them finds a change.
    private(set) var reloads: [ReloadRequest] = []
    private var reactor: BeatReactor
    private var inFlight: [Exchange] = []
    private var answers: [RequestToken: Answer] = [:]
    private var nextToken: UInt64 = 1
    /// The request that was parked last; it was answered with 102, which the API never does.
    private(set) var parked: (request: HTTPRequest, until: Instant)?
    /// Called between the steps of a bulk request, and the pieces of an export.
    var meanwhile: (InProcessAPI) throws -> Void = { _ in }
    /// Steps of the last bulk request, pieces of the last export.
    private(set) var steps = 0

    init(
        maxRegistrations: Int = 1000, logsIn: Bool = false,
        _ change: (inout ControlAPI.Configuration) -> Void = { _ in }
    ) {
        var configuration = ControlAPI.Configuration(
            version: "1.0.0", revision: "abc1234", swiftVersion: "6.3.1", libeventVersion: "2.1.12", epoch: 77,
            maxRegistrations: maxRegistrations)
        change(&configuration)
        api = ControlAPI(configuration)
        reactor = BeatReactor(
            .init(servers: ["10.1.0.3:8848", "10.1.0.4:8848"], maxRegistrations: maxRegistrations, logsIn: logsIn),
            at: InProcessAPI.start)
    }

    var context: Context {
        Context(
            now: now, wall: WallTime(milliseconds: InProcessAPI.wall.milliseconds + milliseconds), requestID: "r-1",
            started: InProcessAPI.start, draining: draining, restored: restored, loopResponsive: loopResponsive,
            waited: waited, openStreams: openStreams)
    }

    private var milliseconds: Int64 { (now - InProcessAPI.start).wholeMilliseconds }

    func send(_ request: HTTPRequest) throws -> HTTPResponse {
        var fields = request.fields
        if !fields.contains("Host") { fields.append("Host", "localhost:8090") }
        let request = HTTPRequest(
            request.method, request.target, version: request.version, fields: fields, body: request.body)
        let token = RequestToken(nextToken)
        let handling = api.handle(request, by: client, core: reactor, context: context, token: token) {
            samples += 1
            return shell
        }
        return try finish(handling, request, token)
    }

    /// What is to be done with a request; nothing of it is done.
    func handling(_ request: HTTPRequest) -> Handling {
        api.handle(request, by: client, core: reactor, context: context, token: RequestToken(nextToken)) { shell }
    }

    /// One portion of an answer; the answer when it was the last.
    func step(_ answer: inout GatheredAnswer) -> HTTPResponse? {
        guard case .respond(let response) = api.step(&answer, core: reactor, context: context) else { return nil }
        return response
    }

    func read<R>(_ body: (borrowing BeatReactor) -> R) -> R { body(reactor) }

    private func finish(_ handling: Handling, _ request: HTTPRequest, _ token: RequestToken) throws -> HTTPResponse {
        switch handling {
        case .bulk(let bulk, let route):
            lastRoute = route
            return try run(bulk)
        case .export(let head, let export, let route):
            lastRoute = route
            return run(head, export)
        case .events(var head, var stream, let route):
            lastRoute = route
            head.body = journal.begin(&stream)
            while journal.isBehind(stream) { head.body += journal.next(&stream) }
            return head
        case .gather(var answer, let route):
            lastRoute = route
            steps = 0
            while true {
                steps += 1
                if case .respond(let response) = api.step(&answer, core: reactor, context: context) { return response }
                try meanwhile(self)
            }
        case .park(let until, let route):
            lastRoute = route
            parked = (request, until)
            return HTTPResponse(102)
        case .respond(let response, let route):
            lastRoute = route
            lastInputs = []
            return response
        case .perform(let command, let response, let route):
            lastRoute = route
            lastInputs = []
            commands.append(command)
            return response
        case .reload(let request, let route):
            lastRoute = route
            reloads.append(request)
            return api.render(
                [], for: api.pending(request, ReloadReading(), inputs: 0), core: reactor, context: context)
        case .submit(let inputs, let pending, let route):
            lastRoute = route
            lastInputs = inputs
            #expect(inputs.count == pending.count)
            let tokens = inputs.indices.map { RequestToken(token.number + UInt64($0)) }
            nextToken += UInt64(inputs.count)
            for input in inputs { feed(input) }
            return api.render(
                try tokens.map { try answer(to: $0) }, for: pending, core: reactor, context: context)
        }
    }

    /// What a parked request is answered with now.
    func sendParked() throws -> HTTPResponse {
        let request = try #require(parked).request
        waited = true
        defer { waited = false }
        return try send(request)
    }

    private func run(_ request: BulkRequest) throws -> HTTPResponse {
        var bulk = request
        steps = 0
        while true {
            steps += 1
            let token = RequestToken(nextToken)
            nextToken += 1
            switch api.step(&bulk, core: reactor, context: context, token: token) {
            case .more: break
            case .respond(let response): return response
            case .submit(let input):
                lastInputs = [input]
                feed(input)
                let answer = answers.removeValue(forKey: token)
                api.answered(try #require(answer), &bulk, core: reactor)
            }
            try meanwhile(self)
        }
    }

    private func run(_ head: HTTPResponse, _ export: ExportStream) -> HTTPResponse {
        var (response, export) = (head, export)
        steps = 0
        while let piece = api.next(&export, core: reactor, context: context) {
            steps += 1
            response.body += piece
        }
        return response
    }

    /// Lets time pass, with Nacos answering.
    func run(_ duration: Duration) {
        let end = now + duration
        settle()
        while let deadline = reactor.nextDeadline?.at, deadline <= end {
            now = max(now, deadline)
            feed(.tick)
            settle()
        }
        now = end
    }

    var dom2BeatSize: Int { reactor.dom2BeatSize }
    var rev: UInt64 { reactor.rev }

    private func answer(to token: RequestToken) throws -> Answer {
        settle()
        while true {
            if let answer = answers.removeValue(forKey: token) { return answer }
            let deadline = reactor.nextDeadline?.at
            now = max(now, try #require(deadline, "nothing will ever answer \(token)"))
            feed(.tick)
            settle()
        }
    }

    private func settle() {
        var silent: [Exchange] = []
        while !inFlight.isEmpty {
            let exchange = inFlight.removeFirst()
            if let reply = nacos(exchange) {
                feed(.replied(exchange, reply, sentAt: now + .milliseconds(-delayMilliseconds)))
            } else {
                silent.append(exchange)
            }
        }
        inFlight = silent
    }

    func feed(_ input: Input) {
        var effects: [Effect] = []
        reactor.handle(input, at: now, into: &effects)
        for effect in effects {
            switch effect {
            case .send(let exchange): inFlight.append(exchange)
            case .answer(let token, let answer): answers[token] = answer
            case .publish(let event): journal.append(event, at: context.wall)
            case .cancel, .probe, .verify, .login, .addServer, .retireServer, .runCheck, .log, .finish, .store,
                .reopenStorage:
                break
            }
        }
    }
}

extension NacosReply {
    /// What Nacos answers when all is well.
    static func accepted(_ exchange: Exchange) -> NacosReply {
        exchange.kind.isBeat ? .beatAccepted(interval: 5000, lightBeatEnabled: true) : .ok
    }
}
