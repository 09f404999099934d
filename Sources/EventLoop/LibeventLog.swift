import CLibevent
import Glibc

/// What libevent itself has to say; by default it would print to stderr.
public enum LibeventLog {
    /// How bad libevent takes it to be.
    public enum Severity: Sendable {
        case debug, message, warning, error
        /// libevent cannot go on; the process aborts when the handler returns.
        case fatal
    }

    private static let handler = Locked<(@Sendable (Severity, String) -> Void)?>(nil)

    /// Sends libevent's lines to `handler`, which may be called on any thread with a loop, inside any call. The owner
    /// limits their rate. Replaces the handler before it.
    public static func setHandler(_ handler: @escaping @Sendable (Severity, String) -> Void) {
        self.handler.withLock { $0 = handler }
        event_set_log_callback { severity, text in
            LibeventLog.report(LibeventLog.severity(severity), text.map { String(cString: $0) } ?? "")
        }
        event_set_fatal_callback { code in
            LibeventLog.report(.fatal, "libevent cannot go on (code \(code))")
            abort()
        }
    }

    private static func severity(_ number: Int32) -> Severity {
        switch number {
        case EVENT_LOG_DEBUG: .debug
        case EVENT_LOG_MSG: .message
        case EVENT_LOG_WARN: .warning
        default: .error
        }
    }

    private static func report(_ severity: Severity, _ text: String) {
        // Called outside the lock: the handler may log something that libevent has to do with.
        let handler = handler.withLock { $0 }
        handler?(severity, text)
    }
}
