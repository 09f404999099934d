internal import BeatCore
internal import EventLoop
internal import Storage

/// What the storage thread is asked to do.
enum StorageJob: Sendable {
    /// One turn's changes, the last of them with this number. `zero` is the wall clock at monotonic zero.
    case write([StoreChange], through: UInt64, rev: UInt64, zero: Int64)
    /// Open the database anew and see whether it takes a transaction.
    case reopen(rev: UInt64, zero: Int64)
    /// Copy the log into the main file: nothing is written afterwards.
    case finish
}

/// What the storage thread says.
enum StorageReport: Sendable {
    /// Everything up to this number is durable, by a transaction that took so long.
    case stored(through: UInt64, duration: Duration, sizeBytes: Int)
    /// A transaction, or the opening, failed. Nothing is stored until `reopen`.
    case failed(StorageError, duration: Duration)
    /// The database is open again; `setAside` is where a broken one was moved to, `isEmpty` when nothing is in it.
    case reopened(isEmpty: Bool, setAside: String?)
    /// The answer to `finish`.
    case finished
}

/// The work of the storage thread: one transaction for all that waits (group commit).
///
/// Unchecked, because the store is of one thread at a time: made by the loop's, used by the storage thread from its
/// start on.
final class StorageWorker: @unchecked Sendable {
    private let folder: DataFolder
    /// Nil after a failure, until it was opened anew.
    private var store: RegistrationStore?
    /// Why there is none.
    private var failure = StorageError.failed("not open")
    private let reports: MailboxSender<StorageReport>

    init(_ folder: DataFolder, _ store: RegistrationStore, reports: MailboxSender<StorageReport>) {
        self.folder = folder
        self.store = store
        self.reports = reports
    }

    /// Does all jobs that have come, those that write together as one transaction.
    func work(_ jobs: [StorageJob]) {
        var group = Group()
        for job in jobs {
            switch job {
            case .write(let changes, let number, let rev, let zero):
                group.changes += changes
                (group.number, group.rev, group.zero) = (number, rev, zero)
            case .reopen(let rev, let zero):
                write(&group)
                reopen(rev: rev, zero: zero)
            case .finish:
                write(&group)
                // What is in the log is durable already.
                try? store?.checkpoint()
                store = nil
                report(.finished)
            }
        }
        write(&group)
    }

    private struct Group {
        var changes: [StoreChange] = []
        var number: UInt64 = 0
        var rev: UInt64 = 0
        var zero: Int64 = 0
    }

    private func write(_ group: inout Group) {
        guard !group.changes.isEmpty else { return }
        defer { group = Group() }
        let begin = MonotonicClock.nanoseconds()
        func duration() -> Duration { .nanoseconds(MonotonicClock.nanoseconds() - begin) }
        guard let store else { return report(.failed(failure, duration: .zero)) }
        do throws(StorageError) {
            try store.apply(group.changes, rev: group.rev, zero: group.zero)
            report(.stored(through: group.number, duration: duration(), sizeBytes: store.sizeBytes))
            try store.checkpointIfGrown()
        } catch {
            self.store = nil
            failure = error
            report(.failed(error, duration: duration()))
        }
    }

    private func reopen(rev: UInt64, zero: Int64) {
        let begin = MonotonicClock.nanoseconds()
        store = nil
        do throws(StorageError) {
            let opened = try StorageStart.open(folder)
            // Whether a transaction can be written is known when one was.
            try opened.store.apply([], rev: rev, zero: zero)
            let isEmpty = try opened.store.total() == 0
            store = opened.store
            report(.reopened(isEmpty: isEmpty, setAside: opened.setAside))
        } catch {
            failure = error
            report(.failed(error, duration: .nanoseconds(MonotonicClock.nanoseconds() - begin)))
        }
    }

    /// A full mailbox cannot be: the loop drains it each turn, and jobs are fewer than it holds.
    private func report(_ report: StorageReport) { _ = reports.post(report) }
}

/// A data folder with its database open.
struct StorageStart {
    let folder: DataFolder
    var store: RegistrationStore
    /// Where a database that could not be read was moved to.
    var setAside: String?

    /// Takes the folder and opens what is in it.
    static func open(_ path: String) throws(StorageError) -> StorageStart { try open(DataFolder(path)) }

    /// Opens the database; a broken one is moved out of the way, and a new one begun.
    static func open(_ folder: DataFolder) throws(StorageError) -> StorageStart {
        do throws(StorageError) {
            return StorageStart(folder: folder, store: try RegistrationStore(in: folder))
        } catch {
            guard case .corrupt = error else { throw error }
            return try beginAnew(folder)
        }
    }

    /// Moves the database out of the way and begins a new one.
    static func beginAnew(_ folder: DataFolder) throws(StorageError) -> StorageStart {
        let setAside = try folder.setAside(at: WallClock.milliseconds() / 1000)
        return StorageStart(folder: folder, store: try RegistrationStore(in: folder), setAside: setAside)
    }
}

@available(*, unavailable)
extension StorageStart: Sendable {}
