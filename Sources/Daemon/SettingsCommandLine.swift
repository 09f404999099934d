import ControlAPI

/// What the process was started for, with its settings.
public enum BeatdInvocation: Equatable, Sendable {
    case serve(LoadedSettings)
    case run(RunSettings)
    case naming(NamingSettings)
    /// The settings are good.
    case checkConfig(LoadedSettings)
    /// A question to a running beatd.
    case ctl(CtlCall)
    /// Whether a running beatd is ready.
    case health(ControlAccess)
    /// Whether `serve` would work.
    case doctor(LoadedSettings)
    /// How many beats the servers take.
    case bench(BenchSettings)
    case version
    /// The text to print.
    case help(String)

    /// Reads the command line (without the program's name), the environment and the file that they name.
    ///
    /// Everything that is wrong is reported at once; what to print and how to exit is in the refusal. `readFile` is
    /// called for the configuration file, declared registrations and secrets, `listFolder` for `--config-dir`,
    /// `checkTLS` when there are files for TLS.
    public static func parse(
        arguments: [String], environment: [String: String], readFile: @escaping SettingsFileReader,
        listFolder: SettingsFolderLister = { _ in .success([]) }, checkTLS: TLSFilesChecker = TLSFiles.check
    ) throws(SettingsRefusal) -> BeatdInvocation {
        guard let word = arguments.first else {
            throw usage("beatd", "needs a command: \(commandNames.joined(separator: ", ")); see beatd --help")
        }
        switch word {
        case "--version": return .version
        case "--help", "-h", "help": return .help(SettingsHelp.overview)
        default: break
        }
        guard let command = BeatdCommand(rawValue: word) else {
            let near = NearestName.suggestion(for: word, among: commandNames)
            throw usage(word, "is no command\(near); commands are \(commandNames.joined(separator: ", "))")
        }
        let behind = Array(arguments.dropFirst())
        switch command {
        case .ctl: return try ctl(behind, environment: environment, readFile: readFile)
        case .health: return try health(behind, environment: environment, readFile: readFile)
        case .completion: return try completion(behind)
        case .serve, .run, .naming, .checkConfig, .doctor, .bench: break
        }
        var own = behind[...]
        var program: ArraySlice<String> = []
        if command == .run, let end = own.firstIndex(of: "--") {
            program = own[own.index(after: end)...]
            own = own[..<end]
        }
        let line = SettingsCommandLine(Array(own), SettingsTable.rows(for: command))
        if line.wantsHelp { return .help(SettingsHelp.text(for: command)) }
        let (flags, faults) = (line.texts, line.faults)
        switch command {
        case .serve:
            return .serve(
                try SettingsLoader.serve(
                    flags: flags, faults: faults, environment: environment, readFile: readFile, listFolder: listFolder,
                    checkTLS: checkTLS))
        case .run:
            return .run(
                try SettingsLoader.run(
                    Array(program), flags: flags, faults: faults, environment: environment, readFile: readFile,
                    checkTLS: checkTLS))
        case .checkConfig:
            let loaded = try SettingsLoader.serve(
                flags: flags, faults: faults, environment: environment, readFile: readFile, listFolder: listFolder,
                checkTLS: checkTLS)
            // The daemon goes on beside a broken file of the folder; whoever asks wants to know.
            guard loaded.declared.faults.isEmpty else { throw SettingsRefusal(faults: loaded.declared.faults) }
            return .checkConfig(loaded)
        case .doctor:
            return .doctor(
                try SettingsLoader.serve(
                    flags: flags, faults: faults, environment: environment, readFile: readFile, listFolder: listFolder,
                    checkTLS: checkTLS))
        case .bench:
            return .bench(
                try SettingsLoader.bench(
                    flags: flags, faults: faults, environment: environment, readFile: readFile, checkTLS: checkTLS))
        case .ctl, .health, .completion: preconditionFailure("\(command) has no settings of the daemon")
        case .naming:
            return .naming(
                try SettingsLoader.naming(flags: flags, faults: faults, environment: environment, readFile: readFile))
        }
    }

    private static func completion(_ arguments: [String]) throws(SettingsRefusal) -> BeatdInvocation {
        if arguments == ["--help"] || arguments == ["-h"] { return .help(SettingsHelp.text(for: .completion)) }
        guard arguments.count == 1, let script = Completion.script(arguments[0]) else {
            throw usage("completion", "needs the name of a shell: \(Completion.shells.joined(separator: ", "))")
        }
        return .help(script)
    }

    private static let commandNames = BeatdCommand.allCases.map(\.rawValue)

    private static func usage(_ place: String, _ message: String) -> SettingsRefusal {
        SettingsRefusal(faults: [SettingsFault(kind: .usage, place: place, message: message)])
    }
}

/// The flags behind the command: `--name value` and `--name=value`; a boolean takes its value only behind `=`, and is
/// true without one.
struct SettingsCommandLine {
    private(set) var texts: [String: String] = [:]
    private(set) var faults: [SettingsFault] = []
    private(set) var wantsHelp = false
    /// What is no flag, where that is allowed.
    private(set) var words: [String] = []

    init(_ arguments: [String], _ rows: [SettingDefinition], takesWords: Bool = false) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--help" || argument == "-h" {
                wantsHelp = true
                continue
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                if takesWords {
                    words.append(argument)
                    continue
                }
                complain(argument, "is not expected here; settings are written --name value")
                continue
            }
            let equals = argument.firstIndex(of: "=")
            let flag = String(argument[..<(equals ?? argument.endIndex)])
            let given = equals.map { String(argument[argument.index(after: $0)...]) }
            guard let row = rows.first(where: { $0.flag == flag }) else {
                complain(flag, "is no flag\(NearestName.suggestion(for: flag, among: rows.map(\.flag)))")
                // Its value, were it one, is no argument of its own.
                if given == nil, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
                continue
            }
            take(row, given, &rest)
        }
    }

    private mutating func take(_ row: SettingDefinition, _ given: String?, _ rest: inout ArraySlice<String>) {
        let text: String
        if let given {
            text = given
        } else if row.kind == .boolean {
            text = "true"
        } else if let next = rest.first, !next.hasPrefix("--") {
            text = next
            rest.removeFirst()
        } else {
            return complain(row.flag, "needs a value: \(row.kind.summary)")
        }
        guard let before = texts[row.name] else {
            texts[row.name] = text
            return
        }
        guard row.kind == .pairs else { return complain(row.flag, "is given twice; keep one") }
        texts[row.name] = before + SettingsSyntax.pairSeparator + text
    }

    private mutating func complain(_ place: String, _ message: String) {
        faults.append(SettingsFault(kind: .usage, place: place, message: message))
    }
}
