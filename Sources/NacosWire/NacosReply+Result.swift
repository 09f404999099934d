internal import BeatCore
internal import HTTPWire
internal import JSON

/// The `code` of a v3 answer's envelope (nacos.md §3.1).
enum ResultCode {
    static let success: Int64 = 0
    static let accessDenied: Int64 = 10001
    static let dataAccessError: Int64 = 10002
    static let instanceNotFound: Int64 = 21003
    static let serverError: Int64 = 30000
    /// Wrong state, node info error, node down: a cluster's own trouble.
    static let clusterTroubles: ClosedRange<Int64> = 23000...23002
    /// API deprecated, API function disabled.
    static let notServed: ClosedRange<Int64> = 40000...40001

    /// The code in a body, nil when it is no envelope: container errors and texts have none.
    static func read(_ body: [UInt8]) -> Int64? {
        guard body.first == UInt8(ascii: "{"),
            case .object(let object)? = try? JSONParser.parse(body, maxDepth: ServerText.maxDepth),
            case .integer(let code)? = object["code"], object["message"] != nil
        else { return nil }
        return code
    }
}

extension NacosReply {
    /// What a response of the v3 API means. The envelope's code goes before the status, which says the same less
    /// exactly; answers of filters, which have no envelope, are read as in v1.
    static func classifyResult(_ response: HTTPResponse, _ kind: Exchange.Kind) -> NacosReply {
        let status = response.status
        let text = ServerText(response)
        guard !ServerText.isCompressed(response), let code = ResultCode.read(response.body) else {
            return status == 200 ? noEnvelope(text, response, kind) : classifyStatus(response)
        }
        switch code {
        case ResultCode.success where status == 200:
            return ResultBody.success(kind)
        case ResultCode.instanceNotFound:
            return ResultBody.notFound(kind) ?? .rejected(status: status, detail: text.detail)
        case ResultCode.accessDenied:
            return .unauthorized(status: status, detail: text.detail)
        case ResultCode.dataAccessError, ResultCode.clusterTroubles:
            return .serverError(status: status, detail: text.detail)
        case ResultCode.notServed:
            return .notServed(status: status, detail: text.detail)
        case ResultCode.serverError where status == 200:
            return .serverError(status: status, detail: text.detail)
        case ResultCode.serverError, ResultCode.success:
            // Any exception without a code of its own comes as 30000 with its own status (nacos.md §3.1).
            return classifyStatus(response)
        default:
            return .rejected(status: status, detail: text.detail)
        }
    }

    /// 200 without an envelope. Empty it is what 3.x makes of an exception in its authentication filter, which for a
    /// register means metadata that it could not parse (nacos.md §5.4).
    private static func noEnvelope(
        _ text: ServerText, _ response: HTTPResponse, _ kind: Exchange.Kind
    ) -> NacosReply {
        let hint = kind == .register && response.body.isEmpty ? "; the metadata may be malformed" : ""
        return .unreadable(status: 200, detail: "expected a Result, got \(text.detail)\(hint)")
    }
}
