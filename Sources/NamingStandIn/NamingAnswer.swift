public import HTTPWire

/// An answer as the profile's server gives it. Tomcat: empty reason phrase, JSON in chunks, texts with a length; actix:
/// reason phrase, lower-case names, a length on everything (nacos.md §10.4).
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
        /// Before it: nothing on 1.x and 2.x.
        case container
        /// In front of the application: nothing on any.
        case server
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
    var engine = NamingProfile.Engine.tomcat
    var securityFields = NamingProfile.SecurityFields.cors
    /// actix answers 1.0 in kind.
    var isHTTP10 = false
    /// Fields of this answer alone.
    var extraFields: [ExtraField] = []

    /// A field that few answers have.
    struct ExtraField: Equatable {
        let name: String
        let value: String

        /// A session that no client needs.
        static let session = ExtraField(
            name: "Set-Cookie", value: "JSESSIONID=00000000000000000000000000000000; Path=/nacos; HttpOnly")
    }

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
        var bytes: [UInt8] = []
        writeOwnFields(to: &bytes)
        var fields = HTTPFields()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            fields.append(String(parts[0]), String(parts[1].dropFirst()))
        }
        return fields
    }
}

extension NamingAnswer {
    /// Tomcat's output buffer: a longer body leaves in several chunks.
    static let chunkSize = 8192

    private static let corsFields = Array(
        ("Vary: Origin\r\nVary: Access-Control-Request-Method\r\nVary: Access-Control-Request-Headers\r\n"
            + "Content-Security-Policy: script-src 'self'\r\n").utf8)
    private static let strictFields = Array(
        ("X-Content-Type-Options: nosniff\r\nX-XSS-Protection: 0\r\n"
            + "Cache-Control: no-cache, no-store, max-age=0, must-revalidate\r\nPragma: no-cache\r\nExpires: 0\r\n"
            + "X-Frame-Options: DENY\r\n").utf8)
    private static let noCacheFields = Array(
        "Pragma: no-cache\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\nCache-Control: no-cache,no-store\r\n".utf8)
    private static let strictNoCacheFields =
        noCacheFields
        + Array("X-Content-Type-Options: nosniff\r\nX-XSS-Protection: 0\r\nX-Frame-Options: DENY\r\n".utf8)

    /// Appends the answer's bytes; `date` is the value of the `Date` field. The answer to HEAD goes without body.
    public func write(date: [UInt8], withBody: Bool = true, to out: inout [UInt8]) {
        switch engine {
        case .tomcat: writeHead(date: date, to: &out)
        case .actix: writeActixHead(date: date, to: &out)
        }
        guard withBody else { return }
        switch framing {
        case .chunked where engine == .tomcat: writeChunks(to: &out)
        case .chunked, .contentLength, .untilClose: out.append(contentsOf: body)
        }
    }

    private func writeHead(date: [UInt8], to out: inout [UInt8]) {
        out.append(text: "HTTP/1.1 ")
        out.append(decimal: status)
        out.append(text: " \r\n")
        writeOwnFields(to: &out)
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

    private func writeActixHead(date: [UInt8], to out: inout [UInt8]) {
        out.append(text: isHTTP10 ? "HTTP/1.0 " : "HTTP/1.1 ")
        out.append(decimal: status)
        out.append(UInt8(ascii: " "))
        out.append(text: RequestContext.reason(status))
        out.append(text: "\r\ncontent-length: ")
        out.append(decimal: body.count)
        out.append(text: connection == .close && !isHTTP10 ? "\r\nconnection: close\r\n" : "\r\n")
        if let contentType {
            out.append(text: "content-type: ")
            out.append(text: contentType)
            out.append(text: "\r\n")
        }
        out.append(text: "date: ")
        out.append(contentsOf: date)
        out.append(text: "\r\n\r\n")
    }

    /// What the application says, in its order.
    private func writeOwnFields(to out: inout [UInt8]) {
        if engine == .tomcat {
            // The filters of 3.x write theirs when the answer leaves, those of 1.x and 2.x before the controller runs.
            if securityFields == .strict { writeExtraFields(to: &out) }
            switch (origin, securityFields) {
            case (.controller, .cors): out.append(contentsOf: NamingAnswer.corsFields)
            case (.controller, .strict), (.container, .strict): out.append(contentsOf: NamingAnswer.strictFields)
            case (.parameterCheck, .cors): out.append(contentsOf: NamingAnswer.noCacheFields)
            case (.parameterCheck, .strict): out.append(contentsOf: NamingAnswer.strictNoCacheFields)
            case (.container, .cors), (.server, _): break
            }
            if securityFields == .cors { writeExtraFields(to: &out) }
        }
        if let contentType {
            out.append(text: "Content-Type: ")
            out.append(text: contentType)
            out.append(text: "\r\n")
        }
        if hasLanguage { out.append(text: "Content-Language: en\r\n") }
    }

    private func writeExtraFields(to out: inout [UInt8]) {
        for field in extraFields { out.append(text: "\(field.name): \(field.value)\r\n") }
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
