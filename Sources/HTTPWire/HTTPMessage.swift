/// A request method (RFC 9110 §9). Methods are case-sensitive: `get` is an unknown one.
public enum HTTPMethod: Hashable, Sendable {
    case get, head, post, put, patch, delete, options
    /// Any other token, as sent.
    case other(String)
}

/// The protocol versions that are spoken; all others are answered 505.
public enum HTTPVersion: Hashable, Sendable {
    case http10, http11
}

/// Header fields in the order they came; names compare without case (RFC 9110 §5.1).
public struct HTTPFields: Equatable, Sendable {
    private var entries: [Entry] = []

    private struct Entry: Equatable, Sendable {
        var name: String
        var value: String
    }

    /// No fields.
    public init() {}

    /// Adds a field behind the others; the same name may stand several times.
    public mutating func append(_ name: String, _ value: String) {
        entries.append(Entry(name: name, value: value))
    }

    /// The value of the first field with this name.
    public subscript(_ name: String) -> String? {
        let wanted = name.lowercased()
        return entries.first { $0.name.lowercased() == wanted }?.value
    }
}

/// A request target (RFC 9112 §3.2) split into its parts, still percent-encoded.
public struct HTTPTarget: Equatable, Sendable {
    /// The path before `?`, as sent.
    public var path: String
    /// What stands behind the first `?`, as sent; nil when there is none.
    public var query: String?
    /// The authority of an absolute-form target; it is checked in place of Host.
    public var authority: String?

    /// A target from its parts.
    public init(path: String, query: String? = nil, authority: String? = nil) {
        self.path = path
        self.query = query
        self.authority = authority
    }
}

/// A whole request. Trailer fields are dropped, chunked bodies are joined.
public struct HTTPRequest: Equatable, Sendable {
    public var method: HTTPMethod
    public var target: HTTPTarget
    public var version: HTTPVersion
    public var fields: HTTPFields
    public var body: [UInt8]

    /// A request from its parts.
    public init(
        _ method: HTTPMethod, _ target: HTTPTarget, version: HTTPVersion = .http11, fields: HTTPFields = HTTPFields(),
        body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        self.body = body
    }
}

/// A whole response. The writer adds the framing (`Content-Length` or chunks) and `Date`.
public struct HTTPResponse: Equatable, Sendable {
    /// Three digits, 100…599.
    public var status: Int
    public var fields: HTTPFields
    public var body: [UInt8]

    /// A response from its parts.
    public init(_ status: Int, fields: HTTPFields = HTTPFields(), body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
