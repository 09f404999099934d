/// Requests that wait for Nacos before they are answered, at most `Limits.waiters`.
struct Waiters {
    enum Kind {
        case created, updated, unchanged, removed
    }

    struct Waiter {
        var token: RequestToken
        var handle: RegistrationHandle
        var generation: UInt32
        var kind: Kind
        var deadline: Instant
    }

    private var waiting: [Waiter] = []
    private(set) var nextDeadline: Instant?

    /// False when the limit is reached: the request is to be answered at once.
    mutating func add(_ waiter: Waiter) -> Bool {
        guard waiting.count < Limits.waiters else { return false }
        waiting.append(waiter)
        nextDeadline = min(nextDeadline ?? waiter.deadline, waiter.deadline)
        return true
    }

    /// Those of a registration wait for a later generation from now on, which begins without a change of the document.
    mutating func carry(_ handle: RegistrationHandle, to generation: UInt32) {
        for index in waiting.indices
        where waiting[index].handle == handle && waiting[index].generation == generation &- 1 {
            waiting[index].generation = generation
        }
    }

    /// Takes out those of one registration that `matches` says are to be answered now, in the order they came.
    mutating func take(where matches: (Waiter) -> Bool) -> [Waiter] {
        guard !waiting.isEmpty else { return [] }
        let taken = waiting.filter(matches)
        guard !taken.isEmpty else { return [] }
        waiting.removeAll(where: matches)
        nextDeadline = waiting.map(\.deadline).min()
        return taken
    }
}
