import JSON
import Testing

@Suite struct JSONListScannerTests {
    /// The elements and the rest as text; `…` marks what was too long.
    private func read(_ text: String, pieceLimit: Int = 1000) -> [String] {
        let bytes = Array(text.utf8)
        var scanner = JSONListScanner(list: "items", pieceLimit: pieceLimit)
        var seen: [String] = []
        while true {
            switch scanner.next(in: bytes.span) {
            case .element(let range): seen.append(String(decoding: bytes[range], as: UTF8.self))
            case .elementTooLong(let at): return seen + ["…\(at)"]
            case .rest(let rest): return seen + [String(decoding: rest, as: UTF8.self)]
            case .restTooLong: return seen + ["…"]
            }
        }
    }

    @Test(arguments: [
        ("{\"items\":[]}", ["{\"items\":[]}"]),
        ("{\"items\":[ ]}", ["{\"items\":[]}"]),
        ("{\"items\":[1]}", ["1", "{\"items\":[]}"]),
        (
            " { \"a\" : [1,2] , \"items\" : [ {\"b\":[3,\"]\"]} , \"x,\\\"y\" ] , \"c\" : 4 } ",
            [" {\"b\":[3,\"]\"]} ", " \"x,\\\"y\" ", " { \"a\" : [1,2] , \"items\" : [] , \"c\" : 4 } "]
        ),
        ("{\"a\":{\"items\":[1]},\"items\":[2]}", ["2", "{\"a\":{\"items\":[1]},\"items\":[]}"]),
        ("{\"a\":\"items\",\"items\":[2]}", ["2", "{\"a\":\"items\",\"items\":[]}"]),
        ("[1,2]", ["[1,2]"]), ("", [""]), ("{\"items\":{}}", ["{\"items\":{}}"]),
    ])
    func wholeDocuments(text: String, pieces: [String]) { #expect(read(text) == pieces) }

    /// Every broken document leaves at least one piece that no parser takes.
    @Test(arguments: [
        "{\"items\":[1,]}", "{\"items\":[,1]}", "{\"items\":[1}", "{\"items\":[1", "{\"items\":[1,", "{\"items\":[",
        "{\"items\":[1}]", "{\"items\":[{]}", "{\"items\":[\"a]}", "{\"items\":[1]}}", "{\"items\":[1]},", "{\"items\"",
        "{\"items\":[1],\"items\":[2]}", "{\"items\":[1 2]}", "{\"items\":[1]", "{\"items\":[{\"a\":1}}", "}",
        "{\"a\",\"items\":[1]}", "{{\"items\":[1]}", "{]\"items\":[1]}",
    ])
    func brokenDocuments(text: String) {
        let isBroken = read(text).contains { (try? JSONParser.parse(Array($0.utf8))) == nil }
        #expect(isBroken, "\(read(text))")
        #expect((try? JSONParser.parse(Array(text.utf8))) == nil)
    }

    @Test("a document cut anywhere is broken in one of its pieces")
    func cutAnywhere() throws {
        let text = "{\"v\":1,\"items\":[{\"a\":\"x]\"},[2,3],\"\\\"\"],\"z\":{\"items\":[]}}"
        for count in 0..<text.utf8.count {
            let cut = String(decoding: Array(text.utf8.prefix(count)), as: UTF8.self)
            #expect(read(cut).contains { (try? JSONParser.parse(Array($0.utf8))) == nil }, "\(cut)")
        }
        #expect(read(text).allSatisfy { (try? JSONParser.parse(Array($0.utf8))) != nil })
    }

    @Test("pieces longer than the limit are found before they are read")
    func limits() {
        let long = "\"" + String(repeating: "a", count: 40) + "\""
        #expect(read("{\"items\":[1,\(long)]}", pieceLimit: 41) == ["1", "…12"])
        #expect(read("{\"items\":[1,\(long)]}", pieceLimit: 42) == ["1", long, "{\"items\":[]}"])
        #expect(read("{\"items\":[1,\(long)", pieceLimit: 41) == ["1", "…12"])
        #expect(read("{\"a\":\(long),\"items\":[1]}", pieceLimit: 41) == ["…"])
        #expect(read("{\"items\":[1],\"a\":\(long)}", pieceLimit: 41) == ["1", "…"])
        #expect(read(long, pieceLimit: 41) == ["…"])
    }
}
