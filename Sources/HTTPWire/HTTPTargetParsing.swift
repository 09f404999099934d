extension HTTPTarget {
    /// Splits a request target (RFC 9112 §3.2): origin-form, absolute-form of `http` and `https`, `*` for OPTIONS,
    /// authority-form for CONNECT. Nil when it is none of these or has a byte that no target may have.
    public init?(_ text: String, method: HTTPMethod) {
        self.init(text.utf8.span, method: method)
    }

    init?(_ bytes: Span<UInt8>, method: HTTPMethod) {
        guard bytes.count > 0, bytes.allIn(.target) else { return nil }
        if bytes[0] == ASCII.slash {
            self.init(pathAndQuery: bytes, authority: nil)
        } else if bytes.matches("*") {
            guard method == .options else { return nil }
            self.init(path: "*")
        } else if method == .other("CONNECT") {
            guard HTTPHost.split(bytes) != nil else { return nil }
            self.init(path: "", authority: bytes.text())
        } else {
            self.init(absolute: bytes)
        }
    }

    private init(pathAndQuery bytes: Span<UInt8>, authority: String?) {
        var mark = 0
        while mark < bytes.count, bytes[mark] != ASCII.question { mark += 1 }
        let path = mark == 0 ? "/" : bytes.extracting(0..<mark).text()
        let query = mark < bytes.count ? bytes.extracting(mark + 1..<bytes.count).text() : nil
        self.init(path: path, query: query, authority: authority)
    }

    private init?(absolute bytes: Span<UInt8>) {
        var colon = 0
        while colon < bytes.count, bytes[colon] != ASCII.colon { colon += 1 }
        let scheme = bytes.extracting(0..<colon)
        guard scheme.matchesIgnoringCase("http") || scheme.matchesIgnoringCase("https") else { return nil }
        let start = colon + 3
        guard bytes.count >= start, bytes.extracting(colon..<start).matches("://") else { return nil }
        var end = start
        while end < bytes.count, bytes[end] != ASCII.slash, bytes[end] != ASCII.question { end += 1 }
        let authority = bytes.extracting(start..<end)
        guard HTTPHost.split(authority) != nil else { return nil }
        self.init(pathAndQuery: bytes.extracting(end..<bytes.count), authority: authority.text())
    }
}

extension HTTPTarget: CustomStringConvertible {
    /// The target as it stands in a request line.
    public var description: String {
        let scheme = authority.map { path.isEmpty ? $0 : "http://\($0)" } ?? ""
        return scheme + path + (query.map { "?\($0)" } ?? "")
    }
}
