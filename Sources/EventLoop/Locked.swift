import Glibc

/// A value that several threads share, under a pthread mutex.
///
/// Not `Synchronization.Mutex`: ThreadSanitizer does not see its futexes and reports races that are not there.
public final class Locked<Value: Sendable>: @unchecked Sendable {
    // Unchecked: `value` is only touched while `mutex` is held.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    /// An unlocked value.
    public init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        let results = (pthread_mutex_init(mutex, nil), pthread_cond_init(changed, nil))
        precondition(results == (0, 0), "a mutex could not be made: \(results)")
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Calls `body` with the value while no other thread has it. Not reentrant; keep it short. Any thread.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body(&value)
    }

    /// As `withLock`, and wakes the threads that wait for a change.
    public func change<Result>(_ body: (inout Value) -> Result) -> Result {
        lock()
        defer { unlock() }
        pthread_cond_broadcast(changed)
        return body(&value)
    }

    /// Blocks the thread until `body` returns something; it is asked at first and after each `change`. Not for the
    /// thread of a loop.
    public func wait<Result>(for body: (inout Value) -> Result?) -> Result {
        lock()
        defer { unlock() }
        while true {
            if let result = body(&value) { return result }
            pthread_cond_wait(changed, mutex)
        }
    }

    private func lock() {
        let result = pthread_mutex_lock(mutex)
        precondition(result == 0, "a mutex could not be locked: \(SystemError.text(result))")
    }

    private func unlock() {
        pthread_mutex_unlock(mutex)
    }
}
