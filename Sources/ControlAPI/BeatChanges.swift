internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: PUT /v1/beats/{id}, PATCH /v1/beats/{id}, and what all single writes share

extension ControlAPI {
    /// The whole document under an id of the client's choice. What a registration is, its key, does not change: an id
    /// that has another key is a conflict, not a move, for a move would take an instance away unasked.
    func putBeat(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let wait = try call.query.duration(.wait, max: Limits.waitMax)
        if let fault = IDRule.fault(call.parameter) { throw .validation([.init(pointer: "/id", fault)]) }
        let (document, id) = try RegistrationReader.readNamed(try body(of: call.request), defaults)
        if let id, id != call.parameter { throw contradiction(id, call.parameter) }
        if context.draining { throw .draining }
        let current = kept(core.find(id: call.parameter), core)
        try requireWritable(current)
        let conditions = Preconditions(call.request.fields)
        try conditions.requireWrite(current.map { EntityTag(of: $0, epoch: configuration.epoch) })
        if try call.query.flag(.dryRun) {
            let response = try dryRun(document, call.parameter, call, core: core, context: context)
            return .respond(response, route: call.route)
        }
        let options = RegisterOptions(mustCreate: conditions.ifNoneMatch == .any, wait: wait, id: call.parameter)
        return .submit(
            [.register(document, token, options)], Pending(kind: .register, pretty: call.pretty, count: 1),
            route: call.route)
    }

    /// A merge patch onto what a client may write. What results is read as if it had been sent whole.
    func patchBeat(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let wait = try call.query.duration(.wait, max: Limits.waitMax)
        let isDry = try call.query.flag(.dryRun)
        let patch = try body(of: call.request)
        if context.draining { throw .draining }
        guard let current = kept(core.find(id: call.parameter), core) else {
            throw Problem(.notFound, "there is no registration \(NameRules.quoted(call.parameter))")
        }
        try requireWritable(current)
        let conditions = Preconditions(call.request.fields)
        try conditions.requireWrite(EntityTag(of: current, epoch: configuration.epoch))
        let merged = MergePatch.apply(patch, to: writable(current, context))
        let (document, id) = try RegistrationReader.readNamed(merged, defaults)
        if let id, id != current.id { throw contradiction(id, current.id) }
        let changed = IDRule.changedParts(from: current.document.key, to: document.key)
        if !changed.isEmpty {
            throw .validation(
                changed.map {
                    .init(
                        pointer: "/\($0.rawValue)", "cannot change; register the other instance, then delete this one")
                })
        }
        if isDry {
            let response = try dryRun(document, current.id, call, core: core, context: context)
            return .respond(response, route: call.route)
        }
        return .submit(
            [.register(document, token, RegisterOptions(wait: wait, id: current.id))],
            Pending(kind: .register, pretty: call.pretty, count: 1), route: call.route)
    }

    /// The registration as a tree that a patch applies to.
    private func writable(_ view: RegistrationView, _ context: Context) -> JSONValue {
        var writer = JSONWriter()
        RegistrationWriter(context: context, servers: [])
            .writeWritable(view.document, to: &writer)
        do throws(JSONError) { return try JSONParser.parse(writer.finish()) } catch {
            preconditionFailure("what was written cannot be read: \(error) in \(view)")
        }
    }

    // MARK: shared

    var defaults: RegistrationReader.Defaults {
        .init(
            namespaceId: configuration.defaultNamespace, ip: configuration.defaultIP,
            chooseAddress: configuration.chooseAddress,
            allowsExec: configuration.allowsExec)
    }

    func body(of request: HTTPRequest) throws(Problem) -> JSONValue {
        do throws(JSONError) { return try JSONParser.parse(request.body) } catch {
            throw Problem(.malformedJSON, error.description)
        }
    }

    /// A registration that is there; a tombstone is a deletion, and what it was does not exist any more.
    func kept(_ handle: RegistrationHandle?, _ core: borrowing BeatReactor) -> RegistrationView? {
        guard let handle, let view = core.view(handle), view.state != .deregistering else { return nil }
        return view
    }

    /// What would happen: 200 with `result` and the document, or the refusal.
    func dryRun(
        _ document: RegistrationDocument, _ id: String?, _ call: Call, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> HTTPResponse {
        var plan = BatchPlan(core)
        let result: (id: String, WriteResult)
        switch plan.next(.put(document, id: id), in: core) {
        case .created(let id): result = (id, .created)
        case .updated(let id): result = (id, .updated)
        case .unchanged(let id), .removed(let id): result = (id, .unchanged)
        case .keyHeld(let id): throw keyHeld(id)
        case .idHeld(let id): throw idHeld(id)
        case .keyConflict: throw keyConflict()
        case .tooManyRegistrations: throw tooManyRegistrations()
        case .notFound(let id): throw Problem(.notFound, "there is no registration \(NameRules.quoted(id))")
        }
        var writer = JSONWriter()
        RegistrationWriter(context: context, servers: [])
            .writeDryRun(document, id: result.id, result: result.1, to: &writer)
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }

    // MARK: conflicts

    func contradiction(_ given: String, _ id: String) -> Problem {
        Problem(
            .keyConflict,
            "the id \(NameRules.quoted(given)) is not that of this registration, \(NameRules.quoted(id)); leave it out",
            id: id)
    }

    func keyHeld(_ id: String) -> Problem {
        Problem(
            .keyConflict,
            "this address is registered as \(NameRules.quoted(id)); change it there, or delete it first", id: id)
    }

    func idHeld(_ id: String) -> Problem {
        Problem(
            .keyConflict,
            "the id \(NameRules.quoted(id)) is that of another address, which cannot change; delete it first", id: id)
    }
}

/// Rules for ids that clients choose, and for what they stand for.
enum IDRule {
    /// Characters, so that an id fits into a line of a log and a path.
    private static let length = 128

    /// What is wrong with an id, or nil: `[A-Za-z0-9._-]{1,128}`, but no step of a path.
    static func fault(_ id: String) -> String? {
        let isAllowed = id.utf8.allSatisfy {
            NameRules.isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        guard isAllowed, (1...length).contains(id.utf8.count) else {
            return "may hold letters, digits and . _ - only, 1…\(length) of them, got \(NameRules.quoted(id))"
        }
        return id == "." || id == ".." ? "must not be . or .., which clients take out of a path" : nil
    }

    /// The fields of a key that differ.
    static func changedParts(from old: InstanceKey, to new: InstanceKey) -> [RegistrationField] {
        var parts: [RegistrationField] = []
        if old.serviceName != new.serviceName { parts.append(.serviceName) }
        if old.groupName != new.groupName { parts.append(.groupName) }
        if old.namespaceId != new.namespaceId { parts.append(.namespaceId) }
        if old.clusterName != new.clusterName { parts.append(.clusterName) }
        if old.ip != new.ip { parts.append(.ip) }
        if old.port != new.port { parts.append(.port) }
        return parts
    }
}
