import BeatCore
import HTTPWire
import NacosWire
import Testing

/// Vectors of nacos.md §9 on what is answered.
@Suite struct ReplyVectorTests {
    @Test("vector 3: an accepted beat is read")
    func vector03_accepted() throws {
        #expect(
            try beatReply(#"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#)
                == .beatAccepted(interval: 5000, lightBeatEnabled: true))
    }

    @Test("vector 4: light beats must be allowed")
    func vector04_lightBeatsMustBeAllowed() throws {
        let accepted = NacosReply.beatAccepted(interval: 5000, lightBeatEnabled: false)
        #expect(try beatReply(#"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":false}"#) == accepted)
        #expect(try beatReply(#"{"clientBeatInterval":5000,"code":10200}"#) == accepted)
        #expect(try beatReply(#"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":"true"}"#) == accepted)
        // 1.1: no code either.
        #expect(try beatReply(#"{"clientBeatInterval":5000}"#) == accepted)
    }

    @Test(
        "vector 5: an interval that is a number, and one that is none",
        arguments: [
            ("2000", 2000), ("0", 0), ("-5", -5), ("2000.0", 2000), ("2e3", 2000), ("null", nil), ("\"2000\"", nil),
            ("[]", nil), ("true", nil), ("1e300", nil), ("999999999999999999", 999_999_999_999_999_999),
            ("9223372036854775807", .max),
        ] as [(String, Int64?)])
    func vector05_interval(_ text: String, _ interval: Int64?) throws {
        #expect(
            try beatReply(#"{"clientBeatInterval":\#(text),"code":10200,"lightBeatEnabled":true}"#)
                == .beatAccepted(interval: interval, lightBeatEnabled: true))
    }

    @Test("vector 5: an interval that is not there")
    func vector05_intervalMissing() throws {
        #expect(
            try beatReply(#"{"code":10200,"lightBeatEnabled":true}"#)
                == .beatAccepted(interval: nil, lightBeatEnabled: true))
    }

    @Test("vector 9: 20404 is read")
    func vector09_notFound() throws {
        #expect(
            try beatReply(#"{"clientBeatInterval":5000,"code":20404}"#)
                == .notFound(interval: 5000, lightBeatEnabled: false))
    }

    @Test("vector 10: not found with light beats")
    func vector10_notFoundWithLightBeats() throws {
        #expect(
            try beatReply(#"{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}"#)
                == .notFound(interval: 5000, lightBeatEnabled: true))
    }

    @Test("vector 16: 200 with an empty body is no answer")
    func vector16_emptyBody() throws {
        for kind in Exchange.Kind.allCases {
            let outcome = try read(sized(""), kind)
            guard case .unreadable(200, _)? = outcome?.reply else {
                Issue.record("\(kind): \(String(describing: outcome))")
                continue
            }
            #expect(outcome?.keepsOpen == true)
        }
    }

    @Test("vector 17: ok in place of JSON is no answer to a beat")
    func vector17_okInPlaceOfJSON() throws {
        #expect(try beatReply("ok") == .unreadable(status: 200, detail: "expected a beat's JSON, got ok"))
    }

    @Test("vector 18: gzip is neither offered nor undone")
    func vector18_gzipIsNeitherOfferedNorUndone() throws {
        let head = "Content-Encoding: gzip\r\n"
        let detail = "a compressed body, which was not asked for"
        #expect(
            try read(sized("\u{1f}\u{08}…", head: head), .lightBeat)?.reply
                == .unreadable(status: 200, detail: detail))
        // Even when the bytes are readable: the field says that they are not what they look like.
        let body = #"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#
        #expect(try read(chunked(body, head: head), .lightBeat)?.reply == .unreadable(status: 200, detail: detail))
        #expect(
            try read(sized("x", status: "400 ", head: head), .register)?.reply
                == .rejected(status: 400, detail: detail))
        #expect(
            try read(chunked(body, head: "Content-Encoding: identity\r\n"), .lightBeat)?.reply
                == .beatAccepted(interval: 5000, lightBeatEnabled: true))
    }

    @Test("vector 23: 400 to a register keeps the server's text")
    func vector23_rejected() throws {
        #expect(
            try read(sized("Param 'ip' is required.", status: "400 "), .register)?.reply
                == .rejected(status: 400, detail: "Param 'ip' is required."))
    }

    @Test("vector 24: 503 to a register is a failure of the server")
    func vector24_serverNotUp() throws {
        let text = "server is STARTINGnow, please try again later!"
        let answer = sized(text, status: "503 ", head: "Connection: close\r\n")
        #expect(
            try read(answer, .register)
                == Outcome(
                    length: answer.count, reply: .serverError(status: 503, detail: text), keepsOpen: false))
    }

    @Test("vector 62: chunked, with length, and cut anywhere")
    func vector62_framings() throws {
        let body = #"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#
        let several = Array(
            ("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + body.prefix(5) + "\r\n3b;x=y\r\n"
                + body.dropFirst(5) + "\r\n0\r\n\r\n").utf8)
        let connection = chunked(body) + several + sized(body)
        var rest = connection[...]
        for _ in 0..<3 {
            // However many bytes are missing, an answer is never credited before it is whole.
            let outcome = try #require(try read(Array(rest), .lightBeat))
            #expect(outcome.reply == .beatAccepted(interval: 5000, lightBeatEnabled: true))
            for count in 0..<outcome.length { #expect(try read(Array(rest.prefix(count)), .lightBeat) == nil) }
            rest = rest.dropFirst(outcome.length)
        }
        #expect(rest.isEmpty)
    }

    @Test(
        "vector 63: status lines and header names in any form", arguments: ["200 ", "200 OK", "200 Fine enough", "200"])
    func vector63_statusLine(_ status: String) throws {
        let accepted = NacosReply.beatAccepted(interval: 5000, lightBeatEnabled: false)
        let body = #"{"clientBeatInterval":5000,"code":10200}"#
        for name in ["content-length", "Content-Length", "CONTENT-LENGTH", "cOnTeNt-LeNgTh"] {
            let answer = "HTTP/1.1 \(status)\r\n\(name):40\r\n\r\n\(body)"
            #expect(try read(Array(answer.utf8), .lightBeat)?.reply == accepted)
        }
        for field in ["transfer-encoding: chunked", "TRANSFER-ENCODING: Chunked", "Transfer-Encoding:chunked"] {
            let answer = "HTTP/1.1 \(status)\r\n\(field)\r\n\r\n28\r\n\(body)\r\n0\r\n\r\n"
            #expect(try read(Array(answer.utf8), .lightBeat)?.reply == accepted)
        }
    }

    @Test("vector 64: keys of v1 in any order, with unknown ones and blanks")
    func vector64_keysInAnyOrder() throws {
        let pairs = [#""clientBeatInterval" : 5000"#, #""code":10200"#, "\t\"lightBeatEnabled\" :\n true "]
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        let accepted = NacosReply.beatAccepted(interval: 5000, lightBeatEnabled: true)
        for order in orders {
            let known = order.map { pairs[$0] }
            #expect(try beatReply(" { \(known.joined(separator: ", ")) } ") == accepted)
            for unknown in [#""x":1"#, #""codes":-20404"#, #""cod":false"#, #""s":"code\":20404""#, #""o":{"code":1}"#]
            {
                for place in 0...3 {
                    var all = known
                    all.insert(unknown, at: place)
                    #expect(try beatReply("{\(all.joined(separator: ","))}") == accepted)
                    all.append(#""y":0"#)
                    #expect(try beatReply("{\(all.joined(separator: ","))}") == accepted)
                }
            }
        }
    }

    @Test(
        "vector 67: a 400 about members is a failure of the server",
        arguments: [Exchange.Kind.lightBeat, .fullBeat, .register])
    func vector67_membersDisagree(_ kind: Exchange.Kind) throws {
        let body = """
            {"timestamp":"2026-11-22T20:29:31.744+00:00","status":400,"error":"Bad Request",\
            "message":"receive invalid redirect request from peer 127.0.0.1","path":"/nacos/v1/ns/instance/beat"}
            """
        let answer = sized(body, status: "400 ", head: "Connection: close\r\n")
        let outcome = try read(answer, kind)
        let detail = "receive invalid redirect request from peer 127.0.0.1"
        #expect(outcome?.reply == .clusterTrouble(status: 400, detail: detail))
        #expect(outcome?.keepsOpen == false)
    }

    @Test("vector 69: relayed answers are understood by status and body")
    func vector69_relayedAnswers() throws {
        let head = "Content-Type: application/json;charset=UTF-8\r\n"
        #expect(try read(sized("ok", head: head), .register)?.reply == .ok)
        #expect(
            try read(sized("instance format invalid", status: "400 ", head: head), .register)?.reply
                == .rejected(status: 400, detail: "instance format invalid"))
    }
}
