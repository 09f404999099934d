import BeatCore
import ControlAPI
import JSON

/// Where a value came from; earlier ones win.
public enum SettingsSource: Equatable, Sendable {
    case flag, environment, file
    /// systemd's `$CREDENTIALS_DIRECTORY`.
    case credential
    case defaultValue

    /// The word in `GET /v1/config`.
    public var name: String {
        switch self {
        case .flag: "flag"
        case .environment: "environment"
        case .file: "file"
        case .credential: "credential"
        case .defaultValue: "default"
        }
    }
}

/// The text of a setting after precedence, and how to name it in a message.
struct ResolvedSetting {
    let definition: SettingDefinition
    let text: String
    let source: SettingsSource
    let place: String
}

/// Flag > environment > file > default. Pure but for the reading of files, which is an argument.
struct SettingsSources {
    private(set) var resolved: [String: ResolvedSetting] = [:]
    private(set) var faults: [SettingsFault] = []
    private(set) var warnings: [String] = []
    /// The path of the configuration file, and the registrations that it declares.
    private(set) var declared: (path: String, beats: JSONValue)?
    private let rows: [SettingDefinition]

    init(
        _ rows: [SettingDefinition], flags: [String: String], environment: [String: String],
        readFile: SettingsFileReader
    ) {
        self.rows = rows
        let takesFile = rows.contains { $0.name == "config" }
        let path = takesFile ? flags["config"] ?? environment["BEATD_CONFIG"] ?? "" : ""
        let file = path.isEmpty ? [:] : fileTexts(path, readFile)
        for row in rows {
            let setting =
                if let text = flags[row.name] {
                    ResolvedSetting(definition: row, text: text, source: .flag, place: row.flag)
                } else if let name = row.environment, let text = environment[name] {
                    ResolvedSetting(definition: row, text: text, source: .environment, place: name)
                } else if let text = file[row.name] {
                    ResolvedSetting(definition: row, text: text, source: .file, place: "\"\(row.name)\" in \(path)")
                } else {
                    ResolvedSetting(
                        definition: row, text: row.defaultText, source: .defaultValue, place: row.places)
                }
            if setting.text.isEmpty, !row.allowsEmpty {
                let message = "must not be empty: give it a value (\(row.kind.summary)) or leave it out"
                faults.append(SettingsFault(kind: .configuration, place: setting.place, message: message))
            }
            resolved[row.name] = setting
        }
        warnAboutUnknown(environment)
    }

    /// The settings in the file, as the texts that flags would have.
    private mutating func fileTexts(_ path: String, _ readFile: SettingsFileReader) -> [String: String] {
        let bytes: [UInt8]
        switch readFile(path) {
        case .success(let read): bytes = read
        case .failure(let error):
            complain(path, error.text)
            return [:]
        }
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONParser.parse(bytes)
        } catch {
            complain(path, error.description)
            return [:]
        }
        guard case .object(let object) = document else {
            complain(path, "must be a JSON object such as {\"listen\": \"127.0.0.1:8090\"}, got \(document.typeName)")
            return [:]
        }
        var texts: [String: String] = [:]
        for member in object.members {
            let place = "\"\(member.key)\" in \(path)"
            if member.key == "beats" {
                declared = (path, member.value)
                continue
            }
            guard let row = rows.first(where: { $0.name == member.key && $0.environment != nil }) else {
                let near = NearestName.suggestion(for: member.key, among: rows.map(\.name))
                complain(place, "is no setting\(near)")
                continue
            }
            guard row.name != "config" else {
                complain(place, "cannot name another file; use --config or BEATD_CONFIG")
                continue
            }
            guard let text = text(of: member.value, row.kind) else {
                complain(place, "must be \(jsonForm(row.kind)), got \(member.value.typeName)")
                continue
            }
            texts[row.name] = text
        }
        return texts
    }

    private func text(of value: JSONValue, _ kind: SettingKind) -> String? {
        switch (value, kind) {
        case (.string(let text), _): return text
        case (.integer(let number), .integer): return String(number)
        case (.bool(let flag), .boolean): return flag ? "true" : "false"
        case (.array(let items), .list), (.array(let items), .servers):
            var texts: [String] = []
            for item in items {
                guard case .string(let text) = item else { return nil }
                texts.append(text)
            }
            return texts.joined(separator: ",")
        default: return nil
        }
    }

    private func jsonForm(_ kind: SettingKind) -> String {
        switch kind {
        case .text, .pairs, .address, .path, .secretFile, .choice: "a string"
        case .duration: "a string such as \"5s\""
        case .list, .servers: "a string, or a list of strings"
        case .integer: "an integer"
        case .boolean: "true or false"
        }
    }

    /// A variable that looks like ours but is none is told, not refused: Kubernetes sets `BEATD_PORT` and
    /// `BEATD_SERVICE_HOST` for a Service named beatd, and operators keep their own beside ours.
    private mutating func warnAboutUnknown(_ environment: [String: String]) {
        let known = rows.compactMap(\.environment)
        let secrets = rows.compactMap(\.secretEnvironment)
        for name in environment.keys.sorted() where name.hasPrefix("BEATD_") {
            if known.contains(name) || secrets.contains(name) { continue }
            if name.hasPrefix("BEATD_PORT") || name.hasPrefix("BEATD_SERVICE_") { continue }
            warnings.append("\(name): is no setting\(NearestName.suggestion(for: name, among: known))")
        }
    }

    private mutating func complain(_ place: String, _ message: String) {
        faults.append(SettingsFault(kind: .configuration, place: place, message: message))
    }
}
