public import BeatCore
internal import HTTPWire
internal import JSON

/// Writes the requests to one Nacos server, byte for byte (nacos.md §2, §3.3).
///
/// All that is the same in every request to the server is made once, so a light beat is three copies, in either
/// dialect. Everything stands in the query string (a 1.4 server does not see the form body of a POST, nacos.md §2.1)
/// but the JSON of a full beat and what logs in, and no parameter stands twice. The token is a header and never part
/// of a target, which access logs keep (nacos.md §5.2).
public struct NacosRequestEncoder: Sendable {
    /// The API that `append…Beat`, `appendRegister` and `appendDeregister` write for. Set it when a probe has found
    /// the server's; instance queries must be made for the same one.
    public var dialect: Dialect {
        didSet { starts = dialect == .v1 ? startsV1 : startsV3 }
    }

    /// What stands before the instance query. An object, as `Ends`: a copy of the encoder counts few references.
    private final class Starts: Sendable {
        let register: [UInt8]
        let deregister: [UInt8]
        let beat: [UInt8]

        init(register: String, deregister: String, beat: String) {
            self.register = Array(register.utf8)
            self.deregister = Array(deregister.utf8)
            self.beat = Array(beat.utf8)
        }
    }

    private let startsV1: Starts
    private let startsV3: Starts
    private var starts: Starts
    let contextPath: String
    /// From the blank behind the target to the line end before the fields that not every request has.
    private let head: String
    private var ends: Ends

    /// What stands behind the target.
    private final class Ends: Sendable {
        /// From the blank to the blank line.
        let bodiless: [UInt8]
        /// As `bodiless`, for a POST of v3: every recorded one says that it has no body (RFC 9110 §8.6).
        let emptyPost: [UInt8]
        /// From the blank to `Content-Length: `.
        let form: [UInt8]
        /// As `form`, without a token.
        let login: [UInt8]

        init(head: String, token: SecretText?) {
            let authorized = token.map { "\(head)Authorization: Bearer \($0.text)\r\n" } ?? head
            let form = "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\nContent-Length: "
            bodiless = Array("\(authorized)\r\n".utf8)
            emptyPost = Array("\(authorized)Content-Length: 0\r\n\r\n".utf8)
            self.form = Array("\(authorized)\(form)".utf8)
            login = Array("\(head)\(form)".utf8)
        }
    }

    /// An encoder for one server.
    ///
    /// - Parameters:
    ///   - host: `host:port` as it goes into `Host`; an IPv6 address stands in brackets.
    ///   - contextPath: what stands before `/v1/…`: empty, or a slash and segments, percent-encoded, without a slash
    ///     at the end.
    ///   - version: beatd's version. `User-Agent` becomes `beatd/<version>`: servers treat a `Nacos-Server` as a peer
    ///     and change what `PUT` and lists mean for a `Nacos-Java-Client` (nacos.md §2.1).
    ///   - dialect: the API to begin with.
    ///
    /// Traps when one of them does not fit into a header or a target; settings are checked before.
    public init(host: String, contextPath: String = "/nacos", version: String, dialect: Dialect = .v1) {
        precondition(Self.isVisible(host) && !host.isEmpty, "not a Host: \(host)")
        precondition(
            Self.isVisible(version) && version.utf8.firstRange(ofPhrase: "Nacos-Server") == nil,
            "not a version: \(version)")
        precondition(
            contextPath.isEmpty || contextPath.hasPrefix("/") && !contextPath.hasSuffix("/"),
            "not a context path: \(contextPath)")
        let path = contextPath + NacosPath.beat
        precondition(HTTPTarget(path, method: .put)?.path == path, "not a path: \(contextPath)")
        self.contextPath = contextPath
        startsV1 = Starts(
            register: "POST \(contextPath)\(NacosPath.instance)?",
            deregister: "DELETE \(contextPath)\(NacosPath.instance)?",
            beat: "PUT \(contextPath)\(NacosPath.beat)?")
        startsV3 = Starts(
            register: "POST \(contextPath)\(NacosPath.instanceV3)?",
            deregister: "DELETE \(contextPath)\(NacosPath.instanceV3)?",
            beat: "POST \(contextPath)\(NacosPath.instanceV3)?heartBeat=true&")
        self.dialect = dialect
        starts = dialect == .v1 ? startsV1 : startsV3
        // `Accept` makes container errors JSON instead of HTML. No `Accept-Encoding`: nothing is ever unzipped here.
        head = " HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: beatd/\(version)\r\nAccept: application/json\r\n"
        ends = Ends(head: head, token: nil)
    }

    /// Sends this token with every request from now on, or none, as `Authorization: Bearer` (nacos.md §5.2: the one
    /// way that every server takes). Traps when it does not fit into a header; `LoginReply` tells no such token.
    public mutating func setToken(_ token: SecretText?) {
        precondition(token.map { Self.isVisible($0.text) && !$0.text.isEmpty } ?? true, "not a token")
        ends = Ends(head: head, token: token)
    }

    /// The parameters that name an instance, encoded: what every request of a registration carries.
    public static func instanceQuery(_ key: InstanceKey, dialect: Dialect = .v1) -> [UInt8] {
        var query: [UInt8] = []
        appendServiceQuery(key, dialect: dialect, to: &query)
        appendAddressQuery(key, to: &query)
        return query
    }

    /// Appends the beginning of an instance query, which all instances of a service and cluster have in common.
    ///
    /// In v1 the service name is grouped, in v3 it is bare with the group beside it: a grouped one is accepted there
    /// and makes a service that nobody finds (nacos.md §3.3).
    public static func appendServiceQuery(_ key: InstanceKey, dialect: Dialect, to query: inout [UInt8]) {
        appendParameter("namespaceId=", key.namespaceId, to: &query)
        switch dialect {
        case .v1:
            appendParameter("&serviceName=", key.groupName, to: &query)
            appendParameter("%40%40", key.serviceName, to: &query)
        case .v3:
            appendParameter("&groupName=", key.groupName, to: &query)
            appendParameter("&serviceName=", key.serviceName, to: &query)
        }
        appendParameter("&clusterName=", key.clusterName, to: &query)
    }

    /// Appends the rest of an instance query, behind that of `appendServiceQuery`.
    public static func appendAddressQuery(_ key: InstanceKey, to query: inout [UInt8]) {
        appendParameter("&ip=", key.ip, to: &query)
        query.append("&port=")
        query.append(decimal: Int(key.port))
    }

    /// What stands around the instance query of a beat without a body, with this token.
    public var lightBeat: LightBeatFrame {
        LightBeatFrame(v1: (startsV1.beat, ends.bodiless), v3: (startsV3.beat, ends.emptyPost))
    }

    /// Appends a beat without a body, from the `instanceQuery` of the registration, signed when there is a signature.
    public func appendLightBeat(
        instanceQuery: Span<UInt8>, signature: RequestSignature? = nil, to output: inout [UInt8]
    ) {
        let frame = lightBeat
        instanceQuery.withUnsafeBytes {
            frame.append(($0, UnsafeRawBufferPointer(start: nil, count: 0)), dialect, signature, to: &output)
        }
    }

    /// Appends a beat with the BeatInfo as form body, from the `instanceQuery` of the same instance. In v3, which
    /// knows none, it is a light one.
    public func appendFullBeat(
        _ info: BeatInfo, instanceQuery: Span<UInt8>, signature: RequestSignature? = nil, to output: inout [UInt8]
    ) {
        guard dialect == .v1 else {
            return appendLightBeat(instanceQuery: instanceQuery, signature: signature, to: &output)
        }
        output.append(contentsOf: starts.beat)
        output.append(instanceQuery)
        if let signature { output.append(contentsOf: signature.parameters) }
        appendBeatForm(info, to: &output)
    }

    /// Appends a register request, with the `instanceQuery` of the same instance.
    ///
    /// Unlike the Java client it says `enabled`, not `enable`, which r-nacos and v3 do not know, and leaves
    /// `groupName` out of v1, where a grouped service name makes it superfluous, and `app` (nacos.md §2.2, §3.2).
    public func appendRegister(
        _ document: RegistrationDocument, instanceQuery: Span<UInt8>, signature: RequestSignature? = nil,
        to output: inout [UInt8]
    ) {
        output.append(contentsOf: starts.register)
        output.append(instanceQuery)
        Self.appendParameter("&weight=", document.weight.description, to: &output)
        // The words: 1.x to 3.x read `1` as false here (nacos.md §2.1).
        output.append(document.enabled ? "&enabled=true" : "&enabled=false")
        output.append("&healthy=true&ephemeral=true&metadata=")
        var metadata = JSONWriter()
        metadata.strings(document.wireMetadata)
        metadata.withBytes { FormEncoding.appendEncoded($0, to: &output) }
        if let signature { output.append(contentsOf: signature.parameters) }
        switch dialect {
        case .v1: output.append(contentsOf: ends.bodiless)
        case .v3: output.append(contentsOf: ends.emptyPost)
        }
    }

    /// Appends a deregister request. `ephemeral` must be there: with the wrong value servers answer `ok` and keep
    /// the instance (nacos.md §2.3, §3.3).
    public func appendDeregister(
        _ key: InstanceKey, signature: RequestSignature? = nil, to output: inout [UInt8]
    ) {
        output.append(contentsOf: starts.deregister)
        output.append(contentsOf: Self.instanceQuery(key, dialect: dialect))
        output.append("&ephemeral=true")
        if let signature { output.append(contentsOf: signature.parameters) }
        output.append(contentsOf: ends.bodiless)
    }

    /// Appends a `GET` of a path below the context path, with or without a query of its own.
    func appendGet(_ path: String, hasQuery: Bool, _ signature: RequestSignature?, to output: inout [UInt8]) {
        output.append(contentsOf: "GET \(contextPath)\(path)".utf8)
        if let signature {
            if !hasQuery { output.append(UInt8(ascii: "?")) }
            output.append(contentsOf: hasQuery ? signature.parameters[...] : signature.parameters.dropFirst())
        }
        output.append(contentsOf: ends.bodiless)
    }

    /// Appends a `POST` of a form to a path below the context path, without the token.
    func appendLoginPost(_ path: String, form: [UInt8], to output: inout [UInt8]) {
        output.append(contentsOf: "POST \(contextPath)\(path)".utf8)
        output.append(contentsOf: ends.login)
        output.append(decimal: form.count)
        output.append("\r\n\r\n")
        output.append(contentsOf: form)
    }

    /// The end of a head and a body of `beat=` with the JSON of nacos.md §1.2, keys in the order in which Java declares
    /// them.
    private func appendBeatForm(_ info: BeatInfo, to output: inout [UInt8]) {
        var writer = JSONWriter()
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
        output.append(contentsOf: ends.form)
        // The length is known behind the body: three digits as it is for all but the longest.
        let length = output.count..<(output.count + 3)
        output.append("000\r\n\r\n")
        let start = output.count
        output.append("beat=")
        writer.withBytes { FormEncoding.appendEncoded($0, to: &output) }
        output.replaceSubrange(length, with: String(output.count - start).utf8)
    }

    static func appendParameter(_ name: StaticString, _ value: String, to output: inout [UInt8]) {
        output.append(name)
        FormEncoding.appendEncoded(value, to: &output)
    }

    static func isVisible(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

extension NacosRequestEncoder: CustomStringConvertible, CustomReflectable {
    /// The dialect and the context path; the prepared bytes hold the token.
    public var description: String { "\(dialect) below \(contextPath)" }
    /// As `description`.
    public var customMirror: Mirror { Mirror(self, children: ["dialect": dialect, "contextPath": contextPath]) }
}

extension JSONWriter {
    /// An object of strings.
    fileprivate mutating func strings(_ map: StringMap) {
        beginObject()
        for entry in map.entries {
            key(named: entry.key)
            string(entry.value)
        }
        endObject()
    }
}
