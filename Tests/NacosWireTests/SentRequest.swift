import BeatCore
import HTTPWire
import JSON
import NacosWire
import Testing

/// A request taken apart by the strict parser of the other role.
struct SentRequest {
    var method: HTTPMethod
    var path: String
    var query: [FormPair]
    var form: [FormPair]
    var fields: HTTPFields
    var bytes: [UInt8]

    /// Room for the longest metadata, which the limits of the control API have not in a target.
    private static let limits = HTTPLimits(
        headBytes: 64 << 10, fieldCount: 64, targetBytes: 64 << 10, bodyBytes: 64 << 10)

    /// The one request in `bytes`.
    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        var parser = HTTPRequestParser(limits: SentRequest.limits)
        let step = parser.parse(bytes.span)
        guard case .request(let request, _) = step.event else { throw NotARequest(event: "\(step.event)") }
        #expect(step.consumed == bytes.count)
        method = request.method
        path = request.target.path
        query = try FormEncoding.decode(request.target.query ?? "")
        let body = request.body
        form = try FormEncoding.decode(body.span)
        fields = request.fields
    }

    struct NotARequest: Error { var event: String }

    /// A parameter of the query.
    subscript(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The JSON of `beat` in the body.
    func beat() throws -> JSONObject {
        let text = try #require(form.first { $0.name == "beat" }?.value)
        guard case .object(let object) = try JSONParser.parse(Array(text.utf8)) else { throw NotARequest(event: text) }
        return object
    }

    /// The JSON of `metadata` in the query.
    func metadata() throws -> JSONValue { try JSONParser.parse(Array(try #require(self["metadata"]).utf8)) }
}

let encoder = NacosRequestEncoder(host: "127.0.0.1:8848", version: "0.1.0")
let encoderV3 = NacosRequestEncoder(host: "127.0.0.1:8848", version: "0.1.0", dialect: .v3)
let plainKey = InstanceKey(serviceName: "svc", ip: "10.0.0.1", port: 8080)

func register(_ document: RegistrationDocument, _ encoder: NacosRequestEncoder = encoder) throws -> SentRequest {
    var bytes: [UInt8] = []
    let query = NacosRequestEncoder.instanceQuery(document.key, dialect: encoder.dialect)
    encoder.appendRegister(document, instanceQuery: query.span, to: &bytes)
    return try SentRequest(bytes)
}

func deregister(_ key: InstanceKey, _ encoder: NacosRequestEncoder = encoder) throws -> SentRequest {
    var bytes: [UInt8] = []
    encoder.appendDeregister(key, to: &bytes)
    return try SentRequest(bytes)
}

func lightBeat(_ key: InstanceKey, _ encoder: NacosRequestEncoder = encoder) throws -> SentRequest {
    var bytes: [UInt8] = []
    let query = NacosRequestEncoder.instanceQuery(key, dialect: encoder.dialect)
    encoder.appendLightBeat(instanceQuery: query.span, to: &bytes)
    return try SentRequest(bytes)
}

func fullBeat(_ document: RegistrationDocument, _ encoder: NacosRequestEncoder = encoder) throws -> SentRequest {
    var bytes: [UInt8] = []
    let query = NacosRequestEncoder.instanceQuery(document.key, dialect: encoder.dialect)
    let info = BeatInfo(document, period: document.requestedPeriod)
    encoder.appendFullBeat(info, instanceQuery: query.span, to: &bytes)
    return try SentRequest(bytes)
}

/// One request of every kind for a document.
func allRequests(
    _ document: RegistrationDocument, _ encoder: NacosRequestEncoder = encoder
) throws -> [SentRequest] {
    [
        try register(document, encoder), try fullBeat(document, encoder), try lightBeat(document.key, encoder),
        try deregister(document.key, encoder),
    ]
}
