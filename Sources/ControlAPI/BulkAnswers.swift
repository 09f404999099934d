internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: POST /v1/beats:batch, POST /v1/import: answers

extension BulkRequest {
    /// An import that replaces takes ids and places away from what it does not have, before it writes.
    func isTolerable(_ outcome: BatchPlan.Outcome) -> Bool {
        guard kind == .importing(replace: true) else { return false }
        switch outcome {
        case .idHeld, .tooManyRegistrations: return true
        case .created, .updated, .unchanged, .removed, .keyHeld, .keyConflict, .notFound: return false
        }
    }

    /// Which element an operation is. All items of an import that is applied were good, so they follow each other.
    func element(_ portion: Int, _ offset: Int) -> Int? {
        guard case .importing = kind else { return positions[offset] }
        guard portion >= removals.count else { return nil }
        return (portion - removals.count) * BulkLimits.importedAtOnce + offset
    }

    /// Why the whole came to an end, when it did: then nothing is known of the parts.
    var interruption: Problem? {
        let problems = results.lazy.compactMap(\.problem) + faults.lazy.map(\.problem)
        return problems.first { $0.type == .draining || $0.type == .storageUnavailable }
    }

    /// What an operation of a dry run would do.
    mutating func note(_ outcome: BatchPlan.Outcome) {
        switch outcome {
        case .created(let id): note(.init(status: 201, id: id, result: .created))
        case .updated(let id): note(.init(status: 200, id: id, result: .updated))
        case .unchanged(let id): note(.init(status: 200, id: id, result: .unchanged))
        case .removed(let id): note(.init(status: 204, id: id))
        case .idHeld(let id), .keyHeld(let id), .notFound(let id): note(.init(status: 201, id: id, result: .created))
        case .tooManyRegistrations, .keyConflict: note(.init(status: 201, id: "", result: .created))
        }
    }

    /// What an operation did.
    mutating func note(_ result: Result) {
        guard case .importing = kind else { return results.append(result) }
        switch (result.problem, result.result) {
        case (.some, _): tally.failed += 1
        case (nil, .created): tally.created += 1
        case (nil, .updated): tally.updated += 1
        case (nil, .unchanged): tally.unchanged += 1
        case (nil, nil): tally.removed += 1
        }
    }

    /// The faults of a request of which nothing is done.
    var refusal: Problem {
        .validation(
            faults.flatMap { fault -> [Problem.Item] in
                let pointer = "/\(kind.list)/\(fault.element)"
                guard !fault.problem.items.isEmpty else { return [.init(pointer: pointer, fault.problem.detail)] }
                return fault.problem.below(pointer).items
            })
    }
}

extension ControlAPI {
    /// Why an operation cannot be done; nil when it can.
    func problem(of outcome: BatchPlan.Outcome) -> Problem? {
        switch outcome {
        case .created, .updated, .unchanged, .removed: nil
        case .keyHeld(let id): keyHeld(id)
        case .idHeld(let id): idHeld(id)
        case .keyConflict: keyConflict()
        case .tooManyRegistrations: tooManyRegistrations()
        case .notFound(let id): Problem(.notFound, "there is no registration \(NameRules.quoted(id))")
        }
    }

    /// Keeps what the core answered to an operation; `element` is nil for a removal that no element asked for.
    func note(
        _ answer: Answer, to operation: BatchOperation, element: Int?, _ bulk: inout BulkRequest,
        core: borrowing BeatReactor
    ) {
        let named: String
        switch operation {
        case .put(let document, let id): named = id ?? document.key.id
        case .delete(let id): named = id
        }
        func id(_ handle: RegistrationHandle) -> String { core.id(of: handle) ?? named }
        switch answer {
        case .created(let at, _): bulk.note(.init(status: 201, id: id(at), result: .created))
        case .updated(let at, _): bulk.note(.init(status: 200, id: id(at), result: .updated))
        case .unchanged(let at, _): bulk.note(.init(status: 200, id: id(at), result: .unchanged))
        case .removed: bulk.note(.init(status: 204, id: named))
        case .removing: bulk.note(.init(status: 202, id: named))
        case .refused(let faults): bulk.refused = faults
        case .keyHeld(let at): fail(keyHeld(id(at)), element, &bulk)
        case .idHeld(let at): fail(idHeld(id(at)), element, &bulk)
        case .exists, .keyConflict: fail(keyConflict(), element, &bulk)
        case .tooManyRegistrations: fail(tooManyRegistrations(), element, &bulk)
        case .notFound: fail(Problem(.notFound, "there is no registration \(NameRules.quoted(named))"), element, &bulk)
        case .draining: fail(.draining, element, &bulk)
        case .storageUnavailable: fail(.storageUnavailable, element, &bulk)
        case .batch, .beaten, .notBeaten, .beatTooSoon, .renewed, .noTTLCheck, .maintained, .drained, .drainUnderWay:
            preconditionFailure("a write was answered with \(answer)")
        }
    }

    private func fail(_ problem: Problem, _ element: Int?, _ bulk: inout BulkRequest) {
        bulk.note(.init(status: problem.status, id: "", problem: problem))
        guard case .importing = bulk.kind, let element, bulk.faults.count < Problem.itemsShown else { return }
        bulk.faults.append(.init(element: element, problem: problem))
    }

    /// The answer when all is done.
    func bulkResponse(_ bulk: BulkRequest, core: borrowing BeatReactor, context: Context) -> HTTPResponse {
        if !bulk.refused.isEmpty {
            return refusal(of: bulk).response(requestID: context.requestID.text, pretty: bulk.pretty)
        }
        if let problem = bulk.interruption {
            return problem.response(requestID: context.requestID.text, pretty: bulk.pretty)
        }
        var writer = JSONWriter()
        writer.beginObject()
        switch bulk.kind {
        case .batch: writeResults(bulk, context, to: &writer)
        case .importing: writeTally(bulk, to: &writer)
        }
        writer.member("rev", count: core.rev)
        writer.endObject()
        return .body(200, .json, writer.finish(), pretty: bulk.pretty)
    }

    /// An atomic batch in which an operation could no longer be done when its turn came.
    private func refusal(of bulk: BulkRequest) -> Problem {
        var bulk = bulk
        bulk.faults = bulk.refused.map { fault in
            .init(
                element: bulk.positions[fault.position],
                problem: problem(of: fault.outcome) ?? Problem(.keyConflict, "cannot be done"))
        }
        return bulk.refusal
    }

    /// One result for each element, in their order.
    private func writeResults(_ bulk: BulkRequest, _ context: Context, to writer: inout JSONWriter) {
        writer.key("results")
        writer.beginArray()
        var nextResult = 0
        var nextFault = 0
        for element in 0..<bulk.elements {
            if nextFault < bulk.faults.count, bulk.faults[nextFault].element == element {
                let problem = bulk.faults[nextFault].problem.below("/operations/\(element)")
                nextFault += 1
                write(.init(status: problem.status, id: "", problem: problem), context, to: &writer)
            } else {
                write(bulk.results[nextResult], context, to: &writer)
                nextResult += 1
            }
        }
        writer.endArray()
    }

    private func write(_ result: BulkRequest.Result, _ context: Context, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("status", result.status)
        if var problem = result.problem {
            if writer.count > BulkLimits.resultBytes { problem.items = [] }
            writer.key("problem")
            problem.write(to: &writer, requestID: context.requestID.text)
        } else {
            writer.member("id", result.id)
            if let change = result.result { writer.member("result", change.rawValue) }
        }
        writer.endObject()
    }

    private func writeTally(_ bulk: BulkRequest, to writer: inout JSONWriter) {
        writer.member("created", bulk.tally.created)
        writer.member("updated", bulk.tally.updated)
        writer.member("unchanged", bulk.tally.unchanged)
        writer.member("removed", bulk.tally.removed)
        writer.member("failed", bulk.tally.failed)
        guard !bulk.faults.isEmpty else { return }
        writer.key("errors")
        writer.beginArray()
        for fault in bulk.faults {
            writer.beginObject()
            writer.member("pointer", "/items/\(fault.element)")
            writer.member("detail", fault.problem.detail)
            writer.endObject()
        }
        writer.endArray()
    }
}
