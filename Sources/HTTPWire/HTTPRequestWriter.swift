/// Writes requests (RFC 9112, client role) where speed does not matter: tests, tools, login.
public enum HTTPRequestWriter {
    /// Appends a request. `host` is the value of `Host`; the writer is in charge of that field, of `Content-Length`
    /// and of `Connection`, and traps on a caller that sets one of them, on a control character in a field, and on a
    /// target or method that is none.
    ///
    /// `Content-Length` is left out when there is no body and the method does not ask for one (RFC 9110 §8.6).
    public static func append(
        _ request: HTTPRequest, host: String, keepsOpen: Bool = true, to output: inout [UInt8]
    ) {
        request.fields.requireWritable()
        let method = request.method.name
        precondition(
            !method.isEmpty && method.utf8.span.allIn(.token), "method is no token: \(method)")
        output.append(contentsOf: method.utf8)
        output.append(" ")
        let target = request.target.description
        precondition(
            HTTPTarget(target, method: request.method) != nil, "not a target for \(method): \(target)")
        output.append(contentsOf: target.utf8)
        switch request.version {
        case .http10: output.append(" HTTP/1.0\r\n")
        case .http11: output.append(" HTTP/1.1\r\n")
        }
        output.append("Host: ")
        HTTPFields.appendChecked(host.utf8.span, to: &output)
        output.append("\r\n")
        request.fields.appendLines(to: &output)
        if !request.body.isEmpty || expectsBody(request.method) {
            output.append("Content-Length: ")
            output.append(decimal: request.body.count)
            output.append("\r\n")
        }
        switch request.version {
        case .http10 where keepsOpen: output.append("Connection: keep-alive\r\n")
        case .http11 where !keepsOpen: output.append("Connection: close\r\n")
        case .http10, .http11: break
        }
        output.append("\r\n")
        output.append(contentsOf: request.body)
    }

    private static func expectsBody(_ method: HTTPMethod) -> Bool {
        switch method {
        case .post, .put, .patch: true
        case .get, .head, .delete, .options, .other: false
        }
    }
}
