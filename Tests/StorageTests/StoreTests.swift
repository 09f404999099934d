import BeatCore
import Glibc
import TestSupport
import Testing

@testable import Storage

/// The database on a disk.
@Suite struct StoreTests {
    private static let zero: Int64 = 1_790_000_000_000

    private func all(_ store: RegistrationStore) throws -> [StoredRegistration] {
        var found: [StoredRegistration] = []
        try store.load(zero: StoreTests.zero) { found += $0 }
        return found.sorted { $0.rev < $1.rev }
    }

    private func put(_ numbers: ClosedRange<Int>) -> [StoreChange] { numbers.map { .put(.plain($0)) } }

    @Test func whatIsAppliedIsThereAfterwards() throws {
        try withTemporaryDirectory { path in
            do {
                let store = try RegistrationStore(in: DataFolder("\(path)/new/data"))
                try store.apply(put(1...3000), rev: 3000, zero: StoreTests.zero)
                try store.apply(
                    [
                        .put(.full), .accepted(serial: 2, generation: 1),
                        .delete(serial: 1),
                    ], rev: 3001, zero: StoreTests.zero)
                try store.checkpointIfGrown()
            }
            let store = try RegistrationStore(in: DataFolder("\(path)/new/data"))
            #expect(try store.rev() == 3001)
            #expect(try store.total() == 3000)
            var accepted = StoredRegistration.plain(2)
            accepted.acceptedGeneration = 1
            #expect(try all(store) == [accepted] + (3...3000).map { .plain($0) } + [.full])
            #expect(store.sizeBytes > 100_000)
        }
    }

    @Test func aTransactionThatFailsLeavesNothing() throws {
        try withTemporaryDirectory { path in
            let store = try RegistrationStore(in: DataFolder(path))
            try store.apply(put(1...1), rev: 1, zero: StoreTests.zero)
            let other = try Database("\(path)/beatd.db")
            try other.execute("CREATE TRIGGER no BEFORE DELETE ON registrations BEGIN SELECT RAISE(ABORT, 'no'); END")
            #expect(throws: StorageError.self) {
                try store.apply(
                    put(2...5) + [.delete(serial: 1)], rev: 9,
                    zero: StoreTests.zero)
            }
            #expect(try all(store) == [.plain(1)])
            #expect(try store.rev() == 1)
        }
    }

    @Test("a lock of another process is waited for, but not for long")
    func locked() throws {
        try withTemporaryDirectory { path in
            let store = try RegistrationStore(in: DataFolder(path))
            let other = try Database("\(path)/beatd.db")
            try other.execute("BEGIN EXCLUSIVE")
            let error = #expect(throws: StorageError.self) {
                try store.apply(put(1...1), rev: 1, zero: StoreTests.zero)
            }
            guard case .locked = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            try other.execute("ROLLBACK")
            try store.apply(put(1...1), rev: 1, zero: StoreTests.zero)
            #expect(try all(store).count == 1)
        }
    }

    @Test func aSecondProcessIsNamedTheFirst() throws {
        try withTemporaryDirectory { path in
            let first = try DataFolder(path)
            let error = #expect(throws: StorageError.inUse(path: path, by: " (process \(getpid()))")) {
                _ = try DataFolder(path)
            }
            #expect("\(try #require(error))".contains(path))
            withExtendedLifetime(first) {}
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        try withTemporaryDirectory { path in
            try writeFile("\(path)/file", [])
            let error = #expect(throws: StorageError.self) { _ = try DataFolder("\(path)/file/data") }
            guard case .folderUnusable("\(path)/file/data", let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason == "Not a directory")
        }
    }

    @Test("a log that was cut anywhere is a clean start with the transactions before the cut")
    func cutLog() throws {
        try withTemporaryDirectory { path in
            let whole = try logOfTransactions(in: "\(path)/a", count: 8)
            var seen: Set<Int> = []
            for length in stride(from: 0, through: whole.log.count, by: 1021) {
                let folder = "\(path)/cut\(length)"
                try #require(mkdir(folder, 0o755) == 0)
                try writeFile("\(folder)/beatd.db", whole.main)
                try writeFile("\(folder)/beatd.db-wal", Array(whole.log[..<length]))
                let count = try all(RegistrationStore(in: DataFolder(folder))).count
                #expect(count % 10 == 0 && count <= 80, "cut at \(length): \(count) rows")
                seen.insert(count)
            }
            #expect(seen.count > 5, "the cuts met no transactions: \(seen)")
        }
    }

    @Test("of a main file in which bytes were flipped, everything that is read is what was written")
    func flippedBytes() throws {
        try withTemporaryDirectory { path in
            do {
                let store = try RegistrationStore(in: DataFolder("\(path)/a"))
                try store.apply(put(1...200), rev: 200, zero: StoreTests.zero)
                try store.checkpoint()
            }
            let main = try readFile("\(path)/a/beatd.db")
            var random = SplitMix(seed: 7)
            var noticed = 0
            for round in 0..<150 {
                var broken = main
                for _ in 0..<4 { broken[Int(random.next() % UInt64(main.count))] ^= UInt8(1 + random.next() % 255) }
                let folder = "\(path)/flip\(round)"
                try #require(mkdir(folder, 0o755) == 0)
                try writeFile("\(folder)/beatd.db", broken)
                var found: [StoredRegistration] = []
                do {
                    try RegistrationStore(in: DataFolder(folder)).load(zero: StoreTests.zero) { found += $0 }
                } catch { noticed += 1 }
                for stored in found {
                    var expected = StoredRegistration.plain(Int(stored.rev))
                    (expected.stage, expected.acceptedGeneration) = (stored.stage, stored.acceptedGeneration)
                    #expect(stored == expected)
                }
            }
            #expect(noticed > 50)
        }
    }

    @Test func whatIsNoDatabaseIsCorruptAndCanBeSetAside() throws {
        try withTemporaryDirectory { path in
            try writeFile("\(path)/beatd.db", Array(repeating: 0x5a, count: 8192))
            let folder = try DataFolder(path)
            let error = #expect(throws: StorageError.self) { _ = try RegistrationStore(in: folder) }
            guard case .corrupt = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try folder.setAside(at: 1234) == "\(path)/beatd.db.corrupt-1234")
            #expect(try all(RegistrationStore(in: folder)).isEmpty)
            #expect(fileExists("\(path)/beatd.db.corrupt-1234"))
        }
    }

    // MARK: helpers

    /// A main file and a log with so many transactions of ten rows.
    private func logOfTransactions(in folder: String, count: Int) throws -> (main: [UInt8], log: [UInt8]) {
        let store = try RegistrationStore(in: DataFolder(folder))
        for number in 0..<count {
            try store.apply(put((number * 10 + 1)...(number * 10 + 10)), rev: 1, zero: StoreTests.zero)
        }
        return (try readFile("\(folder)/beatd.db"), try readFile("\(folder)/beatd.db-wal"))
    }
}
