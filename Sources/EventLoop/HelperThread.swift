import CLibevent
import Glibc

/// A thread for what blocks: it takes jobs in batches, in order, and answers through a mailbox of the loop.
public final class HelperThread<Job: Sendable>: Sendable {
    private struct Queue: Sendable {
        var jobs: [Job] = []
        var isStopping = false
    }

    private let queue: Locked<Queue>
    private let capacity: Int
    private let thread: Locked<pthread_t?>

    /// Starts a thread that calls `work` with all jobs posted since its last call, until `stop`.
    ///
    /// `name` is what `ps -L` shows of it, cut to 15 bytes. `capacity` bounds the jobs that wait. The signals of the
    /// process are left to the other threads.
    public init(
        name: String, capacity: Int, work: @escaping @Sendable ([Job]) -> Void
    ) throws(EventLoopError) {
        let queue = Locked(Queue())
        self.queue = queue
        self.capacity = capacity
        thread = Locked(
            try startThread(name: name) {
                while true {
                    let batch = queue.wait { queue -> [Job]? in
                        guard !queue.jobs.isEmpty || queue.isStopping else { return nil }
                        defer { queue.jobs = [] }
                        return queue.jobs
                    }
                    guard !batch.isEmpty else { return }
                    work(batch)
                }
            })
    }

    deinit {
        assert(thread.withLock { $0 == nil }, "a helper thread was dropped without stop()")
    }

    /// Leaves a job for the thread. False when `capacity` jobs wait already or it is stopping. Any thread.
    public func post(_ job: Job) -> Bool {
        queue.change { queue in
            guard !queue.isStopping, queue.jobs.count < capacity else { return false }
            queue.jobs.append(job)
            return true
        }
    }

    /// Lets the thread go, with the job it is in the middle of: for the end of a process that must not wait for it.
    /// Idempotent.
    public func abandon() {
        queue.change { queue in
            queue.isStopping = true
            queue.jobs = []
        }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let running { pthread_detach(running) }
    }

    /// Lets the thread finish the jobs it has and waits for its end. Idempotent. Call it before the last reference goes.
    public func stop() {
        queue.change { $0.isStopping = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let running { pthread_join(running, nil) }
    }
}

/// What a new thread begins with; C takes one pointer to it.
private final class ThreadStart {
    let name: String
    let body: @Sendable () -> Void

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func startThread(
    name: String, _ body: @escaping @Sendable () -> Void
) throws(EventLoopError) -> pthread_t {
    // The new thread inherits the mask: a signal must find a thread that a loop can be woken on.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let start = Unmanaged.passRetained(ThreadStart(name, body))
    var thread = pthread_t()
    let result = pthread_create(
        &thread, nil,
        { start in
            guard let start else { preconditionFailure("a thread was started without its context") }
            let context = Unmanaged<ThreadStart>.fromOpaque(start).takeRetainedValue()
            _ = beatd_name_this_thread(context.name)
            context.body()
            return nil
        }, start.toOpaque())
    guard result == 0 else {
        start.release()
        throw .refused(call: "pthread_create", errno: result)
    }
    return thread
}
