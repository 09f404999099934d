import EventLoop
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1:80", SocketAddress.v4(0x7f00_0001, port: 80)),
        ("0.0.0.0:0", .v4(0, port: 0)),
        ("255.254.253.252:65535", .v4(0xfffe_fdfc, port: 65_535)),
        ("[::1]:80", .v6(high: 0, low: 1, scope: 0, port: 80)),
        (
            "[2001:db8::8:800:200c:417a]:8848",
            .v6(high: 0x2001_0db8_0000_0000, low: 0x0008_0800_200c_417a, scope: 0, port: 8848)
        ),
        ("[fe80::1%2]:80", .v6(high: 0xfe80_0000_0000_0000, low: 1, scope: 2, port: 80)),
        ("/run/beatd.sock", .unix(path: "/run/beatd.sock")),
    ])
    func readsAndPrints(_ text: String, _ address: SocketAddress) throws {
        #expect(SocketAddress(parsing: text) == address)
        #expect(address.description == text)
        if let host = address.host, let port = address.port {
            #expect(SocketAddress(host: host, port: port) == address)
        }
    }

    @Test(arguments: [
        "", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+80", "127.0.0.1:-1", "127.1:80",
        "127.0.0.01:80", "127.0.0.256:80", "::1:80", "[::1]", "[::1]:", "[]:80", "[::1:80", "[127.0.0.1]:80",
        "[::1%lo]:80", "[::1%]:80", "localhost:80", "run/beatd.sock", "/nul\0", "127.0.0.1:8\u{0660}",
        "/" + String(repeating: "x", count: SocketAddress.unixPathMax),
    ])
    func refuses(_ text: String) {
        #expect(SocketAddress(parsing: text) == nil)
    }

    @Test func theLongestPathFits() {
        let path = "/" + String(repeating: "x", count: SocketAddress.unixPathMax - 1)
        #expect(SocketAddress(parsing: path) == .unix(path: path))
    }
}
