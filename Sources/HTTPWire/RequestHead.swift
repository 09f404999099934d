/// A parsed and checked request head: the request without its body, and what follows it.
struct RequestHead: Sendable {
    enum Body: Equatable, Sendable {
        case none
        /// 1…, in bytes.
        case length(Int)
        case chunked
    }

    let request: HTTPRequest
    let body: Body
    let keepsOpen: Bool
    let expectsContinue: Bool

    /// The longest method, two blanks, `HTTP/1.1` and CRLF.
    static let lineBytesBesideTarget = HTTPLimits.methodBytes + 2 + 8 + 2

    /// Parses the `end` bytes of a head that the scanner found, of `lines` lines.
    init(_ bytes: Span<UInt8>, end: Int, lines: Int, limits: HTTPLimits) throws(HTTPRefusal) {
        let line = try RequestLine(bytes, limits: limits)
        let section: FieldSection
        do throws(FieldFault) {
            section = try FieldSection(bytes, from: line.end, to: end, count: lines - 1)
        } catch {
            throw .malformed(HTTPMalformation(error))
        }
        let framing = section.framing
        try RequestHead.checkHost(framing, line.version)
        body = try RequestHead.body(framing, line.version)
        guard line.method != .head || body == .none else { throw .malformed(.bodyOfHead) }
        keepsOpen = framing.keepsOpen(line.version)
        switch framing.expectation {
        case .absent: expectsContinue = false
        case .continue: expectsContinue = line.version == .http11 && body != .none
        case .other:
            guard line.version == .http10 else { throw .expectationFailed }
            expectsContinue = false
        }
        request = HTTPRequest(line.method, line.target, version: line.version, fields: section.fields)
    }

    /// RFC 9112 §3.2: exactly one valid Host in 1.1; 1.0 may leave it out.
    private static func checkHost(_ framing: FramingFields, _ version: HTTPVersion) throws(HTTPRefusal) {
        switch framing.hosts {
        case 0:
            guard version == .http10 else { throw .malformed(.noHost) }
        case 1:
            guard framing.hostIsValid else { throw .malformed(.host) }
        default:
            throw .malformed(.repeatedHost)
        }
    }

    /// RFC 9112 §6.3. Where the RFC leaves a choice for contradictory framing, it is refused.
    private static func body(_ framing: FramingFields, _ version: HTTPVersion) throws(HTTPRefusal) -> Body {
        if framing.coding != .absent {
            guard version == .http11 else { throw .malformed(.transferEncodingInHTTP10) }
            guard framing.lengthFields == 0 else { throw .malformed(.contentLengthAndTransferEncoding) }
        }
        switch framing.coding {
        case .absent: break
        case .chunked: return .chunked
        case .othersThenChunked: throw .unsupportedTransferCoding
        case .unframed: throw .malformed(.transferEncoding)
        }
        guard framing.lengthFields <= 1 else { throw .malformed(.repeatedContentLength) }
        switch framing.length {
        case .absent, .bytes(0): return .none
        case .bytes(let length): return .length(length)
        case .malformed: throw .malformed(.contentLength)
        case .contradictory: throw .malformed(.repeatedContentLength)
        }
    }
}

/// The first line of a request (RFC 9112 §3).
private struct RequestLine {
    let method: HTTPMethod
    let target: HTTPTarget
    let version: HTTPVersion
    /// Behind the CRLF.
    let end: Int

    init(_ bytes: Span<UInt8>, limits: HTTPLimits) throws(HTTPRefusal) {
        var position = 0
        while ASCIISet.token.contains(bytes[position]) { position += 1 }
        guard position <= HTTPLimits.methodBytes else { throw .methodTooLong }
        guard position > 0, bytes[position] == ASCII.space else { throw .malformed(.requestLine) }
        method = HTTPMethod(bytes.extracting(0..<position))

        let start = position + 1
        position = start
        while bytes[position] > ASCII.space { position += 1 }
        guard position - start <= limits.targetBytes else { throw .targetTooLong(limit: limits.targetBytes) }
        guard bytes[position] == ASCII.space else { throw .malformed(.requestLine) }
        let rawTarget = bytes.extracting(start..<position)

        position += 1
        version = try RequestLine.version(bytes, at: &position)
        end = position
        guard let target = HTTPTarget(rawTarget, method: method) else { throw .malformed(.target) }
        self.target = target
    }

    /// The version and the CRLF behind it at `position`, which is moved behind them.
    private static func version(_ bytes: Span<UInt8>, at position: inout Int) throws(HTTPRefusal) -> HTTPVersion {
        var lineEnd = position
        while bytes[lineEnd] != ASCII.carriageReturn { lineEnd += 1 }
        let text = bytes.extracting(position..<lineEnd)
        position = lineEnd + 2
        if text.matches("HTTP/1.1") { return .http11 }
        if text.matches("HTTP/1.0") { return .http10 }
        guard text.count > 5, text.extracting(0..<5).matches("HTTP/") else { throw .malformed(.requestLine) }
        for index in 0..<text.count where ASCII.isBlank(text[index]) { throw .malformed(.requestLine) }
        throw .unsupportedVersion
    }
}
