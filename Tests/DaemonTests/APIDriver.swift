import HTTPWire
import JSON
import Testing

/// Sends requests to a control API, with or without a socket between: the same cases run over both.
protocol APIDriver {
    /// The answer to one request. Host is set by the driver when the request has none.
    func send(_ request: HTTPRequest) throws -> HTTPResponse
}

extension APIDriver {
    func send(
        _ method: HTTPMethod, _ target: String, _ fields: HTTPFields = HTTPFields(), body: [UInt8] = []
    ) throws -> HTTPResponse {
        let parsed = try #require(HTTPTarget(target, method: method), "no target: \(target)")
        return try send(HTTPRequest(method, parsed, fields: fields, body: body))
    }

    func get(_ target: String, _ fields: HTTPFields = HTTPFields()) throws -> HTTPResponse {
        try send(.get, target, fields)
    }

    func delete(_ target: String, _ fields: HTTPFields = HTTPFields()) throws -> HTTPResponse {
        try send(.delete, target, fields)
    }

    func post(_ json: String, _ target: String = "/v1/beats", _ fields: HTTPFields = HTTPFields()) throws
        -> HTTPResponse
    {
        var fields = fields
        if !fields.contains("Content-Type") { fields.append("Content-Type", "application/json") }
        return try send(.post, target, fields, body: Array(json.utf8))
    }
}

extension HTTPResponse {
    /// The body as a tree.
    var json: JSONValue { get throws { try JSONParser.parse(body) } }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// A member of the body by its dotted path.
    func member(_ path: String) throws -> JSONValue? { try json.at(path) }
}

extension JSONValue {
    func at(_ path: String) -> JSONValue? {
        var value = self
        for name in path.split(separator: ".") {
            switch value {
            case .object(let object):
                guard let next = object[String(name)] else { return nil }
                value = next
            case .array(let items):
                guard let index = Int(name), items.indices.contains(index) else { return nil }
                value = items[index]
            case .null, .bool, .integer, .number, .string: return nil
            }
        }
        return value
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }

    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }

    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }

    var keys: [String] { if case .object(let object) = self { object.members.map(\.key) } else { [] } }
}

/// Checks that a response is the problem document of a slug, and gives it.
@discardableResult
func expectProblem(
    _ response: HTTPResponse, _ status: Int, _ slug: String, _ mentions: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> JSONValue {
    #expect(response.status == status, "\(response.text)", sourceLocation: sourceLocation)
    #expect(response.fields["Content-Type"] == "application/problem+json", sourceLocation: sourceLocation)
    #expect(response.body.last == UInt8(ascii: "\n"), sourceLocation: sourceLocation)
    let document = try response.json
    #expect(document.at("type")?.string == "/problems/\(slug)", "\(response.text)", sourceLocation: sourceLocation)
    #expect(document.at("status")?.integer == Int64(status), sourceLocation: sourceLocation)
    #expect(document.at("requestId")?.string?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(mentions.isEmpty || response.text.contains(mentions), "\(response.text)", sourceLocation: sourceLocation)
    return document
}

/// The shortest registration, with other fields in place of or behind the required ones.
func orders(_ number: Int = 7, _ more: String = "") -> String {
    "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.\(number)\",\"port\":8080\(more.isEmpty ? "" : ",\(more)")}"
}
