import BeatCore
import Daemon
import JSON
import Testing

private let time = WallTime(milliseconds: 1_787_389_503_007)

private func line(_ record: LogRecord, _ format: LogFormat, suppressed: Int = 0) -> String {
    var out: [UInt8] = []
    LogFormatter.append(record, as: format, at: time, suppressed: suppressed, to: &out)
    return String(decoding: out, as: UTF8.self)
}

private let full = LogRecord(
    .warn, "beat failed", event: "beat.failed", beat: "orders-1", server: "10.1.0.3:8848", code: 503,
    duration: .microseconds(3100), error: "no \"answer\"\nin time",
    fields: ["attempt": 2, "request_id": "b7c0", "probing": true, "share": .number(0.5), "empty": ""])

@Suite struct LogFormatterTests {
    @Test func writesJSON() throws {
        let text = line(full, .json, suppressed: 3)
        #expect(
            text
                == #"{"ts":"2026-08-22T09:05:03.007Z","level":"warn","msg":"beat failed","event":"beat.failed","#
                + #""beat":"orders-1","server":"10.1.0.3:8848","code":503,"duration_seconds":0.0031,"#
                + #""err":"no \"answer\"\nin time","attempt":2,"request_id":"b7c0","probing":true,"share":0.5,"#
                + #""empty":"","suppressed":3}"# + "\n")
        #expect(throws: Never.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test func writesLogfmt() {
        #expect(
            line(full, .logfmt, suppressed: 3)
                == #"ts=2026-08-22T09:05:03.007Z level=warn msg="beat failed" event=beat.failed beat=orders-1 "#
                + #"server=10.1.0.3:8848 code=503 duration_seconds=0.0031 err="no \"answer\"\nin time" attempt=2 "#
                + #"request_id=b7c0 probing=true share=0.5 empty="" suppressed=3"# + "\n")
    }

    @Test func writesText() {
        #expect(
            line(full, .text)
                == #"2026-08-22T09:05:03.007Z WARN  beat failed event=beat.failed beat=orders-1 "#
                + #"server=10.1.0.3:8848 code=503 duration_seconds=0.0031 err="no \"answer\"\nin time" attempt=2 "#
                + #"request_id=b7c0 probing=true share=0.5 empty="""# + "\n")
        #expect(line(LogRecord(.error, "m", event: "e"), .text) == "2026-08-22T09:05:03.007Z ERROR m event=e\n")
    }

    /// Whatever a peer says cannot end the line, begin another or steer the terminal.
    @Test(arguments: LogFormat.allCases) func oneRecordIsOneLine(format: LogFormat) {
        let text = line(LogRecord(.info, "a\nb\u{1b}[2J", event: "e", error: "x\r\ny\u{7f}\u{9b}2J\0"), format)
        #expect(text.utf8.filter { $0 == 0x0A || $0 == 0x0D }.count == (text.hasSuffix("\n") ? 1 : 0))
        #expect(!text.utf8.dropLast().contains { $0 < 0x20 })
        if format != .json { #expect(!text.unicodeScalars.contains { (0x7F...0x9F).contains($0.value) }) }
    }

    @Test func quotesWhatWouldNotReadBack() {
        func value(_ text: String) -> String {
            String(line(LogRecord(.info, "m", event: "e", error: text), .logfmt).split(separator: "err=")[1].dropLast())
        }
        #expect(value("plain-é:1/2") == "plain-é:1/2")
        #expect(value("a b") == #""a b""#)
        #expect(value("a=b") == #""a=b""#)
        #expect(value(#"a\b"#) == #""a\\b""#)
        #expect(value("\u{1b}") == #""\u001b""#)
    }

    @Test func cutsLongValuesBetweenCharacters() {
        for length in [1023, 1024, 1025, 1026, 1027] {
            let text = String(repeating: "a", count: length - 3) + "€" + String(repeating: "b", count: 5000)
            let cut = line(LogRecord(.info, "m", event: "e", error: text), .logfmt)
            #expect(cut.hasSuffix("…\n"))
            #expect(!cut.unicodeScalars.contains("\u{FFFD}"))
            #expect(cut.utf8.count < 1024 + 100)
            #expect(line(LogRecord(.info, "m", event: "e", error: text), .json).utf8.count < 1024 + 120)
        }
    }
}

@Suite struct LogLimiterTests {
    private static let second: Int64 = 1_000_000_000

    @Test func letsABurstThroughAndThenRations() {
        var limiter = LogLimiter()
        let now = 100 * LogLimiterTests.second
        for _ in 0..<5 { #expect(limiter.admit("a", at: now) == 0) }
        for _ in 0..<7 { #expect(limiter.admit("a", at: now) == nil) }
        #expect(limiter.admit("b", at: now) == 0)
        #expect(limiter.admit("a", at: now + 12 * LogLimiterTests.second - 1) == nil)
        #expect(limiter.admit("a", at: now + 12 * LogLimiterTests.second) == 8)
        #expect(limiter.admit("a", at: now + 12 * LogLimiterTests.second) == nil)
        #expect(limiter.admit("a", at: now + 24 * LogLimiterTests.second) == 1)
    }

    /// The promise of reliability.md, row 28.
    @Test func writesNoMoreThanTenLinesInAnyMinute() {
        var limiter = LogLimiter()
        var admitted: [Int64] = []
        var suppressed = 0
        for tick in 0..<3000 as Range<Int64> {
            let now = tick * LogLimiterTests.second / 10
            guard let before = limiter.admit("a", at: now) else { continue }
            admitted.append(now)
            suppressed += before
        }
        for start in admitted {
            #expect(admitted.filter { $0 >= start && $0 < start + 60 * LogLimiterTests.second }.count <= 10)
        }
        #expect(admitted.count == 5 + 24)
        // The last line came at 288 s; what was suppressed after it is not told yet.
        #expect(suppressed == 2881 - 29)
    }

    @Test func recoversItsBurstAfterCalm() {
        var limiter = LogLimiter()
        for _ in 0..<20 { _ = limiter.admit("a", at: 0) }
        let later = 60 * LogLimiterTests.second
        #expect(limiter.admit("a", at: later) == 15)
        for _ in 0..<4 { #expect(limiter.admit("a", at: later) == 0) }
        #expect(limiter.admit("a", at: later) == nil)
    }
}
