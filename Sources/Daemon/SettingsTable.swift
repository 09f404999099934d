internal import BeatCore
internal import NamingStandIn

/// All settings. Flags, environment variables, keys of the file, `--help`, `docs/config.md` and `GET /v1/config` come
/// from these rows; a setting that does nothing yet has none, so that nobody believes it was taken.
public enum SettingsTable {
    private static let daemon: [BeatdCommand] = [.serve, .run, .checkConfig, .doctor, .bench]
    private static let stored: [BeatdCommand] = [.serve, .checkConfig, .doctor]
    /// Those that write a log.
    private static let all: [BeatdCommand] = daemon + [.naming]

    /// A connection or an answer that takes longer than the longest period (60 s) is of no use to a beat; below 10 ms,
    /// the wheel's slot, a time-out says nothing about the server.
    private static let timeouts: ClosedRange<Duration> = .milliseconds(10) ... .seconds(60)

    /// The rows, in the order of the help.
    public static let rows = ofDaemon + RunSettings.rows + BenchSettings.rows

    private static let ofDaemon: [SettingDefinition] = [
        row("config", .path, "", "the configuration file, JSON with the names of this table as keys", daemon),
        row(
            "config-dir", .path, "",
            "a folder of *.json files, each one registration or a list of them, beside \"beats\" of --config", stored),
        row(
            "nacos-servers", .servers, "127.0.0.1:8848",
            "the Nacos servers: host, host:port, [v6]:port or http(s)://host:port; without scheme and port, 8848",
            daemon),
        row(
            "nacos-server-list-url", .text, "",
            "http://host:port/path of an address server, read every 30 s, a server a line; a failed answer changes nothing",
            daemon),
        row("nacos-context-path", .text, "/nacos", "what stands before /v1 in the servers' paths", daemon, empty: true),
        row("nacos-namespace", .text, "public", "for registrations that name none", daemon),
        row("nacos-username", .text, "", "user that logs in to Nacos", daemon),
        row("nacos-password-file", .secretFile, "", "file with that user's password", daemon),
        row("nacos-access-key", .text, "", "access key that signs requests, as Alibaba's MSE wants it", daemon),
        row("nacos-secret-key-file", .secretFile, "", "file with the secret key to that access key", daemon),
        row(
            "nacos-tls-ca", .path, "",
            "certificates (PEM) by which https:// servers are trusted; unless set, those of the system", daemon),
        row("nacos-tls-cert", .path, "", "certificate (PEM) for a server that wants to see one", daemon),
        row("nacos-tls-key", .path, "", "private key (PEM, without a passphrase) of that certificate", daemon),
        row(
            "dialect", .choice(["auto", "v1", "v3"]), "auto",
            "the naming API that the servers are spoken to in; auto asks each", daemon),
        row("connect-timeout", .duration(timeouts), "1s", "how long a connection to a server may take to open", daemon),
        row("request-timeout", .duration(timeouts), "3s", "how long one attempt of a request may take", daemon),
        row("connections-per-server", .integer(1...64), "8", "connections kept open to each server", daemon),
        row(
            "pipeline-depth", .integer(1...16), "16",
            "beats in flight on one connection when all are busy; four times as many at a quick server, none behind "
                + "another with 1", daemon),
        row(
            "listen", .address, "127.0.0.1:8090",
            "address of the API; empty = off, port 0 = any; beyond loopback it needs a token", daemon, empty: true),
        row("socket", .path, "/run/beatd/api.sock", "unix socket of the API; empty = off", daemon, empty: true),
        row("ops-listen", .address, "", "address of a read-only listener for probes and metrics", daemon),
        row("token-file", .secretFile, "", "bearer token that may read and write", daemon),
        row("read-token-file", .secretFile, "", "bearer token that may read", daemon),
        row("allowed-hosts", .list, "", "names by which clients may call the API, beside its addresses", daemon),
        row(
            "data-dir", .path, "/var/lib/beatd",
            "folder that registrations are stored in, on a local file system; memory = nothing is kept", stored),
        row("default-ip", .text, "", "the address of registrations that give none", daemon),
        row("max-registrations", .integer(1...1_000_000), "1000000", "more are refused", daemon),
        row(
            "write-rate", .integer(0...1_000_000), "2000",
            "writes per second from one client address, twice that in a burst; 0 = any", daemon),
        row("allow-exec", .boolean, "false", "take exec checks over the API; they run with beatd's rights", daemon),
        row(
            "shutdown-timeout", .duration(.zero ... .seconds(600)), "10s",
            "how long the end may take, deregistrations included", daemon),
        row("log-level", .choice(LogLevel.allCases.map(\.name)), "info", "the least that is logged", all),
        row(
            "log-format", .choice(LogFormat.allCases.map(\.rawValue)), "",
            "how log lines look; unless set, text on a terminal and else json", all),
        row(
            "embedded-naming", .boolean, "false",
            "start the built-in naming server on the first address of --nacos-servers", daemon),
        flagOnly("listen", .address, "127.0.0.1:8848", "address of the naming server; port 0 = any", [.naming]),
        flagOnly(
            "profile", .choice(NamingProfile.Name.allCases.map(\.rawValue)), "2.5", "the server it behaves like",
            [.naming]),
    ]

    /// The rows that a command knows, with its defaults.
    public static func rows(for command: BeatdCommand) -> [SettingDefinition] {
        // Those of `ctl` are those of its actions.
        if command == .health { return CtlFlags.access }
        let known = rows.filter { $0.commands.contains(command) }
        guard command == .run || command == .bench else { return known }
        return known.map { row in
            var row = row
            if let text = runDefaults[row.name] { row.defaultText = text }
            return row
        }
    }

    /// Beside one program, or while it is measured, nobody asks for an API, and what the command writes is what should be
    /// read.
    static let runDefaults = ["listen": "", "socket": "", "log-level": "warn"]

    private static func row(
        _ name: String, _ kind: SettingKind, _ defaultText: String, _ meaning: String, _ commands: [BeatdCommand],
        empty: Bool = false
    ) -> SettingDefinition {
        let environment = "BEATD_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 })
        return SettingDefinition(
            name: name, environment: environment, kind: kind, defaultText: defaultText,
            allowsEmpty: empty || defaultText.isEmpty, meaning: meaning, commands: commands)
    }

    static func flagOnly(
        _ name: String, _ kind: SettingKind, _ defaultText: String, _ meaning: String, _ commands: [BeatdCommand]
    ) -> SettingDefinition {
        SettingDefinition(
            name: name, environment: nil, kind: kind, defaultText: defaultText, allowsEmpty: defaultText.isEmpty,
            meaning: meaning,
            commands: commands)
    }
}
