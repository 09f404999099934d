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
        let name = field.key
        switch (field, check.target) {
        case (.http, .http(let url, _)): writer.member(name, url.text)
        case (.tcp, .tcp(let address)): writer.member(name, address.text)
        case (.pid, .pid(let pid)): writer.member(name, Int(pid))
        case (.ttl, .ttl(let ttl)): writer.member(name, ttl)
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
        case (.every, _): writer.member(name, check.every)
        case (.timeout, _): writer.member(name, check.timeout)
        case (.fall, _): writer.member(name, Int(check.fall))
        case (.grace, _): writer.member(name, check.grace)
        case (.http, _), (.tcp, _), (.pid, _), (.ttl, _), (.exec, _), (.expect, _): break
        }
    }

    /// `status.checks`.
    func write(_ checks: [CheckView], to writer: inout JSONWriter) {
        writer.beginArray()
        for check in checks {
            writer.beginObject()
            writer.member("type", plain: check.kind.label)
            writer.member("verdict", plain: check.verdict.label)
            write("since", check.since, to: &writer)
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
        write("since", maintenance.since, to: &writer)
        write("until", maintenance.until, to: &writer)
        writer.endObject()
    }
}
