import BeatCore
import TestSupport
import Testing

@testable import Storage

/// What holds registrations back, as bytes and in the database.
@Suite struct HoldTests {
    private static let zero: Int64 = 1_790_000_000_000
    private static let second: Int64 = 1_000_000_000

    private static let records: [HoldRecord] = [
        HoldRecord(isHidden: true),
        HoldRecord(
            maintenance: Maintenance(
                mode: .stop, reason: "größer\0", since: Instant(nanoseconds: -7 * second), until: nil)),
        HoldRecord(
            checks: CheckVerdict.allCases.map {
                CheckRecord(
                    verdict: $0, hasPassed: $0 != .pending, since: Instant(nanoseconds: 3 * second),
                    lastResultAt: $0 == .pending ? nil : Instant(nanoseconds: 5 * second),
                    expiresAt: $0 == .passing ? Instant(nanoseconds: 9 * second) : nil, output: "200 ü",
                    processStart: $0 == .failing ? .max : nil)
            },
            maintenance: Maintenance(
                mode: .disable, reason: "", since: Instant(nanoseconds: 0),
                until: Instant(nanoseconds: 600 * second)), isHidden: true),
    ]

    private func bytes(_ record: HoldRecord, serial: UInt64 = 7) -> [UInt8] {
        var bytes: [UInt8] = [1, 2, 3]
        StoredHold.write(record, serial: serial, zero: Self.zero, to: &bytes)
        return bytes
    }

    @Test(arguments: records)
    func whatIsWrittenIsRead(_ record: HoldRecord) throws {
        #expect(try StoredHold.read(bytes(record).span, serial: 7, zero: Self.zero) == record)
    }

    @Test func timesAreToldByTheWallClock() throws {
        let record = try StoredHold.read(bytes(Self.records[2]).span, serial: 7, zero: Self.zero + 60_000)
        #expect(record.maintenance?.until == Instant(nanoseconds: 540 * Self.second))
        #expect(record.checks[1].expiresAt == Instant(nanoseconds: -51 * Self.second))
    }

    @Test func aLongOutputIsCut() throws {
        var record = Self.records[2]
        record.checks[0].output = String(repeating: "ü", count: 4000)
        let read = try StoredHold.read(bytes(record).span, serial: 7, zero: Self.zero)
        #expect(read.checks[0].output == String(repeating: "ü", count: StoredHold.outputCharacters))
    }

    @Test func everyFlippedBitAndTruncationIsNoticed() {
        let good = bytes(Self.records[2])
        for position in good.indices {
            #expect(throws: RegistrationRecord.Fault.broken) {
                _ = try StoredHold.read(Array(good[..<position]).span, serial: 7, zero: Self.zero)
            }
            for bit in 0..<8 {
                var bad = good
                bad[position] ^= 1 << UInt8(bit)
                #expect(throws: RegistrationRecord.Fault.self, "byte \(position) bit \(bit)") {
                    _ = try StoredHold.read(bad.span, serial: 7, zero: Self.zero)
                }
            }
        }
        #expect(throws: RegistrationRecord.Fault.broken) {
            _ = try StoredHold.read(good.span, serial: 8, zero: Self.zero)
        }
        var newer = good
        newer[0] = StoredHold.format + 1
        #expect(throws: RegistrationRecord.Fault.newer) {
            _ = try StoredHold.read(newer.span, serial: 7, zero: Self.zero)
        }
    }

    @Test("in the database: with a registration, by itself, and gone again")
    func stored() throws {
        try withTemporaryDirectory { path in
            func all() throws -> [HoldRecord?] {
                var found: [StoredRegistration] = []
                try RegistrationStore(in: DataFolder(path)).load(zero: Self.zero) { found += $0 }
                return found.sorted { $0.serial < $1.serial }.map(\.hold)
            }
            func apply(_ changes: [StoreChange]) throws {
                try RegistrationStore(in: DataFolder(path)).apply(changes, rev: 9, zero: Self.zero)
            }
            var first = StoredRegistration.plain(1)
            first.hold = Self.records[2]
            try apply([.put(first), .put(.plain(2)), .hold(serial: 2, Self.records[0], isAwaited: true)])
            #expect(try all() == [Self.records[2], Self.records[0]])
            try apply([.accepted(serial: 1, generation: 1), .hold(serial: 2, nil, isAwaited: false)])
            #expect(try all() == [Self.records[2], nil])
            try apply([.put(.plain(1))])
            #expect(try all() == [nil, nil])
        }
    }

    @Test func theWholeSidecar() throws {
        try withTemporaryDirectory { path in
            let store = try RegistrationStore(in: DataFolder(path))
            let maintenance = try #require(Self.records[2].maintenance)
            #expect(try store.sidecarMaintenance(zero: Self.zero) == nil)
            try store.apply([.sidecar(maintenance, isAwaited: true)], rev: 1, zero: Self.zero)
            #expect(try store.sidecarMaintenance(zero: Self.zero) == maintenance)
            try store.apply([.sidecar(nil, isAwaited: true)], rev: 1, zero: Self.zero)
            #expect(try store.sidecarMaintenance(zero: Self.zero) == nil)
        }
    }
}
