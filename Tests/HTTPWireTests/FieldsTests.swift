import HTTPWire
import Testing

@Suite struct FieldsTests {
    @Test func namesAreComparedWithoutCase() {
        var fields: HTTPFields = ["Content-Type": "a", "X-Y": "1", "x-y": "2"]
        #expect(fields["content-TYPE"] == "a")
        #expect(fields["X-y"] == "1")
        #expect(fields["X-"] == nil && fields["X-YZ"] == nil && fields["[-Y"] == nil)
        #expect(fields.values(of: "X-Y") == ["1", "2"])
        #expect(fields.contains("x-Y") && !fields.contains("x"))
        fields.set("X-Y", "3")
        #expect(fields.map(\.name) == ["Content-Type", "X-Y"])
        #expect(fields.map(\.value) == ["a", "3"])
        fields.set("New", "")
        fields.remove("content-type")
        #expect(fields.description == "X-Y: 3\nNew: ")
        #expect(fields.count == 2 && fields["New"] == "")
    }

    /// What is written is the fields in their order, whatever was changed before.
    @Test func linesFollowTheFields() {
        func lines(_ fields: HTTPFields) -> String {
            var out: [UInt8] = []
            HTTPResponseWriter(keepsOpen: true).append(HTTPResponse(204, fields: fields), date: "D", to: &out)
            return String(decoding: out, as: UTF8.self)
        }
        let start = "HTTP/1.1 204 No Content\r\nDate: D\r\n"
        var fields = HTTPFields(reserving: 2, bytes: 8)
        fields.append("A", "1")
        fields.append("B", atMost: 9) { out in for byte in "\"two\"".utf8 { out.append(byte) } }
        #expect(fields["b"] == "\"two\"")
        #expect(lines(fields) == start + "A: 1\r\nB: \"two\"\r\n\r\n")
        var more: HTTPFields = ["Z": "0"]
        more.append(fields)
        #expect(more["B"] == "\"two\"" && more.count == 3)
        #expect(lines(more) == start + "Z: 0\r\nA: 1\r\nB: \"two\"\r\n\r\n")
        #expect(fields == ["a": "1", "b": "\"two\""])
        fields.remove("C")
        fields.set("C", "")
        #expect(lines(fields) == start + "A: 1\r\nB: \"two\"\r\nC: \r\n\r\n")
        fields.set("A", "3")
        #expect(lines(fields) == start + "A: 3\r\nB: \"two\"\r\nC: \r\n\r\n")
        fields.append(["D": "4", "E": "5"])
        #expect(fields["D"] == "4" && fields["E"] == "5")
        fields.remove("E")
        fields.remove("B")
        #expect(lines(fields) == start + "A: 3\r\nC: \r\nD: 4\r\n\r\n")
    }

    @Test func lendsValues() {
        let fields: HTTPFields = ["A": "x", "B": "yz", "b": "w"]
        #expect(fields.withValue(of: "b") { $0.count } == 2)
        #expect(fields.withValue(of: "C") { $0.count } == nil)
    }

    @Test func oneFieldWithOneValue() {
        let fields: HTTPFields = ["A": "x", "B": "yz", "b": "yz"]
        #expect(fields.has(only: "a", "x"))
        #expect(!fields.has(only: "A", "X"))
        #expect(!fields.has(only: "A", "xy"))
        #expect(!fields.has(only: "B", "yz"))
        #expect(!fields.has(only: "C", ""))
    }

    @Test func equality() {
        let fields: HTTPFields = ["A": "x", "B": "y"]
        #expect(fields == ["a": "x", "b": "y"])
        #expect(fields != ["A": "X", "B": "y"])
        #expect(fields != ["B": "y", "A": "x"])
        #expect(fields != ["A": "x"])
        var other = fields
        other.set("A", "z")
        #expect(other != fields)
        other.set("A", "x")
        #expect(other == fields)
    }

    @Test func hosts() {
        #expect(HTTPHost("LocalHost") == HTTPHost(name: "localhost"))
        #expect(HTTPHost("a.example:8090") == HTTPHost(name: "a.example", port: 8090))
        #expect(HTTPHost("a:") == HTTPHost(name: "a"))
        #expect(HTTPHost("[::1]:65535") == HTTPHost(name: "::1", port: 65535))
        #expect(HTTPHost("[FE80::A]") == HTTPHost(name: "fe80::a"))
        for text in [
            "", ":80", "a:0", "a:65536", "a:+1", "a:1x", "a:000080", "a b", "a/b", "u@a", "[::1", "[]", "[g]", "::1",
            "[::1]x",
        ] {
            #expect(HTTPHost(text) == nil, "\(text)")
        }
    }

    @Test func namesOfHosts() {
        let names = HTTPHostNames(["localhost", "::1", "127.0.0.1", "a.example"])
        for text in ["localhost", "LOCALHOST:1", "[::1]", "[::1]:80", "127.0.0.1:", "A.Example:65535"] {
            let found = names.contains(text.utf8.span)
            #expect(found, "\(text)")
        }
        for text in [
            "", "localhos", "localhost.", "localhosts", "::1", "[::2]", "localhost:0", "localhost:65536", "a@localhost",
            "localhost/", "127.0.0.2", "b.example", "127.0.0.1 ", "@ocalhost", "LOCALHOST\0",
        ] {
            let found = names.contains(text.utf8.span)
            #expect(!found, "\(text)")
        }
    }

    @Test func methods() {
        for name in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "PURGE"] {
            #expect(HTTPMethod(name).name == name)
        }
        #expect(HTTPMethod("PATCH") == .patch)
        #expect(HTTPMethod("get") == .other("get"))
    }
}
