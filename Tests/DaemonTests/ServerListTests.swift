import BeatCore
import EventLoop
import HTTPWire
import Testing

@testable import Daemon

@Suite("The list of an address server")
struct ServerListWatchTests {
    private func answer(_ text: String, status: Int = 200) -> Result<HTTPResponse, HTTPCallError> {
        .success(HTTPResponse(status, body: Array(text.utf8)))
    }

    /// Reads at the deadline, and gets `result` so much later.
    private func read(
        _ watch: inout ServerListWatch, _ result: Result<HTTPResponse, HTTPCallError>, after: Duration = .zero
    ) throws -> (servers: [String]?, events: [String]) {
        let begin = try #require(watch.nextDeadline)
        watch.begin(at: begin)
        #expect(watch.nextDeadline == nil)
        let ended = watch.ended(result, at: begin + after)
        return (ended.servers?.map(\.text), ended.lines.map(\.event))
    }

    @Test("vector 38: the lines of the address server, every 30 s; an empty or failed answer keeps the list")
    func vector38_endpointMode() throws {
        let start = Instant(nanoseconds: 7_000_000_000)
        var watch = ServerListWatch(url: "http://a/list", at: start)
        let first = try read(&watch, answer("10.0.0.5\n\n 10.0.0.6:8849 \n"), after: .milliseconds(800))
        #expect(first.servers == ["10.0.0.5:8848", "10.0.0.6:8849"])
        #expect(first.events.isEmpty)
        #expect(watch.nextDeadline == start + .seconds(30))
        let empty = try read(&watch, answer(" \n"))
        #expect(empty.servers == nil)
        #expect(empty.events == ["serverlist.failed"])
        #expect(watch.nextDeadline == start + .seconds(60))
        // One line for a change of state, none each 30 s.
        let broken = [answer("10.0.0.9", status: 500), .failure(HTTPCallError(text: "refused")), answer("")]
        for result in broken {
            let kept = try read(&watch, result)
            #expect(kept.servers == nil)
            #expect(kept.events.isEmpty)
        }
        #expect(watch.nextDeadline == start + .seconds(150))
        let back = try read(&watch, answer("10.0.0.7"))
        #expect(back.servers == ["10.0.0.7:8848"])
        #expect(back.events == ["serverlist.recovered"])
    }

    @Test("until the first list it is asked for every two seconds")
    func untilTheFirst() throws {
        let start = Instant(nanoseconds: 7_000_000_000)
        var watch = ServerListWatch(url: "http://a/list", at: start)
        let refused = HTTPCallError(text: "refused")
        #expect(try read(&watch, .failure(refused)).events == ["serverlist.failed"])
        #expect(watch.nextDeadline == start + .seconds(2))
        // An answer that takes longer than that: no burst.
        #expect(try read(&watch, .failure(refused), after: .seconds(3)).events.isEmpty)
        #expect(watch.nextDeadline == start + .seconds(5))
        #expect(try read(&watch, answer("h")).servers == ["h:8848"])
        #expect(watch.nextDeadline == start + .seconds(35))
    }

    @Test("lines that are no server are left out and told once; a list of nothing else is no list")
    func invalidLines() throws {
        var watch = ServerListWatch(url: "http://a/list", at: Instant(nanoseconds: 0))
        let text = "# servers\r\na b\r\nn1:1\r\nhttps://n2\r\nn1:1\r\nhttp://n3:9/\r\n[::1]\r\nn4:99999"
        let first = try read(&watch, answer(text))
        #expect(first.servers == ["n1:1", "n2:443", "n3:9", "[::1]:8848"])
        #expect(first.events == ["serverlist.invalid"])
        #expect(ServerListText(Array(text.utf8)).invalidLines == 3)
        #expect(ServerListText(Array(text.utf8)).firstInvalid == "# servers")
        #expect(try read(&watch, answer(text)).events.isEmpty)
        #expect(try read(&watch, answer("x y")).events == ["serverlist.invalid", "serverlist.failed"])
        #expect(try read(&watch, answer("n1:1")).events == ["serverlist.recovered"])
    }

    @Test("more than 16 servers, a redirect and bytes that are no text keep the list")
    func nonsense() throws {
        var watch = ServerListWatch(url: "http://a/list", at: Instant(nanoseconds: 0))
        #expect(try read(&watch, answer("n:1")).servers == ["n:1"])
        let many = (1...17).map { "n\($0)" }.joined(separator: "\n")
        #expect(try read(&watch, answer(many)).servers == nil)
        #expect(try read(&watch, answer("n2", status: 302)).servers == nil)
        #expect(try read(&watch, .success(HTTPResponse(200, body: [0xff, 0, 0xfe, 0x0a, 0xc3]))).servers == nil)
        #expect(try read(&watch, answer("<html><body>404</body></html>")).servers == nil)
    }
}

@Suite struct ServerListURLTests {
    @Test(arguments: [
        ("http://h:80/nacos/serverlist", "h", 80, "/nacos/serverlist"), ("HTTP://h", "h", 80, "/"),
        ("http://[::1]:8080?namespace=a", "::1", 8080, "/?namespace=a"),
        ("http://10.0.0.1/x?y=1&z", "10.0.0.1", 80, "/x?y=1&z"),
    ])
    func reads(text: String, host: String, port: UInt16, path: String) throws {
        let url = try SettingsAddress.serverListURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.text == text)
    }

    @Test(arguments: [
        "h/list", "h:80", "https://h/list", "ftp://h", "http://", "http:///x", "http://h:0/", "http://h:x/",
        "http://u:secret@h/", "http://h/#a", "http://h/a b", "http://h/ä", "http://::1/", "http://h/\r\nX: y",
        "http://h/" + String(repeating: "a", count: 1024),
    ])
    func refuses(text: String) {
        do throws(SettingsComplaint) {
            _ = try SettingsAddress.serverListURL(text)
            Issue.record("taken: \(text)")
        } catch {
            #expect(!error.text.contains("secret"))
        }
    }

    @Test("with a URL the default server is nobody's wish; one that is given is used until the list comes")
    func servers() throws {
        func settings(_ flags: [String: String]) throws -> Settings {
            try SettingsLoader.serve(
                flags: flags, faults: [], environment: [:], readFile: { _ in .failure(.notFound) },
                checkTLS: TLSFiles.check
            ).settings
        }
        let url = "http://h/list"
        #expect(try settings(["nacos-server-list-url": url]).nacosServers.isEmpty)
        #expect(try settings(["nacos-server-list-url": url]).nacosServerListURL?.text == url)
        #expect(
            try settings(["nacos-server-list-url": url, "nacos-servers": "a"]).nacosServers.map(\.text) == ["a:8848"])
        #expect(
            try settings(["nacos-server-list-url": url, "embedded-naming": "true"]).nacosServers.map(\.text) == [
                "127.0.0.1:8848"
            ])
        #expect(try settings([:]).nacosServers.map(\.text) == ["127.0.0.1:8848"])
        #expect(try settings([:]).nacosServerListURL == nil)
    }
}
