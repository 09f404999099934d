/// `beatd completion bash|zsh|fish`: what shells offer behind Tab, from the tables that the parser reads. Pure.
enum Completion {
    static let shells = ["bash", "zsh", "fish"]

    /// Each command, or `ctl` with its action, and its flags.
    private static var commands: [(words: [String], meaning: String, flags: [SettingDefinition])] {
        BeatdCommand.allCases.filter { $0 != .ctl }
            .map { ([$0.rawValue], $0.meaning, SettingsTable.rows(for: $0)) }
            + CtlAction.allCases.map { (["ctl", $0.rawValue], $0.meaning, $0.rows) }
    }

    static func script(_ shell: String) -> String? {
        switch shell {
        case "bash": bash
        case "zsh": "#compdef beatd\nautoload -U +X bashcompinit && bashcompinit\n" + bash
        case "fish": fish
        default: nil
        }
    }

    private static var bash: String {
        let first = BeatdCommand.allCases.map(\.rawValue).sorted()
        let cases = commands.map { command in
            "        \"\(command.words.joined(separator: " "))\"*) words='\(command.flags.map(\.flag).joined(separator: " "))' ;;\n"
        }
        return """
            _beatd() {
                local words line="${COMP_WORDS[*]:1:COMP_CWORD-1} "
                case "$line" in
                    " ") words='\(first.joined(separator: " "))' ;;
                    "ctl ") words='\(CtlAction.allCases.map(\.rawValue).joined(separator: " "))' ;;
                    "completion ") words='\(shells.joined(separator: " "))' ;;
            \(cases.joined())    esac
                COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _beatd beatd

            """
    }

    private static var fish: String {
        var text = "complete -c beatd -f\n"
        let single = commands.filter { $0.words.count == 1 }
        for command in single {
            text += "complete -c beatd -n __fish_use_subcommand -a \(command.words[0]) -d '\(plain(command.meaning))'\n"
        }
        let ctl = BeatdCommand.ctl
        text += "complete -c beatd -n __fish_use_subcommand -a \(ctl.rawValue) -d '\(plain(ctl.meaning))'\n"
        for command in commands {
            let last = command.words[command.words.count - 1]
            if command.words.count == 2 {
                text +=
                    "complete -c beatd -n '__fish_seen_subcommand_from ctl' -a \(last) -d '\(plain(command.meaning))'\n"
            }
            for flag in command.flags {
                text +=
                    "complete -c beatd -n '__fish_seen_subcommand_from \(last)' -l \(flag.name) -d '\(plain(flag.meaning))'\n"
            }
        }
        return text
    }

    private static func plain(_ text: String) -> String { String(text.filter { $0 != "'" && $0 != "\\" }) }
}
