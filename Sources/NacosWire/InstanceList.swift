public import BeatCore
public import HTTPWire
internal import JSON

extension NacosRequestEncoder {
    /// Appends a `GET` that tells whether an instance is there: of the one instance in v1 (nacos.md §2.7), whose lists
    /// leave out disabled ones; of the list of its cluster in v3 (nacos.md §3.3), whose clients may ask for nothing else.
    public func appendReading(of key: InstanceKey, signature: RequestSignature? = nil, to output: inout [UInt8]) {
        switch dialect {
        case .v1:
            let query = String(decoding: Self.instanceQuery(key, dialect: .v1), as: UTF8.self)
            appendGet("\(NacosPath.instance)?\(query)", hasQuery: true, signature, to: &output)
        case .v3:
            var query: [UInt8] = []
            Self.appendParameter("?namespaceId=", key.namespaceId, to: &query)
            Self.appendParameter("&groupName=", key.groupName, to: &query)
            Self.appendParameter("&serviceName=", key.serviceName, to: &query)
            Self.appendParameter("&clusterName=", key.clusterName, to: &query)
            appendGet(
                NacosPath.listV3 + String(decoding: query, as: UTF8.self), hasQuery: true, signature, to: &output)
        }
    }
}

extension ReadingOutcome {
    /// Whether the answer to `appendReading` in this dialect has the instance.
    public init(_ response: HTTPResponse, of key: InstanceKey, _ dialect: Dialect) {
        switch dialect {
        case .v1: self.init(one: response, of: key)
        case .v3: self.init(list: response, of: key)
        }
    }

    /// What servers say of an instance that is not there: 404 by 2.x, 500 by 1.x and r-nacos (nacos.md §2.7).
    private static let absent = ["no matched ip found", "no ips found for cluster", "no service "]

    private init(one response: HTTPResponse, of key: InstanceKey) {
        let detail = ServerText(response).detail
        switch response.status {
        case 200:
            guard case .object(let instance)? = try? JSONParser.parse(response.body, maxDepth: ServerText.maxDepth),
                instance["ip"] == .string(key.ip), instance["port"] == .integer(Int64(key.port))
            else {
                self = .failed("200 \(detail)")
                return
            }
            self = .listed
        case 404 where Self.absent.contains(where: detail.contains),
            500 where Self.absent.contains(where: detail.contains) || detail == "error":
            self = .missing
        case let status: self = .failed("\(status) \(detail)")
        }
    }

    /// By ip and port, as the list is of one cluster.
    private init(list response: HTTPResponse, of key: InstanceKey) {
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
