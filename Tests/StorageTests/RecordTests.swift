import BeatCore
import Testing

@testable import Storage

extension StoredRegistration {
    /// With every field different from its default.
    /// One of each kind.
    static let checks: [Check] = [
        CheckURL(parsing: "http://localhost:80/a?b").map { Check(.http($0, expect: 200...204), fall: 7) },
        Check(.tcp(CheckAddress(host: "::1", port: 65535)), every: .milliseconds(100), timeout: .milliseconds(10)),
        Check(.pid(4_194_304), rise: 100, grace: .seconds(3600)), Check(.ttl(.seconds(86_400))),
        Check(.exec(["/bin/true", "", "ü"])),
    ].compactMap { $0 }

    static let full = StoredRegistration(
        serial: 1 << 62,
        document: RegistrationDocument(
            key: InstanceKey(
                namespaceId: "dev", groupName: "G", serviceName: "bestellung-größe", clusterName: "C1",
                ip: "2001:db8::1", port: 65535),
            weight: 0.1, enabled: false, metadata: ["a": "", "preserved.heart.beat.timeout": "9000", "ü": "b\0c"],
            period: .milliseconds(59_999), checks: checks, onUnhealthy: .deregister, deregisterOnExit: false,
            labels: ["team": "x", "": "y"], source: .file, ipRule: "auto:eth0"),
        stage: .leaving, generation: .max, acceptedGeneration: 7, rev: .max,
        createdAt: Instant(nanoseconds: -5_000_000_000), updatedAt: Instant(nanoseconds: 12_003_000_000),
        chosenID: "web-1")

    /// With every field at its default.
    static func plain(_ number: Int = 1) -> StoredRegistration {
        StoredRegistration(
            serial: UInt64(number),
            document: RegistrationDocument(
                key: InstanceKey(serviceName: "orders", ip: "10.0.\(number / 250).\(number % 250)", port: 8080)),
            rev: UInt64(number), createdAt: Instant(nanoseconds: 1_000_000_000),
            updatedAt: Instant(nanoseconds: 1_000_000_000))
    }
}

/// Bytes of one registration.
@Suite struct RecordTests {
    static let zero: Int64 = 1_790_000_000_000

    private func bytes(_ stored: StoredRegistration) -> [UInt8] {
        var bytes: [UInt8] = [1, 2, 3]
        RegistrationRecord.write(stored, zero: RecordTests.zero, to: &bytes)
        return bytes
    }

    private func read(_ bytes: [UInt8], of stored: StoredRegistration) throws(RegistrationRecord.Fault)
        -> StoredRegistration
    {
        try RegistrationRecord.read(
            bytes.span, serial: stored.serial, stage: stored.stage, acceptedGeneration: stored.acceptedGeneration,
            zero: RecordTests.zero)
    }

    @Test(arguments: [StoredRegistration.full, .plain()])
    func whatIsWrittenIsRead(_ stored: StoredRegistration) throws {
        #expect(try read(bytes(stored), of: stored) == stored)
    }

    @Test func aPlainRegistrationIsSmall() { #expect(bytes(.plain()).count < 100) }

    @Test(arguments: [OnUnhealthy.stop, .disable, .deregister])
    func whatAFailingCheckDoes(_ mode: OnUnhealthy) throws {
        var stored = StoredRegistration.plain()
        stored.document.onUnhealthy = mode
        #expect(try read(bytes(stored), of: stored) == stored)
    }

    @Test("a field that is added to the document has to be added to the record, and here")
    func everyFieldIsStored() {
        #expect(
            Mirror(reflecting: StoredRegistration.full.document).children.compactMap(\.label) == [
                "key", "weight", "enabled", "metadata", "period", "checks", "onUnhealthy", "deregisterOnExit", "labels",
                "source", "ipRule",
            ])
    }

    @Test func timesAreToldByTheWallClock() throws {
        let stored = StoredRegistration.plain()
        let later = try RegistrationRecord.read(
            bytes(stored).span, serial: stored.serial, stage: .kept, acceptedGeneration: 0,
            zero: RecordTests.zero + 60_000)
        #expect(later.createdAt == stored.createdAt - .seconds(60))
    }

    @Test func everyFlippedBitIsNoticed() {
        let good = bytes(.full)
        for position in good.indices {
            for bit in 0..<8 {
                var bad = good
                bad[position] ^= 1 << UInt8(bit)
                #expect(throws: RegistrationRecord.Fault.self, "byte \(position) bit \(bit)") {
                    _ = try read(bad, of: .full)
                }
            }
        }
    }

    @Test func everyTruncationIsNoticed() {
        let good = bytes(.full)
        for length in 0..<good.count {
            #expect(throws: RegistrationRecord.Fault.broken) { _ = try read(Array(good[..<length]), of: .full) }
        }
    }

    @Test func aNewerFormatIsNotCalledBroken() {
        var newer = bytes(.plain())
        newer[0] = RegistrationRecord.format + 1
        #expect(throws: RegistrationRecord.Fault.newer) { _ = try read(newer, of: .plain()) }
    }
}
