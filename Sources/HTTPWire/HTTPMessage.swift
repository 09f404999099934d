/// A request method (RFC 9110 §9). Methods are case-sensitive: `get` is an unknown one.
public enum HTTPMethod: Hashable, Sendable {
    case get, head, post, put, patch, delete, options
    /// Any other token, as sent.
    case other(String)

    /// The method with this name.
    public init(_ name: String) {
        self.init(name.utf8.span)
    }

    init(_ token: Span<UInt8>) {
        switch token.count {
        case 3 where token.matches("GET"): self = .get
        case 3 where token.matches("PUT"): self = .put
        case 4 where token.matches("POST"): self = .post
        case 4 where token.matches("HEAD"): self = .head
        case 5 where token.matches("PATCH"): self = .patch
        case 6 where token.matches("DELETE"): self = .delete
        case 7 where token.matches("OPTIONS"): self = .options
        default: self = .other(token.text())
        }
    }

    /// The method as it stands in a request line.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }
}

/// The protocol versions that are spoken; all others are answered 505.
public enum HTTPVersion: Hashable, Sendable {
    case http10, http11
}

/// A request target (RFC 9112 §3.2) split into its parts, still percent-encoded.
public struct HTTPTarget: Equatable, Sendable {
    /// The path before `?`, as sent; `*` for the server as a whole, empty in the authority-form of CONNECT.
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

/// A whole request. Trailer fields are dropped, chunked bodies are joined. An object that does not change: it is handed
/// from the parser to whoever answers, and a value would count the references of each part at every hand.
public final class HTTPRequest: Sendable {
    /// What is to be done.
    public let method: HTTPMethod
    /// To what.
    public let target: HTTPTarget
    /// The version that the client speaks.
    public let version: HTTPVersion
    /// Header fields, those of the framing included.
    public let fields: HTTPFields
    /// The content, without its framing.
    public let body: [UInt8]

    /// A request from its parts.
    public init(
        _ method: HTTPMethod, _ target: HTTPTarget, version: HTTPVersion = .http11,
        fields: consuming HTTPFields = HTTPFields(), body: consuming [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.version = version
        self.fields = fields
        self.body = body
    }
}

extension HTTPRequest: Equatable {
    /// The same in all parts.
    public static func == (left: HTTPRequest, right: HTTPRequest) -> Bool {
        left.method == right.method && left.target == right.target && left.version == right.version
            && left.fields == right.fields && left.body == right.body
    }
}

/// A whole response. The writer adds the framing (`Content-Length` or chunks) and `Date`.
public struct HTTPResponse: Equatable, Sendable {
    /// Three digits, 100…599.
    public var status: Int
    /// Header fields; in a parsed response those of the framing are among them.
    public var fields: HTTPFields
    /// The content, without its framing.
    public var body: [UInt8]

    /// A response from its parts.
    public init(_ status: Int, fields: HTTPFields = HTTPFields(), body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
