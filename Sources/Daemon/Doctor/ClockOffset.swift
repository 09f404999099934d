internal import BeatCore

/// How far a server's clock is from ours, by the `Date` of its answers. Pure.
enum ClockOffset {
    /// A date has whole seconds, and an answer takes its time: less says nothing.
    static let tolerated: Int64 = 2

    /// Whole seconds that the server is ahead; nil when `date` is no IMF-fixdate (RFC 9110 §5.6.7).
    static func seconds(of date: String, at now: WallTime) -> Int64? {
        seconds(since1970: date).map { $0 - now.milliseconds / 1000 }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func seconds(since1970 date: String) -> Int64? {
        let parts = date.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3])
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
        guard clock.count == 3, (1970...9999).contains(year), (1...31).contains(day) else { return nil }
        // Days from the civil date, years beginning in March, so that the leap day is the last (Hinnant).
        let shifted = month >= 2 ? year : year - 1
        let dayOfYear = (153 * Int64((month + 10) % 12) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        return days * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }
}
