internal import BeatCore
internal import HTTPWire

/// The text of an address server: one Nacos server a line (nacos.md §6).
struct ServerListText: Equatable {
    /// Different ones, in the order of the text.
    var servers: [NacosEndpoint] = []
    /// Lines that name no server that can be asked.
    var invalidLines = 0
    /// The first of them, cut.
    var firstInvalid: String?

    init(_ bytes: [UInt8]) {
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let entry = SettingsAddress.trimmed(line)
            if entry.isEmpty { continue }
            guard let server = try? SettingsAddress.server(entry) else {
                invalidLines += 1
                if firstInvalid == nil { firstInvalid = String(entry.prefix(Limits.detailLength)) }
                continue
            }
            if !servers.contains(server) { servers.append(server) }
        }
    }
}

/// When the list is read, and what its answers mean. A value without I/O.
struct ServerListWatch {
    /// What became of the last reading; the log has a line when it changes.
    private enum State {
        /// Entered at the start.
        case unread
        /// Entered with a list; leaves to `failing`.
        case read
        /// Entered with an answer that is no list; leaves to `read`.
        case failing
    }

    /// As Nacos' own clients do (nacos.md §6).
    static let refresh = Duration.seconds(30)
    /// Until the first list there may be no server at all.
    static let retry = Duration.seconds(2)

    private let url: String
    private let refresh: Duration
    private var state = State.unread
    private var wasRead = false
    private var invalidLines = 0
    private var begunAt = Instant(nanoseconds: 0)
    /// When the list is to be read; nil while it is being read.
    private(set) var nextDeadline: Instant?

    /// To be read at once.
    init(url: String, refresh: Duration = ServerListWatch.refresh, at now: Instant) {
        self.url = url
        self.refresh = refresh
        nextDeadline = now
    }

    /// The list is being read, until `ended`.
    mutating func begin(at now: Instant) {
        begunAt = now
        nextDeadline = nil
    }

    /// What was read: the list, unless the old one is to be kept, and the lines for the log.
    mutating func ended(
        _ result: Result<HTTPResponse, HTTPCallError>, at now: Instant
    ) -> (servers: [NacosEndpoint]?, lines: [LogRecord]) {
        var lines: [LogRecord] = []
        var servers: [NacosEndpoint]?
        switch result {
        case .failure(let error): failed(error.text, &lines)
        case .success(let response) where response.status != 200: failed("status \(response.status)", &lines)
        case .success(let response):
            let text = ServerListText(response.body)
            noteInvalid(text, &lines)
            if text.servers.isEmpty {
                failed("it names no server", &lines)
            } else if text.servers.count > Limits.servers {
                failed("it names \(text.servers.count) servers, at most \(Limits.servers)", &lines)
            } else {
                servers = text.servers
                succeeded(&lines)
            }
        }
        nextDeadline = max(now, begunAt + (wasRead ? refresh : min(refresh, Self.retry)))
        return (servers, lines)
    }

    private mutating func failed(_ reason: String, _ lines: inout [LogRecord]) {
        switch state {
        case .failing: return
        case .unread, .read: break
        }
        state = .failing
        lines.append(
            LogRecord(
                .warn, "the server list cannot be read, the servers stay as they are", event: "serverlist.failed",
                error: reason, fields: ["url": .string(url)]))
    }

    private mutating func succeeded(_ lines: inout [LogRecord]) {
        wasRead = true
        switch state {
        case .unread, .read: break
        case .failing:
            lines.append(
                LogRecord(
                    .info, "the server list is read again", event: "serverlist.recovered",
                    fields: ["url": .string(url)]))
        }
        state = .read
    }

    /// Says how many lines are none, when that changes.
    private mutating func noteInvalid(_ text: ServerListText, _ lines: inout [LogRecord]) {
        defer { invalidLines = text.invalidLines }
        guard text.invalidLines > 0, text.invalidLines != invalidLines else { return }
        lines.append(
            LogRecord(
                .warn, "lines of the server list that name no server are left out", event: "serverlist.invalid",
                error: text.firstInvalid, fields: ["url": .string(url), "lines": .integer(Int64(text.invalidLines))]))
    }
}
