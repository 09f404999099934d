/// What `beatd ctl` does. One table: parsing, help and the completion of shells read it.
enum CtlAction: String, CaseIterable, Sendable {
    case list, get, add, delete, maintain, drain, watch, top

    /// The words behind it, as the help shows them.
    var words: String {
        switch self {
        case .list, .top: "[filter=value]..."
        case .get, .delete: "ID..."
        case .add: "field=value... | --file PATH"
        case .maintain: "ID | all"
        case .drain: ""
        case .watch: "[filter=value]..."
        }
    }

    /// One line for the help.
    var meaning: String {
        switch self {
        case .list: "the registrations; filters are those of GET /v1/beats: serviceName, ip, state, q, label.team"
        case .get: "everything about registrations"
        case .add: "register one: serviceName=orders ip=10.0.0.7 port=8080 metadata.zone=a; or those of a file"
        case .delete: "deregister"
        case .maintain: "hold an instance out, or all of this beatd; --off puts it back"
        case .drain: "take every instance away before the end, and see that it is gone"
        case .top: "those that are nearest to being unhealthy, anew every --every; until ^C"
        case .watch: "changes as they happen, a line each; filters as for list, and type=updated,removed"
        }
    }

    /// The names of its own flags, beside those of every action.
    var flags: [String] {
        switch self {
        case .list, .get, .delete: []
        case .add: ["file"]
        case .maintain: ["reason", "for", "off"]
        case .drain: ["settle", "drain-timeout"]
        case .watch: ["exec"]
        case .top: ["every"]
        }
    }

    /// Its flags, those of every action last.
    var rows: [SettingDefinition] {
        CtlFlags.own.filter { flags.contains($0.name) } + CtlFlags.access + [CtlFlags.output]
    }

    var help: String {
        var text = "beatd ctl \(rawValue)\(words.isEmpty ? "" : " \(words)"): \(meaning)\n\n"
        for row in rows { text += SettingsHelp.lines(of: row) }
        return text
    }

    /// What `beatd ctl --help` prints.
    static var overview: String {
        let width = allCases.map { $0.rawValue.count + $0.words.count + 1 }.max() ?? 0
        var text =
            "beatd ctl: ask a running beatd, as its HTTP API does\n\nusage: beatd ctl ACTION [word]... [--name value]...\n\n"
        for action in allCases {
            let front = "\(action.rawValue) \(action.words)"
            text += "  \(front)\(String(repeating: " ", count: width - front.count + 2))\(action.meaning)\n"
        }
        return text + """

            beatd ctl ACTION --help   the flags of an action

            Tables on a terminal, JSON in a pipe. Exit codes: 0 ok, 1 usage, 2 not found, 3 conflict, 4 refused,
            5 an error of the server, 6 no beatd answers, 7 no answer in time.

            """
    }
}

/// The flags of `ctl` and `health`.
enum CtlFlags {
    /// Where the daemon is, and how long it may take.
    static let access: [SettingDefinition] = [
        row("socket", "BEATD_SOCKET", .path, "/run/beatd/api.sock", "unix socket of the API, asked first"),
        row(
            "address", "BEATD_LISTEN", .address, "127.0.0.1:8090",
            "address of the API over TCP, asked when nothing answers on the socket"),
        row("token-file", "BEATD_TOKEN_FILE", .secretFile, "", "bearer token, where the daemon wants one"),
        row("timeout", nil, .duration(.milliseconds(10) ... .seconds(600)), "10s", "how long an answer may take"),
    ]

    static let output = row(
        "output", nil, .choice(["table", "json"]), "",
        "how answers look; unless set, a table on a terminal and else JSON")

    static let own: [SettingDefinition] = [
        row("file", nil, .path, "", "a registration, a list of them or an export, as JSON; - is the standard input"),
        row("reason", nil, .text, "", "why, for whoever looks"),
        row("for", nil, .text, "", "when it ends by itself: 30m; unless given, never"),
        row("off", nil, .boolean, "false", "end it"),
        row("settle", nil, .text, "10s", "how long consumers have to notice"),
        row("drain-timeout", nil, .text, "30s", "how long the whole may take"),
        row("every", nil, .duration(.milliseconds(100) ... .seconds(3600)), "2s", "how often it is asked"),
        row("exec", nil, .text, "", "a command for sh, run for each change with the event on its standard input"),
    ]

    private static func row(
        _ name: String, _ environment: String?, _ kind: SettingKind, _ defaultText: String, _ meaning: String
    ) -> SettingDefinition {
        SettingDefinition(
            name: name, environment: environment, kind: kind, defaultText: defaultText,
            allowsEmpty: defaultText.isEmpty || environment != nil, meaning: meaning, commands: [])
    }
}
