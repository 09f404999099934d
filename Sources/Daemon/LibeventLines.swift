internal import EventLoop

/// What libevent says, on its way to the log: its handler may be called inside any call, the log only by the loop's
/// owner.
enum LibeventLines {
    /// Lines kept until the log takes them; the rest are dropped, they repeat each other.
    private static let linesMax = 16
    private static let lines = Locked<[String]>([])

    /// Has libevent's lines kept instead of printed.
    static func collect() {
        LibeventLog.setHandler { severity, text in
            guard severity == .warning || severity == .error else { return }
            lines.withLock { if $0.count < linesMax { $0.append(text) } }
        }
    }

    /// Writes what was collected.
    static func write(to log: (LogRecord) -> Void) {
        let taken = lines.withLock { kept in
            defer { kept = [] }
            return kept
        }
        for text in taken { log(LogRecord(.warn, "libevent", event: "libevent", error: text)) }
    }
}
