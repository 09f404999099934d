/// A point on the wall clock, for people and other machines; nothing is scheduled by it.
public struct WallTime: Comparable, Hashable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted, as POSIX has it.
    public var milliseconds: Int64

    /// A wall time by its milliseconds since 1970.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Earlier than.
    public static func < (lhs: WallTime, rhs: WallTime) -> Bool { lhs.milliseconds < rhs.milliseconds }

    /// RFC 3339 in UTC with milliseconds: `2026-08-22T09:05:03.007Z`.
    public var rfc3339: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        appendRFC3339(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 24 bytes of `rfc3339`.
    public func appendRFC3339(to out: inout [UInt8]) {
        let time = Civil(self)
        append(time.year, digits: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        append(time.month, digits: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        append(time.day, digits: 2, to: &out)
        out.append(UInt8(ascii: "T"))
        appendClock(time, to: &out)
        out.append(UInt8(ascii: "."))
        append(time.millisecond, digits: 3, to: &out)
        out.append(UInt8(ascii: "Z"))
    }

    /// The IMF-fixdate of RFC 9110 §5.6.7: `Sat, 22 Aug 2026 09:05:03 GMT`.
    public var httpDate: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(29)
        appendHTTPDate(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 29 bytes of `httpDate`.
    public func appendHTTPDate(to out: inout [UInt8]) {
        let time = Civil(self)
        append(name: time.weekday, of: "SunMonTueWedThuFriSat", to: &out)
        out.append(UInt8(ascii: ","))
        out.append(UInt8(ascii: " "))
        append(time.day, digits: 2, to: &out)
        out.append(UInt8(ascii: " "))
        append(name: time.month - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec", to: &out)
        out.append(UInt8(ascii: " "))
        append(time.year, digits: 4, to: &out)
        out.append(UInt8(ascii: " "))
        appendClock(time, to: &out)
        out.append(contentsOf: " GMT".utf8)
    }

    private func appendClock(_ time: Civil, to out: inout [UInt8]) {
        append(time.hour, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(time.minute, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(time.second, digits: 2, to: &out)
    }

    private func append(_ value: Int, digits: Int, to out: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// Names have three letters each.
    private func append(name index: Int, of names: StaticString, to out: inout [UInt8]) {
        names.withUTF8Buffer { out.append(contentsOf: $0[(index * 3)..<(index * 3 + 3)]) }
    }
}

/// Year, month (1…12), day, weekday (0 = Sunday) and time of day in UTC.
private struct Civil {
    /// What four digits of a year can say; a clock outside of it is wrong anyway and shows as the nearest end.
    static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    let year, month, day, weekday, hour, minute, second, millisecond: Int

    init(_ wall: WallTime) {
        let total = Int(min(max(wall.milliseconds, Civil.range.lowerBound), Civil.range.upperBound))
        let days = Civil.floored(total, by: 86_400_000)
        let rest = total - days * 86_400_000
        millisecond = rest % 1000
        second = rest / 1000 % 60
        minute = rest / 60_000 % 60
        hour = rest / 3_600_000
        weekday = (days + 4) - Civil.floored(days + 4, by: 7) * 7
        // Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: years begin in March, so
        // that the leap day is their last one; an era is 400 years.
        let shifted = days + 719_468
        let era = Civil.floored(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    private static func floored(_ value: Int, by divisor: Int) -> Int {
        (value >= 0 ? value : value - divisor + 1) / divisor
    }
}
