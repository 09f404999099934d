/// A parsed and checked response head: the response without its body, and what follows it.
struct ResponseHead: Sendable {
    enum Body: Equatable, Sendable {
        case none
        /// 1…, in bytes.
        case length(Int)
        case chunked
        case untilClose
    }

    var response: HTTPResponse
    let body: Body
    /// Of no use for a body that ends with the connection.
    let keepsOpen: Bool

    /// `HTTP/1.1 200`
    private static let shortestLine = 12

    /// Whether a further head follows (RFC 9110 §15.2).
    var isInterim: Bool { response.status < 200 }

    /// Parses the `end` bytes of a head that the scanner found, of `lines` lines.
    init(
        _ bytes: Span<UInt8>, end: Int, lines: Int, toHead: Bool, limits: HTTPLimits
    ) throws(HTTPResponseError) {
        var lineEnd = 0
        while bytes[lineEnd] != ASCII.carriageReturn { lineEnd += 1 }
        let (status, version) = try ResponseHead.statusLine(bytes.extracting(0..<lineEnd))
        let section: FieldSection
        do throws(FieldFault) {
            section = try FieldSection(bytes, from: lineEnd + 2, to: end, count: lines - 1)
        } catch {
            throw .field
        }
        response = HTTPResponse(status, fields: section.fields)
        let framed = try ResponseHead.body(section.framing, version)
        body = toHead || status < 200 || HTTPStatus.hasNoBody(status) ? .none : framed
        keepsOpen = section.framing.keepsOpen(version)
    }

    /// `HTTP/1.x nnn`, and behind it nothing or a blank and a reason phrase, which may be empty.
    private static func statusLine(_ line: Span<UInt8>) throws(HTTPResponseError) -> (Int, HTTPVersion) {
        guard line.count >= shortestLine, line.extracting(0..<5).matches("HTTP/"), line[8] == ASCII.space,
            line.count == shortestLine || line[shortestLine] == ASCII.space
        else { throw .statusLine }
        var status = 0
        for index in 9..<shortestLine {
            guard ASCII.isDigit(line[index]) else { throw .statusLine }
            status = status * 10 + Int(line[index] - ASCII.zero)
        }
        guard (100...599).contains(status), status != 101 else { throw .statusLine }
        let version = line.extracting(5..<8)
        if version.matches("1.1") { return (status, .http11) }
        if version.matches("1.0") { return (status, .http10) }
        throw .unsupportedVersion
    }

    /// RFC 9112 §6.3, for a response that may have a body.
    private static func body(_ framing: FramingFields, _ version: HTTPVersion) throws(HTTPResponseError) -> Body {
        if framing.coding != .absent {
            guard framing.lengthFields == 0 else { throw .contentLengthAndTransferEncoding }
            guard framing.coding == .chunked, version == .http11 else { throw .transferEncoding }
            return .chunked
        }
        switch framing.length {
        case .absent: return .untilClose
        case .bytes(0): return .none
        case .bytes(let length): return .length(length)
        case .malformed, .contradictory: throw .contentLength
        }
    }
}
