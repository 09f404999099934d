internal import BeatCore
internal import HTTPWire
internal import JSON

/// How long a DELETE waits for Nacos when it does not say: a healthy server answers within milliseconds, and a shell
/// that deletes before it starts a successor wants to know that it is done.
private let removeWaitDefault = Duration.seconds(1)

/// Registrations that one DELETE may remove: each is an input of its own, and a turn must stay short.
private let removedAtOnceMax = 1000

/// Rows of the table that one DELETE by query looks at when the key is not given whole: 16 ms.
private let rowsSearchedMax: Int32 = 100_000

// MARK: POST /v1/beats, DELETE /v1/beats/{id}, DELETE /v1/beats?…

extension ControlAPI {
    func registerBeat(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let isDry = try call.query.flag(.dryRun)
        let wait = try call.query.duration(.wait, max: Limits.waitMax)
        let (document, id) = try RegistrationReader.readNamed(try body(of: call.request), defaults)
        if context.draining { throw .draining }
        let current = kept(core.find(document.key), core)
        try requireWritable(current)
        if let id, id != current?.id ?? document.key.id { throw contradiction(id, current?.id ?? document.key.id) }
        let conditions = Preconditions(call.request.fields)
        try conditions.requireWrite(current.map { EntityTag(of: $0, epoch: configuration.epoch) })
        if isDry {
            return .respond(try dryRun(document, nil, call, core: core, context: context), route: call.route)
        }
        let options = RegisterOptions(mustCreate: conditions.ifNoneMatch == .any, wait: wait)
        return .submit(
            [.register(document, token, options)], Pending(kind: .register, pretty: call.pretty, count: 1),
            route: call.route)
    }

    /// What a file declares is changed there.
    func requireWritable(_ view: RegistrationView?) throws(Problem) {
        guard let view, view.document.source == .file, view.state != .deregistering else { return }
        throw Problem(
            .keyConflict, "a configuration file declares this registration: change it there and reload", id: view.id)
    }

    func removeBeat(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let options = try removeOptions(call)
        let missingOk = try call.query.flag(.missingOk)
        if context.draining { throw .draining }
        guard let handle = core.find(id: call.parameter), let view = core.view(handle) else {
            return .respond(
                try missing("there is no registration \(NameRules.quoted(call.parameter))", missingOk),
                route: call.route)
        }
        try requireWritable(view)
        try Preconditions(call.request.fields).requireWrite(EntityTag(of: view, epoch: configuration.epoch))
        return .submit(
            [.remove(handle, token, options)],
            Pending(kind: .remove(missingOk: missingOk), pretty: call.pretty, count: 1), route: call.route)
    }

    func removeBeats(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let missingItems = [QueryParameter.serviceName, .ip, .port].filter { call.query[$0] == nil }
            .map { Problem.Item($0.rawValue, "is required, so that nothing else is removed") }
        if !missingItems.isEmpty { throw .query(missingItems) }
        let filter = try BeatFilter(call.query)
        let options = try removeOptions(call)
        let missingOk = try call.query.flag(.missingOk)
        let all = try call.query.flag(.all)
        if context.draining { throw .draining }
        let handles = try matches(filter, core: core, context: context)
        guard let first = handles.first else {
            return .respond(try missing("no registration matches the query", missingOk), route: call.route)
        }
        if handles.count > 1, !all {
            throw Problem(
                .keyConflict, "\(handles.count) registrations match; narrow the query or add all=true")
        }
        for handle in handles { try requireWritable(core.view(handle)) }
        if handles.count == 1 {
            let view = core.view(first)
            try Preconditions(call.request.fields).requireWrite(
                view.map { EntityTag(of: $0, epoch: configuration.epoch) })
        } else if call.request.fields.contains("If-Match") || call.request.fields.contains("If-None-Match") {
            throw Problem(.preconditionFailed, "several registrations match, and a condition can be of one only")
        }
        let inputs = handles.enumerated().map { offset, handle in
            Input.remove(handle, RequestToken(token.number + UInt64(offset)), options)
        }
        let kind: Pending.Kind = all ? .removeAll : .remove(missingOk: missingOk)
        return .submit(
            inputs, Pending(kind: kind, pretty: call.pretty, count: inputs.count), route: call.route)
    }

    /// The registrations that match; without one, the tombstone of the key that the query names, missing parts being
    /// the defaults, so that a repeated DELETE is told how its deletion stands.
    private func matches(
        _ filter: BeatFilter, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> [RegistrationHandle] {
        if let key = filter.wholeKey { return core.find(key).map { [$0] } ?? [] }
        guard core.slotEnd <= rowsSearchedMax else {
            throw .query([
                .init("groupName", "must be given too, as namespaceId and clusterName, with this many registrations")
            ])
        }
        var handles: [RegistrationHandle] = []
        var slot: Int32 = 0
        while let (view, next) = core.nextRegistration(from: slot) {
            slot = next
            if filter.matches(view) { handles.append(view.handle) }
        }
        if handles.isEmpty, let key = filter.keyWithDefaults(configuration.defaultNamespace),
            let handle = core.find(key)
        {
            return [handle]
        }
        if handles.count > removedAtOnceMax {
            throw Problem(
                .keyConflict,
                "\(handles.count) registrations match, at most \(removedAtOnceMax) are removed at once; "
                    + "narrow the query")
        }
        return handles
    }

    private func removeOptions(_ call: Call) throws(Problem) -> RemoveOptions {
        RemoveOptions(
            deregister: try call.query.flag(.deregister, default: true),
            wait: try call.query.duration(.wait, max: Limits.waitMax) ?? removeWaitDefault)
    }

    private func missing(_ detail: String, _ missingOk: Bool) throws(Problem) -> HTTPResponse {
        if missingOk { return .empty(204) }
        throw Problem(.notFound, detail)
    }

    func tooManyRegistrations() -> Problem {
        Problem(
            .tooManyRegistrations,
            "\(configuration.maxRegistrations) registrations are kept, and --max-registrations allows no more",
            fields: ["Retry-After": "60"])
    }

    func keyConflict() -> Problem {
        Problem(.keyConflict, "another address has the same id; change the port or the cluster of one of them")
    }
}
