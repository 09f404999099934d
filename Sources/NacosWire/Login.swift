public import BeatCore
public import HTTPWire
internal import JSON

extension NacosRequestEncoder {
    /// The dialects whose login path is tried, in this order: the next one when a reply is `.notServed`. As the Java
    /// client of 3.x does it; 3.x refuses the path of v1 when its client switch is off (nacos.md §5.1). Which path was
    /// served says nothing about the dialect to beat in: r-nacos serves both.
    public static let loginOrder: [Dialect] = [.v3, .v1]

    /// Appends a login at the path of `dialect`. User name and password stand in the body, which all servers take
    /// (nacos.md §5.1), so that no access log holds them; a token that was set is not sent.
    public func appendLogin(
        _ dialect: Dialect, username: String, password: SecretText, to output: inout [UInt8]
    ) {
        var form: [UInt8] = []
        Self.appendParameter("username=", username, to: &form)
        Self.appendParameter("&password=", password.text, to: &form)
        let path =
            switch dialect {
            case .v1: NacosPath.login
            case .v3: NacosPath.loginV3
            }
        appendLoginPost(path, form: form, to: &output)
    }
}

/// What a server said to a login (nacos.md §5.1).
public enum LoginReply: Equatable, Sendable {
    /// Send this token from now on; it holds for `ttl` from now.
    case token(SecretText, ttl: Duration)
    /// The server wants no token.
    case noAuthentication
    /// 404, 405, 410 or 501: try the other path.
    case notServed(status: Int)
    /// All else. The status does not tell a wrong password from a broken server.
    case refused(status: Int, detail: String)

    /// What Nacos gives by default: five hours. For an answer that does not say.
    static let defaultTTL = Duration.seconds(18_000)
    /// A token that ends at once is tried for a second, and one that never ends for a year: sums of times stay sane.
    static let ttlSeconds: ClosedRange<Int64> = 1...31_536_000
    /// A token must fit into the head of every request; those of Nacos have 130 to 300 bytes.
    static let tokenBytes = 8 << 10

    /// Reads a response to a login.
    public init(_ response: HTTPResponse) {
        let status = response.status
        switch status {
        case 200: self = LoginReply.success(response)
        case 404, 405, 410, 501: self = .notServed(status: status)
        default: self = .refused(status: status, detail: ServerText(response).detail)
        }
    }

    private static func success(_ response: HTTPResponse) -> LoginReply {
        // No body of a 200 is told: it may hold a token where it is not looked for.
        guard !ServerText.isCompressed(response),
            case .object(let object)? = try? JSONParser.parse(response.body, maxDepth: ServerText.maxDepth)
        else { return .refused(status: 200, detail: "the answer to the login is no JSON object") }
        switch object["accessToken"] {
        case .string(let token)?:
            guard !token.isEmpty, NacosRequestEncoder.isVisible(token), token.utf8.count <= tokenBytes else {
                return .refused(status: 200, detail: "a token that does not fit into a header")
            }
            return .token(SecretText(token), ttl: ttl(object["tokenTtl"]))
        case nil where [nil, .integer(0), .integer(200)].contains(object["code"]):
            return .noAuthentication
        case nil:
            return .refused(status: 200, detail: ServerText(response).detail)
        default:
            return .refused(status: 200, detail: "a token that is no string")
        }
    }

    private static func ttl(_ value: JSONValue?) -> Duration {
        guard case .integer(let seconds)? = value else { return defaultTTL }
        return .seconds(min(max(seconds, ttlSeconds.lowerBound), ttlSeconds.upperBound))
    }
}
