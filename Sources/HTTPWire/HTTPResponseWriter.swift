/// Writes the answer to one request, with its framing (RFC 9112, server role).
///
/// Made when the request came, it may be kept until its answer is ready. It is in charge of `Date`,
/// `Content-Length`, `Transfer-Encoding` and `Connection`; a caller that sets one of them traps, as does a field with
/// a control character in its value.
public struct HTTPResponseWriter: Equatable, Sendable {
    /// Whether the connection stays open behind the answer. The server may turn it off: when it drains, or when the
    /// connection has had its share of requests.
    public var keepsOpen: Bool
    /// Whether the answer is one to HEAD: it has the head that GET would get, and no body.
    public let isToHead: Bool
    private let version: HTTPVersion

    /// A writer for the answer to a parsed request; `keepsOpen` is what the parser said.
    public init(answering request: HTTPRequest, keepsOpen: Bool) {
        self.init(toHead: request.method == .head, version: request.version, keepsOpen: keepsOpen)
    }

    /// A writer for an answer without a parsed request: a refusal, a missed deadline.
    public init(toHead: Bool = false, version: HTTPVersion = .http11, keepsOpen: Bool = false) {
        self.keepsOpen = keepsOpen
        self.isToHead = toHead
        self.version = version
    }

    /// Appends a whole response. `date` is the current time as RFC 9110 §5.6.7 writes it
    /// (`Sun, 06 Nov 1994 08:49:37 GMT`). The body is left out for HEAD, 204 and 304; 204 and 304 have no
    /// `Content-Length` either.
    public func append(_ response: HTTPResponse, date: String, to output: inout [UInt8]) {
        appendHead(of: response, date: date, to: &output)
        if sendsBody(of: response) { output.append(contentsOf: response.body) }
    }

    /// Appends a whole response without its body, which is to follow as it is when `sendsBody` says so.
    public func appendHead(of response: HTTPResponse, date: String, to output: inout [UInt8]) {
        appendHead(response.status, response.fields, date: date, to: &output)
        if HTTPStatus.hasNoBody(response.status) {
            output.append("\r\n")
        } else {
            output.append("Content-Length: ")
            output.append(decimal: response.body.count)
            output.append("\r\n\r\n")
        }
    }

    /// Whether the body of a whole response belongs behind its head.
    public func sendsBody(of response: HTTPResponse) -> Bool {
        !isToHead && !HTTPStatus.hasNoBody(response.status)
    }

    /// Appends the head of a response whose body follows piece by piece, of unknown length. To a client of HTTP/1.0
    /// the body ends with the connection, so it does not stay open.
    public mutating func beginStream(
        _ status: Int, _ fields: HTTPFields, date: String, to output: inout [UInt8]
    ) {
        precondition(!HTTPStatus.hasNoBody(status), "a \(status) has no body to stream")
        if version == .http10 { keepsOpen = false }
        appendHead(status, fields, date: date, to: &output)
        if version == .http11 { output.append("Transfer-Encoding: chunked\r\n") }
        output.append("\r\n")
    }

    /// Appends one piece of a streamed body. An empty piece, which would end the body, adds nothing.
    public func appendChunk(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        guard bytes.count > 0, !isToHead else { return }
        switch version {
        case .http10:
            output.append(bytes)
        case .http11:
            output.append(hexadecimal: bytes.count)
            output.append("\r\n")
            output.append(bytes)
            output.append("\r\n")
        }
    }

    /// Appends one piece of a streamed body.
    public func appendChunk(_ bytes: [UInt8], to output: inout [UInt8]) {
        appendChunk(bytes.span, to: &output)
    }

    /// Appends what ends a streamed body.
    public func endStream(to output: inout [UInt8]) {
        if version == .http11, !isToHead { output.append("0\r\n\r\n") }
    }

    /// Appends the interim response that a client waits for which sent `Expect: 100-continue`.
    public static func appendContinue(to output: inout [UInt8]) {
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Status line and all fields but those of the body's framing, without the blank line.
    private func appendHead(
        _ status: Int, _ fields: HTTPFields, date: String, to output: inout [UInt8]
    ) {
        precondition((200...599).contains(status), "no final status: \(status)")
        fields.requireWritable()
        if status == 200 {
            output.append("HTTP/1.1 200 OK\r\nDate: ")
        } else {
            output.append("HTTP/1.1 ")
            output.append(decimal: status)
            output.append(" ")
            output.append(HTTPStatus.reason(status))
            output.append("\r\nDate: ")
        }
        HTTPFields.appendChecked(date.utf8.span, to: &output)
        output.append("\r\n")
        fields.appendLines(to: &output)
        if !keepsOpen {
            output.append("Connection: close\r\n")
        } else if version == .http10 {
            output.append("Connection: keep-alive\r\n")
        }
    }
}
