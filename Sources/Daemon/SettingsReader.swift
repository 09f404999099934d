import BeatCore

/// Turns resolved texts into typed values and collects what is wrong with them.
///
/// Where a text is wrong the default stands in, so that the rest can be checked too; the caller must not use the values
/// when there are faults. It is a programmer error to ask for a name or a kind that the table has not.
struct SettingsReader {
    private(set) var faults: [SettingsFault]
    private(set) var warnings: [String]
    private(set) var entries: [LoadedSettings.Entry] = []
    private let sources: SettingsSources
    private let environment: [String: String]
    private let readFile: SettingsFileReader

    init(_ sources: SettingsSources, environment: [String: String], readFile: @escaping SettingsFileReader) {
        self.sources = sources
        self.environment = environment
        self.readFile = readFile
        faults = sources.faults
        warnings = sources.warnings
    }

    func setting(_ name: String) -> ResolvedSetting {
        guard let setting = sources.resolved[name] else { preconditionFailure("no setting named \(name)") }
        return setting
    }

    /// Whether the command has such a setting.
    func knows(_ name: String) -> Bool { sources.resolved[name] != nil }

    /// The value behind a text that may not be empty.
    mutating func value<Value>(
        _ name: String, _ parse: (String) throws(SettingsComplaint) -> Value
    ) -> Value {
        let setting = setting(name)
        if !setting.text.isEmpty, let value = checked(setting, parse) { return value }
        do throws(SettingsComplaint) {
            return try parse(setting.definition.defaultText)
        } catch {
            preconditionFailure("the default of \(name) is not valid: \(error.text)")
        }
    }

    /// The value behind a text that may be empty, for which it is nil.
    mutating func optional<Value>(
        _ name: String, _ parse: (String) throws(SettingsComplaint) -> Value
    ) -> Value? {
        let setting = setting(name)
        return setting.text.isEmpty ? nil : checked(setting, parse)
    }

    mutating func duration(_ name: String) -> Duration {
        guard case .duration(let range) = setting(name).definition.kind else {
            preconditionFailure("\(name) is no duration")
        }
        return value(name) { text throws(SettingsComplaint) in try SettingsSyntax.duration(text, in: range) }
    }

    mutating func integer(_ name: String) -> Int {
        guard case .integer(let range) = setting(name).definition.kind else {
            preconditionFailure("\(name) is no integer")
        }
        return value(name) { text throws(SettingsComplaint) in try SettingsSyntax.integer(text, in: range) }
    }

    /// One of the names of a choice; nil when the text is empty or wrong.
    mutating func choice(_ name: String) -> String? {
        guard case .choice(let names) = setting(name).definition.kind else {
            preconditionFailure("\(name) is no choice")
        }
        return optional(name) { text throws(SettingsComplaint) in try SettingsSyntax.choice(text, of: names) }
    }

    /// A secret: from the file that the setting names, else from the environment, else from systemd's credentials.
    mutating func secret(_ name: String) -> Secret? {
        let setting = setting(name)
        guard let variable = setting.definition.secretEnvironment, let credential = setting.definition.credential else {
            preconditionFailure("\(name) is no secret")
        }
        let direct = environment[variable] ?? ""
        let instead = setting.definition.environment ?? setting.definition.flag
        if !setting.text.isEmpty {
            if !direct.isEmpty { warnings.append("\(variable): is not used, because \(setting.place) is set") }
            return secret(inFile: setting.text, place: setting.place)
        }
        if !direct.isEmpty {
            warnings.append("\(variable): other programs can read a secret in the environment; use \(instead)")
            return secret(in: Array(direct.utf8), file: nil, place: variable)
        }
        guard let folder = environment["CREDENTIALS_DIRECTORY"], !folder.isEmpty else { return nil }
        let path = "\(folder)/\(credential)"
        if case .failure(.notFound) = readFile(path) { return nil }
        return secret(inFile: path, place: path)
    }

    /// The rows of `GET /v1/config`, with `secrets` by their names.
    mutating func makeEntries(_ rows: [SettingDefinition], secrets: [String: Secret]) {
        entries = rows.map { row in
            let setting = setting(row.name)
            guard let secret = secrets[row.name], setting.text.isEmpty else {
                return LoadedSettings.Entry(name: row.name, value: setting.text, source: setting.source)
            }
            return LoadedSettings.Entry(
                name: row.name, value: secret.description, source: secret.file == nil ? .environment : .credential)
        }
    }

    mutating func warn(_ text: String) { warnings.append(text) }

    mutating func complain(_ place: String, _ message: String) {
        faults.append(SettingsFault(kind: .configuration, place: place, message: message))
    }

    private mutating func checked<Value>(
        _ setting: ResolvedSetting, _ parse: (String) throws(SettingsComplaint) -> Value
    ) -> Value? {
        do throws(SettingsComplaint) {
            return try parse(setting.text)
        } catch {
            complain(setting.place, error.text)
            return nil
        }
    }

    private mutating func secret(inFile path: String, place: String) -> Secret? {
        switch readFile(path) {
        case .success(let bytes): return secret(in: bytes, file: path, place: place)
        case .failure(let error):
            complain(place, "names \(path), but: \(error.text)")
            return nil
        }
    }

    private mutating func secret(in bytes: [UInt8], file: String?, place: String) -> Secret? {
        do throws(SettingsComplaint) {
            return Secret(text: try SettingsSyntax.secret(bytes), file: file)
        } catch {
            complain(place, error.text)
            return nil
        }
    }
}
