public import BeatCore
public import HTTPWire
internal import JSON

extension NacosRequestEncoder {
    /// Appends a `GET` of the v3 list of a service's cluster (nacos.md §3.3).
    public func appendList(of key: InstanceKey, signature: RequestSignature? = nil, to output: inout [UInt8]) {
        var query: [UInt8] = []
        Self.appendParameter("?namespaceId=", key.namespaceId, to: &query)
        Self.appendParameter("&groupName=", key.groupName, to: &query)
        Self.appendParameter("&serviceName=", key.serviceName, to: &query)
        Self.appendParameter("&clusterName=", key.clusterName, to: &query)
        appendGet(NacosPath.listV3 + String(decoding: query, as: UTF8.self), hasQuery: true, signature, to: &output)
    }
}

extension ReadingOutcome {
    /// Whether the answer to `appendList` has the instance: by ip and port, as the list is of one cluster.
    public init(_ response: HTTPResponse, of key: InstanceKey) {
        guard response.status == 200, !ServerText.isCompressed(response),
            case .object(let envelope)? = try? JSONParser.parse(response.body, maxDepth: ServerText.maxDepth),
            case .integer(ResultCode.success)? = envelope["code"], case .array(let hosts)? = envelope["data"]
        else {
            self = .failed("\(response.status) \(ServerText(response).detail)")
            return
        }
        let isListed = hosts.contains { host in
            guard case .object(let host) = host else { return false }
            return host["ip"] == .string(key.ip) && host["port"] == .integer(Int64(key.port))
        }
        self = isListed ? .listed : .missing
    }
}
