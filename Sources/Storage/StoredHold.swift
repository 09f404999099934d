internal import BeatCore

/// What holds a registration back, as bytes: what stands in the column `hold`.
///
/// Format byte, checksum of what follows, then flags, maintenance and checks. Times are wall milliseconds. The numbers
/// of verdicts, modes and flags keep their meaning for ever.
enum StoredHold {
    static let format: UInt8 = 1
    private static let prefixLength = 9
    /// A check's output is for people; its first line or two say enough after a restart, at a write a second.
    static let outputCharacters = 200

    private enum Flag {
        static let hidden: UInt8 = 1
        static let maintained: UInt8 = 2
        static let ends: UInt8 = 4
    }

    private enum CheckFlag {
        static let hasPassed: UInt8 = 1
        static let hasResult: UInt8 = 2
        static let expires: UInt8 = 4
        static let hasProcess: UInt8 = 8
    }

    /// Replaces `out` by the bytes of a record. `zero` is the wall clock at monotonic zero, in milliseconds.
    static func write(_ record: HoldRecord, serial: UInt64, zero: Int64, to out: inout [UInt8]) {
        out.removeAll(keepingCapacity: true)
        out.append(format)
        RegistrationRecord.append(fixed: UInt64(0), to: &out)
        let maintenance = record.maintenance
        out.append(
            (record.isHidden ? Flag.hidden : 0) | (maintenance == nil ? 0 : Flag.maintained)
                | (maintenance?.until == nil ? 0 : Flag.ends))
        if let maintenance {
            switch maintenance.mode {
            case .disable: out.append(1)
            case .stop: out.append(2)
            }
            append(maintenance.since, zero, to: &out)
            if let until = maintenance.until { append(until, zero, to: &out) }
            RegistrationRecord.append(maintenance.reason, to: &out)
        }
        RegistrationRecord.append(length: UInt64(record.checks.count), to: &out)
        for check in record.checks { append(check, zero, to: &out) }
        let sum = RegistrationRecord.checksum(out.span.extracting(prefixLength...), serial: serial)
        for position in 0..<8 { out[1 + position] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * position)) }
    }

    private static func append(_ check: CheckRecord, _ zero: Int64, to out: inout [UInt8]) {
        switch check.verdict {
        case .pending: out.append(0)
        case .passing: out.append(1)
        case .warning: out.append(2)
        case .failing: out.append(3)
        }
        out.append(
            (check.hasPassed ? CheckFlag.hasPassed : 0) | (check.lastResultAt == nil ? 0 : CheckFlag.hasResult)
                | (check.expiresAt == nil ? 0 : CheckFlag.expires)
                | (check.processStart == nil ? 0 : CheckFlag.hasProcess))
        append(check.since, zero, to: &out)
        if let at = check.lastResultAt { append(at, zero, to: &out) }
        if let at = check.expiresAt { append(at, zero, to: &out) }
        if let start = check.processStart { RegistrationRecord.append(fixed: start, to: &out) }
        RegistrationRecord.append(String(check.output.prefix(outputCharacters)), to: &out)
    }

    private static func append(_ at: Instant, _ zero: Int64, to out: inout [UInt8]) {
        RegistrationRecord.append(fixed: UInt64(bitPattern: at.wholeMilliseconds &+ zero), to: &out)
    }

    // MARK: reading

    static func read(
        _ bytes: Span<UInt8>, serial: UInt64, zero: Int64
    ) throws(RegistrationRecord.Fault) -> HoldRecord {
        guard bytes.count >= prefixLength else { throw .broken }
        guard bytes[0] == format else { throw bytes[0] > format ? .newer : .broken }
        var reader = RecordReader(position: 1)
        let sum = try reader.fixed(bytes, as: UInt64.self)
        guard sum == RegistrationRecord.checksum(bytes.extracting(prefixLength...), serial: serial) else {
            throw .broken
        }
        let flags = try reader.byte(bytes)
        guard flags & ~(Flag.hidden | Flag.maintained | Flag.ends) == 0 else { throw .newer }
        var record = HoldRecord(isHidden: flags & Flag.hidden != 0)
        if flags & Flag.maintained != 0 {
            let mode: Maintenance.Mode
            switch try reader.byte(bytes) {
            case 1: mode = .disable
            case 2: mode = .stop
            default: throw .newer
            }
            let since = try reader.instant(bytes, zero: zero)
            let until = flags & Flag.ends != 0 ? try reader.instant(bytes, zero: zero) : nil
            record.maintenance = Maintenance(
                mode: mode, reason: try reader.string(bytes), since: since, until: until)
        }
        let count = try reader.length(bytes)
        guard count <= UInt64(Limits.checksPerRegistration) else { throw .newer }
        for _ in 0..<count { record.checks.append(try readCheck(bytes, &reader, zero)) }
        guard reader.position == bytes.count else { throw .broken }
        return record
    }

    private static func readCheck(
        _ bytes: Span<UInt8>, _ reader: inout RecordReader, _ zero: Int64
    ) throws(RegistrationRecord.Fault) -> CheckRecord {
        let verdict: CheckVerdict
        switch try reader.byte(bytes) {
        case 0: verdict = .pending
        case 1: verdict = .passing
        case 2: verdict = .warning
        case 3: verdict = .failing
        default: throw .newer
        }
        let flags = try reader.byte(bytes)
        let since = try reader.instant(bytes, zero: zero)
        let last = flags & CheckFlag.hasResult != 0 ? try reader.instant(bytes, zero: zero) : nil
        let expires = flags & CheckFlag.expires != 0 ? try reader.instant(bytes, zero: zero) : nil
        let start = flags & CheckFlag.hasProcess != 0 ? try reader.fixed(bytes, as: UInt64.self) : nil
        return CheckRecord(
            verdict: verdict, hasPassed: flags & CheckFlag.hasPassed != 0, since: since, lastResultAt: last,
            expiresAt: expires, output: try reader.string(bytes), processStart: start)
    }
}
