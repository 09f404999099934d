public import BeatCore
public import HTTPWire
internal import JSON

// MARK: answers of the core

extension ControlAPI {
    /// The response to a request with one input.
    public func render(
        _ answer: Answer, for pending: Pending, core: borrowing BeatReactor, context: Context
    ) -> HTTPResponse {
        render([answer], for: pending, core: core, context: context)
    }

    /// The response to a request, of the answers to its inputs in their order.
    public func render(
        _ answers: [Answer], for pending: Pending, core: borrowing BeatReactor, context: Context
    ) -> HTTPResponse {
        precondition(answers.count == pending.count, "\(answers.count) answers for \(pending.count) inputs")
        do throws(Problem) {
            switch pending.kind {
            case .register:
                return try written(answers[0], pending, core: core, context: context)
            case .remove(let missingOk):
                return try removed(answers, missingOk: missingOk, pending, core: core, context: context)
            case .beat: return try beaten(answers[0], pending, core: core, context: context)
            case .removeAll:
                return try removed(answers, missingOk: true, pending, core: core, context: context)
            case .renew: return try renewed(answers[0])
            case .maintain: return try held(answers[0], begins: true, pending, core: core, context: context)
            case .drain: return try drained(answers[0], pending)
            case .reload(let reading):
                return try reloaded(answers, reading, pending, core: core, context: context)
            case .endMaintenance: return try held(answers[0], begins: false, pending, core: core, context: context)
            }
        } catch {
            return error.response(requestID: context.requestID.text, pretty: pending.pretty)
        }
    }

    /// 201, 200 or 202 with the registration.
    private func written(
        _ answer: Answer, _ pending: Pending, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> HTTPResponse {
        let handle: RegistrationHandle
        let confirmation: Confirmation
        let result: WriteResult
        switch answer {
        case .created(let at, let confirmed): (handle, confirmation, result) = (at, confirmed, .created)
        case .updated(let at, let confirmed): (handle, confirmation, result) = (at, confirmed, .updated)
        case .unchanged(let at, let confirmed): (handle, confirmation, result) = (at, confirmed, .unchanged)
        case .exists: throw Preconditions.failed("If-None-Match")
        case .tooManyRegistrations: throw tooManyRegistrations()
        case .keyConflict: throw keyConflict()
        case .keyHeld(let at): throw keyHeld(core.view(at)?.id ?? "")
        case .idHeld(let at): throw idHeld(core.view(at)?.id ?? "")
        case .draining: throw .draining
        case .batch, .refused: preconditionFailure("one write was answered with \(answer)")
        case .storageUnavailable: throw .storageUnavailable
        case .removed, .removing, .notFound:
            // Removed by somebody else while this request waited for Nacos.
            throw Problem(.notFound, "the registration was removed meanwhile")
        case .beaten, .notBeaten, .beatTooSoon, .renewed, .noTTLCheck, .maintained, .drained, .drainUnderWay:
            preconditionFailure("a write was answered with \(answer)")
        }
        guard let view = core.view(handle) else {
            throw Problem(.notFound, "the registration was removed meanwhile")
        }
        let status: Int
        switch confirmation {
        case .notAwaited, .accepted: status = result == .created ? 201 : 200
        case .pending: status = 202
        case .rejected(let code, let detail):
            throw Problem(
                .nacosRejected, "Nacos answered \(code): \(detail)", fields: ["Location": location(view.id)],
                id: view.id)
        }
        var response = document(status, view, result, pending, core: core, context: context)
        response.fields.append("Location", location(view.id))
        return response
    }

    /// 204 when everything is gone, else 202 with the tombstones.
    private func removed(
        _ answers: [Answer], missingOk: Bool, _ pending: Pending, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> HTTPResponse {
        var tombstones: [RegistrationView] = []
        for answer in answers {
            switch answer {
            case .removed: break
            case .removing(let handle):
                // Confirmed between the answer and now: gone, then.
                if let view = core.view(handle) { tombstones.append(view) }
            case .notFound:
                if !missingOk { throw Problem(.notFound, "the registration was removed meanwhile") }
            case .draining: throw .draining
            case .storageUnavailable: throw .storageUnavailable
            case .created, .updated, .unchanged, .exists, .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld,
                .batch, .refused, .beaten, .notBeaten, .beatTooSoon, .renewed, .noTTLCheck, .maintained, .drained,
                .drainUnderWay:
                preconditionFailure("a removal was answered with \(answer)")
            }
        }
        guard let first = tombstones.first else { return .empty(204) }
        if pending.kind != .removeAll { return document(202, first, nil, pending, core: core, context: context) }
        let registrationWriter = RegistrationWriter(context: context, servers: core.serverNames())
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for view in tombstones { registrationWriter.write(view, to: &writer) }
        writer.endArray()
        writer.endObject()
        return .body(202, .json, writer.finish(), pretty: pending.pretty)
    }

    private func document(
        _ status: Int, _ view: RegistrationView, _ result: WriteResult?, _ pending: Pending,
        core: borrowing BeatReactor, context: Context
    ) -> HTTPResponse {
        var writer = JSONWriter(reserving: RegistrationWriter.usualBytes)
        RegistrationWriter(context: context, servers: core.serverNames()).write(view, result: result, to: &writer)
        let etag = EntityTag(of: view, epoch: configuration.epoch)
        return .body(status, .json, writer.finish(), pretty: pending.pretty, etag: etag)
    }

    /// Ids that beatd makes need no escaping.
    private func location(_ id: String) -> String { "/v1/beats/" + id }
}
