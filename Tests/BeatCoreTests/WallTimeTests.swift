import BeatCore
import Glibc
import Testing

private func expected(_ format: String, seconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    var buffer = [CChar](repeating: 0, count: 64)
    let length = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
}

@Suite struct WallTimeTests {
    @Test func writesKnownTimes() {
        let time = WallTime(milliseconds: 1_787_389_503_007)
        #expect(time.rfc3339 == "2026-08-22T09:05:03.007Z")
        #expect(time.httpDate == "Sat, 22 Aug 2026 09:05:03 GMT")
        #expect(WallTime(milliseconds: 0).rfc3339 == "1970-01-01T00:00:00.000Z")
        #expect(WallTime(milliseconds: 0).httpDate == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(WallTime(milliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(WallTime(milliseconds: 784_111_777_000).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test func endsWhereFourDigitsEnd() {
        #expect(WallTime(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
        #expect(WallTime(milliseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
    }

    /// Every day from 1600 to 2400 once, at a time of day that moves along.
    @Test func agreesWithGmtimeOnEveryDay() {
        var differences = 0
        for day in -135_140...157_054 {
            let seconds = day * 86_400 + (day & 0xFFFF) * 7 % 86_400
            let time = WallTime(milliseconds: Int64(seconds) * 1000 + 250)
            let rfc3339 = expected("%Y-%m-%dT%H:%M:%S.250Z", seconds: seconds)
            if time.rfc3339 != rfc3339 || time.httpDate != expected("%a, %d %b %Y %H:%M:%S GMT", seconds: seconds) {
                differences += 1
                if differences < 5 { Issue.record("\(time.rfc3339), \(time.httpDate): gmtime says \(rfc3339)") }
            }
        }
        #expect(differences == 0)
    }

    /// Whatever day it was made for.
    @Test func aDayWritesEveryTime() {
        let noon: Int64 = 1_787_400_000_000
        for made in [0, noon, .min, .max] {
            let day = WallTime.Day(of: WallTime(milliseconds: made))
            for time in [noon, noon + 43_199_999, noon + 43_200_000, noon - 43_200_001, 0, -1, .min, .max] {
                let time = WallTime(milliseconds: time)
                let words = day.rfc3339(time)
                let bytes = words.indices.flatMap { index in
                    (0..<8).map { UInt8(truncatingIfNeeded: words[index] >> UInt64(8 * $0)) }
                }
                #expect(String(decoding: bytes, as: UTF8.self) == time.rfc3339)
            }
        }
    }

    @Test func appendsBehindWhatIsThere() {
        var out = Array("x".utf8)
        WallTime(milliseconds: 0).appendRFC3339(to: &out)
        WallTime(milliseconds: 0).appendHTTPDate(to: &out)
        #expect(String(decoding: out, as: UTF8.self) == "x1970-01-01T00:00:00.000ZThu, 01 Jan 1970 00:00:00 GMT")
    }
}

@Suite struct DurationTextTests {
    @Test func reads() {
        #expect(DurationText.parse("250ms") == .milliseconds(250))
        #expect(DurationText.parse("5s") == .seconds(5))
        #expect(DurationText.parse("10m") == .seconds(600))
        #expect(DurationText.parse("1h") == .seconds(3600))
        #expect(DurationText.parse("0s") == .zero)
        #expect(DurationText.parse("878400h") == .seconds(878_400 * 3600))
    }

    @Test(arguments: [
        "", "5", "s", "ms", "-5s", "+5s", "5 s", " 5s", "5s ", "1.5s", "5S", "5sec", "5us", "1h30m", "878401h",
        "9223372036854775808ms", "9223372036854775807h", "5\u{0}", "٥s",
    ])
    func refuses(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test func writesTheLargestUnitThatDivides() {
        #expect(DurationText.text(.zero) == "0s")
        #expect(DurationText.text(.milliseconds(1500)) == "1500ms")
        #expect(DurationText.text(.microseconds(1500)) == "1ms")
        #expect(DurationText.text(.seconds(5)) == "5s")
        #expect(DurationText.text(.seconds(90)) == "90s")
        #expect(DurationText.text(.seconds(600)) == "10m")
        #expect(DurationText.text(.seconds(7200)) == "2h")
        #expect(DurationText.text(.seconds(878_400 * 3600) + .milliseconds(1)) == "3162240000001ms")
        for text in ["1ms", "999ms", "59s", "61s", "59m", "25h"] {
            #expect(DurationText.parse(text).map(DurationText.text) == text)
        }
    }
}

@Suite struct WholeNanosecondsTests {
    /// Short durations are divided another way than long ones: 2^63 * 2^9 attoseconds are where they meet.
    @Test func cutsWhatIsFiner() {
        let meeting = Int128(1) << 72
        for base in [0, 1_000_000_000, 1_000_000_000_000_000_000, meeting, meeting * 1000] as [Int128] {
            for offset in [-1_000_000_001, -1_000_000_000, -999_999_999, -1, 0, 1, 511, 512, 999_999_999] as [Int128] {
                for attoseconds in [base + offset, -base - offset] {
                    let duration = Duration(attoseconds: attoseconds)
                    #expect(duration.wholeNanoseconds == Int64(attoseconds / 1_000_000_000), "\(attoseconds)")
                }
            }
        }
    }
}
