internal import CSQLite
import Glibc

/// One connection to an SQLite file. For one thread at a time.
final class Database {
    /// How long a statement waits for another process's lock: with the attempt itself below the second after which a
    /// write has to be answered.
    static let lockWaitMilliseconds: Int32 = 500

    let path: String
    private var connection: OpaquePointer?
    /// Pages in the write-ahead log, as SQLite told after the last commit.
    private let logged: UnsafeMutablePointer<Int32>

    /// Opens the file, or makes it.
    init(_ path: String) throws(StorageError) {
        self.path = path
        logged = .allocate(capacity: 1)
        logged.initialize(to: 0)
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let result = sqlite3_open_v2(path, &connection, flags, nil)
        guard result == SQLITE_OK else {
            let error = self.error(result)
            throw error
        }
        sqlite3_wal_hook(
            connection,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, logged)
        sqlite3_extended_result_codes(connection, 1)
        sqlite3_busy_timeout(connection, Database.lockWaitMilliseconds)
    }

    deinit {
        sqlite3_close_v2(connection)
        logged.deallocate()
    }

    /// Pages of 4 KiB in the write-ahead log since it was last begun anew.
    var logPages: Int { Int(logged.pointee) }

    /// Runs statements that give no rows.
    func execute(_ sql: String) throws(StorageError) {
        let result = sqlite3_exec(connection, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw error(result) }
    }

    /// A statement to be run again and again; it must be released before the database is.
    func prepare(_ sql: String) throws(StorageError) -> Statement {
        var statement: OpaquePointer?
        let result = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard result == SQLITE_OK, let statement else { throw error(result) }
        return Statement(statement, of: self)
    }

    /// The integer in the first column of the first row.
    func integer(_ sql: String) throws(StorageError) -> Int64 {
        let statement = try prepare(sql)
        guard try statement.step() else { throw .corrupt("no row for: \(sql)") }
        defer { statement.reset() }
        return statement.integer(0)
    }

    /// The text in the first column of the first row.
    func text(_ sql: String) throws(StorageError) -> String {
        let statement = try prepare(sql)
        guard try statement.step() else { throw .corrupt("no row for: \(sql)") }
        defer { statement.reset() }
        return statement.text(0)
    }

    /// All of `body` or nothing of it.
    func transaction(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        try execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            try body()
            try execute("COMMIT")
        } catch {
            // After some failures SQLite has rolled back by itself; then this one fails, and nothing is left to do.
            sqlite3_exec(connection, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    /// What a checkpoint does to the write-ahead log.
    enum Checkpoint {
        /// Copies what no reader holds back.
        case passive
        /// Copies everything and empties the log.
        case truncate
    }

    /// Copies the write-ahead log into the main file and syncs that.
    func checkpoint(_ mode: Checkpoint) throws(StorageError) {
        let number = mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
        let result = sqlite3_wal_checkpoint_v2(connection, nil, number, nil, nil)
        guard result == SQLITE_OK || (mode == .passive && result == SQLITE_BUSY) else { throw error(result) }
    }

    /// Closing leaves the main file as it is, even when there is a log to copy.
    func leaveUntouched() { _ = beatd_keep_wal_on_close(connection) }

    /// What a result code stands for, with SQLite's and the system's words.
    func error(_ code: Int32) -> StorageError {
        var detail =
            connection == nil ? String(cString: sqlite3_errstr(code)) : String(cString: sqlite3_errmsg(connection))
        if code & 0xff == SQLITE_IOERR || code & 0xff == SQLITE_CANTOPEN {
            let number = sqlite3_system_errno(connection)
            if number != 0 { detail += " (\(String(cString: strerror(number))))" }
        }
        switch code & 0xff {
        case SQLITE_FULL: return .full(detail)
        case SQLITE_BUSY, SQLITE_LOCKED: return .locked(detail)
        case SQLITE_READONLY, SQLITE_PERM: return .readOnly(detail)
        case SQLITE_CORRUPT, SQLITE_NOTADB: return .corrupt(detail)
        case SQLITE_IOERR where sqlite3_system_errno(connection) == ENOSPC: return .full(detail)
        default: return .failed(detail)
        }
    }
}

@available(*, unavailable)
extension Database: Sendable {}
