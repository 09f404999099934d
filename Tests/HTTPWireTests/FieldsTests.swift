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

    @Test func methods() {
        for name in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "PURGE"] {
            #expect(HTTPMethod(name).name == name)
        }
        #expect(HTTPMethod("PATCH") == .patch)
        #expect(HTTPMethod("get") == .other("get"))
    }
}
