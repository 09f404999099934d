import Daemon
import Testing

private func servers(_ text: String) -> [NacosEndpoint]? { try? SettingsAddress.servers(text) }

@Suite struct SettingsAddressTests {
    /// nacos.md §9: what each form of `serverAddr` means to Nacos' own clients.
    @Test("vector 39: server address forms")
    func vector39_serverAddr() throws {
        let forms = [
            ("http://h:80/", "http://h:80"), ("h", "http://h:8848"), ("h:1", "http://h:1"),
            ("[::1]", "http://[::1]:8848"), ("[::1]:9", "http://[::1]:9"),
        ]
        for (text, url) in forms {
            #expect(try SettingsAddress.servers(text).map { "http://\($0.text)" } == [url])
        }
        // 2.x and later: commas or semicolons, white space around does not count.
        let list = try SettingsAddress.servers(forms.map(\.0).joined(separator: " ; ") + ", h")
        #expect(list.map { "http://\($0.text)" } == forms.map(\.1))
    }

    /// The same, further.
    @Test(arguments: [
        ("http://h:80/", "h:80"), ("http://h", "h:80"), ("https://h", "h:443"), ("HTTP://h:1", "h:1"), ("h", "h:8848"),
        ("h:1", "h:1"), ("[::1]", "[::1]:8848"), ("[::1]:9", "[::1]:9"), ("http://[::1]:9/", "[::1]:9"),
        ("10.1.0.3", "10.1.0.3:8848"), ("nacos-0.nacos_headless.svc", "nacos-0.nacos_headless.svc:8848"),
        ("h:65535", "h:65535"),
    ])
    func readsServers(text: String, expected: String) {
        #expect(servers(text)?.map(\.text) == [expected])
        #expect(servers(text)?.first?.usesTLS == text.hasPrefix("https"))
    }

    @Test func readsListsOfServers() {
        #expect(servers("a, b:2 ;[::1]:3,,a:8848,")?.map(\.text) == ["a:8848", "b:2", "[::1]:3"])
        #expect(servers("[::1]")?.first?.host == "::1")
    }

    @Test(arguments: [
        "", ",", " ", "::1", "[::1", "[::1]9", "[h]:1", "[]:1", "h:", "h:0", "h:65536", "h:+1", "h:-1", "h:1:2", ":1",
        "h h", "ftp://h", "http://", "http://h/nacos", "http://u@h", "h/nacos", "h?x", "hé",
    ])
    func refusesServers(text: String) {
        #expect(throws: SettingsComplaint.self) { try SettingsAddress.servers(text) }
    }

    @Test func saysWhatIsWrongWithAServer() {
        func complaint(_ text: String) -> String? {
            do throws(SettingsComplaint) {
                _ = try SettingsAddress.servers(text)
                return nil
            } catch {
                return error.text
            }
        }
        #expect(
            complaint("a,http://h/nacos") == "takes no path; put that of \"http://h/nacos\" into --nacos-context-path")
        let seventeen = (1...17).map { "n\($0)" }.joined(separator: ",")
        #expect(complaint(seventeen) == "must name at most 16 servers, got 17")
        #expect(complaint("a,b:0") == "must have ports of 1…65535, got \"b:0\"")
        #expect(complaint("ftp://h") == "knows http:// and https://, not ftp://, in \"ftp://h\"")
        #expect(
            complaint("::1") == "must list host, host:port, [v6]:port or http://host:port between commas, got \"::1\"")
    }

    @Test(arguments: [
        ("127.0.0.1:8090", "127.0.0.1:8090"), ("0.0.0.0:0", "0.0.0.0:0"), ("[::1]:80", "[::1]:80"),
        ("localhost:80", "127.0.0.1:80"), ("[::]:65535", "[::]:65535"),
    ])
    func readsListenAddresses(text: String, expected: String) throws {
        #expect(try SettingsAddress.listen(text).text == expected)
    }

    @Test(arguments: [
        "", "8090", ":8090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "host:80", "::1:80", "[::1]",
        "*:80", "127.1:80", "127.0.0.01:80", "127.0.0.1:80 ", "[127.0.0.1]:80",
    ])
    func refusesListenAddresses(text: String) {
        #expect(throws: SettingsComplaint.self) { try SettingsAddress.listen(text) }
    }
}

@Suite struct SettingsSyntaxTests {
    /// nacos.md §6: normalised to one leading slash; `/` is none.
    @Test func normalisesContextPaths() throws {
        for (text, path) in [("nacos", "/nacos"), ("/nacos/", "/nacos"), ("//a//b", "/a/b"), ("/", ""), ("", "")] {
            #expect(try SettingsSyntax.contextPath(text) == path)
        }
    }

    @Test func readsListsAndHosts() throws {
        #expect(SettingsSyntax.list(" a , b\t,,c") == ["a", "b", "c"])
        #expect(
            try SettingsSyntax.hosts("A.example, [2001:DB8::1],10.0.0.1") == ["a.example", "2001:db8::1", "10.0.0.1"])
    }
}
