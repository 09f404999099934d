internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: GET /v1/beats/{id}/history, GET /v1/beats/{id}/health, POST /v1/beats/{id}/beat

extension ControlAPI {
    /// The last attempts of a registration, newest first.
    func readHistory(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> HTTPResponse {
        let handle = try find(call, core).handle
        let attempts = core.history(handle)
        let attemptWriter = AttemptWriter(context: context, servers: core.serverNames())
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for attempt in attempts ?? [] { attemptWriter.write(attempt, to: &writer) }
        writer.endArray()
        writer.member("kept", attempts != nil)
        writer.endObject()
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }

    /// The state as a status code, with a line that says why: what scripts and load balancers ask.
    func readHealth(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> HTTPResponse {
        let view = try find(call, core)
        // A server's words may be of several lines.
        let reason = String(view.reason.map { $0.isNewline ? " " : $0 })
        let text = "\(view.state.label): \(reason)"
        switch view.state {
        case .beating: return .text(200, text)
        case .degraded: return .text(429, text, retryAfter: secondsUntilBeat(view, context))
        case .pending, .critical, .unhealthy, .maintenance, .deregistering, .stopped:
            return .text(503, text, retryAfter: secondsUntilBeat(view, context))
        }
    }

    /// Earlier there is nothing new to be told.
    private func secondsUntilBeat(_ view: RegistrationView, _ context: Context) -> Int {
        guard let next = view.nextBeatAt else { return 1 }
        return Int(min(60, max(1, (next - context.now).wholeMilliseconds / 1000 + 1)))
    }

    func beatNow(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        if context.draining { throw .draining }
        let view = try find(call, core)
        if view.state == .deregistering {
            throw Problem(.notFound, "the registration \(NameRules.quoted(call.parameter)) is being removed")
        }
        return .submit(
            [.beatNow(view.handle, token)], Pending(kind: .beat, pretty: call.pretty, count: 1), route: call.route)
    }

    /// 200 with what the server said, else why there is no such thing.
    func beaten(
        _ answer: Answer, _ pending: Pending, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> HTTPResponse {
        switch answer {
        case .beaten(_, let attempt):
            var writer = JSONWriter()
            AttemptWriter(context: context, servers: core.serverNames()).write(attempt, to: &writer)
            return .body(200, .json, writer.finish(), pretty: pending.pretty)
        case .notBeaten(let handle, let attempt):
            throw notBeaten(core.view(handle), attempt, servers: core.serverNames())
        case .beatTooSoon(let wait):
            let seconds = max(1, (wait.wholeMilliseconds + 999) / 1000)
            throw Problem(
                .rateLimited,
                "a beat of this registration was asked for less than "
                    + "\(DurationText.text(Limits.askedBeatSpacing)) ago, or of too many others",
                fields: ["Retry-After": "\(seconds)"])
        case .draining: throw .draining
        case .storageUnavailable: throw .storageUnavailable
        case .notFound: throw Problem(.notFound, "the registration was removed meanwhile")
        case .created, .updated, .unchanged, .exists, .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld, .batch,
            .refused, .removed, .removing, .renewed, .noTTLCheck, .maintained, .drained, .drainUnderWay:
            preconditionFailure("a beat was answered with \(answer)")
        }
    }

    private func notBeaten(_ view: RegistrationView?, _ attempt: AttemptView?, servers: [String]) -> Problem {
        func name(of server: ServerIndex) -> String {
            servers.indices.contains(Int(server)) ? servers[Int(server)] : "server \(server)"
        }
        if attempt == nil, let view, view.isHeldBack {
            return Problem(.keyConflict, "no beat is sent: \(view.reason)", id: view.id)
        }
        guard let attempt, attempt.code != 0 else {
            let why = attempt.map { "\(name(of: $0.server)): \($0.detail)" } ?? view?.reason ?? "no server to ask"
            return Problem(.nacosUnreachable, "the beat was not accepted: \(why)", id: view?.id)
        }
        let words = attempt.detail.isEmpty ? "" : ": \(attempt.detail)"
        let what = attempt.outcome == .notFound ? "the instance is not known there, it is registered again" : ""
        let detail = "\(name(of: attempt.server)) answered \(attempt.code)\(words)"
        return Problem(.nacosRejected, what.isEmpty ? detail : "\(detail): \(what)", id: view?.id)
    }

    private func find(_ call: Call, _ core: borrowing BeatReactor) throws(Problem) -> RegistrationView {
        guard let handle = core.find(id: call.parameter), let view = core.view(handle) else {
            throw Problem(.notFound, "there is no registration \(NameRules.quoted(call.parameter))")
        }
        return view
    }
}

/// Writes attempts.
struct AttemptWriter: Sendable {
    let context: Context
    /// The Nacos servers' names by their index.
    let servers: [String]

    func write(_ attempt: AttemptView, to writer: inout JSONWriter) {
        let (kind, mode) = words(attempt.kind)
        writer.beginObject()
        writer.member("at", context.text(attempt.at))
        writer.member("kind", kind)
        writer.member("dialect", attempt.dialect.rawValue)
        writer.key("mode")
        if let mode { writer.string(mode) } else { writer.null() }
        let index = Int(attempt.server)
        writer.member("server", index < servers.count ? servers[index] : "server \(index)")
        writer.member("outcome", "\(attempt.outcome.label)")
        writer.member("code", attempt.code)
        writer.key("status")
        if let status = attempt.status { writer.value(.integer(Int64(status))) } else { writer.null() }
        writer.member("latencySeconds", attempt.latency.seconds)
        writer.member("latenessSeconds", attempt.lateness.seconds)
        writer.member("detail", attempt.detail)
        writer.endObject()
    }

    private func words(_ kind: Exchange.Kind) -> (kind: String, mode: String?) {
        switch kind {
        case .lightBeat: ("beat", "light")
        case .fullBeat: ("beat", "full")
        case .register: ("register", nil)
        case .deregister: ("deregister", nil)
        }
    }
}
