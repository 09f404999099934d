internal import ControlAPI
internal import EventLoop

/// Where a running beatd is asked, and with what right.
public struct ControlAccess: Equatable, Sendable {
    /// In the order in which they are tried.
    var addresses: [SocketAddress]
    var token: String?
    var timeout: Duration
}

/// One `beatd ctl`, as it was asked for.
public struct CtlCall: Equatable, Sendable {
    var action: CtlAction
    /// Ids, filters or fields.
    var words: [String]
    var access: ControlAccess
    /// Nil: what the standard output is decides.
    var wantsTable: Bool?
    /// The action's own flags.
    var flags: [String: String]
    /// How often `top` asks.
    var every = Duration.zero
}

extension BeatdInvocation {
    /// `beatd ctl …`; `arguments` is what stands behind the word.
    static func ctl(
        _ arguments: [String], environment: [String: String], readFile: @escaping SettingsFileReader
    ) throws(SettingsRefusal) -> BeatdInvocation {
        guard let word = arguments.first else {
            throw CtlReading.refusal("ctl", "needs an action: \(names.joined(separator: ", ")); see beatd ctl --help")
        }
        if word == "--help" || word == "-h" || word == "help" { return .help(CtlAction.overview) }
        guard let action = CtlAction(rawValue: word) else {
            throw CtlReading.refusal(word, "is no action\(NearestName.suggestion(for: word, among: names))")
        }
        let line = SettingsCommandLine(Array(arguments.dropFirst()), action.rows, takesWords: true)
        if line.wantsHelp { return .help(action.help) }
        var reading = CtlReading(line, action.rows, environment: environment, readFile: readFile)
        reading.check(action, line.words)
        let output = reading.reader.choice("output")
        let every = action == .top ? reading.reader.duration("every") : .zero
        var flags: [String: String] = [:]
        for name in action.flags { flags[name] = reading.reader.setting(name).text }
        return .ctl(
            CtlCall(
                action: action, words: line.words, access: try reading.access(),
                wantsTable: output.map { $0 == "table" }, flags: flags, every: every))
    }

    /// `beatd health …`.
    static func health(
        _ arguments: [String], environment: [String: String], readFile: @escaping SettingsFileReader
    ) throws(SettingsRefusal) -> BeatdInvocation {
        let line = SettingsCommandLine(arguments, CtlFlags.access)
        if line.wantsHelp { return .help(SettingsHelp.text(for: .health)) }
        var reading = CtlReading(line, CtlFlags.access, environment: environment, readFile: readFile)
        return .health(try reading.access())
    }

    private static var names: [String] { CtlAction.allCases.map(\.rawValue) }
}

/// Reads the flags of `ctl` and `health`; everything that is wrong at once.
private struct CtlReading {
    var reader: SettingsReader
    private var faults: [SettingsFault]

    init(
        _ line: SettingsCommandLine, _ rows: [SettingDefinition], environment: [String: String],
        readFile: @escaping SettingsFileReader
    ) {
        let sources = SettingsSources(rows, flags: line.texts, environment: environment, readFile: readFile)
        reader = SettingsReader(sources, environment: environment, readFile: readFile)
        faults = line.faults
    }

    static func refusal(_ place: String, _ message: String) -> SettingsRefusal {
        SettingsRefusal(faults: [SettingsFault(kind: .client, place: place, message: message)])
    }

    /// Whether the words are those that the action wants.
    mutating func check(_ action: CtlAction, _ words: [String]) {
        let pairs = words.allSatisfy { $0.contains("=") && !$0.hasPrefix("=") }
        switch action {
        case .list, .watch, .top:
            if !pairs { complain(action, "filters are written name=value: state=beating") }
        case .get, .delete:
            if words.isEmpty { complain(action, "needs the id of a registration; beatd ctl list shows them") }
        case .add:
            let hasFile = !reader.setting("file").text.isEmpty
            if hasFile == !words.isEmpty { complain(action, "needs either field=value words or --file") }
            if !pairs { complain(action, "fields are written name=value: serviceName=orders") }
        case .maintain:
            if words.count != 1 { complain(action, "needs one id, or all for this whole beatd") }
        case .drain:
            if !words.isEmpty { complain(action, "takes no words") }
        }
    }

    private mutating func complain(_ action: CtlAction, _ message: String) {
        faults.append(SettingsFault(kind: .client, place: "ctl \(action.rawValue)", message: message))
    }

    mutating func access() throws(SettingsRefusal) -> ControlAccess {
        let socket = reader.optional("socket", SettingsSyntax.socketPath).map { SocketAddress.unix(path: $0) }
        let tcp = reader.optional("address", SettingsAddress.listen).flatMap(Self.reachable)
        let token = reader.secret("token-file")
        let timeout = reader.duration("timeout")
        let all = faults + reader.faults
        guard all.isEmpty else {
            throw SettingsRefusal(
                faults: all.map { SettingsFault(kind: .client, place: $0.place, message: $0.message) })
        }
        let named = (reader.setting("socket").source == .flag, reader.setting("address").source == .flag)
        let addresses: [SocketAddress?] =
            switch named {
            case (true, false): [socket]
            case (false, true): [tcp]
            case (true, true), (false, false): [socket, tcp]
            }
        return ControlAccess(addresses: addresses.compactMap { $0 }, token: token?.text, timeout: timeout)
    }

    /// Where a daemon that listens everywhere is found.
    private static func reachable(_ listen: ListenAddress) -> SocketAddress? {
        let host =
            switch listen.host {
            case "0.0.0.0": "127.0.0.1"
            case "::": "::1"
            default: listen.host
            }
        return SocketAddress(host: host, port: listen.port)
    }
}
