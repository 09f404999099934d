import HTTPWire
import Testing

@Suite struct FormEncodingTests {
    /// The right-hand sides are what `java.net.URLEncoder.encode(text, "UTF-8")` gives.
    static let encodings: [(text: String, encoded: String)] = [
        ("", ""),
        ("AZaz09.-*_", "AZaz09.-*_"),
        ("DEFAULT_GROUP@@svc", "DEFAULT_GROUP%40%40svc"),
        ("a b+c", "a+b%2Bc"),
        ("{\"k\":\"v~\"}", "%7B%22k%22%3A%22v%7E%22%7D"),
        ("!'()/?&=%#,;:", "%21%27%28%29%2F%3F%26%3D%25%23%2C%3B%3A"),
        ("\n\r\t\0", "%0A%0D%09%00"),
        ("é€😀", "%C3%A9%E2%82%AC%F0%9F%98%80"),
    ]

    @Test func likeJava() throws {
        for (text, encoded) in Self.encodings {
            #expect(FormEncoding.encoded(text) == encoded)
            #expect(try FormEncoding.decode("a=" + encoded) == [FormPair("a", text)])
            #expect(try FormEncoding.decode(encoded.lowercased()).map(\.value).allSatisfy(\.isEmpty))
        }
    }

    @Test func pairs() throws {
        var output = Array("/a?".utf8)
        let start = output.count
        FormEncoding.appendPair("serviceName", "g@@s", to: &output, start: start)
        FormEncoding.appendPair("x y", "", to: &output, start: start)
        #expect(String(decoding: output, as: UTF8.self) == "/a?serviceName=g%40%40s&x+y=")
    }

    @Test func decoding() throws {
        #expect(try FormEncoding.decode("").isEmpty)
        #expect(
            try FormEncoding.decode("b=2&a=1&a=3") == [FormPair("b", "2"), FormPair("a", "1"), FormPair("a", "3")])
        #expect(try FormEncoding.decode("&a=1&&b&") == [FormPair("a", "1"), FormPair("b", "")])
        #expect(try FormEncoding.decode("a=b=c&=d&=") == [FormPair("a", "b=c"), FormPair("", "d"), FormPair("", "")])
        #expect(try FormEncoding.decode("a%3Db=%26+%2b") == [FormPair("a=b", "& +")])
    }

    @Test(arguments: ["%", "a=%4", "a=%zz", "a=%4g&b", "%%30", "a=%4&1=2", "a=b%"])
    func badEscapes(_ text: String) throws {
        let at = try #require(text.utf8.firstIndex(of: UInt8(ascii: "%")))
        let last = try #require(text.utf8.lastIndex(of: UInt8(ascii: "%")))
        let offset = text.utf8.distance(from: text.startIndex, to: text == "a=b%" ? last : at)
        #expect(throws: EscapingError.badEscape(at: offset)) { try FormEncoding.decode(text) }
    }

    @Test func notUTF8() {
        #expect(throws: EscapingError.notUTF8(at: 2)) { try FormEncoding.decode("a=%FF") }
        #expect(throws: EscapingError.notUTF8(at: 2)) { try FormEncoding.decode("a=%C0%AF") }
        #expect(throws: EscapingError.notUTF8(at: 4)) { try FormEncoding.decode("a=1&%ED%A0%80=2") }
    }

    @Test func segments() throws {
        func segments(_ path: String) throws -> [String] {
            let segments = try PathSegments(path)
            let texts = (0..<segments.count).map { segments[$0] }
            let template = texts.map { Array($0.utf8) as [UInt8]? }
            #expect(segments.match(template))
            for (place, text) in texts.enumerated() {
                var other = template
                other[place] = nil
                #expect(segments.match(other) == !text.isEmpty)
                other[place] = Array(text.utf8) + [0]
                #expect(!segments.match(other))
                other[place] = [0] + Array(text.utf8).dropFirst()
                #expect(!segments.match(other))
                other.remove(at: place)
                #expect(!segments.match(other))
            }
            return texts
        }
        #expect(try segments("/v1/beats/a%2Fb") == ["v1", "beats", "a/b"])
        #expect(try segments("/") == [""])
        #expect(try segments("/a/") == ["a", ""])
        #expect(try segments("//a") == ["", "a"])
        #expect(try segments("/a/b/c/d/e/f") == ["a", "b", "c", "d", "e", "f"])
        #expect(try segments("/a/b/c/d/e/f/") == ["a", "b", "c", "d", "e", "f", ""])
        #expect(try segments("*") == ["*"])
        #expect(try segments("/a+b%20c/%E4%BD%A0") == ["a+b c", "你"])
        #expect(throws: EscapingError.badEscape(at: 3)) { try segments("/a/%2") }
        #expect(throws: EscapingError.badEscape(at: 1)) { try segments("/%2/F") }
        #expect(throws: EscapingError.notUTF8(at: 1)) { try segments("/%80") }
    }
}
