/// Durations as people write them: a whole number and its unit, `250ms`, `5s`, `10m`, `1h` (control-api.md §2).
public enum DurationText {
    /// The most a text may say: 100 years, so that a sum of durations never overflows nanoseconds in Int64.
    private static let hoursMax: Int64 = 100 * 366 * 24

    /// The duration that `text` says, nil when it is none: no unit, a sign, a fraction, white space, above 100 years.
    public static func parse(_ text: String) -> Duration? {
        var number: Int64 = 0
        var digits = 0
        var unit: [UInt8] = []
        for byte in text.utf8 {
            if unit.isEmpty, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
                let (sum, overflow2) = tenfold.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
                if overflow || overflow2 { return nil }
                number = sum
                digits += 1
            } else if unit.count < 2 {
                unit.append(byte)
            } else {
                return nil
            }
        }
        guard digits > 0, let millisecondsPerUnit = millisecondsPerUnit(unit) else { return nil }
        guard number <= hoursMax * 3_600_000 / millisecondsPerUnit else { return nil }
        return .milliseconds(number * millisecondsPerUnit)
    }

    /// The duration in the largest unit that divides it: `5s`, `90s`, `1500ms`, `0s`. What is finer than a millisecond
    /// is cut off; the duration must not be negative and is within 100 years.
    public static func text(_ duration: Duration) -> String {
        String(decoding: [UInt8](capacity: textMax) { append(duration, to: &$0) }, as: UTF8.self)
    }

    /// The bytes of the longest text.
    public static let textMax = 24

    /// Appends what `text` answers.
    public static func append(_ duration: Duration, to out: inout OutputSpan<UInt8>) {
        precondition(duration >= .zero, "a negative duration has no text: \(duration)")
        let milliseconds = duration.wholeMilliseconds
        let seconds = milliseconds / 1000
        if milliseconds % 1000 != 0 {
            append(milliseconds, "ms", to: &out)
        } else if seconds == 0 || seconds % 60 != 0 {
            append(seconds, "s", to: &out)
        } else if seconds % 3600 != 0 {
            append(seconds / 60, "m", to: &out)
        } else {
            append(seconds / 3600, "h", to: &out)
        }
    }

    private static func append(_ number: Int64, _ unit: StaticString, to out: inout OutputSpan<UInt8>) {
        var divisor: Int64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            out.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
        unit.withUTF8Buffer { for byte in $0 { out.append(byte) } }
    }

    private static func millisecondsPerUnit(_ unit: [UInt8]) -> Int64? {
        switch unit {
        case [UInt8(ascii: "m"), UInt8(ascii: "s")]: 1
        case [UInt8(ascii: "s")]: 1000
        case [UInt8(ascii: "m")]: 60_000
        case [UInt8(ascii: "h")]: 3_600_000
        default: nil
        }
    }
}
