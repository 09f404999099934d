import JSON
import TestSupport
import Testing

private func write(_ body: (inout JSONWriter) -> Void) -> String {
    var out: [UInt8] = []
    JSONWriter.append(to: &out, body)
    return String(decoding: out, as: UTF8.self)
}

private func pretty(_ text: String) -> String {
    String(decoding: JSONPretty.pretty(Array(text.utf8)), as: UTF8.self)
}

@Suite struct JSONWriterTests {
    @Test func writesADocument() {
        let text = write { json in
            json.beginObject()
            json.member("name", "orders")
            json.member("port", 8080)
            json.member("big", Int64.min)
            json.member("weight", 1.0)
            json.member("enabled", true)
            json.key("metadata")
            json.beginObject()
            json.endObject()
            json.key("list")
            json.beginArray()
            json.integer(1)
            json.null()
            json.beginArray()
            json.endArray()
            json.raw(Array("{\"x\":1}".utf8))
            json.bool(false)
            json.endArray()
            json.member("tree", .object(["b": .array([.number(0.5)]), "a": .string("x")]))
            json.endObject()
        }
        #expect(
            text
                == #"{"name":"orders","port":8080,"big":-9223372036854775808,"weight":1.0,"enabled":true,"#
                + #""metadata":{},"list":[1,null,[],{"x":1},false],"tree":{"b":[0.5],"a":"x"}}"#)
    }

    @Test func appendsBehindWhatIsThere() {
        var out = Array("HTTP".utf8)
        JSONWriter.append(to: &out) { $0.integer(1) }
        JSONWriter.append(to: &out) { $0.string("a") }
        #expect(out == Array("HTTP1\"a\"".utf8))
    }

    @Test func growsFromAnySize() {
        for reserved in [0, 1, 7, 512] {
            var writer = JSONWriter(reserving: reserved)
            writer.beginArray()
            for number in 0..<100 { writer.integer(number) }
            writer.string("\u{1}é\"")
            writer.endArray()
            let expected = "[" + (0..<100).map { "\($0)," }.joined() + #""\u0001é\""]"#
            #expect(writer.count == expected.utf8.count)
            #expect(writer.finish() == Array(expected.utf8))
        }
    }

    @Test func givesTheBufferBackWhenTheBodyThrows() {
        struct Stop: Error {}
        var out = Array("a".utf8)
        #expect(throws: Stop.self) {
            try JSONWriter.append(to: &out) { json throws(Stop) in
                json.beginArray()
                throw Stop()
            }
        }
        #expect(out == Array("a[".utf8))
    }

    @Test func escapesWhatMustBeEscaped() {
        #expect(write { $0.string("a\"b\\c/d") } == #""a\"b\\c/d""#)
        #expect(write { $0.string("\u{8}\t\n\u{c}\r") } == #""\b\t\n\f\r""#)
        #expect(write { $0.string("\0\u{1}\u{1f}") } == #""\u0000\u0001\u001f""#)
        #expect(write { $0.string("é€😀\u{7f}") } == "\"é€😀\u{7f}\"")
        #expect(write { $0.string("") } == "\"\"")
    }

    /// Text is looked at in words of eight bytes and a rest: what must be escaped is seen at each place of both.
    @Test func escapesAtEachPlace() {
        let escapes: [(Unicode.Scalar, String)] = [
            ("\"", #"\""#), ("\\", #"\\"#), ("\0", #"\u0000"#), ("\u{1f}", #"\u001f"#), ("\n", #"\n"#),
            (" ", " "), ("!", "!"), ("#", "#"), ("[", "["), ("]", "]"), ("\u{7f}", "\u{7f}"),
        ]
        for length in 0..<20 {
            for place in 0...length {
                for (scalar, written) in escapes {
                    let before = String(repeating: "a", count: place)
                    let behind = String(repeating: "\u{fc}", count: length - place)
                    let text = before + String(Character(scalar)) + behind
                    #expect(write { $0.string(text) } == "\"\(before)\(written)\(behind)\"")
                }
            }
        }
    }

    @Test func keysOfOthersAreEscaped() {
        let text = write { json in
            json.beginObject()
            json.key(named: "a\"b")
            json.integer(1)
            json.key(named: "")
            json.null()
            json.key(named: "c")
            json.string(plain: "d")
            json.member("e", plain: "f")
            json.endObject()
        }
        #expect(text == #"{"a\"b":1,"":null,"c":"d","e":"f"}"#)
    }

    @Test func putsStringsTogether() {
        let text = write { json in
            json.beginArray()
            json.beginString()
            json.endString()
            json.beginString()
            json.piece("a\n")
            json.piece("")
            json.piece(plain: "##")
            json.piece(-8080)
            json.piece("b")
            json.endString()
            json.string(plainAtMost: 9) { out in for byte in "plain".utf8 { out.append(byte) } }
            json.string(plainAtMost: 0) { _ in }
            json.string(plain: [0x6867_6665_6463_6261, 0x706f_6e6d_6c6b_6a69, 0x7877_7675_7473_7271])
            json.endArray()
        }
        #expect(text == #"["","a\n##-8080b","plain","","abcdefghijklmnopqrstuvwx"]"#)
    }

    @Test func writesWholeRealsAsTheyAreDescribed() {
        for whole in [0, 1, -1, 9, 10, 99, 10_000, Double(Int32.max), Double(Int32.min), 1e10, 1e15, 1e16, 1e17] {
            for value in [whole, -whole, whole + 0.5] { #expect(write { $0.number(value) } == value.description) }
        }
    }

    @Test func millionthsAreWrittenAsNumbers() {
        var generator = SplitMix(seed: 11)
        var values: [Int64] = [0, 1, 99, 100, 101, 999_999, 1_000_000, 1_000_001, 10_500_000, 999_999_999_999_999]
        values += [1_000_000_000_000_000, .max]
        for bits in 0..<2000 { values.append(Int64(generator.next() >> UInt64(14 + bits % 49))) }
        for value in values {
            for signed in [value, -value] {
                let expected = write { $0.number(Double(signed) / 1_000_000) }
                #expect(write { $0.number(millionths: signed) } == expected, "seed 11")
            }
        }
    }

    @Test func writesNumbers() {
        for value in [0, 7, -7, 10, 1_000_000, .max, .min] as [Int64] {
            #expect(write { $0.integer(value) } == String(value))
        }
        #expect(write { $0.number(1) } == "1.0")
        #expect(write { $0.number(0.1 + 0.2) } == "0.30000000000000004")
        #expect(write { $0.number(1e300) } == "1e+300")
        #expect(write { $0.number(-0.0031) } == "-0.0031")
        #expect(write { $0.number(.nan) } == "null")
        #expect(write { $0.number(-.infinity) } == "null")
    }

    /// What is written reads back as the same tree, whatever the strings and numbers hold.
    @Test func roundTripsRandomTrees() throws {
        var generator = SplitMix(seed: 7)
        for round in 0..<500 {
            let tree = randomTree(depth: 4, &generator)
            var out: [UInt8] = []
            JSONWriter.append(to: &out) { $0.value(tree) }
            #expect(try JSONParser.parse(out) == tree, "seed 7, round \(round)")
            #expect(try JSONParser.parse(JSONPretty.pretty(out)) == tree, "seed 7, round \(round), pretty")
        }
    }
}

@Suite struct JSONPrettyTests {
    @Test func indents() {
        #expect(
            pretty(#"{"a":1,"b":[],"c":{},"d":[1,{"e":"x: {[,]}\"\\"}],"f":[[]]}"#) == #"""
                {
                  "a": 1,
                  "b": [],
                  "c": {},
                  "d": [
                    1,
                    {
                      "e": "x: {[,]}\"\\"
                    }
                  ],
                  "f": [
                    []
                  ]
                }
                """#)
    }

    @Test func leavesScalarsAndReplacesWhiteSpace() {
        #expect(pretty("1") == "1")
        #expect(pretty("\"a b\"") == "\"a b\"")
        #expect(pretty("{ }\n") == "{}")
        #expect(pretty("[\n1 ,\t2 ]") == "[\n  1,\n  2\n]")
    }
}

private func randomString(_ generator: inout SplitMix) -> String {
    let alphabet: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{1}", "é", "€", "😀", "/", " ", "{", "]", ",", "\u{7f}"]
    var text = ""
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
        text.unicodeScalars.append(alphabet.randomElement(using: &generator) ?? "a")
    }
    return text
}

private func randomTree(depth: Int, _ generator: inout SplitMix) -> JSONValue {
    switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2: return .integer(Int64(bitPattern: generator.next()))
    case 3:
        let value = Double(bitPattern: generator.next())
        return .number(value.isFinite ? value : 0)
    case 4: return .string(randomString(&generator))
    case 5:
        return .array(
            (0..<Int.random(in: 0...4, using: &generator)).map { _ in randomTree(depth: depth - 1, &generator) })
    default:
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            object[randomString(&generator)] = randomTree(depth: depth - 1, &generator)
        }
        return .object(object)
    }
}
