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
        precondition(duration >= .zero, "a negative duration has no text: \(duration)")
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if milliseconds != 0 { return "\(seconds * 1000 + milliseconds)ms" }
        if seconds == 0 { return "0s" }
        if seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
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
