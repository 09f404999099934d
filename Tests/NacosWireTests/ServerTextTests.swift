import BeatCore
import HTTPWire
import NacosWire
import Testing

/// The texts that people get to read.
@Suite struct ServerTextTests {
    private func detail(_ body: [UInt8]) -> String? {
        guard case .rejected(400, let detail) = NacosReply(classifying: HTTPResponse(400, body: body), kind: .register)
        else { return nil }
        return detail
    }

    @Test(arguments: [
        ("", "an empty body"), ("  \r\n\t ", "an empty body"), ("plain", "plain"), ("  plain \r\n", "plain"),
        ("\u{0}\u{1b}", "an empty body"), ("caused: x;", "x"), ("caused: ;", "an empty body"), ("caused: x", "x"),
        ("a;", "a;"), ("first\nsecond", "first"), ("first\rsecond", "first"), ("first\u{2028}second", "first"),
        ("\u{1b}[31mred\u{7}\u{85}", "[31mred"), ("a\tb\u{a0}c", "a b c"), ("\u{202e}gnp", "gnp"), ("日本 😀", "日本 😀"),
        ("<html><title> T </title>x", "T"), ("<html>no title", "<html>no title"),
        ("<title>never ends", "<title>never ends"),
        (#"{"message":"m"}"#, "m"), (#"{"message":"","error":"e"}"#, "e"), (#"{"message":7,"error":"e"}"#, "e"),
        (#"{"message":"No message available","error":"Not Found"}"#, "Not Found"),
        (#"{"message":"{\"code\":40000,\"message\":\"inner\"}"}"#, "inner"), (#"{"message":"m"#, #"{"message":"m"#),
        (#"{"message":"two\nlines"}"#, "two"), (#"{"code":1}"#, #"{"code":1}"#), (#"["message"]"#, #"["message"]"#),
        (#"{"message":"caused: Param 'ip' is required.;"}"#, "Param 'ip' is required."),
    ])
    func detail(_ body: String, _ expected: String) {
        #expect(detail(Array(body.utf8)) == expected)
    }

    @Test func bytesThatAreNoText() {
        #expect(detail([0xFF, 0xFE, 0x41]) == "\u{FFFD}\u{FFFD}A")
    }

    @Test func longTextsAreCut() throws {
        let exact = String(repeating: "x", count: 300)
        #expect(detail(Array(exact.utf8)) == exact)
        #expect(detail(Array((exact + "y").utf8)) == exact + "…")
        let accents = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(try #require(detail(Array(accents.utf8))).unicodeScalars.count == 301)
        let inJSON = #"{"message":"\#(String(repeating: "z", count: 100_000))"}"#
        #expect(try #require(detail(Array(inJSON.utf8))).unicodeScalars.count == 301)
    }

    @Test func whatIsNoAnswerIsNamed() {
        func reply(_ body: String, _ kind: Exchange.Kind) -> NacosReply {
            NacosReply(classifying: HTTPResponse(200, body: Array(body.utf8)), kind: kind)
        }
        func unreadable(_ detail: String) -> NacosReply { .unreadable(status: 200, detail: detail) }
        #expect(reply("", .lightBeat) == unreadable("expected a beat's JSON, got an empty body"))
        #expect(reply("", .register) == unreadable("expected ok, got an empty body"))
        #expect(reply("okay", .deregister) == unreadable("expected ok, got okay"))
        #expect(reply("<html><title>Sign in</title>", .register) == unreadable("expected ok, got Sign in"))
        #expect(
            reply(#"{"code":0,"message":"success"}"#, .lightBeat) == unreadable("code 0 answers no beat: success"))
        #expect(reply(#"{"code":"10200"}"#, .lightBeat) == unreadable(#"no code of a beat in {"code":"10200"}"#))
        #expect(reply("{}", .lightBeat) == unreadable("no code of a beat in {}"))
        #expect(reply(" ok\r\n", .register) == .ok)
    }
}
