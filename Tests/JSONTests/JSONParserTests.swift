import JSON
import Testing

private func parse(_ text: String, maxDepth: Int = JSONParser.defaultMaxDepth) throws(JSONError) -> JSONValue {
    try JSONParser.parse(Array(text.utf8), maxDepth: maxDepth)
}

private func refusal(_ bytes: [UInt8], maxDepth: Int = JSONParser.defaultMaxDepth) -> JSONError? {
    do throws(JSONError) {
        _ = try JSONParser.parse(bytes, maxDepth: maxDepth)
        return nil
    } catch {
        return error
    }
}

private func refusal(_ text: String) -> JSONError? { refusal(Array(text.utf8)) }

@Suite struct JSONParserTests {
    @Test func readsEveryKindOfValue() throws {
        #expect(try parse("null") == .null)
        #expect(try parse("true") == .bool(true))
        #expect(try parse("false") == .bool(false))
        #expect(try parse(" 7 ") == .integer(7))
        #expect(try parse("7.5") == .number(7.5))
        #expect(try parse("\"\"") == .string(""))
        #expect(try parse("[]") == .array([]))
        #expect(try parse("{}") == .object([:]))
        #expect(
            try parse("[1,[true],{\"a\":null}]") == .array([.integer(1), .array([.bool(true)]), .object(["a": .null])]))
    }

    @Test func keepsIntegersAndRealsApart() throws {
        #expect(try parse("1") == .integer(1))
        #expect(try parse("-0") == .integer(0))
        #expect(try parse("1.0") == .number(1))
        #expect(try parse("1e2") == .number(100))
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("-9223372036854775808") == .integer(.min))
        #expect(try parse("1e-400") == .number(0))
        #expect(try parse("0.1") == .number(0.1))
    }

    @Test func keepsTheOrderOfKeys() throws {
        let keys = (0..<100).map { "k\(($0 * 37) % 100)" }
        let text = "{" + keys.enumerated().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
        let value = try parse(text)
        guard case .object(let object) = value else {
            Issue.record("not an object: \(value)")
            return
        }
        #expect(object.members.map(\.key) == keys)
        #expect(object.members.map(\.value) == (0..<100).map { .integer($0) })
    }

    @Test func readsStrings() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t""#) == .string("\"\\/\u{8}\u{c}\n\r\t"))
        #expect(try parse(#""\u00e9\u20AC\ud83d\ude00""#) == .string("é€😀"))
        #expect(try parse("\"é€😀\u{7f}\"") == .string("é€😀\u{7f}"))
    }

    @Test(arguments: [
        ("[1,]", JSONError.Reason.syntax, 4), ("{\"a\":1,}", .syntax, 8), ("[1,,2]", .syntax, 4), ("{1:2}", .syntax, 2),
        ("{\"a\"}", .syntax, 5), ("]", .syntax, 1), ("01", .syntax, 1), ("+1", .syntax, 1), (".5", .syntax, 1),
        ("1.", .syntax, 2), ("1e", .syntax, 2), ("-", .syntax, 1), ("NaN", .syntax, 3), ("Infinity", .syntax, 8),
        ("'a'", .syntax, 1), ("// c\n1", .syntax, 1), ("tru", .syntax, 3),
        (#""\x""#, .syntax, 3), (#""\u12g4""#, .syntax, 6),
        (#""\ud800""#, .syntax, 8), (#""\udc00""#, .syntax, 8), (#""\ud800\ud800""#, .syntax, 14),
        ("\"\u{1}\"", .syntax, 1), ("\"a\nb\"", .syntax, 2), ("\"a\tb\"", .syntax, 2),
        ("", .unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("{", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2),
        ("\"abc", .unexpectedEnd, 4),
        ("1 2", .trailingBytes, 3), ("{}x", .trailingBytes, 3),
        ("{\"a\":1,\"a\":2}", .duplicateKey, 10), (#"{"a":1,"\u0061":2}"#, .duplicateKey, 15),
        ("1e400", .numberOutOfRange, 5), ("-1e400", .numberOutOfRange, 6),
        ("9223372036854775808", .numberOutOfRange, 19), ("-9223372036854775809", .numberOutOfRange, 20),
        (#""\u0000""#, .nulCharacter, 8), (#"{"a\u0000":1}"#, .nulCharacter, 10),
        ("\u{FEFF}{}", .byteOrderMark, 3),
    ])
    func refuses(text: String, reason: JSONError.Reason, position: Int) throws {
        let error = try #require(refusal(text))
        #expect(error.reason == reason)
        #expect(error.position == position)
        #expect(error.line == 1)
    }

    /// Jansson reads a NUL byte between tokens as the end of the text and would let anything follow it.
    @Test(arguments: ["\0", "1\0", "{}\0{}", "[1\0]", "\"a\0b\""])
    func refusesNULBytes(text: String) throws {
        #expect(try #require(refusal(text)).reason == .syntax)
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0xFF], [0xFE, 0xFF, 0x00, 0x31],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(bytes: [UInt8]) throws {
        let error = try #require(refusal(bytes))
        // The last is UTF-16; its NUL bytes are seen first.
        #expect(error.reason == (bytes.contains(0) ? .syntax : .invalidUTF8))
    }

    @Test func limitsDepth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(refusal(nested(16)) == nil)
        let error = try #require(refusal(nested(17)))
        #expect(error.reason == .tooDeep)
        #expect(error.position == 17)
        #expect(error.text == "arrays and objects are nested more than 16 deep")
        #expect(refusal(nested(3), maxDepth: 2)?.reason == .tooDeep)
        #expect(refusal(nested(100_000))?.reason == .tooDeep)
        let objects = String(repeating: "{\"a\":", count: 17) + "1" + String(repeating: "}", count: 17)
        #expect(refusal(objects)?.reason == .tooDeep)
        // Width and brackets in strings are no depth.
        #expect(refusal("[" + String(repeating: "[],", count: 50) + #""[[[[[[[[[[[[[[[[[\"[[[["]"#) == nil)
    }

    @Test func namesThePlaceInLinesAndCharacters() throws {
        let error = try #require(refusal("{\"a\":\n\n  \"é\" x}"))
        #expect(error.line == 3)
        #expect(error.column == 7)
        #expect(error.position == 15)
        #expect(error.description == "line 3, column 7: '}' expected near 'x'")
    }

    @Test func saysInWordsWhatIsWrong() throws {
        #expect(try #require(refusal("{\"a\":1,\"a\":2}")).text == "duplicate object key near '\"a\"'")
        #expect(try #require(refusal("")).text == "unexpected end of text")
        #expect(try #require(refusal("9223372036854775808")).text == "too big integer near '9223372036854775808'")
        #expect(try #require(refusal(#""\u0000""#)).text == "\\u0000 is not allowed")
        #expect(try #require(refusal([0x22, 0xFF])).text == "not UTF-8: unable to decode byte 0xff near '\"'")
    }

    /// Whatever is cut off is refused, and no prefix makes the parser read beyond its end.
    @Test func refusesEveryPrefixOfADocument() throws {
        let document = Array(
            #"{"serviceName":"é\u20ac","ip":"10.0.0.7","port":8080,"weight":1.5,"checks":[{"tcp":"a"}]}"#.utf8)
        #expect(refusal(document) == nil)
        for length in 0..<document.count {
            let error = try #require(refusal(Array(document[..<length])), "prefix of \(length) bytes was taken")
            #expect(error.position <= length)
        }
    }
}

@Suite struct JSONObjectTests {
    @Test func setsReplacesAndRemovesByKey() {
        var object: JSONObject = ["a": .integer(1), "b": .integer(2)]
        object["a"] = .integer(3)
        object["c"] = .null
        #expect(object.members.map(\.key) == ["a", "b", "c"])
        #expect(object["a"] == .integer(3))
        object["a"] = nil
        object["x"] = nil
        #expect(object == ["b": .integer(2), "c": .null])
        #expect(object["a"] == nil)
        #expect(object.count == 2)
        #expect(object != ["c": .null, "b": .integer(2)])
    }
}
