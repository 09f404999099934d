import BeatCore
import Daemon
import Glibc
import Testing

private let wall = WallTime(milliseconds: 0)

/// A pipe whose ends close when the test ends.
private final class TestPipe {
    let writing: Int32
    private var reading: Int32

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
        _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        // F_SETPIPE_SZ, which Swift's Glibc lacks: the least a pipe can be, so that it is full soon.
        try #require(fcntl(writing, 1031, 4096) > 0)
    }

    func closeReading() {
        close(reading)
        reading = -1
    }

    /// Everything that waits in the pipe.
    func read() -> [UInt8] { drain(reading) }

    deinit {
        if reading >= 0 { close(reading) }
        close(writing)
    }
}

private func drain(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        let got = count < 0 && errno == ENOTSOCK ? Glibc.read(descriptor, &buffer, buffer.count) : count
        if got <= 0 { return all }
        all += buffer[..<got]
    }
}

private func lines(_ bytes: [UInt8]) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}

@Suite struct LogTests {
    @Test func writesAtItsLevelAndAbove() throws {
        let pipe = try TestPipe()
        let log = Log(level: .warn, format: .text, descriptor: pipe.writing)
        log.write(LogRecord(.info, "quiet", event: "a"), at: wall, nanoseconds: 0)
        log.write(LogRecord(.error, "loud", event: "a"), at: wall, nanoseconds: 0)
        log.level = .info
        log.write(LogRecord(.info, "now", event: "b"), at: wall, nanoseconds: 0)
        #expect(
            lines(pipe.read()) == [
                "1970-01-01T00:00:00.000Z ERROR loud event=a", "1970-01-01T00:00:00.000Z INFO  now event=b",
            ])
        #expect(log.messages(.error) == 1)
        #expect(log.messages(.info) == 1)
        #expect(log.wants(.info))
        #expect(!log.wants(.debug))
        #expect(log.dropped == 0)
    }

    @Test func choosesJSONWhereThereIsNoTerminal() throws {
        let pipe = try TestPipe()
        #expect(Log(descriptor: pipe.writing).format == .json)
    }

    @Test func countsWhatItSuppresses() throws {
        let pipe = try TestPipe()
        let log = Log(format: .logfmt, descriptor: pipe.writing)
        for _ in 0..<20 { log.write(LogRecord(.warn, "m", event: "e"), at: wall, nanoseconds: 0) }
        #expect(lines(pipe.read()).count == 5)
        log.write(LogRecord(.warn, "m", event: "e"), at: wall, nanoseconds: 60_000_000_000)
        #expect(lines(pipe.read()) == ["ts=1970-01-01T00:00:00.000Z level=warn msg=m event=e suppressed=15"])
    }

    @Test func makesNoRecordThatIsNotWritten() throws {
        let pipe = try TestPipe()
        let log = Log(format: .logfmt, descriptor: pipe.writing)
        var made = 0
        func write(_ level: LogLevel) {
            log.write(LogHeading(level, "e"), at: wall, nanoseconds: 0) {
                made += 1
                return LogRecord(level, "m", event: "e")
            }
        }
        for _ in 0..<20 { write(.info) }
        for _ in 0..<20 { write(.debug) }
        #expect(made == 5)
        #expect(lines(pipe.read()).count == 5)
    }

    @Test func doesNotRationDebugLines() throws {
        let pipe = try TestPipe()
        let log = Log(level: .debug, format: .logfmt, descriptor: pipe.writing)
        for _ in 0..<20 { log.write(LogRecord(.debug, "m", event: "e"), at: wall, nanoseconds: 0) }
        #expect(lines(pipe.read()).count == 20)
    }

    /// Nobody reads: no call waits, lines are dropped whole and counted, and what was kept comes out when somebody reads.
    @Test(.timeLimit(.minutes(1))) func aFullPipeNeverHoldsItUp() throws {
        let pipe = try TestPipe()
        let log = Log(level: .debug, format: .logfmt, descriptor: pipe.writing)
        for number in 0..<10_000 {
            let record = LogRecord(.debug, "m", event: "e", fields: ["number": .integer(Int64(number))])
            log.write(record, at: wall, nanoseconds: 0)
        }
        #expect(log.dropped > 0)
        log.finish()
        // The descriptor is shared with others: it must still block for them.
        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)

        let lost = log.dropped
        var output = pipe.read()
        while true {
            log.flush()
            let more = pipe.read()
            if more.isEmpty { break }
            output += more
        }
        let kept = lines(output)
        #expect(kept.count == 10_000 - Int(lost))
        for (number, line) in kept.enumerated() {
            try #require(line == "ts=1970-01-01T00:00:00.000Z level=debug msg=m event=e number=\(number)")
        }

        log.write(LogRecord(.info, "again", event: "x"), at: wall, nanoseconds: 0)
        let after = lines(pipe.read())
        #expect(after.count == 2)
        #expect(after.first?.contains("event=log.dropped lines=\(lost)") == true)
        #expect(log.dropped == lost)
    }

    @Test func aReaderThatIsGoneCostsLinesOnly() throws {
        let pipe = try TestPipe()
        let log = Log(format: .logfmt, descriptor: pipe.writing)
        pipe.closeReading()
        log.write(LogRecord(.info, "m", event: "a"), at: wall, nanoseconds: 0)
        log.write(LogRecord(.info, "m", event: "b"), at: wall, nanoseconds: 0)
        #expect(log.dropped >= 2)
    }
}

@Suite struct LogOutputTests {
    private func fill(_ output: borrowing LogOutput) -> Int {
        let piece = [UInt8](repeating: 0x61, count: 10_000)
        var total = 0
        while case .wrote(let count) = piece.withUnsafeBytes({ output.write($0) }) { total += count }
        return total
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func fillsAPipeAndStops(reopens: Bool) throws {
        let pipe = try TestPipe()
        let output = LogOutput(pipe.writing, reopens: reopens)
        #expect(output.way == (reopens ? .reopened : .polled))
        let filled = fill(output)
        #expect(filled == 4096)
        #expect(fcntl(pipe.writing, F_GETFL) & O_NONBLOCK == 0)
        #expect(pipe.read().count == filled)
        #expect(fill(output) == 4096)
    }

    @Test(.timeLimit(.minutes(1))) func fillsASocketAndStops() throws {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let output = LogOutput(ends[0])
        #expect(output.way == .socket)
        let filled = fill(output)
        #expect(filled > 10_000)
        #expect(drain(ends[1]).count == filled)
    }

    /// A file that was opened without O_APPEND has one offset; opening it again would write over its beginning.
    @Test func goesOnWhereAFileStands() throws {
        var path = Array("/tmp/beatd-log-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        try #require(file >= 0)
        defer {
            unlink(path)
            close(file)
        }
        try #require(Glibc.write(file, "before ", 7) == 7)
        let output = LogOutput(file)
        #expect(output.way == .file)
        #expect(Array("after".utf8).withUnsafeBytes { output.write($0) } == .wrote(5))
        lseek(file, 0, SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(file, &buffer, buffer.count)
        #expect(String(decoding: buffer[..<max(0, count)], as: UTF8.self) == "before after")
    }
}

@Suite struct LogSinkTests {
    @Test func keepsLinesWholeAroundTheEndOfTheRing() throws {
        let pipe = try TestPipe()
        let sink = LogSink(LogOutput(pipe.writing))
        var output: [UInt8] = []
        var expected: [UInt8] = []
        // Odd lengths, several times round the ring, with the reader always a little behind.
        for number in 0..<4000 {
            let line = Array((String(repeating: "x", count: number * 37 % 997) + "\(number)\n").utf8)
            expected += line
            #expect(sink.append(line))
            sink.flush()
            if number % 3 == 0 { output += pipe.read() }
            while sink.room < 2000 {
                output += pipe.read()
                sink.flush()
            }
        }
        while !sink.isEmpty {
            output += pipe.read()
            sink.flush()
        }
        output += pipe.read()
        #expect(output == expected)
        #expect(sink.dropped == 0)
    }

    @Test func dropsWhatDoesNotFitAndTakesWhatDoes() throws {
        let pipe = try TestPipe()
        let sink = LogSink(LogOutput(pipe.writing))
        let line = [UInt8](repeating: 0x61, count: 100_000)
        #expect(sink.append(line))
        #expect(sink.append(line))
        #expect(!sink.append(line))
        #expect(sink.append([0x0A]))
        #expect(sink.dropped == 1)
        #expect(sink.room == LogSink.capacity - 200_001)
        #expect(sink.append([UInt8](repeating: 0x61, count: sink.room)))
        #expect(sink.room == 0)
        #expect(!sink.append([0x0A]))
    }
}
