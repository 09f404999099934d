internal import HTTPWire
internal import JSON

/// The media types of answers.
enum MediaType: Int, CaseIterable {
    case json, problem, text, yaml, prometheus, openMetrics, html, css, javaScript, svg, eventStream, ndjson

    var name: String {
        switch self {
        case .json: "application/json"
        case .problem: "application/problem+json"
        case .text: "text/plain; charset=utf-8"
        case .yaml: "application/yaml"
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        case .html: "text/html; charset=utf-8"
        case .css: "text/css; charset=utf-8"
        case .javaScript: "text/javascript; charset=utf-8"
        case .svg: "image/svg+xml"
        case .eventStream: "text/event-stream"
        case .ndjson: "application/x-ndjson"
        }
    }

    var isJSON: Bool {
        switch self {
        case .json, .problem: true
        case .text, .yaml, .prometheus, .openMetrics, .html, .css, .javaScript, .svg, .eventStream, .ndjson: false
        }
    }
}

extension HTTPResponse {
    /// A body, which ends with a newline; with `etag`, caches may keep it but must ask.
    static func body(
        _ status: Int, _ type: MediaType, _ body: consuming [UInt8], pretty: Bool = false, etag: EntityTag? = nil,
        fields: HTTPFields = HTTPFields()
    ) -> HTTPResponse {
        if pretty, type.isJSON { body = JSONPretty.pretty(body) }
        if body.last != UInt8(ascii: "\n") { body.append(UInt8(ascii: "\n")) }
        return HTTPResponse(status, fields: head(type, etag, fields), body: body)
    }

    /// Text, which ends with a newline.
    static func text(_ status: Int, _ text: String, etag: EntityTag? = nil) -> HTTPResponse {
        body(status, .text, Array(text.utf8), etag: etag)
    }

    /// Text, which ends with a newline, that may be another one after so many seconds.
    static func text(_ status: Int, _ text: String, retryAfter seconds: Int) -> HTTPResponse {
        body(status, .text, Array(text.utf8), fields: ["Retry-After": "\(seconds)"])
    }

    /// 204, or any other without a body.
    static func empty(_ status: Int, fields: HTTPFields = HTTPFields()) -> HTTPResponse {
        var response = HTTPResponse(status, fields: fields)
        response.appendCaching(nil)
        return response
    }

    /// 304 with the fields that RFC 9110 §15.4.5 asks for.
    static func notModified(_ etag: EntityTag, fields: HTTPFields = HTTPFields()) -> HTTPResponse {
        var response = HTTPResponse(304, fields: fields)
        response.appendCaching(etag)
        return response
    }

    /// The head of a body that follows piece by piece.
    static func streamed(_ type: MediaType, etag: EntityTag?) -> HTTPResponse {
        HTTPResponse(200, fields: head(type, etag, HTTPFields()))
    }

    private mutating func appendCaching(_ etag: EntityTag?) {
        fields.append(etag == nil ? HTTPResponse.unstored : HTTPResponse.revalidated)
        if let etag { fields.append("ETag", atMost: EntityTag.textMax, etag.append) }
    }

    /// The fields of an answer with a body, `others` last.
    private static func head(_ type: MediaType, _ etag: EntityTag?, _ others: HTTPFields) -> HTTPFields {
        let common = etag == nil ? unstoredHeads[type.rawValue] : revalidatedHeads[type.rawValue]
        // With room for a Location behind them.
        let more = 1 + others.count
        var fields = HTTPFields(common, reserving: 1 + more, bytes: 4 + EntityTag.textMax + 64 * more)
        if let etag { fields.append("ETag", atMost: EntityTag.textMax, etag.append) }
        if !others.isEmpty { fields.append(others) }
        return fields
    }

    private static let unstored: HTTPFields = ["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"]
    private static let revalidated: HTTPFields = ["Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"]
    /// By `MediaType.rawValue`: what all answers of a type have in common, put together and looked at once.
    private static let unstoredHeads = MediaType.allCases.map { $0.head(unstored) }
    private static let revalidatedHeads = MediaType.allCases.map { $0.head(revalidated) }
}

extension MediaType {
    fileprivate func head(_ caching: HTTPFields) -> HTTPFields {
        var fields: HTTPFields = ["Content-Type": name]
        fields.append(caching)
        return fields.checkedOnce()
    }
}
