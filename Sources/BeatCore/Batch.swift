/// One step of a batch.
public enum BatchOperation: Equatable, Sendable {
    /// Upsert: by natural key, and with an id as PUT does it.
    case put(RegistrationDocument, id: String?)
    /// Removal by id; Nacos is asked to remove the instance, and nobody waits for it.
    case delete(id: String)
}

/// An operation of an atomic batch that could not be done, so that none was.
public struct BatchFault: Equatable, Sendable {
    /// Which of the operations, from 0.
    public var position: Int
    /// Why.
    public var outcome: BatchPlan.Outcome

    /// A fault by its parts.
    public init(position: Int, outcome: BatchPlan.Outcome) {
        self.position = position
        self.outcome = outcome
    }
}

extension BeatReactor {
    /// All operations in order and in one turn, so that they are one transaction; `atomic` does none unless all can be
    /// done. A thousand take 2 ms.
    mutating func batch(
        _ operations: [BatchOperation], _ token: RequestToken, atomic: Bool, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard !draining, !isBeingDrained else { return effects.append(.answer(token, .draining)) }
        guard !isReadOnly else { return effects.append(.answer(token, .storageUnavailable)) }
        if atomic {
            let faults = BatchPlan.faults(of: operations, in: self)
            guard faults.isEmpty else { return effects.append(.answer(token, .refused(faults))) }
        }
        var answers: [Answer] = []
        answers.reserveCapacity(operations.count)
        var begin = effects.count
        for operation in operations {
            switch operation {
            case .put(let document, let id):
                register(document, token, RegisterOptions(id: id), at: now, into: &effects)
            case .delete(let id):
                if let slot = table.find(id: id), table.rows[Int(slot)].stage != .leaving {
                    remove(table.handle(slot), token, RemoveOptions(wait: .zero), at: now, into: &effects)
                } else {
                    effects.append(.answer(token, .notFound))
                }
            }
            answers.append(takeAnswer(token, from: begin, of: &effects))
            begin = effects.count
        }
        effects.append(.answer(token, .batch(answers)))
    }

    /// Each operation is answered at once, exactly once, among its effects.
    private func takeAnswer(_ token: RequestToken, from begin: Int, of effects: inout [Effect]) -> Answer {
        for position in begin..<effects.count {
            guard case .answer(token, let answer) = effects[position] else { continue }
            effects.remove(at: position)
            return answer
        }
        preconditionFailure("an operation of batch \(token) was not answered: \(effects[begin...])")
    }
}
