import HTTPWire

/// Why a request is refused; the context turns it into an answer.
enum Refusal: Error, Equatable {
    /// Text of a controller; 1.x wraps it.
    case text(Int, String)
    /// Text of the login, which nothing wraps.
    case login(Int, String)
    /// The container's error page, JSON or HTML.
    case container(Int, String)
    /// Spring's own refusal of a login, which opens a session.
    case accessDenied
    /// Text of the parameter check.
    case parameterCheck(String)
    /// A v2 result.
    case result(Int, code: Int, message: String, data: String?)
    /// An empty body; with the methods that are allowed, the container's page.
    case nothing(Int, allow: String?)
    /// What actix says about parameters that it cannot read.
    case query(String)
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
    private let profile: NamingProfile

    static let plainText = "text/plain;charset=UTF-8"

    init(_ request: HTTPRequest, _ profile: NamingProfile, wall: Int64) {
        method = request.method.token
        path = request.target.path
        self.wall = wall
        self.profile = profile
        isHTTP10 = request.version == .http10
        connection = RequestContext.connection(request, profile.engine)
        accept = RequestContext.accept(request.fields["Accept"])
    }

    /// What the client wants to become of the connection.
    static func connection(_ request: HTTPRequest, _ engine: NamingProfile.Engine) -> NamingAnswer.Connection {
        let wish = request.fields["Connection"]?.lowercased()
        let wantsMore = wish?.contains("keep-alive") ?? false
        switch engine {
        case .tomcat:
            if request.version == .http10 || wish?.contains("close") ?? false { return .close }
            return wantsMore ? .keepAlive : .implicit
        case .actix:
            if request.version == .http10 { return wantsMore ? .implicit : .close }
            return wish?.contains("close") ?? false ? .close : .implicit
        }
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
        if case .type(_, takesJSON: false) = accept, profile.engine == .tomcat {
            return text(500, "caused: \(profile.unacceptable);")
        }
        return answer(status, .controller, "application/json", body, .chunked)
    }

    /// A text of a controller, in the type that was asked for first.
    func text(_ status: Int, _ text: String) -> NamingAnswer {
        if profile.engine == .actix { return answer(status, .controller, nil, Array(text.utf8), .contentLength) }
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
            return self.text(status, profile.wrapsErrors ? "caused: \(text);" : text)
        case .login(let status, let text):
            return self.text(status, text)
        case .container(let status, let message):
            return errorPage(status, message, .container)
        case .accessDenied:
            var answer = errorPage(403, "Access Denied", .container)
            answer.extraFields = [.session]
            return answer
        case .nothing(let status, let allow):
            var answer =
                allow == nil
                ? self.answer(status, .controller, nil, [], .contentLength)
                : errorPage(status, "Method '\(method)' is not supported.", .controller)
            if let allow { answer.extraFields = [NamingAnswer.ExtraField(name: "Allow", value: allow)] }
            return answer
        case .query(let text):
            return answer(
                400, .controller, "text/plain; charset=utf-8", Array("Query deserialize error: \(text)".utf8),
                .contentLength)
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
        if profile.engine == .actix { return answer(404, .controller, nil, [], .contentLength) }
        return errorPage(
            404, profile.namesMissingPath ? "No endpoint \(method) \(path)." : "No message available", .controller)
    }

    /// What the web server says to a path with `//` in it.
    func doubleSlash() -> NamingAnswer {
        switch (profile.engine, profile.doubleSlashStatus) {
        case (.actix, _): notFound()
        case (.tomcat, 400): errorPage(400, "No message available", .server)
        case (.tomcat, let status):
            errorPage(
                status,
                "The request was rejected because the URL contained a potentially malicious String \"//\"", .server)
        }
    }

    /// The web server's own page, for what never reaches the application.
    func serverPage(_ status: Int) -> NamingAnswer {
        RequestContext.serverPage(
            status, profile.engine,
            closes: status == 400 || profile.connection.closes(status) || connection == .close)
    }

    /// The web server's own page for a request that could not even be read.
    static func serverPage(_ status: Int, _ engine: NamingProfile.Engine, closes: Bool) -> NamingAnswer {
        if engine == .actix {
            var answer = NamingAnswer(
                status, .server, contentType: nil, body: [], framing: .contentLength,
                connection: closes ? .close : .implicit)
            answer.engine = .actix
            return answer
        }
        let title = "HTTP Status \(status) – \(reason(status))"
        let style =
            "body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} "
            + "h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} "
            + ".line {height:1px;background-color:#525D76;border:none;}"
        let page =
            "<!doctype html><html lang=\"en\"><head><title>\(title)</title><style type=\"text/css\">\(style)</style>"
            + "</head><body><h1>\(title)</h1></body></html>"
        var answer = NamingAnswer(
            status, .server, contentType: "text/html;charset=utf-8", body: Array(page.utf8),
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
        let type = profile.engine == .actix ? "application/json;charset=UTF-8" : "application/json"
        return answer(status, origin, type, body, .chunked)
    }

    func answer(
        _ status: Int, _ origin: NamingAnswer.Origin, _ contentType: String?, _ body: [UInt8],
        _ framing: NamingAnswer.Framing
    ) -> NamingAnswer {
        var answer = NamingAnswer(
            status, origin, contentType: contentType, body: body,
            framing: isHTTP10 && framing == .chunked ? .untilClose : framing,
            connection: profile.connection.closes(status) ? .close : connection)
        answer.engine = profile.engine
        answer.securityFields = profile.securityFields
        answer.isHTTP10 = isHTTP10
        return answer
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

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
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
