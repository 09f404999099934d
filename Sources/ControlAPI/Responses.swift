internal import HTTPWire
internal import JSON

/// The media types of answers.
enum MediaType: String {
    case json = "application/json"
    case problem = "application/problem+json"
    case text = "text/plain; charset=utf-8"
    case yaml = "application/yaml"
    case prometheus = "text/plain; version=0.0.4; charset=utf-8"
    case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    case html = "text/html; charset=utf-8"
    case css = "text/css; charset=utf-8"
    case javaScript = "text/javascript; charset=utf-8"
    case svg = "image/svg+xml"
    case eventStream = "text/event-stream"
    case ndjson = "application/x-ndjson"

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
        fields: consuming HTTPFields = HTTPFields(reserving: 4, bytes: 192)
    ) -> HTTPResponse {
        if pretty, type.isJSON { body = JSONPretty.pretty(body) }
        if body.last != UInt8(ascii: "\n") { body.append(UInt8(ascii: "\n")) }
        var response = HTTPResponse(status, fields: fields, body: body)
        response.fields.append("Content-Type", type.rawValue)
        response.appendCaching(etag)
        return response
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
        var response = HTTPResponse(200)
        response.fields.append("Content-Type", type.rawValue)
        response.appendCaching(etag)
        return response
    }

    private mutating func appendCaching(_ etag: EntityTag?) {
        if let etag { fields.append("ETag", atMost: EntityTag.textMax, etag.append) }
        fields.append(etag == nil ? HTTPResponse.unstored : HTTPResponse.revalidated)
    }

    private static let unstored: HTTPFields = ["Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"]
    private static let revalidated: HTTPFields = ["Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"]
}
