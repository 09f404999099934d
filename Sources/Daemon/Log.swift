public import BeatCore
internal import EventLoop
import Glibc

/// The daemon's log: lines on a descriptor, 2 by default, that never hold up the loop. Loop-confined.
///
/// A line costs its formatting and a system call. What a slow reader leaves behind waits in a ring of 256 KiB; a line
/// that does not fit is dropped and counted, and the next that fits is preceded by one that says how many are missing.
/// The process must ignore SIGPIPE.
public final class Log {
    /// How long the end of the process waits for a slow reader.
    private static let finishMilliseconds: Int32 = 200
    /// Room that the line about dropped lines needs.
    private static let noticeBytes = 256

    /// Lines below it are not written. It may be changed at any time.
    public var level: LogLevel
    /// How lines look.
    public let format: LogFormat

    private let sink: LogSink
    private var limiter = LogLimiter()
    private var line: [UInt8] = []
    private var written: [UInt64] = Array(repeating: 0, count: LogLevel.allCases.count)
    private var droppedReported = 0

    /// A log on `descriptor`, which stays open and the caller's. Without a format: text on a terminal, else JSON.
    public init(level: LogLevel = .info, format: LogFormat? = nil, descriptor: Int32 = 2) {
        self.level = level
        self.format = format ?? (isatty(descriptor) == 1 ? .text : .json)
        sink = LogSink(LogOutput(descriptor))
    }

    /// Whether a line of this level would be written; for callers whose records are dear to make.
    public func wants(_ level: LogLevel) -> Bool { level >= self.level }

    /// Writes a line at `wall`, unless its level is too low or its event has had its share at `nanoseconds` on the
    /// monotonic clock. Debug lines are not rationed: somebody asked for all of them.
    public func write(_ record: LogRecord, at wall: WallTime, nanoseconds: Int64) {
        write(LogHeading(record.level, record.event), at: wall, nanoseconds: nanoseconds) { record }
    }

    /// As above, with a record that is made when its heading has let it pass: most of many registrations' do not.
    package func write(_ heading: LogHeading, at wall: WallTime, nanoseconds: Int64, _ record: () -> LogRecord) {
        guard wants(heading.level) else { return }
        var suppressed = 0
        if heading.level > .debug {
            guard let before = limiter.admit(heading.event, at: nanoseconds) else { return }
            suppressed = before
        }
        noticeDropped(at: wall)
        emit(record(), at: wall, suppressed: suppressed)
        sink.flush()
    }

    /// Writes a line at this very moment, where no turn has read the clocks.
    func writeNow(_ record: LogRecord) {
        write(
            record, at: WallTime(milliseconds: WallClock.milliseconds()), nanoseconds: MonotonicClock.nanoseconds())
    }

    /// Says why a process ends before it has begun.
    func cannotStart(_ reason: String, event: String = "process.start") {
        writeNow(LogRecord(.error, "cannot start", event: event, error: reason))
    }

    /// Writes on what a slow reader left. Once a turn; costs nothing when nothing waits.
    public func flush() { sink.flush() }

    /// Writes what is left, waiting up to 0.2 s for the reader. The last call before the process ends.
    public func finish() { sink.finish(milliseconds: Log.finishMilliseconds) }

    /// Lines taken for writing, by level (`beatd_log_messages_total`); those of `dropped` are among them.
    public func messages(_ level: LogLevel) -> UInt64 { written[level.rawValue] }

    /// Lines lost to a slow or absent reader (`beatd_log_dropped_total`).
    public var dropped: UInt64 { UInt64(sink.dropped) }

    private func noticeDropped(at wall: WallTime) {
        let missing = sink.dropped - droppedReported
        guard missing > 0 else { return }
        sink.flush()
        guard sink.room >= Log.noticeBytes + LogFormatter.valueBytesMax else { return }
        droppedReported = sink.dropped
        let notice = LogRecord(
            .warn, "log lines were dropped: the reader is too slow", event: "log.dropped",
            fields: ["lines": .integer(Int64(missing))])
        emit(notice, at: wall, suppressed: 0)
    }

    private func emit(_ record: LogRecord, at wall: WallTime, suppressed: Int) {
        line.removeAll(keepingCapacity: true)
        LogFormatter.append(record, as: format, at: wall, suppressed: suppressed, to: &line)
        written[record.level.rawValue] += 1
        sink.append(line)
    }
}

@available(*, unavailable)
extension Log: Sendable {}
