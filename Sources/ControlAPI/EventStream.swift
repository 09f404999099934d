internal import BeatCore

/// One client that follows the events: how they are written, which of them, and how far it is.
public struct EventStream: Sendable {
    /// How events are written.
    public enum Format: Sendable {
        /// `text/event-stream`, as browsers have it (HTML Living Standard, section 9.2).
        case sse
        /// One JSON object a line.
        case ndjson

        /// Label `kind` of `beatd_http_streams`.
        public var label: ConnectionMetrics.StreamLabel {
            switch self {
            case .sse: .sse
            case .ndjson: .ndjson
            }
        }

        var mediaType: MediaType {
            switch self {
            case .sse: .eventStream
            case .ndjson: .ndjson
            }
        }
    }

    /// Where a client wants to go on.
    enum Start: Equatable, Sendable {
        /// With what comes.
        case now
        /// Behind the event with this number.
        case after(UInt64)
        /// Behind an event that this process knows nothing of.
        case unknown
    }

    /// How events are written.
    public let format: Format
    let filter: EventFilter
    let start: Start
    /// The number of the event that is looked at next.
    var position: UInt64 = 0

    init(_ format: Format, _ filter: EventFilter, _ start: Start) {
        self.format = format
        self.filter = filter
        self.start = start
    }
}

/// The name of an event: `PROCESS-NUMBER`, where another process has another first part.
enum EventID {
    static func text(_ number: UInt64, epoch: UInt64) -> String { "\(String(epoch, radix: 36))-\(number)" }

    /// Where `Last-Event-ID` says to go on.
    static func start(_ text: String?, epoch: UInt64) -> EventStream.Start {
        guard let text, !text.isEmpty else { return .now }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == String(epoch, radix: 36), parts[1].utf8.allSatisfy(NameRules.isDigit),
            let number = UInt64(parts[1])
        else { return .unknown }
        return .after(number)
    }
}
