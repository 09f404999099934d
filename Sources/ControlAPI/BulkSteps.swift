public import BeatCore
internal import HTTPWire
internal import JSON

// MARK: POST /v1/beats:batch, POST /v1/import: reading and applying

extension ControlAPI {
    func batchBeats(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> Handling {
        let isAtomic = try call.query.flag(.atomic)
        let isDry = try call.query.flag(.dryRun)
        if context.draining { throw .draining }
        return .bulk(BulkRequest(.batch(atomic: isAtomic), call, isDry: isDry, core: core), route: call.route)
    }

    func importBeats(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> Handling {
        let replaces: Bool
        switch call.query[.mode] {
        case nil, "merge": replaces = false
        case "replace": replaces = true
        case let mode?:
            throw .query([.init("mode", "must be merge or replace, got \(NameRules.quoted(mode))")])
        }
        let isDry = try call.query.flag(.dryRun)
        if context.draining { throw .draining }
        return .bulk(BulkRequest(.importing(replace: replaces), call, isDry: isDry, core: core), route: call.route)
    }

    /// One portion of the work. `token` is for the input that may come of it.
    public func step(
        _ bulk: inout BulkRequest, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) -> BulkStep {
        do throws(Problem) {
            switch bulk.stage {
            case .reading:
                try readNext(&bulk, core: core)
                return .more
            case .searching(let slot):
                search(&bulk, from: slot, core: core)
                return .more
            case .applying(let next):
                if next == 0 { try requireApplicable(bulk, core: core, context: context) }
                return apply(&bulk, from: next, core: core, context: context, token: token)
            case .waiting: preconditionFailure("a step of a bulk request before its answer")
            }
        } catch {
            return .respond(error.response(requestID: context.requestID.text, pretty: bulk.pretty))
        }
    }

    // MARK: reading

    private func readNext(_ bulk: inout BulkRequest, core: borrowing BeatReactor) throws(Problem) {
        let list = bulk.kind.list
        // A reference of its own, so that the body can be read while the rest of the request changes.
        let body = bulk.body
        switch bulk.scanner.next(in: body.span) {
        case .element(let range):
            let element = bulk.elements
            bulk.elements += 1
            let value: JSONValue
            do throws(JSONError) {
                value = try JSONParser.parse(
                    body.span.extracting(range), maxDepth: BulkLimits.elementDepth)
            } catch {
                throw Problem(.malformedJSON, "/\(list)/\(element): \(error.description)")
            }
            if case .batch = bulk.kind, bulk.elements > BulkLimits.batchOperations {
                throw .validation([
                    .init(pointer: "/operations", "must be at most \(BulkLimits.batchOperations) operations")
                ])
            }
            try take(value, element, &bulk, core: core)
        case .elementTooLong:
            throw Problem(
                .tooLarge, "/\(list)/\(bulk.elements) has more than \(BulkLimits.elementBytes) bytes")
        case .restTooLong:
            throw Problem(
                .tooLarge,
                "what stands beside the list \"\(list)\" has more than \(BulkLimits.elementBytes) bytes")
        case .rest(let rest):
            try finishReading(&bulk, rest)
        }
    }

    private func take(
        _ value: JSONValue, _ element: Int, _ bulk: inout BulkRequest, core: borrowing BeatReactor
    ) throws(Problem) {
        do throws(Problem) {
            switch bulk.kind {
            case .batch(let isAtomic): try takeOperation(value, element, isAtomic: isAtomic, &bulk, core: core)
            case .importing(let replaces): try takeItem(value, element, replaces: replaces, &bulk, core: core)
            }
        } catch {
            bulk.faults.append(.init(element: element, problem: bulk.kind == .batch(atomic: false) ? error.cut : error))
            // Nothing is done when one fails, so that what is behind the first page of faults need not be read.
            if bulk.kind != .batch(atomic: false), bulk.faults.count > Problem.itemsShown { throw bulk.refusal }
        }
    }

    private func takeOperation(
        _ value: JSONValue, _ element: Int, isAtomic: Bool, _ bulk: inout BulkRequest, core: borrowing BeatReactor
    ) throws(Problem) {
        let operation = try BulkElement.operation(value, defaults)
        switch operation {
        case .put(let document, _): try requireWritable(kept(core.find(document.key), core))
        case .delete(let id): try requireWritable(kept(core.find(id: id), core))
        }
        if bulk.isDry || isAtomic {
            let outcome = bulk.plan.next(operation, in: core)
            if let problem = problem(of: outcome) { throw problem }
            if bulk.isDry { bulk.note(outcome) }
        }
        BulkRequest.append(operation, to: &bulk.portions, size: BulkLimits.batchOperations)
        bulk.positions.append(element)
    }

    /// A registration of an import. An id that is not the key's was chosen, and belongs to it here too. Each is compared
    /// with the core alone: two items never have a key or an id in common.
    private func takeItem(
        _ value: JSONValue, _ element: Int, replaces: Bool, _ bulk: inout BulkRequest, core: borrowing BeatReactor
    ) throws(Problem) {
        let operation = try BulkElement.put(value, defaults)
        guard case .put(let document, let id) = operation else { return }
        let fingerprint = document.key.fingerprint
        if let same = bulk.elementOf[fingerprint] {
            throw Problem(.validation, "is the same address as /items/\(same)")
        }
        let other = id.map { RegistrationID.fingerprint(of: $0).flatMap { bulk.elementOf[$0] } ?? bulk.elementOfID[$0] }
        if let same = other ?? (bulk.elementOfID.isEmpty ? nil : bulk.elementOfID[document.key.id]) {
            throw Problem(.validation, "has the same id as /items/\(same)")
        }
        bulk.elementOf[fingerprint] = element
        if let id { bulk.elementOfID[id] = element }
        // An export has those that files declare too; here the file goes on to say what they are.
        if kept(core.find(document.key), core)?.document.source == .file { return }
        var plan = BatchPlan(core)
        let outcome = plan.next(operation, in: core)
        if !bulk.isTolerable(outcome), let problem = problem(of: outcome) { throw problem }
        if case .created = outcome { bulk.creations += 1 }
        if !replaces, core.dom2BeatSize + bulk.creations > configuration.maxRegistrations {
            throw tooManyRegistrations()
        }
        if bulk.isDry {
            bulk.note(outcome)
        } else {
            BulkRequest.append(operation, to: &bulk.portions, size: BulkLimits.importedAtOnce)
        }
    }

    /// Reads what stands around the list.
    private func finishReading(_ bulk: inout BulkRequest, _ rest: [UInt8]) throws(Problem) {
        let document: JSONValue
        do throws(JSONError) { document = try JSONParser.parse(rest) } catch {
            throw Problem(.malformedJSON, "around the list \"\(bulk.kind.list)\": \(error.description)")
        }
        bulk.body = []
        let items = BulkElement.faults(around: document, bulk.kind)
        if !items.isEmpty { throw .validation(items) }
        if !bulk.faults.isEmpty, bulk.kind != .batch(atomic: false) { throw bulk.refusal }
        bulk.stage = bulk.kind == .importing(replace: true) ? .searching(0) : .applying(0)
    }

    // MARK: replacing

    /// Finds registrations that the import does not have; they are removed before the others are written, so that
    /// their ids and places are free.
    private func search(_ bulk: inout BulkRequest, from start: Int32, core: borrowing BeatReactor) {
        var slot = start
        for _ in 0..<BulkLimits.rowsAtOnce {
            guard let (key, id, next) = core.nextKept(from: slot) else {
                bulk.portions.insert(contentsOf: bulk.removals, at: 0)
                bulk.stage = .applying(0)
                return
            }
            if bulk.elementOf[key.fingerprint] == nil, kept(core.find(key), core)?.document.source != .file {
                if bulk.isDry {
                    bulk.note(.removed(id: id))
                } else {
                    BulkRequest.append(.delete(id: id), to: &bulk.removals, size: BulkLimits.importedAtOnce)
                }
            }
            slot = next
        }
        bulk.stage = .searching(slot)
    }

    // MARK: applying

    private func requireApplicable(
        _ bulk: BulkRequest, core: borrowing BeatReactor, context: Context
    ) throws(Problem) {
        if context.draining { throw .draining }
        try bulk.preconditions.requireWrite(EntityTag(ofListAt: core.rev, epoch: configuration.epoch))
        guard case .importing(let replaces) = bulk.kind else { return }
        let size = replaces ? bulk.elements : core.dom2BeatSize
        if size > configuration.maxRegistrations { throw tooManyRegistrations() }
    }

    private func apply(
        _ bulk: inout BulkRequest, from next: Int, core: borrowing BeatReactor, context: Context, token: RequestToken
    ) -> BulkStep {
        guard next < bulk.portions.count, !bulk.isDry else {
            return .respond(bulkResponse(bulk, core: core, context: context))
        }
        bulk.stage = .waiting(next)
        return .submit(.batch(bulk.portions[next], token, atomic: bulk.kind == .batch(atomic: true)))
    }

    /// The core has answered what `step` submitted.
    public func answered(_ answer: Answer, _ bulk: inout BulkRequest, core: borrowing BeatReactor) {
        guard case .waiting(let portion) = bulk.stage else {
            preconditionFailure("an answer to a bulk request that waits for none: \(answer)")
        }
        let operations = bulk.portions[portion]
        if case .batch(let answers) = answer {
            precondition(
                answers.count == operations.count, "\(answers.count) answers to \(operations.count) operations")
            for (offset, answer) in answers.enumerated() {
                note(answer, to: operations[offset], element: bulk.element(portion, offset), &bulk, core: core)
            }
        } else {
            for (offset, operation) in operations.enumerated() {
                note(answer, to: operation, element: bulk.element(portion, offset), &bulk, core: core)
            }
        }
        bulk.portions[portion] = []
        bulk.stage = .applying(portion + 1)
    }
}
