internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: PUT·DELETE /v1/beats/{id}/maintenance, PUT·DELETE /v1/maintenance, PUT /v1/beats/{id}/alive

extension ControlAPI {
    func maintainBeat(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let maintenance = try MaintenanceReader.read(try body(of: call), at: context.now)
        let handle = try existing(call, core: core, context: context)
        return submit(.maintain(handle, maintenance, token), .maintain, call)
    }

    func endBeatMaintenance(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        submit(.maintain(try existing(call, core: core, context: context), nil, token), .endMaintenance, call)
    }

    func maintainSidecar(
        _ call: Call, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let maintenance = try MaintenanceReader.read(try body(of: call), at: context.now)
        if context.draining { throw .draining }
        return submit(.maintainSidecar(maintenance, token), .maintain, call)
    }

    func endSidecarMaintenance(
        _ call: Call, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        if context.draining { throw .draining }
        return submit(.maintainSidecar(nil, token), .endMaintenance, call)
    }

    func renewBeat(
        _ call: Call, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) throws(Problem) -> Handling {
        let report = try AliveReader.read(try body(of: call))
        let handle = try existing(call, core: core, context: context)
        return submit(.alive(handle, report.result, note: report.note, token), .renew, call)
    }

    private func submit(_ input: Input, _ kind: Pending.Kind, _ call: Call) -> Handling {
        .submit([input], Pending(kind: kind, pretty: call.pretty, count: 1), route: call.route)
    }

    /// The registration that the path names; a tombstone is none.
    private func existing(
        _ call: Call, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> RegistrationHandle {
        if context.draining { throw .draining }
        guard let handle = core.find(id: call.parameter), let view = core.view(handle), view.state != .deregistering
        else { throw Problem(.notFound, "there is no registration \(NameRules.quoted(call.parameter))") }
        return handle
    }

    /// The members of the body; nothing for a request without one.
    func body(of call: Call) throws(Problem) -> JSONObject? {
        guard !call.request.body.isEmpty else { return nil }
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(call.request.body) } catch {
            throw Problem(.malformedJSON, error.description)
        }
        guard case .object(let object) = value else {
            throw .validation([.init(pointer: "", "must be an object, got \(value.typeName)")])
        }
        return object
    }

    // MARK: answers

    /// 200 with the registration, or for the whole sidecar with its maintenance; 204 when it was ended.
    func held(
        _ answer: Answer, begins: Bool, _ pending: Pending, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> HTTPResponse {
        let handle: RegistrationHandle?
        switch answer {
        case .maintained(let at): handle = at
        case .notFound: throw Problem(.notFound, "the registration was removed meanwhile")
        case .draining: throw .draining
        case .storageUnavailable: throw .storageUnavailable
        case .created, .updated, .unchanged, .exists, .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld, .batch,
            .refused, .beaten, .notBeaten, .beatTooSoon, .removed, .removing,
            .renewed, .noTTLCheck, .drained, .drainUnderWay:
            preconditionFailure("a maintenance was answered with \(answer)")
        }
        guard begins else { return .empty(204) }
        let registrationWriter = RegistrationWriter(context: context, servers: core.serverNames())
        var writer = JSONWriter()
        var etag: EntityTag?
        if let handle {
            guard let view = core.view(handle) else {
                throw Problem(.notFound, "the registration was removed meanwhile")
            }
            registrationWriter.write(view, to: &writer)
            etag = EntityTag(of: view, epoch: configuration.epoch)
        } else if let maintenance = core.sidecarMaintenance {
            registrationWriter.write(maintenance, ofSidecar: true, to: &writer)
        }
        return .body(200, .json, writer.finish(), pretty: pending.pretty, etag: etag)
    }

    func renewed(_ answer: Answer) throws(Problem) -> HTTPResponse {
        switch answer {
        case .renewed: return .empty(204)
        case .noTTLCheck: throw Problem(.keyConflict, "this registration has no ttl check that could be renewed")
        case .notFound: throw Problem(.notFound, "the registration was removed meanwhile")
        case .draining: throw .draining
        case .storageUnavailable: throw .storageUnavailable
        case .created, .updated, .unchanged, .exists, .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld, .batch,
            .refused, .beaten, .notBeaten, .beatTooSoon, .removed, .removing,
            .maintained, .drained, .drainUnderWay:
            preconditionFailure("a renewal was answered with \(answer)")
        }
    }
}

/// Reads the body of a maintenance: `{"reason":"…","for":"10m","mode":"disable"}`, all of it optional.
enum MaintenanceReader {
    private enum Field: String, CaseIterable {
        case reason, `for`, mode
    }

    /// Below it nothing is held out: Nacos hears of it no sooner.
    private static let forMin = Duration.milliseconds(100)

    static func read(_ body: JSONObject?, at now: Instant) throws(Problem) -> Maintenance {
        var maintenance = Maintenance(mode: .disable, reason: "", since: now, until: nil)
        var items: [Problem.Item] = []
        for member in body?.members ?? [] {
            guard let field = Field(rawValue: member.key) else {
                items.append(.unknownField(member.key, among: Field.allCases.map(\.rawValue)))
                continue
            }
            do throws(ValueFault) { try read(field, member.value, into: &maintenance) } catch {
                items.append(.init(pointer: Pointer.to(member.key), error.text))
            }
        }
        guard items.isEmpty else { throw .validation(items) }
        return maintenance
    }

    private static func read(
        _ field: Field, _ value: JSONValue, into maintenance: inout Maintenance
    ) throws(ValueFault) {
        switch field {
        case .reason:
            maintenance.reason = try ValueReading.string(value)
            let bytes = maintenance.reason.utf8.count
            guard bytes <= Limits.maintenanceReasonBytes else {
                throw ValueFault("must be at most \(Limits.maintenanceReasonBytes) bytes, got \(bytes)")
            }
        case .for:
            maintenance.until =
                maintenance.since + (try ValueReading.duration(value, forMin...Limits.maintenanceMax))
        case .mode: maintenance.mode = try ValueReading.choice(value, Maintenance.Mode.self)
        }
    }
}

/// Reads the body of a renewal: `{"status":"pass","note":"…"}`, all of it optional.
enum AliveReader {
    private enum Field: String, CaseIterable {
        case status, note
    }

    private enum Status: String, CaseIterable {
        case pass, warn, fail
    }

    static func read(_ body: JSONObject?) throws(Problem) -> (result: CheckResult, note: String) {
        var result = CheckResult.passing
        var note = ""
        var items: [Problem.Item] = []
        for member in body?.members ?? [] {
            guard let field = Field(rawValue: member.key) else {
                items.append(.unknownField(member.key, among: Field.allCases.map(\.rawValue)))
                continue
            }
            do throws(ValueFault) {
                switch field {
                case .status:
                    switch try ValueReading.choice(member.value, Status.self) {
                    case .pass: result = .passing
                    case .warn: result = .warning
                    case .fail: result = .failing
                    }
                case .note: note = try ValueReading.string(member.value)
                }
            } catch {
                items.append(.init(pointer: Pointer.to(member.key), error.text))
            }
        }
        guard items.isEmpty else { throw .validation(items) }
        return (result, note)
    }
}
