public import BeatCore
internal import CSQLite
import Glibc

/// Durable registrations and tombstones: SQLite with a write-ahead log that is synced at each commit.
///
/// For one thread at a time. After a call that threw, the store is to be closed and opened anew: what a failed sync
/// left behind is not trusted (opening empties the log into the main file, so that no later commit stands behind a
/// record that may never have reached the disk).
public final class RegistrationStore {
    private let folder: DataFolder
    private let database: Database
    private let put: Statement
    private let accept: Statement
    private let delete: Statement
    private let count: Statement
    private let hold: Statement
    private let sidecar: Statement
    private let sidecarEnd: Statement
    private var body: [UInt8] = []

    /// The log is copied into the main file when it is as long as that, but not below 512 KiB, which a small volume has
    /// room for, and not beyond 4 MiB, SQLite's own choice.
    private static let logPages = 128...1000
    private static let pageBytes = 4096
    /// Registrations handed over at once while loading: enough to amortise, little memory.
    private static let rowsPerPiece = 1024

    /// Opens the database in a folder, makes it when there is none, and brings it to the schema of this version.
    public convenience init(in folder: DataFolder) throws(StorageError) {
        try self.init(in: folder, steps: Migrations.all)
    }

    init(in folder: DataFolder, steps: [String]) throws(StorageError) {
        self.folder = folder
        try folder.makeAgain()
        try FileHeader.refuseNewer(folder.databasePath, known: Int64(steps.count))
        try folder.makeDatabase()
        database = try Database(folder.databasePath)
        let schema = try Migrations.schema(of: database, steps: steps)
        guard try database.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw .failed("SQLite refuses a write-ahead log in \(folder.path)")
        }
        try database.execute("PRAGMA synchronous = FULL")
        try Migrations.run(database, from: schema, steps: steps)
        try database.checkpoint(.truncate)
        put = try database.prepare(
            "INSERT INTO registrations (serial, stage, accepted, body, hold) VALUES (?1, ?2, ?3, ?4, ?5) "
                + "ON CONFLICT (serial) DO UPDATE SET stage = ?2, accepted = ?3, body = ?4, hold = ?5")
        accept = try database.prepare("UPDATE registrations SET accepted = ?2 WHERE serial = ?1")
        delete = try database.prepare("DELETE FROM registrations WHERE serial = ?1")
        count = try database.prepare("UPDATE counters SET value = ?1 WHERE name = 'rev'")
        hold = try database.prepare("UPDATE registrations SET hold = ?2 WHERE serial = ?1")
        sidecar = try database.prepare(
            "INSERT INTO sidecar VALUES ('maintenance', ?1) ON CONFLICT (name) DO UPDATE SET body = ?1")
        sidecarEnd = try database.prepare("DELETE FROM sidecar WHERE name = 'maintenance'")
    }

    /// The change counter as it was last stored.
    public func rev() throws(StorageError) -> UInt64 {
        UInt64(bitPattern: try database.integer("SELECT value FROM counters WHERE name = 'rev'"))
    }

    /// The maintenance of the whole sidecar; nil for none. `zero` as in `load`.
    public func sidecarMaintenance(zero: Int64) throws(StorageError) -> Maintenance? {
        let row = try database.prepare("SELECT body FROM sidecar WHERE name = 'maintenance'")
        defer { row.reset() }
        guard try row.step() else { return nil }
        return try readHold(row, 0, serial: 0, zero: zero)?.maintenance
    }

    /// How many registrations and tombstones are stored.
    public func total() throws(StorageError) -> Int {
        Int(try database.integer("SELECT count(*) FROM registrations"))
    }

    /// Hands everything that is stored to `take`, in pieces. `zero` is the wall clock at monotonic zero, in
    /// milliseconds. A row that is broken throws, behind all those that could be read before it.
    public func load(zero: Int64, _ take: ([StoredRegistration]) -> Void) throws(StorageError) {
        let rows = try database.prepare("SELECT serial, stage, accepted, body, hold FROM registrations")
        defer { rows.reset() }
        var piece: [StoredRegistration] = []
        piece.reserveCapacity(RegistrationStore.rowsPerPiece)
        defer { if !piece.isEmpty { take(piece) } }
        while try rows.step() {
            piece.append(try read(rows, zero: zero))
            if piece.count == RegistrationStore.rowsPerPiece {
                take(piece)
                piece.removeAll(keepingCapacity: true)
            }
        }
    }

    private func read(_ rows: Statement, zero: Int64) throws(StorageError) -> StoredRegistration {
        let serial = UInt64(bitPattern: rows.integer(0))
        guard let stage = StoredRegistration.Stage(rawValue: UInt8(clamping: rows.integer(1))) else {
            throw .corrupt("row \(serial) has no known stage")
        }
        let accepted = UInt32(clamping: rows.integer(2))
        let hold = try readHold(rows, 4, serial: serial, zero: zero)
        do throws(RegistrationRecord.Fault) {
            return try rows.withBlob(3) { bytes throws(RegistrationRecord.Fault) in
                try RegistrationRecord.read(
                    bytes, serial: serial, stage: stage, acceptedGeneration: accepted, hold: hold, zero: zero)
            }
        } catch {
            throw fault(error, serial)
        }
    }

    private func readHold(
        _ row: Statement, _ column: Int32, serial: UInt64, zero: Int64
    ) throws(StorageError) -> HoldRecord? {
        do throws(RegistrationRecord.Fault) {
            return try row.withBlob(column) { bytes throws(RegistrationRecord.Fault) in
                bytes.isEmpty ? nil : try StoredHold.read(bytes, serial: serial, zero: zero)
            }
        } catch {
            throw fault(error, serial)
        }
    }

    private func fault(_ fault: RegistrationRecord.Fault, _ serial: UInt64) -> StorageError {
        switch fault {
        case .broken: .corrupt("row \(serial) is not what was written")
        case .newer:
            .newerSchema(
                path: database.path, found: Int64(Migrations.all.count) + 1, known: Int64(Migrations.all.count))
        }
    }

    /// Stores all changes, in their order, or none; durable when it returns.
    public func apply(_ changes: [StoreChange], rev: UInt64, zero: Int64) throws(StorageError) {
        try database.transaction { () throws(StorageError) in
            for change in changes { try apply(change, zero: zero) }
            count.bind(1, Int64(bitPattern: rev))
            try count.run()
        }
        // Whoever removes the file of a running process gets a new one with everything in it.
        guard bytes(of: folder.databasePath) > 0 else { throw .failed("\(folder.databasePath) is gone") }
    }

    private func apply(_ change: StoreChange, zero: Int64) throws(StorageError) {
        switch change {
        case .put(let stored):
            RegistrationRecord.write(stored, zero: zero, to: &body)
            put.bind(1, Int64(bitPattern: stored.serial))
            put.bind(2, Int64(stored.stage.rawValue))
            put.bind(3, Int64(stored.acceptedGeneration))
            put.bind(4, body)
            bind(stored.hold, to: put, 5, serial: stored.serial, zero: zero)
            try put.run()
        case .accepted(let serial, let generation):
            accept.bind(1, Int64(bitPattern: serial))
            accept.bind(2, Int64(generation))
            try accept.run()
        case .hold(let serial, let record, _):
            hold.bind(1, Int64(bitPattern: serial))
            bind(record, to: hold, 2, serial: serial, zero: zero)
            try hold.run()
        case .sidecar(let maintenance, _):
            guard let maintenance else { return try sidecarEnd.run() }
            bind(HoldRecord(maintenance: maintenance), to: sidecar, 1, serial: 0, zero: zero)
            try sidecar.run()
        case .delete(let serial):
            delete.bind(1, Int64(bitPattern: serial))
            try delete.run()
        }
    }

    private func bind(_ record: HoldRecord?, to statement: Statement, _ index: Int32, serial: UInt64, zero: Int64) {
        guard let record else { return statement.bindNull(index) }
        StoredHold.write(record, serial: serial, zero: zero, to: &body)
        statement.bind(index, body)
    }

    /// Copies the log into the main file when it has grown; not needed for durability.
    public func checkpointIfGrown() throws(StorageError) {
        let range = RegistrationStore.logPages
        let mainPages = bytes(of: folder.databasePath) / RegistrationStore.pageBytes
        guard database.logPages >= min(max(mainPages, range.lowerBound), range.upperBound) else { return }
        try database.checkpoint(.passive)
    }

    /// Copies the whole log into the main file and empties it, for an orderly end.
    public func checkpoint() throws(StorageError) { try database.checkpoint(.truncate) }

    /// Bytes on the disk, main file and log.
    public var sizeBytes: Int { bytes(of: folder.databasePath) + bytes(of: "\(folder.databasePath)-wal") }

    private func bytes(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}

@available(*, unavailable)
extension RegistrationStore: Sendable {}

/// SQLite's header, read without SQLite, whose opening would already change files beside the main one.
private enum FileHeader {
    /// "Database File Format" §1.3 of SQLite: user version and application id are big-endian at these places.
    private static let versionOffset = 60
    private static let applicationOffset = 68
    private static let length = 100

    static func refuseNewer(_ path: String, known: Int64) throws(StorageError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: length)
        guard read(descriptor, &header, length) == length else { return }
        func integer(_ offset: Int) -> Int64 { header[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int64($1) } }
        guard integer(applicationOffset) == Migrations.applicationID else { return }
        let found = integer(versionOffset)
        if found > known { throw .newerSchema(path: path, found: found, known: known) }
    }
}
