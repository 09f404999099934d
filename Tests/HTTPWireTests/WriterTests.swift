import HTTPWire
import Testing

private let date = "Sun, 06 Nov 1994 08:49:37 GMT"

@Suite struct ResponseWriterTests {
    private func written(_ body: (inout [UInt8]) -> Void) -> String {
        var output: [UInt8] = []
        body(&output)
        return String(decoding: output, as: UTF8.self)
    }

    private func written(_ response: HTTPResponse, _ writer: HTTPResponseWriter) -> String {
        written { writer.append(response, date: date, to: &$0) }
    }

    private let ok = HTTPResponse(200, fields: ["Content-Type": "text/plain"], body: Array("ok\n".utf8))

    @Test func wholeResponses() {
        let head = "HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Type: text/plain\r\n"
        #expect(written(ok, HTTPResponseWriter(keepsOpen: true)) == head + "Content-Length: 3\r\n\r\nok\n")
        #expect(written(ok, HTTPResponseWriter(toHead: true, keepsOpen: true)) == head + "Content-Length: 3\r\n\r\n")
        #expect(written(ok, HTTPResponseWriter()) == head + "Connection: close\r\nContent-Length: 3\r\n\r\nok\n")
        #expect(
            written(ok, HTTPResponseWriter(version: .http10, keepsOpen: true))
                == head + "Connection: keep-alive\r\nContent-Length: 3\r\n\r\nok\n")
        #expect(
            written(HTTPResponse(500), HTTPResponseWriter(keepsOpen: true))
                == "HTTP/1.1 500 Internal Server Error\r\nDate: \(date)\r\nContent-Length: 0\r\n\r\n")
        #expect(
            written(HTTPResponse(299), HTTPResponseWriter(keepsOpen: true))
                == "HTTP/1.1 299 \r\nDate: \(date)\r\nContent-Length: 0\r\n\r\n")
    }

    @Test(arguments: [204, 304]) func withoutBody(_ status: Int) {
        let response = HTTPResponse(status, fields: ["ETag": "\"1\""], body: [65])
        let text = written(response, HTTPResponseWriter(keepsOpen: true))
        #expect(text.hasSuffix("\r\nETag: \"1\"\r\n\r\n"))
        #expect(!text.contains("Content-Length"))
    }

    @Test func headAndBodyApart() {
        for (writer, status, sends) in [
            (HTTPResponseWriter(keepsOpen: true), 200, true), (HTTPResponseWriter(), 404, true),
            (HTTPResponseWriter(toHead: true), 200, false), (HTTPResponseWriter(), 304, false),
        ] {
            let response = HTTPResponse(status, fields: ["A": "b"], body: Array("body".utf8))
            let head = written { writer.appendHead(of: response, date: date, to: &$0) }
            #expect(writer.sendsBody(of: response) == sends)
            #expect(head + (sends ? "body" : "") == written(response, writer))
        }
    }

    @Test func followsItsRequest() {
        let head = HTTPRequest(.head, HTTPTarget(path: "/"), version: .http10)
        #expect(
            HTTPResponseWriter(answering: head, keepsOpen: true)
                == HTTPResponseWriter(toHead: true, version: .http10, keepsOpen: true))
    }

    @Test func streams() {
        let stream = { (writer: HTTPResponseWriter) in
            self.written { output in
                var writer = writer
                writer.beginStream(200, ["Content-Type": "text/event-stream"], date: date, to: &output)
                writer.appendChunk(Array("data: 1\n\n".utf8), to: &output)
                writer.appendChunk([], to: &output)
                writer.appendChunk([UInt8](repeating: 65, count: 16), to: &output)
                writer.endStream(to: &output)
            }
        }
        let head = "HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Type: text/event-stream\r\n"
        let letters = String(repeating: "A", count: 16)
        #expect(
            stream(HTTPResponseWriter(keepsOpen: true)) == head
                + "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n10\r\n\(letters)\r\n0\r\n\r\n")
        #expect(
            stream(HTTPResponseWriter(toHead: true, keepsOpen: true)) == head + "Transfer-Encoding: chunked\r\n\r\n")
        #expect(
            stream(HTTPResponseWriter(version: .http10, keepsOpen: true))
                == head + "Connection: close\r\n\r\ndata: 1\n\n\(letters)")
    }

    @Test func continues() {
        #expect(written { HTTPResponseWriter.appendContinue(to: &$0) } == "HTTP/1.1 100 Continue\r\n\r\n")
    }

    @Test func injectionTraps() async {
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            let response = HTTPResponse(200, fields: ["Location": "/a\r\nSet-Cookie: x"])
            HTTPResponseWriter().append(response, date: "", to: &output)
        }
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            HTTPResponseWriter().append(HTTPResponse(200, fields: ["A b": "x"]), date: "", to: &output)
        }
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            HTTPResponseWriter().append(HTTPResponse(200, fields: ["content-length": "1"]), date: "", to: &output)
        }
        await #expect(processExitsWith: .failure) {
            var output: [UInt8] = []
            HTTPRequestWriter.append(HTTPRequest(.get, HTTPTarget(path: "/a b")), host: "a", to: &output)
        }
    }
}

@Suite struct RoundTripTests {
    /// What is written is read back, with the fields that the writer added.
    @Test func responses() {
        let bodies: [[UInt8]] = [[], [0], Array(repeating: 13, count: 1000), Array(0...255)]
        for body in bodies {
            for version in [HTTPVersion.http10, .http11] {
                for keepsOpen in [true, false] {
                    let writer = HTTPResponseWriter(version: version, keepsOpen: keepsOpen)
                    var output: [UInt8] = []
                    let response = HTTPResponse(201, fields: ["Location": "/v1/beats/ä\t1"], body: body)
                    writer.append(response, date: date, to: &output)
                    var streaming = writer
                    streaming.beginStream(200, ["A": "b"], date: date, to: &output)
                    for byte in body { streaming.appendChunk([byte], to: &output) }
                    streaming.endStream(to: &output)

                    let outcomes = ResponseOutcome.feed([output[...]], ends: true)
                    let found = outcomes.compactMap { outcome -> HTTPResponse? in
                        if case .response(let response, _) = outcome { response } else { nil }
                    }
                    #expect(found.first?.status == 201 && found.first?.body == body)
                    #expect(found.first?.fields["location"] == "/v1/beats/ä\t1")
                    #expect(found.first?.fields["content-length"] == String(body.count))
                    #expect(found.count == (keepsOpen ? 2 : 1), "\(outcomes)")
                    if keepsOpen { #expect(found.last?.body == body) }
                }
            }
        }
    }

    @Test func requests() {
        let targets = [
            HTTPTarget(path: "/v1/beats", query: "a=b"), HTTPTarget(path: "/", authority: "a:1"),
            HTTPTarget(path: "/x", query: ""),
        ]
        for target in targets {
            for method in [HTTPMethod.get, .post, .delete, .other("TRACE")] {
                for body in [[], Array("beat=%7B%7D".utf8)] {
                    for version in [HTTPVersion.http10, .http11] {
                        for keepsOpen in [true, false] {
                            let sent = HTTPRequest(method, target, version: version, fields: ["A": "b"], body: body)
                            var output: [UInt8] = []
                            HTTPRequestWriter.append(sent, host: "h:8848", keepsOpen: keepsOpen, to: &output)
                            var fields: HTTPFields = ["Host": "h:8848", "A": "b"]
                            if !body.isEmpty || method == .post {
                                fields.append("Content-Length", String(body.count))
                            }
                            if (version == .http11) != keepsOpen {
                                fields.append("Connection", keepsOpen ? "keep-alive" : "close")
                            }
                            let expected = HTTPRequest(method, target, version: version, fields: fields, body: body)
                            let outcomes = RequestOutcome.feed([output[...]], to: HTTPRequestParser())
                            #expect(outcomes == [.served(expected, keepsOpen: keepsOpen)])
                        }
                    }
                }
            }
        }
    }
}
