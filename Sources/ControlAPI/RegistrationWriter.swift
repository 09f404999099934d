internal import BeatCore
internal import JSON

/// Writes registration documents.
struct RegistrationWriter: Sendable {
    /// What a document with few metadata has room in: an answer is put together without being moved.
    static let usualBytes = 2048

    /// The Nacos servers' names by their places.
    let servers: [String]
    private let now: Instant
    private let wall: WallTime
    /// The day of most times in a document.
    private let today: WallTime.Day

    init(context: Context, servers: [String]) {
        self.servers = servers
        now = context.now
        wall = context.wall
        today = WallTime.Day(of: context.wall)
    }

    /// The document of a registration; `result` is what a write did to it.
    func write(_ view: RegistrationView, result: WriteResult? = nil, to writer: inout JSONWriter) {
        writer.beginObject()
        write(RegistrationField.allCases, of: view.document, view, to: &writer)
        if let result { writer.member(RegistrationField.result.key, result.rawValue) }
        writer.endObject()
    }

    /// What a client may write: a registration without what is the server's own.
    func writeWritable(_ document: RegistrationDocument, to writer: inout JSONWriter) {
        writer.beginObject()
        write(RegistrationField.writable, of: document, nil, to: &writer)
        writer.endObject()
    }

    /// What an export keeps: the document without its live status.
    func writeExported(_ view: RegistrationView, to writer: inout JSONWriter) {
        writer.beginObject()
        write(RegistrationField.stored, of: view.document, view, to: &writer)
        writer.endObject()
    }

    /// What a dry run would register.
    func writeDryRun(_ document: RegistrationDocument, id: String, result: WriteResult, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(RegistrationField.id.key, id)
        write(RegistrationField.writable, of: document, nil, to: &writer)
        writer.member(RegistrationField.result.key, result.rawValue)
        writer.endObject()
    }

    /// Those of the fields that are there: the server's own with a view, and no result.
    private func write(
        _ fields: [RegistrationField], of document: RegistrationDocument, _ view: RegistrationView?,
        to writer: inout JSONWriter
    ) {
        for field in fields {
            let name = field.key
            switch field {
            case .id: if let view { writer.member(name, view.id) }
            case .serviceName: writer.member(name, document.key.serviceName)
            case .groupName: writer.member(name, document.key.groupName)
            case .namespaceId: writer.member(name, document.key.namespaceId)
            case .clusterName: writer.member(name, document.key.clusterName)
            case .ip: writer.member(name, document.key.ip)
            // Only where there is one, as a period.
            case .ipRule: if let rule = document.ipRule { writer.member(name, rule) }
            case .port: writer.member(name, Int(document.key.port))
            case .weight: writer.member(name, document.weight)
            case .enabled: writer.member(name, document.enabled)
            case .metadata: write(name, document.metadata, to: &writer)
            // Only when it was given: put back, a period that nobody chose would be told to Nacos as chosen.
            case .period: if let period = document.period { writer.member(name, period) }
            case .checks:
                writer.key(name)
                write(document.checks, to: &writer)
            case .onUnhealthy: writer.member(name, document.onUnhealthy.rawValue)
            case .deregisterOnExit: writer.member(name, document.deregisterOnExit)
            case .labels: write(name, document.labels, to: &writer)
            case .rev: if let view { writer.member(name, count: view.rev) }
            case .generation: if let view { writer.member(name, Int(view.generation)) }
            case .createdAt: if let view { write(name, view.createdAt, to: &writer) }
            case .updatedAt: if let view { write(name, view.updatedAt, to: &writer) }
            case .source: if view != nil { writer.member(name, document.source.rawValue) }
            case .status:
                guard let view else { continue }
                writer.key(name)
                writeStatus(view, to: &writer)
            case .result: break
            }
        }
    }

    private func write(_ name: StaticString, _ map: StringMap, to writer: inout JSONWriter) {
        writer.key(name)
        writer.beginObject()
        for entry in map.entries {
            writer.key(named: entry.key)
            writer.string(entry.value)
        }
        writer.endObject()
    }

    // MARK: status

    private func writeStatus(_ view: RegistrationView, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("state", plain: view.state.label)
        writer.member("reason", view.reason)
        writer.key("beatKey")
        writeBeatKey(view.document.key, to: &writer)
        writer.member("scheduled", view.scheduled)
        writer.member("stopped", view.stopped)
        writer.member("observedGeneration", Int(view.observedGeneration))
        writer.member("period", view.period)
        write("nextBeatAt", view.nextBeatAt, to: &writer)
        write("lastSentAt", view.lastSentAt, to: &writer)
        write("lastAcceptedAt", view.lastAcceptedAt, to: &writer)
        writer.key("secondsUntilUnhealthy")
        if let at = view.unhealthyAt { writer.seconds(at - now) } else { writer.null() }
        writer.member("consecutiveFailures", view.consecutiveFailures)
        writer.key("server")
        if let server = view.server { writer.string(name(of: server)) } else { writer.null() }
        writer.key("dialect")
        if let dialect = view.dialect { writer.string(dialect.rawValue) } else { writer.null() }
        writer.key("lastBeat")
        if let beat = view.lastBeat { write(beat, to: &writer) } else { writer.null() }
        writer.key("checks")
        write(view.checks, to: &writer)
        writer.key("maintenance")
        if let maintenance = view.maintenance {
            write(maintenance, ofSidecar: view.isSidecarMaintenance, to: &writer)
        } else {
            writer.null()
        }
        writer.endObject()
    }

    private func write(_ beat: RegistrationView.LastBeat, to writer: inout JSONWriter) {
        writer.beginObject()
        write("at", beat.at, to: &writer)
        writer.member("outcome", plain: beat.outcome.label)
        writer.member("code", beat.code)
        writer.member("server", name(of: beat.server))
        writer.key("latencySeconds")
        writer.seconds(beat.latency)
        writer.endObject()
    }

    /// `InstanceKey.buildKey`, without a String for it.
    private func writeBeatKey(_ key: InstanceKey, to writer: inout JSONWriter) {
        writer.beginString()
        writer.piece(key.groupName)
        writer.piece(plain: "@@")
        writer.piece(key.serviceName)
        writer.piece(plain: "#")
        writer.piece(key.ip)
        writer.piece(plain: "#")
        writer.piece(Int(key.port))
        writer.endString()
    }

    func write(_ name: StaticString, _ at: Instant?, to writer: inout JSONWriter) {
        writer.key(name)
        guard let at else { return writer.null() }
        writer.string(plain: today.rfc3339(wall.moved(from: now, to: at)))
    }

    private func name(of server: ServerIndex) -> String {
        Int(server) < servers.count ? servers[Int(server)] : "a removed server"
    }
}

/// What a write did to a registration.
enum WriteResult: String, Sendable {
    case created, updated, unchanged
}

extension Duration {
    /// Seconds with what is finer than a microsecond cut off, so that documents stay readable.
    var seconds: Double { Double(wholeNanoseconds / 1000) / 1_000_000 }
}

extension JSONWriter {
    /// A counter, which JSON readers keep exactly up to 2^53.
    mutating func member(_ key: StaticString, count: UInt64) { member(key, Int(clamping: count)) }

    /// What `Duration.seconds` is.
    mutating func seconds(_ duration: Duration) { number(millionths: duration.wholeNanoseconds / 1000) }

    /// A duration as `DurationText` writes it.
    mutating func member(_ key: StaticString, _ duration: Duration) {
        self.key(key)
        string(plainAtMost: DurationText.textMax) { DurationText.append(duration, to: &$0) }
    }
}
