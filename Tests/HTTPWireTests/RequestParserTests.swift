import HTTPWire
import Testing

@Suite struct RequestParserTests {
    @Test func aRequestAsItComes() {
        var parser = HTTPRequestParser()
        #expect(parser.phase == .idle)
        #expect(parser.parse("POST /v1/be") == HTTPParseStep(consumed: 0, event: .needsMore))
        #expect(parser.phase == .head)
        let head = "POST /v1/beats?dryRun=true HTTP/1.1\r\nHost: a:1\r\nContent-Length: 4\r\n\r\n"
        #expect(parser.parse(head + "{") == HTTPParseStep(consumed: head.utf8.count + 1, event: .needsMore))
        #expect(parser.phase == .body(received: 1))
        let request = HTTPRequest(
            .post, HTTPTarget(path: "/v1/beats", query: "dryRun=true"),
            fields: ["Host": "a:1", "Content-Length": "4"], body: Array("{\n\n}".utf8))
        #expect(
            parser.parse("\n\n}GET") == HTTPParseStep(consumed: 3, event: .request(request, keepsOpen: true)))
        #expect(parser.phase == .idle)
    }

    @Test func continueIsOfferedOnceAndOnlyBeforeTheBody() {
        let head = "PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        let count = head.utf8.count
        var parser = HTTPRequestParser()
        #expect(parser.parse(head) == HTTPParseStep(consumed: count, event: .expectsContinue))
        #expect(parser.parse("") == HTTPParseStep(consumed: 0, event: .needsMore))
        guard case .request(let request, true) = parser.parse("{}").event else {
            Issue.record("no request")
            return
        }
        #expect(request.body == Array("{}".utf8))

        #expect(parser.parse(head + "{") == HTTPParseStep(consumed: count + 1, event: .needsMore))
    }

    @Test func tooLargeIsSaidBeforeTheBody() {
        let head = "PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n"
        var parser = HTTPRequestParser()
        #expect(
            parser.parse(head)
                == HTTPParseStep(
                    consumed: head.utf8.count, event: .refused(.bodyTooLarge(limit: 65536), toHead: false)))
    }

    @Test func aLimitForEachRequest() {
        let parser = HTTPRequestParser { request in
            switch (request.method, request.target.path, request.fields["Authorization"]) {
            case (.post, "/v1/beats:batch", _): 10
            case (.post, "/v1/import", "Bearer x"): 20
            default: 5
            }
        }
        func outcome(_ path: String, _ length: Int, _ field: String = "") -> HTTPRequestEvent {
            var parser = parser
            let framing = "Content-Length: \(length)\r\n\r\n" + String(repeating: "a", count: length)
            return parser.parse("POST \(path) HTTP/1.1\r\nHost: a\r\n" + field + framing).event
        }
        func limit(_ event: HTTPRequestEvent) -> Int? {
            if case .refused(.bodyTooLarge(let limit), _) = event { limit } else { nil }
        }
        #expect(limit(outcome("/v1/beats", 5)) == nil)
        #expect(limit(outcome("/v1/beats", 6)) == 5)
        #expect(limit(outcome("/v1/beats:batch", 10)) == nil)
        #expect(limit(outcome("/v1/beats:batch", 11)) == 10)
        #expect(limit(outcome("/v1/import", 20)) == 5)
        #expect(limit(outcome("/v1/import", 20, "authorization: Bearer x\r\n")) == nil)
        #expect(limit(outcome("/v1/import", 21, "authorization: Bearer x\r\n")) == 20)
    }

    @Test func refusalOfHeadHasNoBody() {
        func toHead(_ pieces: String...) -> Bool? {
            var parser = HTTPRequestParser()
            for piece in pieces {
                if case .refused(_, let toHead) = parser.parse(piece).event { return toHead }
            }
            return nil
        }
        #expect(toHead("HEAD / HTTP/1.1\r\n\r\n") == true)
        #expect(toHead("HEAD", "HEAD / HTTP/1.1\r\n\r\n") == true)
        #expect(toHead("\r\nHEAD / HTTP/1.1\r\n\r\n") == true)
        #expect(toHead("GET / HTTP/1.1\r\n\r\n") == false)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(toHead(head, "HEAD / HTTP/1.1\r\n") == false)
    }

    @Test func nothingIsReadBehindTheEnd() {
        var parser = HTTPRequestParser()
        _ = parser.parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(parser.phase == .ended)
        #expect(parser.parse("GET / HTTP/1.1\r\n") == HTTPParseStep(consumed: 16, event: .needsMore))

        parser = HTTPRequestParser()
        _ = parser.parse("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n")
        #expect(parser.phase == .ended)
        #expect(parser.parse("GET / HTTP/1.1\r\n") == HTTPParseStep(consumed: 16, event: .needsMore))
    }

    /// The bytes of a head stay in the connection's buffer, those of a body and of chunk framing do not.
    @Test func whatIsBuffered() {
        var parser = HTTPRequestParser()
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(parser.parse(head + "3\r\nab").consumed == head.utf8.count + 5)
        #expect(parser.phase == .body(received: 2))
        #expect(parser.parse("c\r\n10").consumed == 3)
        #expect(parser.parse("10;x").consumed == 0)
        #expect(parser.phase == .body(received: 3))
    }

    @Test func targets() {
        func target(_ text: String, _ method: String = "GET") -> HTTPTarget? {
            var parser = HTTPRequestParser()
            guard case .request(let request, _) = parser.parse("\(method) \(text) HTTP/1.1\r\nHost: a\r\n\r\n").event
            else { return nil }
            #expect(request.method.name == method)
            #expect(request.target.description == text || request.target.authority != nil)
            #expect(HTTPTarget(text, method: request.method) == request.target)
            return request.target
        }
        #expect(target("/a/b%2F?x=1?y") == HTTPTarget(path: "/a/b%2F", query: "x=1?y"))
        #expect(target("/a?") == HTTPTarget(path: "/a", query: ""))
        #expect(target("//a") == HTTPTarget(path: "//a"))
        #expect(target("http://h:1/a?b") == HTTPTarget(path: "/a", query: "b", authority: "h:1"))
        #expect(target("HTTP://h?b") == HTTPTarget(path: "/", query: "b", authority: "h"))
        #expect(target("https://[::1]") == HTTPTarget(path: "/", authority: "[::1]"))
        #expect(target("*", "OPTIONS") == HTTPTarget(path: "*"))
        #expect(target("h:443", "CONNECT") == HTTPTarget(path: "", authority: "h:443"))
        #expect(target("*") == nil)
        #expect(target("h:443") == nil)
        #expect(target("http:/a") == nil)
        #expect(target("http://") == nil)
    }
}
