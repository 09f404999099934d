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
        appendRFC3339(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 24 bytes of `rfc3339`.
    public func appendRFC3339(to out: inout [UInt8]) {
        let words = Day(of: self).rfc3339(self)
        out.append(addingCapacity: 24) { (out: inout OutputSpan<UInt8>) in
            for index in words.indices {
                for place in 0..<8 { out.append(UInt8(truncatingIfNeeded: words[index] >> UInt64(8 * place))) }
            }
        }
    }

    /// The IMF-fixdate of RFC 9110 §5.6.7: `Sat, 22 Aug 2026 09:05:03 GMT`.
    public var httpDate: String {
        var bytes: [UInt8] = []
        appendHTTPDate(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the 29 bytes of `httpDate`.
    public func appendHTTPDate(to out: inout [UInt8]) {
        out.append(addingCapacity: 29) { (out: inout OutputSpan<UInt8>) in
            let (day, rest) = split
            let date = Civil(day: day)
            out.append(name: date.weekday, of: "SunMonTueWedThuFriSat")
            out.append(UInt8(ascii: ","))
            out.append(UInt8(ascii: " "))
            out.append(twoDigits: date.day)
            out.append(UInt8(ascii: " "))
            out.append(name: date.month - 1, of: "JanFebMarAprMayJunJulAugSepOctNovDec")
            out.append(UInt8(ascii: " "))
            out.append(twoDigits: date.year / 100)
            out.append(twoDigits: date.year % 100)
            out.append(UInt8(ascii: " "))
            out.append(clock: rest)
            for byte in " GMT".utf8 { out.append(byte) }
        }
    }

    /// What four digits of a year can say; a clock outside of it is wrong anyway and shows as the nearest end.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Days since 1970-01-01, and milliseconds since their midnight.
    private var split: (day: Int, rest: Int) {
        let total = Int(min(max(milliseconds, WallTime.range.lowerBound), WallTime.range.upperBound))
        let day = Civil.floored(total, by: 86_400_000)
        return (day, total - day * 86_400_000)
    }
}

extension WallTime {
    /// One day in UTC with its text, for documents with many times: most of them lie on the same day.
    public struct Day: Sendable {
        /// Its midnight, in milliseconds since 1970.
        private let begin: Int64
        /// `2026-08-`
        private let yearAndMonth: UInt64
        /// `22T`
        private let day: UInt64

        /// The day that `time` lies on.
        public init(of time: WallTime) { self.init(number: time.split.day) }

        private init(number: Int) {
            let date = Civil(day: number)
            begin = Int64(number) * 86_400_000
            let year = Day.twoDigits(UInt32(date.year / 100)) | Day.twoDigits(UInt32(date.year % 100)) << 16
            yearAndMonth = year | Day.dash << 32 | Day.twoDigits(UInt32(date.month)) << 40 | Day.dash << 56
            day = Day.twoDigits(UInt32(date.day)) | UInt64(UInt8(ascii: "T")) << 16
        }

        /// The 24 bytes of `rfc3339` of any time, those of this day at least cost: eight in a word, the first of them
        /// in its lowest bits.
        public func rfc3339(_ time: WallTime) -> InlineArray<3, UInt64> {
            let offset = time.milliseconds &- begin
            guard 0..<86_400_000 ~= offset else {
                let (day, rest) = time.split
                return Day(number: day).text(UInt32(rest))
            }
            return text(UInt32(truncatingIfNeeded: offset))
        }

        /// Of so many milliseconds since midnight.
        @inline(__always)
        private func text(_ rest: UInt32) -> InlineArray<3, UInt64> {
            let seconds = rest / 1000
            let milliseconds = rest &- seconds &* 1000
            let minutes = seconds / 60
            let hours = minutes / 60
            let hundreds = milliseconds / 100
            let millisecond = UInt64(hundreds &+ 0x30) | Day.twoDigits(milliseconds &- hundreds &* 100) << 8
            let end = UInt64(UInt8(ascii: "Z")) << 56
            let minute = Day.twoDigits(minutes &- hours &* 60)
            let second = Day.twoDigits(seconds &- minutes &* 60)
            return [
                yearAndMonth, day | Day.twoDigits(hours) << 24 | Day.colon << 40 | minute << 48,
                Day.colon | second << 8 | Day.point << 24 | millisecond << 32 | end,
            ]
        }

        private static let dash = UInt64(UInt8(ascii: "-"))
        private static let colon = UInt64(UInt8(ascii: ":"))
        private static let point = UInt64(UInt8(ascii: "."))

        @inline(__always)
        private static func twoDigits(_ value: UInt32) -> UInt64 {
            let tens = value / 10
            return UInt64(tens &+ 0x30) | UInt64(value &- tens &* 10 &+ 0x30) << 8
        }
    }
}

extension OutputSpan<UInt8> {
    @inline(__always)
    fileprivate mutating func append(twoDigits value: Int) {
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }

    /// `09:05:03`, of milliseconds since midnight.
    @inline(__always)
    fileprivate mutating func append(clock milliseconds: Int) {
        append(twoDigits: milliseconds / 3_600_000)
        append(UInt8(ascii: ":"))
        append(twoDigits: milliseconds / 60_000 % 60)
        append(UInt8(ascii: ":"))
        append(twoDigits: milliseconds / 1000 % 60)
    }

    /// Names have three letters each.
    fileprivate mutating func append(name index: Int, of names: StaticString) {
        names.withUTF8Buffer { for place in (index * 3)..<(index * 3 + 3) { append($0[place]) } }
    }
}

/// Year, month (1…12), day and weekday (0 = Sunday) in UTC.
private struct Civil {
    let year, month, day, weekday: Int

    /// The date so many days after 1970-01-01.
    init(day days: Int) {
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

    static func floored(_ value: Int, by divisor: Int) -> Int {
        (value >= 0 ? value : value - divisor + 1) / divisor
    }
}
