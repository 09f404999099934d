internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import Storage

/// The loop's end of the storage thread: changes go out a batch per turn, reports come in by the mailbox.
/// Loop-confined; it never waits.
final class StorageThread {
    /// Batches that may wait for a commit: with one a turn, more than come in the time after which writes are refused.
    private static let capacity = 16_384

    private let mailbox: Mailbox<StorageReport>
    private let thread: HelperThread<StorageJob>
    /// How long that Nacos has accepted something may wait for a transaction that is needed anyway.
    private static let patience = Duration.milliseconds(50)
    /// How long that a check's verdict is fresh may wait: the least of what is stored, and the most often.
    private static let holdPatience = Duration.seconds(1)

    private var batch: [StoreChange] = []
    /// Set when nobody waits for what is in the batch: until when it may stay there.
    private(set) var nextDeadline: Instant?
    private var isAwaited = false
    private var number: UInt64 = 0
    private(set) var metrics = StorageMetrics()

    /// Starts the thread on a store that the caller does not touch any more.
    init(_ loop: EventLoop, _ start: consuming StorageStart) throws(EventLoopError) {
        let mailbox = try Mailbox<StorageReport>(loop, capacity: StorageThread.capacity + 16)
        self.mailbox = mailbox
        metrics.sizeBytes = start.store.sizeBytes
        let worker = StorageWorker(start.folder, start.store, reports: mailbox.sender)
        do throws(EventLoopError) {
            thread = try HelperThread(name: "beatd-storage", capacity: StorageThread.capacity) { worker.work($0) }
        } catch {
            mailbox.close()
            throw error
        }
    }

    /// Takes a change into the batch of this turn.
    func add(_ change: StoreChange, number: UInt64, at now: Instant) {
        batch.append(change)
        self.number = number
        switch change {
        case .put, .delete, .hold(_, _, isAwaited: true), .sidecar(_, isAwaited: true): isAwaited = true
        case .accepted, .sidecar: nextDeadline = nextDeadline.earlier(now + StorageThread.patience)
        case .hold: nextDeadline = nextDeadline.earlier(now + StorageThread.holdPatience)
        }
    }

    /// Hands the batch over when somebody waits for it, when it has waited itself, or at once when the process is ending;
    /// false when the thread takes no more.
    func flush(rev: UInt64, zero: Int64, isEnding: Bool, at now: Instant) -> Bool {
        guard isAwaited || isEnding && !batch.isEmpty || nextDeadline.map({ $0 <= now }) ?? false else { return true }
        defer {
            batch = []
            isAwaited = false
            nextDeadline = nil
        }
        return thread.post(.write(batch, through: number, rev: rev, zero: zero))
    }

    /// Has the database opened anew; false when the thread takes no more.
    func reopen(rev: UInt64, zero: Int64) -> Bool { thread.post(.reopen(rev: rev, zero: zero)) }

    /// Has the log copied into the main file; `.finished` comes when that is done.
    func finish() -> Bool { thread.post(.finish) }

    /// What the thread has said since the last turn.
    func takeReports() -> [StorageReport] {
        let reports = mailbox.drain()
        for report in reports {
            switch report {
            case .stored(_, let duration, let sizeBytes):
                metrics.durations[.ok].record(duration.wholeNanoseconds)
                metrics.sizeBytes = sizeBytes
            case .failed(_, let duration): metrics.durations[.error].record(duration.wholeNanoseconds)
            case .reopened, .finished: break
            }
        }
        return reports
    }

    /// Ends the thread with what it has; one that hangs is left behind instead.
    func close(waiting: Bool) {
        mailbox.close()
        if waiting { thread.stop() } else { thread.abandon() }
    }
}

@available(*, unavailable)
extension StorageThread: Sendable {}
