internal import BeatCore
internal import JSON

/// Writes checks and maintenance.
extension RegistrationWriter {
    /// The checks of a document, with what was left out filled in.
    func write(_ checks: [Check], to writer: inout JSONWriter) {
        writer.beginArray()
        for check in checks {
            writer.beginObject()
            for field in CheckField.allCases { write(field, check, to: &writer) }
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(_ field: CheckField, _ check: Check, to writer: inout JSONWriter) {
        let name = field.rawValue
        switch (field, check.target) {
        case (.http, .http(let url, _)): writer.member(name, url.text)
        case (.tcp, .tcp(let address)): writer.member(name, address.text)
        case (.pid, .pid(let pid)): writer.member(name, Int(pid))
        case (.ttl, .ttl(let ttl)): writer.member(name, DurationText.text(ttl))
        case (.exec, .exec(let command)):
            writer.key(name)
            writer.beginArray()
            for argument in command { writer.string(argument) }
            writer.endArray()
        case (.expect, .http(_, let expect)):
            let (first, last) = (expect.lowerBound, expect.upperBound)
            writer.member(name, first == last ? "\(first)" : "\(first)-\(last)")
        case (.rise, _): writer.member(name, Int(check.rise))
        case (.every, .ttl), (.timeout, .ttl), (.fall, .ttl), (.grace, .ttl): break
        case (.every, _): writer.member(name, DurationText.text(check.every))
        case (.timeout, _): writer.member(name, DurationText.text(check.timeout))
        case (.fall, _): writer.member(name, Int(check.fall))
        case (.grace, _): writer.member(name, DurationText.text(check.grace))
        case (.http, _), (.tcp, _), (.pid, _), (.ttl, _), (.exec, _), (.expect, _): break
        }
    }

    /// `status.checks`.
    func write(_ checks: [CheckView], to writer: inout JSONWriter) {
        writer.beginArray()
        for check in checks {
            writer.beginObject()
            writer.member("type", "\(check.kind.label)")
            writer.member("verdict", "\(check.verdict.label)")
            writer.member("since", context.text(check.since))
            writer.member("output", check.output)
            writer.endObject()
        }
        writer.endArray()
    }

    /// `status.maintenance`.
    func write(_ maintenance: Maintenance, ofSidecar: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("mode", maintenance.mode.rawValue)
        writer.member("reason", maintenance.reason)
        writer.member("scope", ofSidecar ? "sidecar" : "beat")
        writer.member("since", context.text(maintenance.since))
        writer.key("until")
        if let until = maintenance.until { writer.string(context.text(until)) } else { writer.null() }
        writer.endObject()
    }
}
