/// The table of settings as text for people.
public enum SettingsHelp {
    /// What `beatd --help` prints.
    public static let overview: String = {
        let width = BeatdCommand.allCases.map(\.rawValue.count).max() ?? 0
        let commands = BeatdCommand.allCases.map { command in
            "  \(command.rawValue)\(spaces(width - command.rawValue.count + 2))\(command.meaning)\n"
        }
        return """
            beatd keeps instances alive in Nacos for programs that cannot do it themselves.

            usage: beatd COMMAND [--name value]...

            \(commands.joined())
            beatd COMMAND --help   the settings of a command
            beatd --version        the version

            """
    }()

    /// What `beatd COMMAND --help` prints.
    public static func text(for command: BeatdCommand) -> String {
        var text = "beatd \(command.rawValue): \(command.meaning)\n\n"
        for row in SettingsTable.rows(for: command) { text += lines(of: row) }
        text += "\nA flag wins over the environment, that over the file, that over the default.\n"
        return text
    }

    /// A flag with what it means.
    static func lines(of row: SettingDefinition) -> String {
        let facts = [
            row.defaultText.isEmpty ? nil : "default \(row.defaultText)", row.environment.map { "or \($0)" },
        ].compactMap { $0 }
        return "  \(row.flag)  (\(row.kind.summary))\n      \(row.meaning)\n"
            + (facts.isEmpty ? "" : "      \(facts.joined(separator: "; "))\n")
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}

extension SettingsTable {
    /// The table of `docs/config.md`, in Markdown: the settings of the daemon, then those of `naming` alone.
    public static func markdown() -> String {
        var text = heading
        for row in rows(for: .serve) { text += line(row) }
        text += "\nOnly for `beatd naming`:\n\n" + heading
        for row in rows(for: .naming) where !row.commands.contains(.serve) { text += line(row) }
        let others = runDefaults.sorted { $0.key < $1.key }.map { name, text in
            "`--\(name)` \(text.isEmpty ? "off" : text)"
        }
        text += "\nOnly for `beatd run`, which stores nothing and has other defaults: "
        text += others.joined(separator: ", ") + ".\n\n" + heading
        for row in rows(for: .run) where !row.commands.contains(.serve) { text += line(row) }
        text += "\nOnly for `beatd bench`, which stores nothing and has the defaults of `beatd run`:\n\n" + heading
        for row in rows(for: .bench) where !row.commands.contains(.serve) { text += line(row) }
        return text
    }

    private static let heading =
        "| flag, file key | environment | value | default | meaning |\n|---|---|---|---|---|\n"

    private static func line(_ row: SettingDefinition) -> String {
        let environment = row.environment.map { "`\($0)`" } ?? "–"
        let defaultText = row.defaultText.isEmpty ? "–" : "`\(row.defaultText)`"
        return "| `\(row.flag)` | \(environment) | \(row.kind.summary) | \(defaultText) | \(row.meaning) |\n"
    }
}
