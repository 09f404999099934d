import EventLoop
import Glibc
import TestSupport
import Testing

@testable import Daemon

/// What beatd is told to trust, and to show: files are real, because OpenSSL reads them itself.
@Suite struct SettingsSecurityTests {
    private func load(_ flags: [String], _ environment: [String: String] = [:]) throws(SettingsRefusal)
        -> LoadedSettings
    {
        let invocation = try BeatdInvocation.parse(
            arguments: ["check-config"] + flags, environment: environment,
            readFile: { path in
                do throws(TestSupport.SystemError) {
                    return .success(try readFile(path))
                } catch {
                    return error.code == ENOENT ? .failure(.notFound) : .failure(.unreadable("\(error.code)"))
                }
            })
        guard case .checkConfig(let loaded) = invocation else { preconditionFailure("\(invocation)") }
        return loaded
    }

    private func refusal(_ flags: String...) -> SettingsRefusal? {
        do throws(SettingsRefusal) {
            _ = try load(flags)
            return nil
        } catch {
            return error
        }
    }

    private func withFiles(_ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { folder in
            let ca = try TestCA(in: folder)
            try ca.issue("client", for: "DNS:beatd")
            try ca.issue("other", for: "DNS:other")
            try writeFile("\(folder)/secret", Array("sk-12345\n".utf8))
            try body(folder)
        }
    }

    @Test func httpsServersAreTaken() throws {
        let settings = try load(["--nacos-servers", "https://nacos, http://plain"]).settings
        #expect(settings.nacosServers.map(\.text) == ["nacos:443", "plain:80"])
        #expect(settings.nacosServers.map(\.usesTLS) == [true, false])
        #expect(settings.tlsOptions == TLSOptions())
    }

    @Test func filesAreTakenFromEveryPlace() throws {
        try withFiles { folder in
            let loaded = try load(
                ["--nacos-servers", "https://nacos", "--nacos-tls-ca", "\(folder)/ca.pem"],
                [
                    "BEATD_NACOS_TLS_CERT": "\(folder)/client.pem", "BEATD_NACOS_TLS_KEY": "\(folder)/client.key",
                    "BEATD_NACOS_ACCESS_KEY": "AKID", "BEATD_NACOS_SECRET_KEY_FILE": "\(folder)/secret",
                ])
            #expect(
                loaded.settings.tlsOptions
                    == TLSOptions(
                        caFile: "\(folder)/ca.pem",
                        clientCertificate: .init(
                            certificateFile: "\(folder)/client.pem", keyFile: "\(folder)/client.key")))
            #expect(loaded.settings.nacosAccessKey == "AKID")
            #expect(loaded.settings.nacosSecretKey == Secret(text: "sk-12345", file: "\(folder)/secret"))
            #expect(loaded.warnings == [])
            var dumped = ""
            dump(loaded, to: &dumped)
            #expect(!"\(loaded) \(dumped)".contains("sk-12345"))
        }
    }

    @Test func theSecretKeyMayComeFromTheEnvironmentWithAWarning() throws {
        let loaded = try load(["--nacos-access-key", "AKID"], ["BEATD_NACOS_SECRET_KEY": "sk-12345"])
        #expect(loaded.settings.nacosSecretKey?.text == "sk-12345")
        #expect(loaded.entries.first { $0.name == "nacos-secret-key-file" }?.value == "<set>")
        #expect(loaded.warnings.count == 1)
    }

    @Test func halvesAreRefused() throws {
        try withFiles { folder in
            let client = "a client certificate needs --nacos-tls-cert and --nacos-tls-key"
            let signature = "a signature needs --nacos-access-key and --nacos-secret-key-file"
            for (flags, setting, message) in [
                (["--nacos-tls-cert", "\(folder)/client.pem"], "--nacos-tls-key (BEATD_NACOS_TLS_KEY)", client),
                (["--nacos-tls-key", "\(folder)/client.key"], "--nacos-tls-cert (BEATD_NACOS_TLS_CERT)", client),
                (
                    ["--nacos-access-key", "a"], "--nacos-secret-key-file (BEATD_NACOS_SECRET_KEY_FILE)", signature
                ),
                (
                    ["--nacos-secret-key-file", "\(folder)/secret"], "--nacos-access-key (BEATD_NACOS_ACCESS_KEY)",
                    signature
                ),
            ] {
                let error = try #require(refusal(flags[0], flags[1]))
                #expect(error.text == "beatd: \(setting): is missing: \(message)\n")
                #expect(error.exitCode == 78)
            }
        }
    }

    @Test func filesThatCannotBeUsedAreNamedWithTheirSetting() throws {
        try withFiles { folder in
            let (client, key) = ("\(folder)/client.pem", "\(folder)/client.key")
            for (ca, certificate, key, message) in [
                (
                    "\(folder)/none", client, key,
                    "--nacos-tls-ca: names \(folder)/none, but: No such file or directory"
                ),
                (key, client, key, "--nacos-tls-ca: names \(key), but: no certificate or crl found"),
                (
                    client, "\(folder)/none", key,
                    "--nacos-tls-cert: names \(folder)/none, but: No such file or directory"
                ),
                (
                    client, client, "\(folder)/other.key",
                    "--nacos-tls-key: names \(folder)/other.key, but: key values mismatch"
                ),
            ] {
                let error = try #require(
                    refusal(
                        "--nacos-servers=https://a", "--nacos-tls-ca", ca, "--nacos-tls-cert", certificate,
                        "--nacos-tls-key", key))
                #expect(error.text == "beatd: \(message)\n")
                #expect(error.exitCode == 78)
            }
        }
    }

    @Test func whatIsNotUsedIsTold() throws {
        try withFiles { folder in
            let loaded = try load(["--nacos-tls-ca", "\(folder)/ca.pem"])
            #expect(loaded.warnings == ["--nacos-tls-ca: is not used, because no server is written https://"])
        }
    }

    @Test func theBuiltInServerHasNoTLS() {
        let error = refusal("--embedded-naming", "--nacos-servers", "https://127.0.0.1:8848")
        #expect(error?.text.hasPrefix("beatd: --embedded-naming: the built-in naming server has no TLS") == true)
    }

    @Test func aSecretKeyHasALimit() throws {
        try withTemporaryDirectory { folder in
            try writeFile("\(folder)/secret", [UInt8](repeating: 97, count: 4097))
            let error = refusal("--nacos-access-key=a", "--nacos-secret-key-file", "\(folder)/secret")
            #expect(error?.text == "beatd: --nacos-secret-key-file: must hold at most 4096 bytes, got 4097\n")
        }
    }
}
