public import BeatCore
public import HTTPWire
internal import JSON

extension NacosReply {
    /// What a response means for the exchange it answers, which was written in this dialect.
    ///
    /// Only status and body count: relayed answers and those of filters carry a wrong `Content-Type` or none
    /// (nacos.md §2.8). All `detail` texts are for people: one line of bounded length without control characters.
    public init(classifying response: HTTPResponse, kind: Exchange.Kind, dialect: Dialect = .v1) {
        switch dialect {
        case .v1 where response.status == 200: self = NacosReply.success(response, kind)
        case .v1: self = NacosReply.classifyStatus(response)
        case .v3: self = NacosReply.classifyResult(response, kind)
        }
    }

    /// What a response means by its status, and by its text where the status says too little.
    static func classifyStatus(_ response: HTTPResponse) -> NacosReply {
        let status = response.status
        switch status {
        case 401, 403:
            return .unauthorized(status: status, detail: ServerText(response).detail)
        case 404, 405, 410, 501:
            // Never an absent instance: a beat says that in 200, and a deregister of it is `ok` (nacos.md §2.3, §2.4).
            return .notServed(status: status, detail: ServerText(response).detail)
        case 408, 421, 425, 429:
            // 4xx that ask for another try or another server (RFC 9110 §15.5.9, §15.5.20, RFC 8470, RFC 6585).
            return .serverError(status: status, detail: ServerText(response).detail)
        case 400..<500:
            let text = ServerText(response)
            if text.namesAny(of: ServerText.disputes) { return .clusterTrouble(status: status, detail: text.detail) }
            return text.namesAny(of: ServerText.emptyLists)
                ? .serverError(status: status, detail: text.detail) : .rejected(status: status, detail: text.detail)
        case 500:
            let text = ServerText(response)
            if text.namesAny(of: ServerText.relayFailures) {
                return .clusterTrouble(status: status, detail: text.detail)
            }
            return text.namesAny(of: ServerText.instanceFaults)
                ? .rejected(status: status, detail: text.detail) : .serverError(status: status, detail: text.detail)
        case 501...599:
            return .serverError(status: status, detail: ServerText(response).detail)
        default:
            // No redirect is followed: a Nacos server sends none (nacos.md §2.1: success is 200 only).
            return .unreadable(status: status, detail: ServerText(response).detail)
        }
    }

    private static func success(_ response: HTTPResponse, _ kind: Exchange.Kind) -> NacosReply {
        if ServerText.isCompressed(response) {
            return .unreadable(status: 200, detail: ServerText(response).detail)
        }
        switch kind {
        case .lightBeat, .fullBeat:
            return beatAnswer(response)
        case .register, .deregister:
            if ServerText.trimmed(response.body).elementsEqual("ok".utf8) { return .ok }
            return .unreadable(status: 200, detail: "expected ok, got \(ServerText(response).detail)")
        }
    }

    private static func beatAnswer(_ response: HTTPResponse) -> NacosReply {
        guard case .object(let object)? = try? JSONParser.parse(response.body, maxDepth: ServerText.maxDepth) else {
            return .unreadable(status: 200, detail: "expected a beat's JSON, got \(ServerText(response).detail)")
        }
        if let reply = BeatAnswer(object)?.reply { return reply }
        guard case .integer(let code)? = object["code"] else {
            return .unreadable(status: 200, detail: "no code of a beat in \(ServerText(response).detail)")
        }
        return .unreadable(status: 200, detail: "code \(code) answers no beat: \(ServerText(response).detail)")
    }
}

extension BeatAnswer {
    /// The fields of an answer; nil when its code is no integer.
    fileprivate init?(_ object: JSONObject) {
        switch object["code"] {
        case nil: code = nil
        case .integer(let value)?: code = value
        default: return nil
        }
        switch object["clientBeatInterval"] {
        case nil: break
        case .integer(let value)?:
            hasInterval = true
            interval = value
        case .number(let value)?:
            hasInterval = true
            // Fractions are cut off. Every number below 2^53 converts, and none beyond is a time.
            interval = value.magnitude < 0x1p53 ? Int64(value) : nil
        default:
            hasInterval = true
        }
        if case .bool(let value)? = object["lightBeatEnabled"] { lightBeatEnabled = value }
    }
}
