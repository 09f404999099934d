import TestSupport
import Testing

@testable import JSON

/// The short way through plain documents: what it takes, Jansson takes for the same.
@Suite struct PlainJSONTests {
    private static let documents = [
        #"{"serviceName":"orders","ip":"10.0.0.1","port":8080,"enabled":true,"metadata":{"a":"b","c":""}}"#,
        #" [ 1 , -2, 0,123456789012345678, null,false , [], {} , [ [ ] ] ]"#, "\t\"text\"\r\n", "-17", "true",
        #"{"a":{"b":[{"c":"d"}]},"e":[]}"#,
    ]

    private func plain(_ bytes: [UInt8], maxDepth: Int = 16) -> JSONValue? {
        bytes.withUnsafeBufferPointer { PlainJSON.parse($0, maxDepth: maxDepth) }
    }

    private func jansson(_ bytes: [UInt8], maxDepth: Int = 16) -> JSONValue? {
        do throws(JSONError) { return try JSONParser.parseAny(bytes.span, maxDepth: maxDepth) } catch { return nil }
    }

    @Test(arguments: documents) func takesWhatIsPlain(text: String) throws {
        let value = try #require(plain(Array(text.utf8)))
        #expect(value == jansson(Array(text.utf8)))
    }

    @Test(
        "leaves to Jansson what is not plain",
        arguments: [
            "", " ", "1.5", "1e3", "-0", "01", "-", "1234567890123456789", #""\n""#, "\"\u{e9}\"", "\"\t\"", "tru",
            "truex", "[1,]", "[,1]", "{\"a\":1,\"a\":2}", "{\"a\":1,}", "{a:1}", "[1] 2", "[1", "\"a", "{\"a\"}",
            "[1}", "\u{feff}1", "nul\u{0}",
        ])
    func leaves(text: String) { #expect(plain(Array(text.utf8)) == nil) }

    @Test func depthAndMembersAreBounded() {
        let nested = { (depth: Int) in
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(plain(nested(16)) != nil && plain(nested(17)) == nil)
        let members = { (count: Int) in
            Array("{\((0..<count).map { "\"k\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        #expect(plain(members(32)) != nil && plain(members(33)) == nil)
    }

    @Test func whateverItTakesJanssonTakesForTheSame() {
        var random = SplitMix(seed: 7)
        let alphabet = Array("{}[]\",:\\ \n01-9.etrufalsn\u{0}a".utf8) + [0x1f, 0x7f, 0x80, 0xc3, 0xa9]
        var taken = 0
        for round in 0..<60_000 {
            var bytes = Array(PlainJSONTests.documents[round % PlainJSONTests.documents.count].utf8)
            for _ in 0..<(1 + random.next(below: 3)) {
                let place = random.next(below: bytes.count)
                switch random.next(below: 3) {
                case 0: bytes[place] = alphabet[random.next(below: alphabet.count)]
                case 1: bytes.insert(alphabet[random.next(below: alphabet.count)], at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            guard let value = plain(bytes) else { continue }
            taken += 1
            #expect(value == jansson(bytes), "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(taken > 5_000)
    }
}
