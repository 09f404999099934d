import Daemon
import Testing

private func parse(_ line: String, _ environment: [String: String] = [:]) throws(SettingsRefusal) -> BeatdInvocation {
    let arguments = line.split(separator: " ").map(String.init)
    return try BeatdInvocation.parse(
        arguments: arguments, environment: environment, readFile: { _ in .failure(.notFound) })
}

private func refusal(_ line: String, _ environment: [String: String] = [:]) -> SettingsRefusal? {
    do throws(SettingsRefusal) {
        _ = try parse(line, environment)
        return nil
    } catch {
        return error
    }
}

@Suite struct SettingsCommandTests {
    @Test func knowsItsCommands() throws {
        #expect(try parse("--version") == .version)
        #expect(try parse("--help") == .help(SettingsHelp.overview))
        #expect(try parse("serve --help") == .help(SettingsHelp.text(for: .serve)))
        #expect(try parse("serve --nonsense -h") == .help(SettingsHelp.text(for: .serve)))
        guard case .checkConfig(let loaded) = try parse("check-config --log-level warn") else {
            Issue.record("check-config is something else")
            return
        }
        #expect(loaded.settings.logLevel == .warn)
    }

    @Test(arguments: [
        (
            "",
            "beatd: needs a command: serve, run, naming, check-config, ctl, health, doctor, completion, bench; see beatd --help"
        ),
        (
            "server",
            "server: is no command; did you mean serve?; commands are serve, run, naming, check-config, ctl, health, doctor, completion, bench"
        ),
        (
            "burn",
            "burn: is no command; commands are serve, run, naming, check-config, ctl, health, doctor, completion, bench"
        ),
        ("serve --lisen 127.0.0.1:1", "--lisen: is no flag; did you mean --listen?"),
        ("serve -listen=x", "-listen: is no flag; did you mean --listen?"),
        ("serve --profile 2.5", "--profile: is no flag"),
        ("serve 127.0.0.1:1", "127.0.0.1:1: is not expected here; settings are written --name value"),
        ("serve --listen", "--listen: needs a value: address:port"),
        ("serve --listen --socket=/s", "--listen: needs a value: address:port"),
        ("serve --socket /a --socket=/b", "--socket: is given twice; keep one"),
        ("naming --socket /a", "--socket: is no flag"),
    ])
    func refusesWhatItDoesNotUnderstand(line: String, message: String) throws {
        let error = try #require(refusal(line))
        #expect(error.text == "beatd: \(message)\n")
        #expect(error.exitCode == 64)
    }

    @Test func usageAndConfigurationAreReportedTogether() throws {
        let error = try #require(refusal("serve --lisen=x --pipeline-depth 0", ["BEATD_LISTEN": "x"]))
        #expect(error.faults.map(\.place) == ["--lisen", "--pipeline-depth", "BEATD_LISTEN"])
        #expect(error.exitCode == 64)
    }

    @Test func booleansTakeTheirValueBehindTheEqualsSign() throws {
        for (line, expected) in [
            ("serve", false), ("serve --embedded-naming", true), ("serve --embedded-naming=false", false),
            ("serve --embedded-naming --log-level info", true), ("serve --embedded-naming=on", true),
        ] {
            guard case .serve(let loaded) = try parse(line) else {
                Issue.record("\(line) is not serve")
                return
            }
            #expect(loaded.settings.embeddedNaming == expected)
        }
        #expect(refusal("serve --embedded-naming true")?.faults.map(\.place) == ["true"])
    }

    /// The daemon's variables, which the shell may hold, are not those of the stand-in; a file is not read.
    @Test func namingHasSettingsOfItsOwn() throws {
        let environment = ["BEATD_LISTEN": "0.0.0.0:1", "BEATD_CONFIG": "/missing", "BEATD_LOG_FORMAT": "text"]
        guard case .naming(let settings) = try parse("naming", environment) else {
            Issue.record("naming is something else")
            return
        }
        #expect(settings.listen.text == "127.0.0.1:8848")
        #expect(settings.profile == "2.5")
        #expect(settings.logFormat == .text)
        guard case .naming(let other) = try parse("naming --listen [::1]:0 --profile 1.4") else { return }
        #expect(other.listen.text == "[::1]:0")
        #expect(other.profile == "1.4")
        #expect(refusal("naming --profile 9")?.exitCode == 78)
        #expect(refusal("naming --listen=")?.exitCode == 78)
    }
}

@Suite struct SettingsHelpTests {
    @Test func tellsEveryFlagOfACommand() {
        for command in BeatdCommand.allCases {
            let text = SettingsHelp.text(for: command)
            #expect(SettingsHelp.overview.contains(command.rawValue))
            for row in SettingsTable.rows(for: command) {
                #expect(text.contains("  \(row.flag)  ("))
                #expect(text.contains(row.meaning))
                if let environment = row.environment { #expect(text.contains("or \(environment)\n")) }
            }
        }
        #expect(SettingsHelp.text(for: .serve).contains("default 127.0.0.1:8848; or BEATD_NACOS_SERVERS\n"))
        #expect(!SettingsHelp.text(for: .naming).contains("--socket"))
    }

    @Test func makesATableForTheDocumentation() {
        let lines = SettingsTable.markdown().split(separator: "\n")
        #expect(
            lines.contains(
                "| `--connect-timeout` | `BEATD_CONNECT_TIMEOUT` | duration, 10ms…1m | `1s` | "
                    + "how long a connection to a server may take to open |"))
        #expect(lines.filter { $0.hasPrefix("| `--") }.count == SettingsTable.rows.count)
        #expect(lines.filter { $0.hasPrefix("|") }.allSatisfy { $0.filter { $0 == "|" }.count == 6 })
    }
}
