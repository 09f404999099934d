import BeatCore
import HTTPWire
import NacosWire
import Testing

/// The fast reader beside the strict one: it may be silent, but never of another opinion.
@Suite struct ReplyScannerTests {
    private static let body = #"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#
    private static let accepted = NacosReply.beatAccepted(interval: 5000, lightBeatEnabled: true)

    /// Answers that every beatd sees all day; the scanner must take them.
    private static let common: [(trace: String, kind: Exchange.Kind)] = [
        ("1.4.8/v1_register", .register), ("1.4.8/v1_beat_full", .fullBeat), ("1.4.8/v1_beat_light", .lightBeat),
        ("1.4.8/v1_beat_light_unknown", .lightBeat), ("1.4.8/v1_deregister", .deregister),
        ("1.4.8/conn_close", .lightBeat), ("2.5.1/v1_register", .register), ("2.5.1/v1_beat_light", .lightBeat),
        ("2.5.1/v1_beat_light_unknown", .lightBeat), ("2.5.1/sw_beat_after", .lightBeat),
        ("2.5.1/v1_beat_interval_3s", .lightBeat), ("3.0.3/v1_beat_light", .lightBeat),
        ("3.1/v1_register", .register), ("3.1/v1_beat_light", .lightBeat), ("3.1/conn_close", .lightBeat),
        ("r-nacos-0.8.8/v1_register", .register), ("r-nacos-0.8.8/v1_beat_light", .lightBeat),
        ("r-nacos-0.8.8/v1_beat_full", .fullBeat), ("cluster-2.5.1/cl_beat_light_nonowner", .lightBeat),
        ("cluster-2.5.1/cl_beat_light_unknown_nonowner", .lightBeat),
        ("cluster-2.5.1/cl_register_nonowner", .register), ("cluster-2.5.1/cl_deregister_nonowner", .deregister),
    ]

    private func scanned(_ bytes: [UInt8], _ kind: Exchange.Kind) -> Outcome? {
        guard case .complete(let length, let reply, let keepsOpen) = ReplyScanner.scan(bytes.span, kind: kind) else {
            return nil
        }
        return Outcome(length: length, reply: reply, keepsOpen: keepsOpen)
    }

    @Test func commonAnswersAreTakenAsTheStrictReaderTakesThem() throws {
        for (name, kind) in Self.common {
            let answer = try Trace(name).answer
            let fast = scanned(answer, kind)
            #expect(fast != nil, "\(name)")
            #expect(try fast == slowly(answer, kind), "\(name)")
            #expect(fast?.length == answer.count, "\(name)")
            #expect(fast?.keepsOpen == !name.hasSuffix("conn_close"))
        }
    }

    @Test func everyPrefixIsIncomplete() throws {
        for (name, kind) in Self.common {
            let answer = try Trace(name).answer
            for count in 0..<answer.count {
                #expect(
                    ReplyScanner.scan(answer.span.extracting(0..<count), kind: kind) == .incomplete, "\(name) \(count)")
            }
        }
    }

    @Test func whatFollowsBelongsToTheNextAnswer() throws {
        for (name, kind) in Self.common {
            let answer = try Trace(name).answer
            for next in ["H", "HTTP/1.1 200 \r\n", "garbage", "0\r\n\r\n", "\r\n"] {
                #expect(scanned(answer + Array(next.utf8), kind)?.length == answer.count, "\(name) \(next)")
            }
        }
    }

    @Test(arguments: ["1.4.8", "2.5.1", "r-nacos-0.8.8"])
    func pipelinedAnswers(_ server: String) throws {
        let answers = try Trace("\(server)/pipeline_v1_light_16").answer
        var position = 0
        var count = 0
        while position < answers.count {
            let rest = answers.span.extracting(position..<answers.count)
            guard case .complete(let length, let reply, true) = ReplyScanner.scan(rest, kind: .lightBeat) else {
                Issue.record("no answer at \(position)")
                return
            }
            guard case .beatAccepted(_, lightBeatEnabled: true) = reply else {
                Issue.record("\(reply) at \(position)")
                return
            }
            position += length
            count += 1
        }
        #expect(count == 16)
    }

    /// One byte replaced, inserted or taken away at every place: whatever the scanner then says is complete, the
    /// strict reader must have read alike.
    @Test(arguments: [
        "1.4.8/v1_beat_light", "1.4.8/v1_beat_light_unknown", "3.1/conn_close", "r-nacos-0.8.8/v1_beat_light",
        "cluster-2.5.1/cl_register_nonowner",
    ])
    func damagedAnswers(_ name: String) throws {
        let answer = try Trace(name).answer
        let kind: Exchange.Kind = name.contains("register") ? .register : .lightBeat
        let damage = Array("\u{0}\t\n\r \"-,.0159:;AKbcdetx{}\\\u{7f}".utf8) + [0x80, 0xFF]
        var credited = 0
        func check(_ bytes: [UInt8], _ what: @autoclosure () -> String) {
            guard let fast = scanned(bytes, kind) else { return }
            credited += 1
            let slow = try? slowly(bytes, kind)
            if slow != fast { Issue.record("\(what()): \(fast) but \(String(describing: slow))") }
        }
        for index in answer.indices {
            var shorter = answer
            shorter.remove(at: index)
            check(shorter, "without byte \(index)")
            for byte in damage {
                var other = answer
                other[index] = byte
                check(other, "\(byte) at \(index)")
                other = answer
                other.insert(byte, at: index)
                check(other, "\(byte) before \(index)")
            }
        }
        // Else the test would show nothing: changes within values of fields that do not matter are harmless.
        #expect(credited > 100)
    }

    @Test(arguments: [
        "HTTP/1.1 201 \r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 \r\nConnection: x, close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 \r\nContent-Length: +2\r\n\r\nok", "HTTP/1.1 200 \r\nContent-Length: 2 \r\n\r\nok",
        "HTTP/1.1 200 \r\nContent-Length: \r\n\r\nok", "HTTP/1.1 200 \r\n\r\nok",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\n folded\r\n\r\nok", "HTTP/1.1 200 \nContent-Length: 2\n\nok",
        "HTTP/1.1 200 \r\nContent-Length : 2\r\n\r\nok", "HTTP/1.1 200 \r\n: x\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 \r\nno colon\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nOK",
        "HTTP/1.1 200 \r\nContent-Length: 2000\r\n\r\nok", "HTTP/1.1 200 \r\nContent-Encoding: gzip\r\n\r\nok",
        "HTTP/1.1 503 \r\nContent-Length: 2\r\n\r\nok", "200 ok", "\r\nHTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    ])
    func unusualAnswers(_ answer: String) {
        #expect(ReplyScanner.scan(Array(answer.utf8).span, kind: .register) == .unusual)
    }

    @Test(arguments: [
        "{}", "[]", "ok", "5000", "null", "{\"code\":10200,}", "{\"code\":10200}{\"code\":20404}", "{\"code\":10200",
        "{\"code\":010200}", "{\"code\":10200.0}", "{\"code\":1e4}", "{\"code\":\"10200\"}", "{\"code\":true}",
        "{\"code\":10200,\"code\":20404}", "{\"c\\u006fde\":10200,\"code\":20404}", "{\"data\":{\"code\":10200}}",
        "{\"code\":10200,\"x\":1,\"x\":2}", "{\"code\":10200 \"x\":1}", "{\"code\" 10200}", "{code:10200}",
        "{\"code\":10201}", "{\"code\":500}", "{\"code\":-10200}", "{\"code\":10200,\"clientBeatInterval\":-0}",
        "{\"code\":9999999999999999999}", "{\"code\":20404,\"clientBeatInterval\":5000.5}",
        "{\"co\u{e9}\":1,\"code\":10200}",
        "\"code\":10200", "{\"code\":10200}x", "{\"code\":10200,\"lightBeatEnabled\":truefalse}", "{\"code\":}",
        "{\"lightBeatEnabled\":true}", "{\"clientBeatInterval", "{\"code\":10200,\"clientBeatInterval\":\"5000\"}",
        "{\"code\":0,\"message\":\"success\",\"data\":\"ok\"}",
    ])
    func unusualBodies(_ body: String) {
        #expect(ReplyScanner.scan(chunked(body).span, kind: .lightBeat) == .unusual)
        #expect(ReplyScanner.scan(sized(body).span, kind: .fullBeat) == .unusual)
    }

    @Test func longHeadsAndLongBodiesAreForTheParser() throws {
        let field = "X-Cookie: \(String(repeating: "c", count: 400))\r\n"
        let long = chunked(Self.body, head: String(repeating: field, count: 12))
        let many = chunked(Self.body, head: String(repeating: "A: b\r\n", count: 40))
        let blank = sized(Self.body + String(repeating: " ", count: 1200))
        for answer in [long, many, blank] {
            #expect(ReplyScanner.scan(answer.span, kind: .lightBeat) == .unusual)
            #expect(try slowly(answer, .lightBeat)?.reply == Self.accepted)
        }
        // Nothing makes it wait for ever.
        let endless = Array("HTTP/1.1 200 \r\nX: \(String(repeating: "y", count: 5000))".utf8)
        #expect(ReplyScanner.scan(endless.span, kind: .lightBeat) == .unusual)
    }

    @Test func aBeatIsNotCreditedByTheAnswerToARegister() throws {
        let ok = try Trace("2.5.1/v1_register").answer
        #expect(ReplyScanner.scan(ok.span, kind: .lightBeat) == .unusual)
        #expect(ReplyScanner.scan(chunked(Self.body).span, kind: .register) == .unusual)
        #expect(ReplyScanner.scan(chunked(Self.body).span, kind: .deregister) == .unusual)
        #expect(scanned(chunked("ok"), .register)?.reply == .ok)
    }
}
