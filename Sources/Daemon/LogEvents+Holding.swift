internal import BeatCore

/// The lines for checks and maintenance.
extension LogRecord {
    /// A check has another verdict.
    static func check(
        _ heading: LogHeading, _ key: InstanceKey, id: String, _ kind: Check.Kind, _ verdict: CheckVerdict,
        _ output: String
    ) -> LogRecord {
        let fields: KeyValuePairs<String, LogValue> = [
            "key": .key(key), "type": .string("\(kind.label)"),
        ]
        let said = output.isEmpty ? nil : String(output.prefix(Limits.detailLength))
        switch verdict {
        case .failing: return LogRecord(heading, "check failing", beat: id, error: said, fields: fields)
        case .warning: return LogRecord(heading, "check warns", beat: id, error: said, fields: fields)
        case .passing, .pending: return LogRecord(heading, "check passing", beat: id, fields: fields)
        }
    }

    /// A registration is held out (mode nil: put back) by a person.
    static func maintenance(
        _ heading: LogHeading, _ key: InstanceKey, id: String, _ mode: Maintenance.Mode?, _ reason: String
    ) -> LogRecord {
        guard let mode else {
            return LogRecord(heading, "maintenance ended", beat: id, fields: ["key": .key(key)])
        }
        return LogRecord(
            heading, "maintenance begun", beat: id,
            fields: ["key": .key(key), "mode": .string(mode.rawValue), "reason": .string(reason)])
    }

    /// The whole sidecar is held out (mode nil: put back) by a person.
    static func sidecarMaintenance(
        _ heading: LogHeading, _ mode: Maintenance.Mode?, _ reason: String
    ) -> LogRecord {
        guard let mode else { return LogRecord(heading, "maintenance of the whole sidecar ended") }
        return LogRecord(
            heading, "the whole sidecar is in maintenance",
            fields: ["mode": .string(mode.rawValue), "reason": .string(reason)])
    }
}
