import HTTPWire

/// Why a request is refused; the context turns it into an answer.
enum Refusal: Error, Equatable {
    /// Text of a controller; 1.x wraps it.
    case text(Int, String)
    /// The container's error page, JSON or HTML.
    case container(Int, String)
    /// Text of the parameter check.
    case parameterCheck(String)
    /// A v2 result.
    case result(Int, code: Int, message: String, data: String?)
}

/// What of a request decides the form of its answer.
struct RequestContext {
    /// What the client takes (RFC 9110 §12.5.1), as far as the servers tell it apart.
    private enum Accept {
        case any
        /// The media type named first, and whether JSON is taken, too.
        case type(String, takesJSON: Bool)
    }

    let method: String
    let path: String
    let wall: Int64
    private let accept: Accept
    private let connection: NamingAnswer.Connection
    private let isHTTP10: Bool
    private let wrapsErrors: Bool
    private let rules: ConnectionRules

    static let plainText = "text/plain;charset=UTF-8"

    init(_ request: HTTPRequest, _ profile: NamingProfile, wall: Int64) {
        method = request.method.token
        path = request.target.path
        self.wall = wall
        wrapsErrors = profile.wrapsErrors
        rules = profile.connection
        isHTTP10 = request.version == .http10
        connection = RequestContext.connection(request)
        accept = RequestContext.accept(request.fields["Accept"])
    }

    /// What the client wants to become of the connection.
    static func connection(_ request: HTTPRequest) -> NamingAnswer.Connection {
        if request.version == .http10 { return .close }
        guard let wish = request.fields["Connection"]?.lowercased() else { return .implicit }
        if wish.contains("close") { return .close }
        return wish.contains("keep-alive") ? .keepAlive : .implicit
    }

    private static func accept(_ field: String?) -> Accept {
        guard let field, field != "*/*" else { return .any }
        let types = field.split(separator: ",").map { item in
            Parameters.trimmed(String(item.prefix { $0 != ";" })).lowercased()
        }
        let takesJSON = types.contains { ["*/*", "*", "application/json", "application/*"].contains($0) }
        guard let first = types.first, !first.hasPrefix("*") else { return .any }
        return .type(first, takesJSON: takesJSON)
    }

    /// A document of a controller.
    func json(_ status: Int, _ body: [UInt8]) -> NamingAnswer {
        if case .type(_, takesJSON: false) = accept {
            return text(500, "caused: Could not find acceptable representation;")
        }
        return answer(status, .controller, "application/json", body, .chunked)
    }

    /// A text of a controller, in the type that was asked for first.
    func text(_ status: Int, _ text: String) -> NamingAnswer {
        let type =
            switch accept {
            case .any: RequestContext.plainText
            case .type("application/json", _): "application/json"
            case .type("text/html", _): "text/html;charset=UTF-8"
            case .type: RequestContext.plainText
            }
        return answer(status, .controller, type, Array(text.utf8), .contentLength)
    }

    /// The traffic filter's refusal: text without a type.
    func unavailable(_ text: String) -> NamingAnswer {
        answer(503, .container, nil, Array(text.utf8), .contentLength)
    }

    func refusal(_ refusal: Refusal) -> NamingAnswer {
        switch refusal {
        case .text(let status, let text):
            return self.text(status, wrapsErrors ? "caused: \(text);" : text)
        case .container(let status, let message):
            return errorPage(status, message, .container)
        case .parameterCheck(let text):
            return answer(400, .parameterCheck, nil, Array((text + "\r\n").utf8), .contentLength)
        case .result(let status, let code, let message, let data):
            var body: [UInt8] = []
            body.append(text: "{\"code\":\(code),\"message\":")
            body.append(jsonString: message)
            body.append(text: ",\"data\":")
            if let data { body.append(jsonString: data) } else { body.append(text: "null") }
            body.append(text: "}")
            return json(status, body)
        }
    }

    /// 404 of Spring: the request went through all filters first.
    func notFound() -> NamingAnswer {
        errorPage(404, "No message available", .controller)
    }

    /// Tomcat's own page, for what never reaches the application.
    func tomcatPage(_ status: Int) -> NamingAnswer {
        RequestContext.tomcatPage(status, closes: rules.closes(status) || connection == .close)
    }

    /// Tomcat's own page for a request that could not even be read.
    static func tomcatPage(_ status: Int, closes: Bool) -> NamingAnswer {
        let title = "HTTP Status \(status) – \(reason(status))"
        let style =
            "body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} "
            + "h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} "
            + ".line {height:1px;background-color:#525D76;border:none;}"
        let page =
            "<!doctype html><html lang=\"en\"><head><title>\(title)</title><style type=\"text/css\">\(style)</style>"
            + "</head><body><h1>\(title)</h1></body></html>"
        var answer = NamingAnswer(
            status, .container, contentType: "text/html;charset=utf-8", body: Array(page.utf8),
            framing: .contentLength, connection: closes ? .close : .implicit)
        answer.hasLanguage = true
        return answer
    }

    private func errorPage(_ status: Int, _ message: String, _ origin: NamingAnswer.Origin) -> NamingAnswer {
        let time = WallClockText(milliseconds: wall)
        let reason = RequestContext.reason(status)
        if case .type("text/html", _) = accept {
            let page =
                "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, "
                + "so you are seeing this as a fallback.</p><div id='created'>\(time.javaDate)</div>"
                + "<div>There was an unexpected error (type=\(reason), status=\(status)).</div>"
                + "<div>\(RequestContext.escapedHTML(message))</div></body></html>"
            var answer = self.answer(status, origin, "text/html;charset=UTF-8", Array(page.utf8), .contentLength)
            answer.hasLanguage = true
            return answer
        }
        var body: [UInt8] = []
        body.append(text: "{\"timestamp\":\"\(time.errorTimestamp)\",\"status\":\(status),\"error\":\"\(reason)\"")
        body.append(text: ",\"message\":")
        body.append(jsonString: message)
        body.append(text: ",\"path\":")
        body.append(jsonString: path)
        body.append(text: "}")
        return answer(status, origin, "application/json", body, .chunked)
    }

    func answer(
        _ status: Int, _ origin: NamingAnswer.Origin, _ contentType: String?, _ body: [UInt8],
        _ framing: NamingAnswer.Framing
    ) -> NamingAnswer {
        NamingAnswer(
            status, origin, contentType: contentType, body: body,
            framing: isHTTP10 && framing == .chunked ? .untilClose : framing,
            connection: rules.closes(status) ? .close : connection)
    }

    private static func escapedHTML(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: String(character)
            }
        }.joined()
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 404: "Not Found"
        case 410: "Gone"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        default: "Error"
        }
    }
}

extension HTTPMethod {
    /// The method as it stands on the wire.
    var token: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let token): token
        }
    }
}
