internal import BeatCore

/// Level and slug of a line: whether it is written is known from them alone, before the rest is made.
package struct LogHeading {
    let level: LogLevel
    let event: String

    package init(_ level: LogLevel, _ event: String) {
        self.level = level
        self.event = event
    }
}

extension LogRecord {
    /// A record from its parts, with its heading.
    init(
        _ heading: LogHeading, _ message: String, beat: String? = nil, server: String? = nil, code: Int? = nil,
        error: String? = nil, fields: KeyValuePairs<String, LogValue> = [:]
    ) {
        self.init(
            heading.level, message, event: heading.event, beat: beat, server: server, code: code, error: error,
            fields: fields)
    }
}

extension LogValue {
    /// The classic key of a registration.
    static func key(_ key: InstanceKey) -> LogValue { .string(key.buildKey()) }
}

extension LogEvent {
    var heading: LogHeading {
        switch self {
        case .addingBeat: LogHeading(.info, "beat.added")
        case .updatingBeat: LogHeading(.info, "beat.updated")
        case .removingBeat: LogHeading(.info, "beat.removed")
        case .registered: LogHeading(.info, "instance.registered")
        case .registerRejected: LogHeading(.error, "instance.refused")
        case .deregistered(_, let result): LogHeading(result == .ok ? .info : .warn, "instance.deregistered")
        case .instanceNotFound: LogHeading(.warn, "instance.not_found")
        case .beatFailing: LogHeading(.warn, "beat.failed")
        case .beatRecovered: LogHeading(.info, "beat.recovered")
        case .instanceStrayed: LogHeading(.warn, "instance.strayed")
        case .badInterval: LogHeading(.warn, "server.bad_interval")
        case .serverDown: LogHeading(.warn, "server.down")
        case .serverUp: LogHeading(.info, "server.up")
        case .clusterTrouble: LogHeading(.warn, "cluster.trouble")
        case .clusterWell: LogHeading(.info, "cluster.well")
        case .dialectFound: LogHeading(.info, "server.dialect")
        case .serverListChanged: LogHeading(.info, "serverlist.changed")
        case .serverListIgnored: LogHeading(.warn, "serverlist.ignored")
        case .loginFailed: LogHeading(.error, "login.failed")
        case .loginRecovered: LogHeading(.info, "login.recovered")
        case .checkChanged(_, _, _, _, let verdict): LogEvent.heading(of: verdict)
        case .maintenance(_, _, _, let mode): LogHeading(.info, mode == nil ? "maintenance.off" : "maintenance.on")
        case .sidecarMaintenance(_, let mode):
            LogHeading(.warn, mode == nil ? "maintenance.off" : "maintenance.on")
        case .storageFailed: LogHeading(.error, "storage.failed")
        case .storageRecovered: LogHeading(.info, "storage.recovered")
        case .drainBegun: LogHeading(.warn, "drain.begun")
        case .drainEnded(_, _, let left): LogHeading(left == 0 ? .info : .warn, "drain.ended")
        }
    }

    private static func heading(of verdict: CheckVerdict) -> LogHeading {
        switch verdict {
        case .failing: LogHeading(.warn, "check.failing")
        case .warning: LogHeading(.warn, "check.warning")
        case .passing, .pending: LogHeading(.info, "check.passing")
        }
    }
}
