internal import CSQLite
import Glibc

/// The steps from an empty file to the schema of this version. A step is never edited once it was released: a new
/// schema is a new step at the end.
enum Migrations {
    /// `beat`, in SQLite's header: what `file` tells databases apart by.
    static let applicationID: Int64 = 0x6265_6174

    static let all: [String] = [
        // 1: one row per registration or tombstone, in the order in which they were posted, so that what is new stands
        // together; `body` as RegistrationRecord writes it; `accepted` is the generation that Nacos accepted last.
        """
        CREATE TABLE registrations (
            serial INTEGER PRIMARY KEY, stage INTEGER NOT NULL, accepted INTEGER NOT NULL, body BLOB NOT NULL
        ) STRICT;
        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counters VALUES ('rev', 0);
        """,
        // 2: `hold` is what holds a registration back beside its document (verdicts of checks, maintenance), as StoredHold
        // writes it, NULL for nothing; `sidecar` has the maintenance of the whole sidecar.
        """
        ALTER TABLE registrations ADD COLUMN hold BLOB;
        CREATE TABLE sidecar (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
        """,
    ]

    /// The schema of the file, 0 when it is empty. A newer or foreign file is left as it is.
    static func schema(of database: Database, steps: [String]) throws(StorageError) -> Int64 {
        let known = Int64(steps.count)
        let found = try database.integer("PRAGMA user_version")
        let application = try database.integer("PRAGMA application_id")
        guard found <= known else {
            database.leaveUntouched()
            throw .newerSchema(path: database.path, found: found, known: known)
        }
        guard application == applicationID || (application == 0 && found == 0) else {
            database.leaveUntouched()
            throw .foreign(path: database.path)
        }
        return found
    }

    /// Brings the file to the last step. A file that has data is copied first, to `<path>.v<schema>`, and the copy is
    /// kept.
    static func run(_ database: Database, from found: Int64, steps: [String]) throws(StorageError) {
        let known = Int64(steps.count)
        guard found < known else { return }
        if found > 0 { try backUp(database, schema: found) }
        try database.transaction { () throws(StorageError) in
            for step in steps[Int(found)...] { try database.execute(step) }
            try database.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(known)")
        }
    }

    private static func backUp(_ database: Database, schema: Int64) throws(StorageError) {
        let copy = "\(database.path).v\(schema)"
        // Left over from a migration that did not end.
        unlink(copy)
        try database.execute(
            "VACUUM INTO '\(copy.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'")
        FileSync.sync(copy)
        FileSync.sync(folder(of: copy))
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }
}

/// `fsync` of a file or folder by its path.
enum FileSync {
    /// What cannot be synced is as good as it was before: the copy is a second line of defence.
    static func sync(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
