internal import CSQLite

/// A prepared statement. For the thread of its database.
final class Statement {
    private let statement: OpaquePointer
    private let database: Database

    init(_ statement: OpaquePointer, of database: Database) {
        self.statement = statement
        self.database = database
    }

    deinit { sqlite3_finalize(statement) }

    /// Sets the parameter with this number, from 1 on.
    func bind(_ index: Int32, _ value: Int64) { check(sqlite3_bind_int64(statement, index, value)) }

    /// Sets the parameter with this number, from 1 on.
    func bind(_ index: Int32, _ bytes: [UInt8]) {
        check(bytes.withUnsafeBytes { beatd_bind_blob(statement, index, $0.baseAddress, $0.count) })
    }

    /// Sets the parameter with this number to NULL.
    func bindNull(_ index: Int32) { check(sqlite3_bind_null(statement, index)) }

    /// Goes to the next row; false behind the last one.
    func step() throws(StorageError) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(statement)
            return false
        case let code:
            let error = database.error(code)
            sqlite3_reset(statement)
            throw error
        }
    }

    /// Runs a statement that gives no rows.
    func run() throws(StorageError) {
        guard try step() else { return }
        preconditionFailure("a statement that was only to be run gave a row")
    }

    /// Makes it ready to run again; parameters keep their values.
    func reset() { sqlite3_reset(statement) }

    /// The integer in a column of the row, from 0 on.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    /// The text in a column of the row, from 0 on; empty for NULL.
    func text(_ column: Int32) -> String { sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "" }

    /// Calls `body` with the bytes in a column of the row, which go away with the next step.
    func withBlob<Result, Failure: Error>(
        _ column: Int32, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = UnsafeRawBufferPointer(
            start: sqlite3_column_blob(statement, column), count: Int(sqlite3_column_bytes(statement, column)))
        return try body(Span(_unsafeElements: bytes.assumingMemoryBound(to: UInt8.self)))
    }

    /// A parameter is only refused when its number is wrong or memory is out.
    private func check(_ result: Int32) {
        precondition(result == SQLITE_OK, "sqlite3_bind: \(String(cString: sqlite3_errstr(result)))")
    }
}

@available(*, unavailable)
extension Statement: Sendable {}
