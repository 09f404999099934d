import BeatCore

/// What `beatd bench` was told, checked.
public struct BenchSettings: Equatable, Sendable {
    /// The daemon's own settings.
    public var service: LoadedSettings
    /// Nobody named a server: the built-in one is started for the run.
    public var usesBuiltInServer: Bool
    /// Instances that are registered.
    public var registrations: Int
    /// Between two beats of each.
    public var period: Duration
    /// How long is measured.
    public var length: Duration

    static let rows: [SettingDefinition] = [
        flag("registrations", .integer(1...Limits.registrations), "10000", "instances to register"),
        flag("period", .duration(Limits.periodMin...Limits.serverIntervalMax), "5s", "between two beats of each"),
        flag("for", .duration(.seconds(1) ... .seconds(3600)), "60s", "how long is measured"),
        flag(
            "yes", .boolean, "false",
            "load servers on other machines too; without --nacos-servers the built-in one is measured"),
    ]

    private static func flag(
        _ name: String, _ kind: SettingKind, _ defaultText: String, _ meaning: String
    ) -> SettingDefinition {
        SettingsTable.flagOnly(name, kind, defaultText, meaning, [.bench])
    }
}

extension SettingsLoader {
    /// The settings of `bench`.
    static func bench(
        flags: [String: String], faults: [SettingsFault], environment: [String: String],
        readFile: @escaping SettingsFileReader, checkTLS: TLSFilesChecker
    ) throws(SettingsRefusal) -> BenchSettings {
        let rows = SettingsTable.rows(for: .bench)
        let sources = SettingsSources(rows, flags: flags, environment: environment, readFile: readFile)
        var reader = SettingsReader(sources, environment: environment, readFile: readFile)
        let service = service(&reader, checkTLS)
        let settings = BenchSettings(
            service: LoadedSettings(
                settings: service, entries: [], warnings: reader.warnings, declared: DeclaredBeats()),
            usesBuiltInServer: reader.setting("nacos-servers").source == .defaultValue
                && service.nacosServerListURL == nil,
            registrations: reader.integer("registrations"), period: reader.duration("period"),
            length: reader.duration("for"))
        let isAgreed = reader.value("yes", SettingsSyntax.boolean)
        var all = faults + reader.faults
        if !isAgreed, let far = farServer(service) { all.append(refusal(far, settings)) }
        guard all.isEmpty else { throw SettingsRefusal(faults: all) }
        return settings
    }

    /// The first server that may be on another machine. An address server may name any.
    private static func farServer(_ settings: Settings) -> String? {
        if let url = settings.nacosServerListURL { return "what \(url) names" }
        return settings.nacosServers.first { $0.host != "localhost" && !SettingsAddress.isLoopback($0.host) }?.text
    }

    private static func refusal(_ server: String, _ settings: BenchSettings) -> SettingsFault {
        let seconds = max(1, settings.period.wholeMilliseconds) / 1000
        let rate = settings.registrations / Int(max(1, seconds))
        return SettingsFault(
            kind: .usage, place: "--nacos-servers",
            message: "\(server) is not this machine, and would get \(settings.registrations) instances and about "
                + "\(rate) beats a second; add --yes when that is wanted")
    }
}
