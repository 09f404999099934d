public import BeatCore
internal import HTTPWire
internal import JSON

/// Writes the requests to one Nacos server, byte for byte (nacos.md §2).
///
/// All that is the same in every request to the server is made once, so a light beat is three copies. Everything
/// stands in the query string (a 1.4 server does not see the form body of a POST, nacos.md §2.1) but the JSON of a
/// full beat, and no parameter stands twice.
public struct NacosRequestEncoder: Sendable {
    private let registerStart: [UInt8]
    private let deregisterStart: [UInt8]
    private let beatStart: [UInt8]
    /// From the blank behind the target to the blank line.
    private let bodilessEnd: [UInt8]
    /// From the blank behind the target to `Content-Length: `.
    private let formEnd: [UInt8]

    /// An encoder for one server.
    ///
    /// - Parameters:
    ///   - host: `host:port` as it goes into `Host`; an IPv6 address stands in brackets.
    ///   - contextPath: what stands before `/v1/…`: empty, or a slash and segments, percent-encoded, without a slash
    ///     at the end.
    ///   - version: beatd's version. `User-Agent` becomes `beatd/<version>`: servers treat a `Nacos-Server` as a peer
    ///     and change what `PUT` and lists mean for a `Nacos-Java-Client` (nacos.md §2.1).
    ///
    /// Traps when one of them does not fit into a header or a target; settings are checked before.
    public init(host: String, contextPath: String = "/nacos", version: String) {
        precondition(Self.isVisible(host) && !host.isEmpty, "not a Host: \(host)")
        precondition(
            Self.isVisible(version) && version.utf8.firstRange(ofPhrase: "Nacos-Server") == nil,
            "not a version: \(version)")
        precondition(
            contextPath.isEmpty || contextPath.hasPrefix("/") && !contextPath.hasSuffix("/"),
            "not a context path: \(contextPath)")
        let path = contextPath + NacosPath.beat
        precondition(HTTPTarget(path, method: .put)?.path == path, "not a path: \(contextPath)")
        registerStart = Array("POST \(contextPath)\(NacosPath.instance)?".utf8)
        deregisterStart = Array("DELETE \(contextPath)\(NacosPath.instance)?".utf8)
        beatStart = Array("PUT \(contextPath)\(NacosPath.beat)?".utf8)
        // `Accept` makes container errors JSON instead of HTML. No `Accept-Encoding`: nothing is ever unzipped here.
        let head = " HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: beatd/\(version)\r\nAccept: application/json\r\n"
        bodilessEnd = Array((head + "\r\n").utf8)
        formEnd = Array(
            (head + "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: ").utf8)
    }

    /// The parameters that name an instance, encoded: what every request of a registration carries.
    public static func instanceQuery(_ key: InstanceKey) -> [UInt8] {
        var query: [UInt8] = []
        appendParameter("namespaceId=", key.namespaceId, to: &query)
        appendParameter("&serviceName=", key.groupedServiceName, to: &query)
        appendParameter("&clusterName=", key.clusterName, to: &query)
        appendParameter("&ip=", key.ip, to: &query)
        appendParameter("&port=", String(key.port), to: &query)
        return query
    }

    /// Appends a beat without a body, from the `instanceQuery` of the registration.
    @inline(__always)
    public func appendLightBeat(instanceQuery: Span<UInt8>, to output: inout [UInt8]) {
        output.append(contentsOf: beatStart)
        output.append(copying: instanceQuery)
        output.append(contentsOf: bodilessEnd)
    }

    /// Appends a beat with the BeatInfo as form body, from the `instanceQuery` of the same instance.
    public func appendFullBeat(_ info: BeatInfo, instanceQuery: Span<UInt8>, to output: inout [UInt8]) {
        let body = Self.beatBody(info)
        output.append(contentsOf: beatStart)
        output.append(copying: instanceQuery)
        output.append(contentsOf: formEnd)
        output.append(contentsOf: String(body.count).utf8)
        output.append(contentsOf: "\r\n\r\n".utf8)
        output.append(contentsOf: body)
    }

    /// Appends a register request.
    ///
    /// Unlike the Java client it says `enabled`, not `enable`, which r-nacos does not know, and leaves `groupName`
    /// out, which a grouped service name makes superfluous, and `app` (nacos.md §2.2).
    public func appendRegister(_ document: RegistrationDocument, to output: inout [UInt8]) {
        output.append(contentsOf: registerStart)
        output.append(contentsOf: Self.instanceQuery(document.key))
        Self.appendParameter("&weight=", document.weight.description, to: &output)
        // The words: 1.x to 3.x read `1` as false here (nacos.md §2.1).
        Self.appendParameter("&enabled=", document.enabled ? "true" : "false", to: &output)
        Self.appendParameter("&healthy=", "true", to: &output)
        Self.appendParameter("&ephemeral=", "true", to: &output)
        var json: [UInt8] = []
        JSONWriter.append(to: &json) { $0.strings(document.wireMetadata) }
        Self.appendParameter("&metadata=", String(decoding: json, as: UTF8.self), to: &output)
        output.append(contentsOf: bodilessEnd)
    }

    /// Appends a deregister request. `ephemeral` must be there: with the wrong value servers answer `ok` and keep
    /// the instance (nacos.md §2.3).
    public func appendDeregister(_ key: InstanceKey, to output: inout [UInt8]) {
        output.append(contentsOf: deregisterStart)
        output.append(contentsOf: Self.instanceQuery(key))
        Self.appendParameter("&ephemeral=", "true", to: &output)
        output.append(contentsOf: bodilessEnd)
    }

    /// `beat=` and the JSON of nacos.md §1.2, keys in the order in which Java declares them.
    private static func beatBody(_ info: BeatInfo) -> [UInt8] {
        var json: [UInt8] = []
        JSONWriter.append(to: &json) { writer in
            writer.beginObject()
            writer.member("port", Int(info.port))
            writer.member("ip", info.ip)
            writer.member("weight", info.weight)
            writer.member("serviceName", info.serviceName)
            writer.member("cluster", info.cluster)
            writer.key("metadata")
            writer.strings(info.metadata)
            writer.member("scheduled", info.scheduled)
            writer.member("period", info.period)
            writer.member("stopped", info.stopped)
            writer.endObject()
        }
        var body: [UInt8] = []
        // Few metadata: most bytes stay as they are, quotes and braces become three.
        body.reserveCapacity(json.count * 2)
        appendParameter("beat=", String(decoding: json, as: UTF8.self), to: &body)
        return body
    }

    private static func appendParameter(_ name: String, _ value: String, to output: inout [UInt8]) {
        output.append(contentsOf: name.utf8)
        FormEncoding.appendEncoded(value, to: &output)
    }

    private static func isVisible(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

extension JSONWriter {
    /// An object of strings.
    fileprivate mutating func strings(_ map: StringMap) {
        beginObject()
        for entry in map.entries { member(entry.key, entry.value) }
        endObject()
    }
}

extension [UInt8] {
    @inline(__always)
    fileprivate mutating func append(copying bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
