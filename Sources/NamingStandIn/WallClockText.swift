/// Texts of a wall-clock time in milliseconds since 1970, UTC.
struct WallClockText {
    private let year: Int64
    private let month: Int
    private let day: Int
    private let weekday: Int
    private let secondOfDay: Int64
    private let millisecond: Int64

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let millisecondsPerDay: Int64 = 86_400_000

    /// The civil date by Howard Hinnant's `civil_from_days`, for times from 1970 on.
    init(milliseconds: Int64) {
        let days = milliseconds / WallClockText.millisecondsPerDay
        let rest = milliseconds % WallClockText.millisecondsPerDay
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        weekday = Int(days % 7)
        secondOfDay = rest / 1000
        millisecond = rest % 1000
    }

    /// `Sun, 22 Nov 2026 20:25:07 GMT`: the `Date` field (RFC 9110 §5.6.7).
    var httpDate: [UInt8] {
        let text =
            "\(WallClockText.weekdays[weekday]), \(padded(day)) \(WallClockText.months[month - 1]) \(year) \(time) GMT"
        return Array(text.utf8)
    }

    /// `2026-11-22T20:25:07.836+00:00`: the container's error JSON.
    var errorTimestamp: String {
        "\(year)-\(padded(month))-\(padded(day))T\(time).\(padded(Int(millisecond), to: 3))+00:00"
    }

    /// `Sun Nov 22 20:25:20 UTC 2026`: the container's error page.
    var javaDate: String {
        "\(WallClockText.weekdays[weekday]) \(WallClockText.months[month - 1]) \(padded(day)) \(time) UTC \(year)"
    }

    private var time: String {
        "\(padded(Int(secondOfDay / 3600))):\(padded(Int(secondOfDay / 60 % 60))):\(padded(Int(secondOfDay % 60)))"
    }

    private func padded(_ value: Int, to width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
