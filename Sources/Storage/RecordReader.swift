internal import BeatCore

/// A place in the bytes of a record; nothing is read beyond their end.
struct RecordReader {
    private(set) var position: Int

    init(position: Int) { self.position = position }

    mutating func byte(_ bytes: Span<UInt8>) throws(RegistrationRecord.Fault) -> UInt8 {
        guard position < bytes.count else { throw .broken }
        defer { position += 1 }
        return bytes[position]
    }

    /// Little-endian.
    mutating func fixed<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ bytes: Span<UInt8>, as type: Value.Type
    ) throws(RegistrationRecord.Fault) -> Value {
        let length = Value.bitWidth / 8
        guard bytes.count - position >= length else { throw .broken }
        defer { position += length }
        return Value(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Value.self))
    }

    /// LEB128.
    mutating func length(_ bytes: Span<UInt8>) throws(RegistrationRecord.Fault) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let next = try byte(bytes)
            value |= UInt64(next & 0x7f) << UInt64(shift)
            if next < 0x80 { return value }
        }
        throw .broken
    }

    /// Reads a length: where what it counts ends.
    mutating func end(_ bytes: Span<UInt8>) throws(RegistrationRecord.Fault) -> Int {
        let count = try length(bytes)
        guard count <= UInt64(bytes.count - position) else { throw .broken }
        return position + Int(count)
    }

    mutating func string(_ bytes: Span<UInt8>) throws(RegistrationRecord.Fault) -> String {
        let end = try end(bytes)
        defer { position = end }
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(position..<end)))
        } catch {
            throw .broken
        }
    }

    /// Pairs of strings up to `end`.
    mutating func map(_ bytes: Span<UInt8>, until end: Int) throws(RegistrationRecord.Fault) -> StringMap {
        var map = StringMap()
        while position < end {
            let key = try string(bytes)
            map[key] = try string(bytes)
        }
        return map
    }

    /// Wall milliseconds, told as an instant of this process. A date that no clock shows is taken for the nearest one.
    mutating func instant(_ bytes: Span<UInt8>, zero: Int64) throws(RegistrationRecord.Fault) -> Instant {
        let wall = Int64(bitPattern: try fixed(bytes, as: UInt64.self))
        // 250 years in milliseconds: in nanoseconds it still fits.
        let bound: Int64 = 7_889_400_000_000
        return Instant(
            nanoseconds: min(max(wall.subtractingReportingOverflow(zero).partialValue, -bound), bound) * 1_000_000)
    }
}
