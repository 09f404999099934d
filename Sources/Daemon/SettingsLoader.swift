import BeatCore

/// From flags, environment and file to checked settings. Pure but for the reading of files, which is an argument.
enum SettingsLoader {
    /// The settings of `serve`, or everything that is wrong with them beside `faults`, which the command line had.
    static func serve(
        flags: [String: String], faults: [SettingsFault], environment: [String: String],
        readFile: @escaping SettingsFileReader, listFolder: SettingsFolderLister = { _ in .success([]) },
        checkTLS: TLSFilesChecker
    ) throws(SettingsRefusal) -> LoadedSettings {
        let rows = SettingsTable.rows(for: .serve)
        let sources = SettingsSources(rows, flags: flags, environment: environment, readFile: readFile)
        var reader = SettingsReader(sources, environment: environment, readFile: readFile)
        let settings = service(&reader, checkTLS)
        var declared = DeclaredBeats(defaultNamespace: settings.nacosNamespace, defaultIP: settings.defaultIP)
        if let (path, beats) = sources.declared { declared.add(beats, ofConfiguration: path) }
        if let folder = settings.configDirectory { declared.add(folder: folder, list: listFolder, readFile: readFile) }
        let all = faults + reader.faults + declared.configurationFaults
        guard all.isEmpty else { throw SettingsRefusal(faults: all) }
        let secrets = [
            "token-file": settings.token, "read-token-file": settings.readToken,
            "nacos-password-file": settings.nacosPassword, "nacos-secret-key-file": settings.nacosSecretKey,
        ].compactMapValues { $0 }
        reader.makeEntries(rows, secrets: secrets)
        return LoadedSettings(
            settings: settings, entries: reader.entries, warnings: reader.warnings, declared: declared)
    }

    /// The settings of `naming`.
    static func naming(
        flags: [String: String], faults: [SettingsFault], environment: [String: String],
        readFile: @escaping SettingsFileReader
    ) throws(SettingsRefusal) -> NamingSettings {
        let rows = SettingsTable.rows(for: .naming)
        let sources = SettingsSources(rows, flags: flags, environment: environment, readFile: readFile)
        var reader = SettingsReader(sources, environment: environment, readFile: readFile)
        let settings = NamingSettings(
            listen: reader.value("listen", SettingsAddress.listen), profile: reader.choice("profile") ?? "",
            logLevel: logLevel(&reader), logFormat: logFormat(&reader))
        let all = faults + reader.faults
        guard all.isEmpty else { throw SettingsRefusal(faults: all) }
        return settings
    }

    /// The settings of the daemon itself, checked one by one and together.
    static func service(_ reader: inout SettingsReader, _ checkTLS: TLSFilesChecker) -> Settings {
        let settings = settings(&reader)
        checkTogether(settings, &reader)
        checkNacosSecurity(settings, &reader, checkTLS)
        return settings
    }

    private static func settings(_ reader: inout SettingsReader) -> Settings {
        let writeRate = reader.integer("write-rate")
        let listURL = reader.optional("nacos-server-list-url", SettingsAddress.serverListURL)
        let embeddedNaming = reader.value("embedded-naming", SettingsSyntax.boolean)
        var servers = reader.value("nacos-servers", SettingsAddress.servers)
        // The default names a server on this machine: with a list to come, that is nobody's wish.
        if listURL != nil, !embeddedNaming, reader.setting("nacos-servers").source == .defaultValue { servers = [] }
        return Settings(
            nacosServers: servers, nacosServerListURL: listURL,
            nacosContextPath: reader.optional("nacos-context-path", SettingsSyntax.contextPath) ?? "",
            nacosNamespace: reader.value("nacos-namespace", SettingsSyntax.namespace),
            nacosUsername: reader.optional("nacos-username", SettingsSyntax.username),
            nacosPassword: reader.secret("nacos-password-file"),
            nacosAccessKey: reader.optional("nacos-access-key", SettingsSyntax.username),
            nacosSecretKey: reader.secret("nacos-secret-key-file"),
            nacosTLSCA: reader.optional("nacos-tls-ca", SettingsSyntax.path),
            nacosTLSCertificate: reader.optional("nacos-tls-cert", SettingsSyntax.path),
            nacosTLSKey: reader.optional("nacos-tls-key", SettingsSyntax.path),
            dialect: reader.choice("dialect") ?? "auto",
            connectTimeout: reader.duration("connect-timeout"), requestTimeout: reader.duration("request-timeout"),
            connectionsPerServer: reader.integer("connections-per-server"),
            pipelineDepth: reader.integer("pipeline-depth"),
            listen: reader.optional("listen", SettingsAddress.listen),
            socket: reader.optional("socket", SettingsSyntax.socketPath),
            opsListen: reader.optional("ops-listen", SettingsAddress.listen),
            token: reader.secret("token-file"), readToken: reader.secret("read-token-file"),
            allowedHosts: reader.optional("allowed-hosts", SettingsSyntax.hosts) ?? [],
            dataDirectory: reader.knows("data-dir") ? reader.value("data-dir", dataDirectory) : .memory,
            defaultIP: reader.optional("default-ip", SettingsSyntax.ip),
            maxRegistrations: reader.integer("max-registrations"),
            writeRate: writeRate == 0 ? nil : writeRate,
            allowExec: reader.value("allow-exec", SettingsSyntax.boolean),
            shutdownTimeout: reader.duration("shutdown-timeout"),
            logLevel: logLevel(&reader), logFormat: logFormat(&reader),
            embeddedNaming: embeddedNaming,
            config: reader.optional("config", SettingsSyntax.path),
            configDirectory: reader.knows("config-dir") ? reader.optional("config-dir", SettingsSyntax.path) : nil)
    }

    /// What no setting can know alone.
    private static func checkTogether(_ settings: Settings, _ reader: inout SettingsReader) {
        // Whoever reaches the address could write (control-api.md §1). A token file that is named but broken has its own
        // fault already.
        let token = reader.setting("token-file")
        if let listen = settings.listen, !listen.isLoopback, settings.token == nil, token.text.isEmpty {
            reader.complain(
                reader.setting("listen").place,
                "\(listen.text) can be reached from other machines, so writes need a token: add "
                    + "\(token.definition.places), or listen on 127.0.0.1")
        }
        if let token = settings.token, token.text == settings.readToken?.text {
            reader.complain(
                reader.setting("read-token-file").place,
                "holds the same secret as the token that may write; make two different ones")
        }
    }

    private static func dataDirectory(_ text: String) throws(SettingsComplaint) -> DataDirectory {
        text == "memory" ? .memory : .folder(try SettingsSyntax.path(text))
    }

    private static func logLevel(_ reader: inout SettingsReader) -> LogLevel {
        reader.choice("log-level").flatMap(LogLevel.init(name:)) ?? .info
    }

    private static func logFormat(_ reader: inout SettingsReader) -> LogFormat? {
        reader.choice("log-format").flatMap(LogFormat.init)
    }
}

extension Settings {
    /// What holds when nobody says anything.
    public static let defaults: Settings = {
        do throws(SettingsRefusal) {
            let none: SettingsFileReader = { _ in .failure(.notFound) }
            return try SettingsLoader.serve(
                flags: [:], faults: [], environment: [:], readFile: none, checkTLS: TLSFiles.check
            ).settings
        } catch {
            preconditionFailure("the defaults of the table are not valid: \(error.text)")
        }
    }()
}
