/// What operations would do one after the other, without doing them: for atomic batches and for dry runs.
///
/// It remembers what the operations so far would have changed, and looks at the core for everything else.
public struct BatchPlan: Sendable {
    /// What an operation would do, with the id of the registration that it is about.
    public enum Outcome: Equatable, Sendable {
        case created(id: String)
        case updated(id: String)
        case unchanged(id: String)
        case removed(id: String)
        /// The key is registered under this other id.
        case keyHeld(id: String)
        /// The id is that of a registration with another key.
        case idHeld(id: String)
        /// Another key has the same fingerprint.
        case keyConflict
        /// The limit on registrations is reached.
        case tooManyRegistrations
        /// No such registration.
        case notFound(id: String)

        /// False when nothing would be done.
        public var isDone: Bool {
            switch self {
            case .created, .updated, .unchanged, .removed: true
            case .keyHeld, .idHeld, .keyConflict, .tooManyRegistrations, .notFound: false
            }
        }
    }

    /// What is known of a key or an id after the operations so far.
    private enum Planned<Value: Sendable>: Sendable {
        case gone
        case kept(Value)
    }

    private struct Kept {
        var id: String
        var document: RegistrationDocument
    }

    private var keys: [InstanceKey: Planned<Kept>] = [:]
    private var ids: [String: Planned<InstanceKey>] = [:]
    private var size: Int
    private let limit: Int

    /// A plan that begins with the core as it is.
    public init(_ core: borrowing BeatReactor) {
        size = core.dom2BeatSize
        limit = core.maxRegistrations
    }

    /// The operations that could not be done.
    static func faults(of operations: [BatchOperation], in core: borrowing BeatReactor) -> [BatchFault] {
        var plan = BatchPlan(core)
        var faults: [BatchFault] = []
        for (position, operation) in operations.enumerated() {
            let outcome = plan.next(operation, in: core)
            if !outcome.isDone { faults.append(BatchFault(position: position, outcome: outcome)) }
        }
        return faults
    }

    /// What the next operation would do; the plan goes on from there.
    public mutating func next(_ operation: BatchOperation, in core: borrowing BeatReactor) -> Outcome {
        switch operation {
        case .put(let document, let id): return put(document, id, core)
        case .delete(let id): return delete(id, core)
        }
    }

    private mutating func put(
        _ document: RegistrationDocument, _ id: String?, _ core: borrowing BeatReactor
    ) -> Outcome {
        let key = document.key
        if let slot = core.table.find(key.fingerprint), core.table.key(slot) != key { return .keyConflict }
        let current = kept(key, core)
        let wanted = id ?? current?.id ?? key.id
        if let holder = holder(of: wanted, core), holder != key { return .idHeld(id: wanted) }
        guard let current else {
            guard size < limit else { return .tooManyRegistrations }
            size += 1
            keep(document, wanted)
            return .created(id: wanted)
        }
        guard current.id == wanted else { return .keyHeld(id: current.id) }
        guard current.document != document else { return .unchanged(id: wanted) }
        keep(document, wanted)
        return .updated(id: wanted)
    }

    private mutating func delete(_ id: String, _ core: borrowing BeatReactor) -> Outcome {
        guard let key = holder(of: id, core) else { return .notFound(id: id) }
        keys[key] = .gone
        ids[id] = .gone
        size -= 1
        return .removed(id: id)
    }

    private mutating func keep(_ document: RegistrationDocument, _ id: String) {
        keys[document.key] = .kept(Kept(id: id, document: document))
        ids[id] = .kept(document.key)
    }

    private func kept(_ key: InstanceKey, _ core: borrowing BeatReactor) -> Kept? {
        switch keys[key] {
        case .gone: return nil
        case .kept(let kept): return kept
        case nil:
            guard let slot = core.table.find(key.fingerprint), core.isKept(slot) else { return nil }
            return Kept(id: core.table.id(slot), document: core.table.document(slot))
        }
    }

    /// The key of the registration that has this id; a tombstone lets its id go.
    private func holder(of id: String, _ core: borrowing BeatReactor) -> InstanceKey? {
        switch ids[id] {
        case .gone: return nil
        case .kept(let key): return key
        case nil:
            guard let slot = core.table.find(id: id), core.isKept(slot) else { return nil }
            return core.table.key(slot)
        }
    }
}

extension BeatReactor {
    /// True unless it is a tombstone.
    func isKept(_ slot: Int32) -> Bool { table.rows[Int(slot)].stage != .leaving }
}
