import BeatCore

/// What `beatd` can be told to do.
public enum BeatdCommand: String, CaseIterable, Sendable {
    case serve
    case run
    case naming
    case checkConfig = "check-config"
    case ctl
    case health
    case doctor
    case completion
    case bench

    /// One line for the help.
    package var meaning: String {
        switch self {
        case .serve: "run the daemon: keep instances alive in Nacos"
        case .run: "run one program and keep its instance in Nacos while it lives"
        case .naming: "run a Nacos-compatible naming server in memory, for tests and a first try"
        case .checkConfig: "say what is wrong with the settings, all at once, and start nothing"
        case .ctl: "ask a running beatd: \(CtlAction.allCases.map(\.rawValue).joined(separator: ", "))"
        case .health: "whether a running beatd is ready, for HEALTHCHECK; exits 0 or 1"
        case .doctor: "whether serve would work with these settings, and what to do when not"
        case .bench: "how many beats the servers take: registers many instances, beats them, takes them away"
        case .completion: "what bash, zsh or fish offer behind Tab: source <(beatd completion bash)"
        }
    }
}

/// What a setting's text must be.
public enum SettingKind: Equatable, Sendable {
    case text
    /// Parts between commas; white space around them does not count.
    case list
    /// `key=value`, as often as needed.
    case pairs
    /// Nacos servers, see `NacosEndpoint`.
    case servers
    /// An IP address with a port, see `ListenAddress`.
    case address
    case path
    /// The path of a file that holds a secret.
    case secretFile
    case duration(ClosedRange<Duration>)
    case integer(ClosedRange<Int>)
    case boolean
    case choice([String])

    /// What to write, for the help and the table of settings: `duration, 10ms…1m`.
    package var summary: String {
        switch self {
        case .text: "text"
        case .list: "comma list"
        case .pairs: "key=value, may be given again"
        case .servers: "comma list of servers"
        case .address: "address:port"
        case .path: "path"
        case .secretFile: "path of a file"
        case .duration(let range):
            "duration, \(DurationText.text(range.lowerBound))…\(DurationText.text(range.upperBound))"
        case .integer(let range): "integer, \(range.lowerBound)…\(range.upperBound)"
        case .boolean: "true or false"
        case .choice(let names): names.joined(separator: ", ")
        }
    }
}

/// One row of the table of settings (control-api.md §6): everything that is known about a setting.
public struct SettingDefinition: Sendable {
    /// The name in the configuration file; the flag is this behind `--`.
    public let name: String
    /// The environment variable; nil where only the flag counts.
    public let environment: String?
    /// What its text must be.
    public let kind: SettingKind
    /// The text when nothing else says it; empty: none.
    public internal(set) var defaultText: String
    /// Whether the empty text is a value, which turns the thing off. Always so where the default is empty.
    public let allowsEmpty: Bool
    /// One line for people.
    public let meaning: String
    /// The commands that know it.
    public let commands: [BeatdCommand]

    /// The flag as it is written.
    public var flag: String { "--\(name)" }

    /// Where it can be set, for messages: `--listen (BEATD_LISTEN)`.
    package var places: String { environment.map { "\(flag) (\($0))" } ?? flag }

    /// For a secret file: the name of the secret among systemd's credentials, `token` for `token-file`.
    package var credential: String? {
        guard kind == .secretFile, name.hasSuffix("-file") else { return nil }
        return String(name.dropLast("-file".count))
    }

    /// For a secret file: the variable that may hold the secret itself, `BEATD_TOKEN` for `BEATD_TOKEN_FILE`.
    package var secretEnvironment: String? {
        guard kind == .secretFile, let environment, environment.hasSuffix("_FILE") else { return nil }
        return String(environment.dropLast("_FILE".count))
    }
}
