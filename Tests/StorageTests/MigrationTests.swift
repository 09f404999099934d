import BeatCore
import Glibc
import TestSupport
import Testing

@testable import Storage

/// From one schema to the next.
@Suite struct MigrationTests {
    private static let oneMore = Migrations.all + ["ALTER TABLE registrations ADD COLUMN note TEXT"]

    private func populate(_ path: String) throws {
        let store = try RegistrationStore(in: DataFolder(path))
        try store.apply((1...5).map { .put(.plain($0)) }, rev: 5, zero: 0)
    }

    /// FNV-1a, so that an edit of a released step is seen here.
    private func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    @Test("released steps are never edited: add one at the end")
    func stepsAreAsReleased() {
        #expect(Migrations.all.map(hash) == [0xfe73fbf26646376b, 0xa6cfd24f79d89e18])
    }

    @Test func anOlderFileIsMigratedOnceAndItsCopyKept() throws {
        try withTemporaryDirectory { path in
            try populate(path)
            for _ in 0..<2 {
                let store = try RegistrationStore(in: DataFolder(path), steps: MigrationTests.oneMore)
                #expect(try store.total() == 5)
            }
            let new = try Database("\(path)/beatd.db")
            #expect(try new.integer("SELECT count(note) FROM registrations") == 0)
            #expect(try new.integer("PRAGMA user_version") == 3)
            let copy = try Database("\(path)/beatd.db.v2")
            #expect(try copy.integer("SELECT count(*) FROM registrations") == 5)
            #expect(try copy.integer("PRAGMA user_version") == 2)
        }
    }

    @Test("from schema 1: registrations are as they were, held back by nothing")
    func fromTheFirst() throws {
        try withTemporaryDirectory { path in
            do {
                let old = try Database("\(path)/beatd.db")
                try old.execute(Migrations.all[0])
                try old.execute("PRAGMA application_id = \(Migrations.applicationID); PRAGMA user_version = 1")
                let insert = try old.prepare("INSERT INTO registrations VALUES (1, 0, 1, ?1)")
                var body: [UInt8] = []
                RegistrationRecord.write(.plain(), zero: 0, to: &body)
                insert.bind(1, body)
                try insert.run()
            }
            let store = try RegistrationStore(in: DataFolder(path))
            var found: [StoredRegistration] = []
            try store.load(zero: 0) { found += $0 }
            var expected = StoredRegistration.plain()
            expected.acceptedGeneration = 1
            #expect(found == [expected])
            #expect(try store.sidecarMaintenance(zero: 0) == nil)
            #expect(try Database("\(path)/beatd.db.v1").integer("SELECT count(*) FROM registrations") == 1)
        }
    }

    @Test func aStepThatFailsLeavesTheFileAsItWas() throws {
        try withTemporaryDirectory { path in
            try populate(path)
            #expect(throws: StorageError.self) {
                _ = try RegistrationStore(
                    in: DataFolder(path), steps: MigrationTests.oneMore + ["ALTER TABLE nothing ADD COLUMN x"])
            }
            #expect(try RegistrationStore(in: DataFolder(path)).total() == 5)
        }
    }

    @Test("a file of a newer beatd is left as it is, to the byte, log included", arguments: [true, false])
    func newer(withLog: Bool) throws {
        try withTemporaryDirectory { path in
            try populate(path)
            // A reader keeps the log from being copied when the writer closes.
            let reader = try Database("\(path)/beatd.db")
            if withLog { try reader.execute("BEGIN; SELECT count(*) FROM registrations") }
            do { _ = try RegistrationStore(in: DataFolder(path), steps: MigrationTests.oneMore) } catch {
                // The checkpoint of the start is held up by the reader.
                #expect(withLog, "\(error)")
            }
            let names = ["beatd.db", "beatd.db-wal"]
            let before = names.map { try? readFile("\(path)/\($0)") }
            #expect(throws: StorageError.newerSchema(path: "\(path)/beatd.db", found: 3, known: 2)) {
                _ = try RegistrationStore(in: DataFolder(path))
            }
            #expect(names.map { try? readFile("\(path)/\($0)") } == before)
            withExtendedLifetime(reader) {}
        }
    }

    @Test func theFileOfAnotherProgramIsRefused() throws {
        try withTemporaryDirectory { path in
            try Database("\(path)/beatd.db").execute("CREATE TABLE mine (x); PRAGMA application_id = 77")
            #expect(throws: StorageError.foreign(path: "\(path)/beatd.db")) {
                _ = try RegistrationStore(in: DataFolder(path))
            }
        }
    }
}
