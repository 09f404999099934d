/// The host and port of an authority or a `Host` field (RFC 9110 §7.2, RFC 3986 §3.2), without user information.
public struct HTTPHost: Hashable, Sendable {
    /// Lower-case; an IPv6 address without its brackets. Never empty.
    public var name: String
    /// 1…65535, or nil when none is given.
    public var port: Int?

    /// A host from its parts.
    public init(name: String, port: Int? = nil) {
        self.name = name
        self.port = port
    }

    /// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; nil when the text is none of these.
    public init?(_ authority: String) {
        let bytes = authority.utf8.span
        guard let (name, port) = HTTPHost.split(bytes) else { return nil }
        self.name = bytes.extracting(name).text().lowercased()
        self.port = port
    }

    /// Where the name lies in `authority`, and the port.
    static func split(_ authority: Span<UInt8>) -> (name: Range<Int>, port: Int?)? {
        var end = 0
        let name: Range<Int>
        if authority.count > 0, authority[0] == ASCII.openBracket {
            end = 1
            while end < authority.count, ASCIISet.ipv6.contains(authority[end]) { end += 1 }
            guard end > 1, end < authority.count, authority[end] == ASCII.closeBracket else { return nil }
            name = 1..<end
            end += 1
        } else {
            while end < authority.count, ASCIISet.hostName.contains(authority[end]) { end += 1 }
            guard end > 0 else { return nil }
            name = 0..<end
        }
        if end == authority.count { return (name, nil) }
        guard authority[end] == ASCII.colon else { return nil }
        return port(authority.extracting(end + 1..<authority.count)).map { (name, $0) }
    }

    /// `*DIGIT`; the outer optional says whether it is a port, the inner one is nil for an empty one.
    private static func port(_ digits: Span<UInt8>) -> Int?? {
        guard digits.count > 0 else { return .some(nil) }
        guard digits.count <= 5 else { return nil }
        var port = 0
        for index in 0..<digits.count {
            guard ASCII.isDigit(digits[index]) else { return nil }
            port = port * 10 + Int(digits[index] - ASCII.zero)
        }
        return (1...65535).contains(port) ? .some(port) : nil
    }
}

/// Names of hosts, to be found by what a client wrote without making a String of it.
public struct HTTPHostNames: Sendable {
    /// Few: they are looked at one by one.
    private let names: [[UInt8]]

    /// Names as `HTTPHost.name` has them.
    public init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
    }

    /// Whether `authority` is `host`, `host:port`, `[v6]` or `[v6]:port` with one of the names in any letter case.
    public func contains(_ authority: Span<UInt8>) -> Bool {
        guard let (range, _) = HTTPHost.split(authority) else { return false }
        let given = authority.extracting(range)
        for name in names where name.count == given.count {
            var index = 0
            while index < given.count, ASCII.lowercased(given[index]) == name[index] { index += 1 }
            if index == given.count { return true }
        }
        return false
    }
}
