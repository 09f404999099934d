public import HTTPWire

/// An answer as Tomcat gives it: empty reason phrase, JSON in chunks, texts with a length (nacos.md §10.4).
public struct NamingAnswer: Equatable, Sendable {
    /// How the end of the body is told.
    public enum Framing: Equatable, Sendable {
        case chunked, contentLength
        /// HTTP/1.0 knows no chunks: the end of the connection is the end.
        case untilClose
    }

    /// What the answer says about the connection.
    public enum Connection: Equatable, Sendable {
        /// Nothing: HTTP/1.1 keeps it open.
        case implicit
        /// `Keep-Alive` and `Connection: keep-alive`, because the client asked for it.
        case keepAlive
        /// `Connection: close`.
        case close
    }

    /// Who made the answer; each has fields of its own.
    enum Origin: Equatable {
        /// Behind the security filter: `Vary` three times and a policy.
        case controller
        /// Before it: nothing.
        case container
        /// The parameter check: three fields against caches.
        case parameterCheck
    }

    /// Three digits.
    public var status: Int
    /// Without chunk framing.
    public var body: [UInt8]
    /// How the end of the body is told.
    public var framing: Framing
    /// What is said about the connection.
    public var connection: Connection
    /// nil when the answer names none.
    public var contentType: String?
    /// Whether `Content-Language: en` is sent, as with every HTML page.
    var hasLanguage = false
    var origin: Origin

    /// Whether the connection ends with this answer.
    public var closes: Bool { connection == .close }

    init(
        _ status: Int, _ origin: Origin, contentType: String?, body: [UInt8], framing: Framing,
        connection: Connection = .implicit
    ) {
        self.status = status
        self.origin = origin
        self.contentType = contentType
        self.body = body
        self.framing = framing
        self.connection = connection
    }

    /// The fields in the order of the wire, without framing, `Date` and those of the connection.
    public var fields: HTTPFields {
        var fields = HTTPFields()
        switch origin {
        case .controller:
            fields.append("Vary", "Origin")
            fields.append("Vary", "Access-Control-Request-Method")
            fields.append("Vary", "Access-Control-Request-Headers")
            fields.append("Content-Security-Policy", "script-src 'self'")
        case .container:
            break
        case .parameterCheck:
            fields.append("Pragma", "no-cache")
            fields.append("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
            fields.append("Cache-Control", "no-cache,no-store")
        }
        if let contentType { fields.append("Content-Type", contentType) }
        if hasLanguage { fields.append("Content-Language", "en") }
        return fields
    }
}

extension NamingAnswer {
    /// Tomcat's output buffer: a longer body leaves in several chunks.
    static let chunkSize = 8192

    /// The fields of an answer of a controller, the same on every one.
    private static let controllerFields = Array(
        ("Vary: Origin\r\nVary: Access-Control-Request-Method\r\nVary: Access-Control-Request-Headers\r\n"
            + "Content-Security-Policy: script-src 'self'\r\n").utf8)
    private static let parameterCheckFields = Array(
        "Pragma: no-cache\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\nCache-Control: no-cache,no-store\r\n".utf8)

    /// Appends the answer's bytes; `date` is the value of the `Date` field. The answer to HEAD goes without body.
    public func write(date: [UInt8], withBody: Bool = true, to out: inout [UInt8]) {
        writeHead(date: date, to: &out)
        guard withBody else { return }
        switch framing {
        case .chunked: writeChunks(to: &out)
        case .contentLength, .untilClose: out.append(contentsOf: body)
        }
    }

    private func writeHead(date: [UInt8], to out: inout [UInt8]) {
        out.append(text: "HTTP/1.1 ")
        out.append(decimal: status)
        out.append(text: " \r\n")
        switch origin {
        case .controller: out.append(contentsOf: NamingAnswer.controllerFields)
        case .container: break
        case .parameterCheck: out.append(contentsOf: NamingAnswer.parameterCheckFields)
        }
        if let contentType {
            out.append(text: "Content-Type: ")
            out.append(text: contentType)
            out.append(text: "\r\n")
        }
        if hasLanguage { out.append(text: "Content-Language: en\r\n") }
        switch framing {
        case .chunked: out.append(text: "Transfer-Encoding: chunked\r\n")
        case .contentLength:
            out.append(text: "Content-Length: ")
            out.append(decimal: body.count)
            out.append(text: "\r\n")
        case .untilClose: break
        }
        out.append(text: "Date: ")
        out.append(contentsOf: date)
        switch connection {
        case .implicit: out.append(text: "\r\n\r\n")
        case .keepAlive: out.append(text: "\r\nKeep-Alive: timeout=60\r\nConnection: keep-alive\r\n\r\n")
        case .close: out.append(text: "\r\nConnection: close\r\n\r\n")
        }
    }

    private func writeChunks(to out: inout [UInt8]) {
        var start = 0
        while start < body.count {
            let end = min(start + NamingAnswer.chunkSize, body.count)
            out.append(hexadecimal: end - start)
            out.append(text: "\r\n")
            out.append(contentsOf: body[start..<end])
            out.append(text: "\r\n")
            start = end
        }
        out.append(text: "0\r\n\r\n")
    }
}
