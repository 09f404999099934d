/// How much of one message may be buffered. A peer that exceeds one of these is refused before more is kept.
public struct HTTPLimits: Equatable, Sendable {
    /// Request or status line, fields and the blank line behind them, in bytes.
    public var headBytes: Int
    /// Header fields of one head, and again trailer fields of one chunked body.
    public var fieldCount: Int
    /// The request target, in bytes.
    public var targetBytes: Int
    /// The body, in bytes, chunk framing not counted.
    public var bodyBytes: Int

    /// Limits from their parts.
    public init(headBytes: Int, fieldCount: Int, targetBytes: Int, bodyBytes: Int) {
        self.headBytes = headBytes
        self.fieldCount = fieldCount
        self.targetBytes = targetBytes
        self.bodyBytes = bodyBytes
    }

    /// For requests to the control API.
    ///
    /// 8 KiB and 4 KiB are what nginx and Tomcat allow a head and what a filter URL with the longest legal names
    /// needs; browsers send about 20 fields; a registration with full metadata is below 16 KiB, so 64 KiB are ample.
    public static let request = HTTPLimits(
        headBytes: 8 << 10, fieldCount: 64, targetBytes: 4 << 10, bodyBytes: 64 << 10)

    /// For replies of Nacos servers.
    ///
    /// Their heads are below 1 KiB; proxies in front add cookies and policies. A list of a thousand hosts is near
    /// 256 KiB, and nothing longer is ever asked for.
    public static let response = HTTPLimits(
        headBytes: 16 << 10, fieldCount: 64, targetBytes: 0, bodyBytes: 256 << 10)

    /// The longest method registered with IANA has 17 letters (`UPDATEREDIRECTREF`).
    static let methodBytes = 32

    /// A chunk-size line: 16 digits say any size, the rest is room for extensions, which nobody uses.
    static let chunkLineBytes = 256

    /// Interim (1xx) responses before one final response. Real servers send one `100`.
    static let interimResponses = 8

    /// Room taken for a body whose length is announced, before any of it has come; a larger one grows as it comes,
    /// so an announcement alone never costs more.
    static let announcedBodyBytes = 16 << 10
}
