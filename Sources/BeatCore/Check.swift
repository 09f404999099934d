/// One check of a registration: beating is a consequence of health (control-api.md §4).
public struct Check: Equatable, Sendable {
    /// What is looked at.
    public var target: Target
    /// From the begin of one run to that of the next. A `ttl` check is not run and has no use for it.
    public var every: Duration
    /// How long one run may take; at most `every`, so that runs never overlap.
    public var timeout: Duration
    /// Failures in a row that make it failing. A `ttl` check fails at once.
    public var fall: UInt16
    /// Passes in a row that make it passing.
    public var rise: UInt16
    /// How long from its begin failures do not count.
    public var grace: Duration

    /// What a check looks at.
    public enum Target: Equatable, Sendable {
        /// A GET whose status lies in `expect`; redirects are not followed.
        case http(CheckURL, expect: ClosedRange<UInt16>)
        /// A connection that comes about.
        case tcp(CheckAddress)
        /// A process that lives, and is still the one that was there at the first run.
        case pid(Int32)
        /// The program renews it by itself within this time.
        case ttl(Duration)
        /// A program, by its absolute path, with its arguments; exit status 0 passes.
        case exec([String])
    }

    /// The kinds of checks: label `type` of metrics, and the name of the field in documents.
    public enum Kind: UInt8, Sendable, CaseIterable {
        case http, tcp, pid, ttl, exec

        /// The name, part of the API.
        public var label: StaticString {
            switch self {
            case .http: "http"
            case .tcp: "tcp"
            case .pid: "pid"
            case .ttl: "ttl"
            case .exec: "exec"
            }
        }
    }

    /// A check from its parts, taken as they are: `ControlAPI` has checked them.
    public init(
        _ target: Target, every: Duration = CheckDefaults.every, timeout: Duration = CheckDefaults.timeout,
        fall: UInt16 = CheckDefaults.fall, rise: UInt16 = CheckDefaults.rise, grace: Duration = CheckDefaults.grace
    ) {
        self.target = target
        self.every = every
        self.timeout = timeout
        self.fall = fall
        self.rise = rise
        self.grace = grace
    }

    /// Its kind.
    public var kind: Kind {
        switch target {
        case .http: .http
        case .tcp: .tcp
        case .pid: .pid
        case .ttl: .ttl
        case .exec: .exec
        }
    }
}

/// What a check has that does not say otherwise (control-api.md §4).
public enum CheckDefaults {
    /// As the default period of beats.
    public static let every = Duration.seconds(5)
    /// A program on the same machine answers in milliseconds.
    public static let timeout = Duration.seconds(1)
    /// Three in a row: with `every` this is the lease of an instance.
    public static let fall: UInt16 = 3
    /// One pass is enough: recovery is not delayed.
    public static let rise: UInt16 = 1
    /// A program that starts slowly says so.
    public static let grace = Duration.zero
    /// 2xx.
    public static let expect: ClosedRange<UInt16> = 200...299
}

/// Where a check connects to.
public struct CheckAddress: Hashable, Sendable {
    /// An address or a name, IPv6 without brackets.
    public var host: String
    /// 1…65535.
    public var port: UInt16

    /// An address from its parts.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// From `host:port` or `[v6]:port`; nil for anything else.
    public init?(parsing text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = CheckAddress.port(text[text.utf8.index(after: colon)...]),
            let host = CheckAddress.host(text[..<colon])
        else { return nil }
        self.init(host: host, port: port)
    }

    /// `host:port`, an IPv6 address in brackets.
    public var text: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// A name, an IPv4 address, or an IPv6 address in brackets; nil when it is none by its characters.
    static func host(_ text: Substring) -> String? {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= hostBytesMax else { return nil }
        if first == UInt8(ascii: "[") {
            guard bytes.last == UInt8(ascii: "]"), bytes.count > 2 else { return nil }
            let inner = text.dropFirst().dropLast()
            guard inner.utf8.allSatisfy({ isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { return nil }
            return String(inner)
        }
        return bytes.allSatisfy(isNameByte) ? String(text) : nil
    }

    /// 1…65535 in digits.
    static func port(_ text: Substring) -> UInt16? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(text), port > 0
        else { return nil }
        return port
    }

    /// The longest name in DNS (RFC 1035 §3.1), and more than any address.
    private static let hostBytesMax = 255

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isHexDigit(byte) || (UInt8(ascii: "g")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "G")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
    }
}

/// What an `http` check asks for.
public struct CheckURL: Equatable, Sendable {
    /// As it was written.
    public let text: String
    /// Where it connects to; without a port in the text, 80.
    public let address: CheckAddress
    /// The value of `Host`: host and, when it was written, port.
    public let authority: String
    /// The request target: path and query, `/` when there is none.
    public let target: String

    /// From `http://host[:port][/path][?query]`. Nil for anything else: another scheme, user information, a fragment, a
    /// character that does not belong into a target (RFC 3986), more than 2 KiB.
    public init?(parsing text: String) {
        let scheme = "http://"
        guard text.utf8.count <= CheckURL.bytesMax, text.lowercased().hasPrefix(scheme),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !CheckURL.excluded.contains($0) })
        else { return nil }
        let rest = text.dropFirst(scheme.count)
        let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end]
        if let address = CheckAddress(parsing: String(authority)) {
            self.address = address
        } else {
            guard let host = CheckAddress.host(authority) else { return nil }
            address = CheckAddress(host: host, port: 80)
        }
        self.text = text
        self.authority = String(authority)
        let target = rest[end...]
        self.target = target.utf8.first == UInt8(ascii: "/") ? String(target) : "/\(target)"
    }

    /// Room for any sensible path and query, small beside the 64 KiB of a body.
    private static let bytesMax = 2048
    /// What RFC 3986 excludes from a URI, and the fragment, which is never sent.
    private static let excluded = Array("\"<>\\^`{|}#".utf8)
}
