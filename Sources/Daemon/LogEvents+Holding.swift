internal import BeatCore

/// The lines for checks and maintenance.
extension LogRecord {
    /// A check has another verdict.
    static func check(
        _ key: String, id: String, _ kind: Check.Kind, _ verdict: CheckVerdict, _ output: String
    ) -> LogRecord {
        let fields: KeyValuePairs<String, LogValue> = ["key": .string(key), "type": .string("\(kind.label)")]
        let said = output.isEmpty ? nil : String(output.prefix(Limits.detailLength))
        switch verdict {
        case .failing:
            return LogRecord(.warn, "check failing", event: "check.failing", beat: id, error: said, fields: fields)
        case .warning:
            return LogRecord(.warn, "check warns", event: "check.warning", beat: id, error: said, fields: fields)
        case .passing, .pending:
            return LogRecord(.info, "check passing", event: "check.passing", beat: id, fields: fields)
        }
    }

    /// A registration is held out (mode nil: put back) by a person.
    static func maintenance(_ key: String, id: String, _ mode: Maintenance.Mode?, _ reason: String) -> LogRecord {
        guard let mode else {
            return LogRecord(
                .info, "maintenance ended", event: "maintenance.off", beat: id, fields: ["key": .string(key)])
        }
        return LogRecord(
            .info, "maintenance begun", event: "maintenance.on", beat: id,
            fields: ["key": .string(key), "mode": .string(mode.rawValue), "reason": .string(reason)])
    }

    /// The whole sidecar is held out (mode nil: put back) by a person.
    static func sidecarMaintenance(_ mode: Maintenance.Mode?, _ reason: String) -> LogRecord {
        guard let mode else {
            return LogRecord(.warn, "maintenance of the whole sidecar ended", event: "maintenance.off")
        }
        return LogRecord(
            .warn, "the whole sidecar is in maintenance", event: "maintenance.on",
            fields: ["mode": .string(mode.rawValue), "reason": .string(reason)])
    }
}
