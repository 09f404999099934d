import BeatCore
import Daemon
import Testing

/// Files for the settings, in memory.
private func reader(_ files: [String: String]) -> SettingsFileReader {
    { path in
        switch files[path] {
        case "!"?: .failure(.unreadable("Permission denied"))
        case let text?: .success(Array(text.utf8))
        case nil: .failure(.notFound)
        }
    }
}

private func load(
    _ flags: [String] = [], _ environment: [String: String] = [:], files: [String: String] = [:]
) throws(SettingsRefusal) -> LoadedSettings {
    let invocation = try BeatdInvocation.parse(
        arguments: ["serve"] + flags, environment: environment, readFile: reader(files), checkTLS: { _ in })
    guard case .serve(let loaded) = invocation else { preconditionFailure("\(invocation)") }
    return loaded
}

private func refusal(
    _ flags: [String] = [], _ environment: [String: String] = [:], files: [String: String] = [:]
) -> SettingsRefusal? {
    do throws(SettingsRefusal) {
        _ = try load(flags, environment, files: files)
        return nil
    } catch {
        return error
    }
}

@Suite struct SettingsDefaultsTests {
    @Test func areThoseOfTheTable() throws {
        let loaded = try load()
        let settings = loaded.settings
        #expect(settings == Settings.defaults)
        #expect(settings.nacosServers.map(\.text) == ["127.0.0.1:8848"])
        #expect(settings.nacosContextPath == "/nacos")
        #expect(settings.nacosNamespace == "public")
        #expect(settings.connectTimeout == .seconds(1))
        #expect(settings.requestTimeout == .seconds(3))
        #expect(settings.connectionsPerServer == 8)
        #expect(settings.pipelineDepth == 16)
        #expect(settings.listen?.text == "127.0.0.1:8090")
        #expect(settings.socket == "/run/beatd/api.sock")
        #expect(settings.opsListen == nil)
        #expect(settings.token == nil)
        #expect(settings.readToken == nil)
        #expect(settings.allowedHosts == [])
        #expect(settings.dataDirectory == .folder("/var/lib/beatd"))
        #expect(settings.defaultIP == nil)
        #expect(settings.maxRegistrations == 1_000_000)
        #expect(settings.writeRate == 2000)
        #expect(settings.shutdownTimeout == .seconds(10))
        #expect(settings.logLevel == .info)
        #expect(settings.logFormat == nil)
        #expect(!settings.embeddedNaming)
        #expect(settings.config == nil)
        #expect(loaded.warnings == [])
        #expect(loaded.entries.allSatisfy { $0.source == .defaultValue })
    }

    @Test func eachNameIsThereOnceForACommand() {
        for command in BeatdCommand.allCases {
            let names = SettingsTable.rows(for: command).map(\.name)
            #expect(Set(names).count == names.count)
        }
        #expect(SettingsTable.rows(for: .checkConfig).map(\.name) == SettingsTable.rows(for: .serve).map(\.name))
        let variables = SettingsTable.rows.compactMap(\.environment)
        #expect(Set(variables).count == variables.count)
        #expect(variables.contains("BEATD_NACOS_SERVERS"))
        #expect(SettingsTable.rows(for: .serve).allSatisfy { $0.environment != nil })
    }
}

@Suite struct SettingsPrecedenceTests {
    static let file = #"{"log-level": "debug", "pipeline-depth": 4, "embedded-naming": true, "write-rate": "7"}"#

    @Test func flagThenEnvironmentThenFileThenDefault() throws {
        let files = ["/c": SettingsPrecedenceTests.file]
        let all = try load(
            ["--config", "/c", "--log-level", "error"], ["BEATD_LOG_LEVEL": "warn", "BEATD_PIPELINE_DEPTH": "5"],
            files: files)
        #expect(all.settings.logLevel == .error)
        #expect(all.settings.pipelineDepth == 5)
        #expect(all.settings.embeddedNaming)
        #expect(all.settings.writeRate == 7)
        #expect(all.settings.config == "/c")
        func entry(_ name: String) -> LoadedSettings.Entry? { all.entries.first { $0.name == name } }
        #expect(entry("log-level").map { [$0.value, $0.source.name] } == ["error", "flag"])
        #expect(entry("pipeline-depth").map { [$0.value, $0.source.name] } == ["5", "environment"])
        #expect(entry("embedded-naming").map { [$0.value, $0.source.name] } == ["true", "file"])
        #expect(entry("listen").map { [$0.value, $0.source.name] } == ["127.0.0.1:8090", "default"])
        #expect(try load([], ["BEATD_CONFIG": "/c"], files: files).settings.logLevel == .debug)
        #expect(try load(["--config=/c"], files: files).settings.logLevel == .debug)
    }

    /// Every row takes its value from every place.
    @Test func everyRowTakesFlagEnvironmentAndFile() throws {
        let samples = [
            "nacos-servers": "a:1", "nacos-server-list-url": "http://h/x", "nacos-context-path": "/x",
            "nacos-namespace": "dev", "connect-timeout": "2s",
            "request-timeout": "4s", "connections-per-server": "3", "pipeline-depth": "2", "listen": "127.0.0.1:1",
            "socket": "/s", "ops-listen": "127.0.0.1:2", "token-file": "/t", "read-token-file": "/r",
            "allowed-hosts": "a,b", "data-dir": "memory", "default-ip": "10.0.0.1", "max-registrations": "5",
            "write-rate": "9", "shutdown-timeout": "1s", "log-level": "warn", "log-format": "text",
            "embedded-naming": "true", "dialect": "v3", "allow-exec": "true", "config-dir": "/beats",
            "nacos-tls-ca": "/ca.pem",
        ]
        let secrets = ["/t": "abc\n", "/r": "def"]
        // These are only taken in pairs: SettingsSecurityTests.
        let together = [
            "config", "nacos-username", "nacos-password-file", "nacos-access-key", "nacos-secret-key-file",
            "nacos-tls-cert", "nacos-tls-key",
        ]
        for row in SettingsTable.rows(for: .serve) where !together.contains(row.name) {
            let sample = try #require(samples[row.name], "no sample for \(row.name)")
            let variable = try #require(row.environment)
            let plain = try load(files: secrets).settings
            let byFlag = try load(["\(row.flag)=\(sample)"], files: secrets)
            let byVariable = try load([], [variable: sample], files: secrets)
            let config = ["/c": "{\"\(row.name)\": \"\(sample)\"}"]
            var byFile = try load(["--config", "/c"], files: secrets.merging(config) { $1 })
            #expect(byFlag.settings != plain, "\(row.name) changes nothing")
            #expect(byVariable.settings == byFlag.settings)
            var settings = byFile.settings
            settings.config = nil
            #expect(settings == byFlag.settings)
            #expect(byFlag.entries.filter { $0.source == .flag }.map(\.name) == [row.name])
            #expect(byVariable.entries.filter { $0.source == .environment }.map(\.value) == [sample])
            byFile = try load(["--config", "/c", "\(row.flag)=\(sample)"], files: secrets.merging(config) { $1 })
            #expect(byFile.entries.filter { $0.source == .file } == [])
        }
    }

    @Test func listsMayBeListsInTheFile() throws {
        let files = ["/c": #"{"nacos-servers": ["a:1", "b"], "allowed-hosts": ["X.example", "y"]}"#]
        let settings = try load(["--config", "/c"], files: files).settings
        #expect(settings.nacosServers.map(\.text) == ["a:1", "b:8848"])
        #expect(settings.allowedHosts == ["x.example", "y"])
    }

    @Test func emptyTurnsOff() throws {
        let settings = try load(
            ["--listen=", "--socket", ""], ["BEATD_NACOS_CONTEXT_PATH": "", "BEATD_TOKEN_FILE": ""]
        ).settings
        #expect(settings.listen == nil)
        #expect(settings.socket == nil)
        #expect(settings.nacosContextPath == "")
        #expect(settings.token == nil)
        #expect(try load(["--write-rate", "0"]).settings.writeRate == nil)
    }
}

@Suite struct SettingsFaultTests {
    @Test func reportsEverythingAtOnce() throws {
        let error = try #require(
            refusal(
                ["--connect-timeout", "5", "--pipeline-depth=17", "--config", "/c"],
                ["BEATD_LOG_LEVEL": "loud", "BEATD_DATA_DIR": ""],
                files: ["/c": #"{"listen": "here", "write-rate": true, "lisen": "x", "config": "/d"}"#]))
        #expect(
            error.text == """
                beatd: "write-rate" in /c: must be an integer, got a boolean
                beatd: "lisen" in /c: is no setting; did you mean listen?
                beatd: "config" in /c: cannot name another file; use --config or BEATD_CONFIG
                beatd: BEATD_DATA_DIR: must not be empty: give it a value (path) or leave it out
                beatd: --connect-timeout: must be a duration such as 250ms, 5s, 10m or 1h, got "5"
                beatd: --pipeline-depth: must be an integer of 1…16, got "17"
                beatd: "listen" in /c: must be address:port, such as 127.0.0.1:8090 or [::1]:8090, got "here"
                beatd: BEATD_LOG_LEVEL: must be one of debug, info, warn, error, got "loud"

                """)
        #expect(error.exitCode == 78)
    }

    @Test(arguments: [
        ("connect-timeout", "9ms", "must be a duration of 10ms…1m, got \"9ms\""),
        ("connect-timeout", "61s", "must be a duration of 10ms…1m, got \"61s\""),
        ("max-registrations", "0", "must be an integer of 1…1000000, got \"0\""),
        ("max-registrations", "+5", "must be an integer of 1…1000000, got \"+5\""),
        ("write-rate", "-1", "must be an integer of 0…1000000, got \"-1\""),
        ("write-rate", "many", "must be an integer of 0…1000000, got \"many\""),
        ("nacos-namespace", "a b", "must be 1…64 letters, digits, _ and -, got \"a b\""),
        ("nacos-context-path", "/a?b", "must be a path such as /nacos, of letters, digits and -._~, got \"/a?b\""),
        ("nacos-context-path", "/../a", "must be a path such as /nacos, of letters, digits and -._~, got \"/../a\""),
        ("allowed-hosts", "a:80", "must list host names without ports between commas, got \"a:80\""),
        ("default-ip", "auto", "must be an IP address or a host name, got \"auto\""),
        ("default-ip", "a b", "must be an IP address or a host name, got \"a b\""),
        ("log-format", "xml", "must be one of json, logfmt, text, got \"xml\""),
        ("embedded-naming", "yes", "must be true or false, got \"yes\""),
        ("socket", String(repeating: "x", count: 108), "must be a path of at most 107 bytes, got 108"),
    ])
    func saysWhatToWrite(name: String, text: String, message: String) throws {
        let error = try #require(refusal(["--\(name)=\(text)"]))
        #expect(error.text == "beatd: --\(name): \(message)\n")
        #expect(error.exitCode == 78)
    }

    @Test func namesTheFileThatIsMissingOrBroken() throws {
        let missing = try #require(refusal(["--config", "/c"]))
        #expect(missing.text == "beatd: /c: no such file\n")
        #expect(missing.exitCode == 78)
        #expect(
            refusal(["--config", "/c"], files: ["/c": "!"])?.text == "beatd: /c: cannot be read: Permission denied\n")
        #expect(
            refusal([], ["BEATD_CONFIG": "/c"], files: ["/c": "{\n  \"a\": 1,\n}"])?.text
                == "beatd: /c: line 3, column 1: string or '}' expected near '}'\n")
        #expect(
            refusal(["--config", "/c"], files: ["/c": "[]"])?.text
                == "beatd: /c: must be a JSON object such as {\"listen\": \"127.0.0.1:8090\"}, got an array\n")
    }

    @Test func warnsOfVariablesThatAreNone() throws {
        let loaded = try load(
            [],
            [
                "BEATD_NACOS_SERVER": "a", "BEATD_METADATA_POD": "x", "BEATD_PORT": "tcp://", "BEATD_SERVICE_HOST": "x",
                "BEATD_PORT_8090_TCP": "x", "HOME": "/",
            ])
        #expect(
            loaded.warnings == [
                "BEATD_METADATA_POD: is no setting",
                "BEATD_NACOS_SERVER: is no setting; did you mean BEATD_NACOS_SERVERS?",
            ])
    }

    @Test func loginNeedsBoth() throws {
        let files = ["/p": "secret\n"]
        let both = try load(["--nacos-username", "u"], ["BEATD_NACOS_PASSWORD_FILE": "/p"], files: files)
        #expect(both.settings.nacosUsername == "u")
        #expect(both.settings.nacosPassword?.text == "secret")
        #expect(both.entries.allSatisfy { $0.value != "secret" })
        #expect(refusal(["--nacos-username", "u"])?.text.contains("--nacos-password-file") == true)
        #expect(refusal(["--nacos-password-file", "/p"], files: files)?.text.contains("--nacos-username") == true)
        #expect(refusal(["--dialect", "v2"])?.exitCode == 78)
    }

    /// Settings that a later version may have are refused, not taken and forgotten.
    @Test func refusesWhatDoesNothingYet() throws {
        #expect(refusal(["--allow-exec", "true"])?.exitCode == 64)
        #expect(refusal(["--metrics-per-beat", "off"])?.exitCode == 64)
    }
}

@Suite struct SettingsSecretTests {
    @Test func readsTokensFromFilesWithoutTheWhiteSpaceBehind() throws {
        let loaded = try load(
            ["--token-file", "/t"], ["BEATD_READ_TOKEN_FILE": "/r"], files: ["/t": "s3cret \r\n", "/r": "other"])
        #expect(loaded.settings.token == Secret(text: "s3cret", file: "/t"))
        #expect(loaded.settings.readToken == Secret(text: "other", file: "/r"))
        #expect(loaded.entries.first { $0.name == "token-file" }?.value == "/t")
        #expect(loaded.warnings == [])
        #expect(!"\(loaded)".contains("s3cret"))
    }

    @Test func takesTheEnvironmentWithAWarning() throws {
        let loaded = try load([], ["BEATD_TOKEN": "s3cret"])
        #expect(loaded.settings.token == Secret(text: "s3cret", file: nil))
        let entry = try #require(loaded.entries.first { $0.name == "token-file" })
        #expect(entry.value == "<set>")
        #expect(entry.source == .environment)
        #expect(
            loaded.warnings == [
                "BEATD_TOKEN: other programs can read a secret in the environment; use BEATD_TOKEN_FILE"
            ])
        let both = try load([], ["BEATD_TOKEN": "s3cret", "BEATD_TOKEN_FILE": "/t"], files: ["/t": "file"])
        #expect(both.settings.token?.text == "file")
        #expect(both.warnings == ["BEATD_TOKEN: is not used, because BEATD_TOKEN_FILE is set"])
    }

    @Test func takesCredentialsOfSystemd() throws {
        let environment = ["CREDENTIALS_DIRECTORY": "/creds"]
        let loaded = try load([], environment, files: ["/creds/token": "s3cret\n"])
        #expect(loaded.settings.token == Secret(text: "s3cret", file: "/creds/token"))
        #expect(loaded.settings.readToken == nil)
        #expect(loaded.entries.first { $0.name == "token-file" }?.source == .credential)
        #expect(loaded.entries.first { $0.name == "read-token-file" }?.source == .defaultValue)
        #expect(
            refusal([], environment, files: ["/creds/token": "!"])?.text
                == "beatd: /creds/token: names /creds/token, but: cannot be read: Permission denied\n")
    }

    @Test func refusesWhatCannotBeAToken() throws {
        #expect(refusal(["--token-file", "/t"])?.text == "beatd: --token-file: names /t, but: no such file\n")
        for text in ["", " \n"] {
            #expect(
                refusal(["--token-file", "/t"], files: ["/t": text])?.text
                    == "beatd: --token-file: must hold a secret, but is empty\n")
        }
        for text in ["two words", "two\nlines", "é", "\u{1}"] {
            #expect(
                refusal(["--token-file", "/t"], files: ["/t": text])?.text
                    == "beatd: --token-file: must hold one line of visible ASCII without spaces\n")
        }
        #expect(
            refusal(["--token-file=/t", "--read-token-file=/r"], files: ["/t": "a", "/r": "a\n"])?.text
                == "beatd: --read-token-file: holds the same secret as the token that may write; make two different ones\n"
        )
    }

    @Test func anAddressThatOthersReachNeedsAToken() throws {
        let error = try #require(refusal([], ["BEATD_LISTEN": "0.0.0.0:8090"]))
        #expect(
            error.text
                == "beatd: BEATD_LISTEN: 0.0.0.0:8090 can be reached from other machines, so writes need a token: "
                + "add --token-file (BEATD_TOKEN_FILE), or listen on 127.0.0.1\n")
        #expect(error.exitCode == 78)
        for address in ["[::]:80", "10.0.0.1:80", "[::ffff:10.0.0.1]:80", "[2001:db8::1]:80"] {
            #expect(refusal(["--listen", address])?.faults.count == 1)
            #expect(refusal(["--listen", address, "--read-token-file", "/t"], files: ["/t": "a"])?.faults.count == 1)
            #expect(refusal(["--listen", address, "--token-file", "/t"], files: ["/t": "a"]) == nil)
        }
        for address in ["127.0.0.1:80", "127.9.9.9:0", "[::1]:80", "localhost:80", "[::ffff:127.0.0.1]:80"] {
            #expect(refusal(["--listen", address]) == nil)
        }
        #expect(refusal(["--ops-listen", "0.0.0.0:9090"]) == nil)
    }
}
