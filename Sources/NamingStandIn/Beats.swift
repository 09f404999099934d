import HTTPWire
import JSON

/// Beats (nacos.md §2.4, §4.1).
extension NamingServer {
    /// What the JSON of a full beat says; every member may be missing.
    struct BeatInfo {
        var ip: String?
        var port = 0
        var weight = 0.0
        var serviceName: String?
        var cluster: String?
        var metadata: Metadata?
        var isEphemeral = true
    }

    mutating func beat(_ call: Call) throws(Refusal) -> NamingAnswer {
        var info: BeatInfo?
        if let text = call.parameters.value("beat") { info = try beatInfo(text, call) }
        let service = try beatenService(call)
        let namespace = namespace(call)
        let cluster = info?.cluster.flatMap { $0.isEmpty ? nil : $0 } ?? cluster(call)
        let ip = if let info { info.ip } else { call.parameters.value("ip") }
        let port = if let info { info.port } else { try number(call.parameters.value("port") ?? "0") }
        let key = key(namespace, service, ip, port, cluster)
        // A light beat without ip finds nothing, whatever a null address may have left behind.
        var slot = info == nil && ip == nil ? nil : registry.find(key)
        if info == nil, profile.separatesPersistent, let found = slot, registry.slots[found]?.isEphemeral == false {
            slot = nil
        }
        if slot == nil {
            guard let info else { return unknownBeat(call) }
            slot = try store(
                Description(
                    namespace: namespace, service: service, ip: ip, port: port, cluster: cluster, weight: info.weight,
                    isEphemeral: info.isEphemeral, metadata: info.metadata ?? emptyMetadata), call)
        }
        if let info, !info.isEphemeral, profile.separatesPersistent {
            // 2.x registers it and then finds no client that could be refreshed (nacos.md §4.4).
            throw .text(500, "caused: null;")
        }
        refresh(slot, namespace, info, call)
        counters.beats += 1
        let interval = slot.flatMap { registry.slots[$0]?.timers.interval } ?? switches.clientBeatInterval
        return call.context.json(200, switches.beatReply(interval: interval))
    }

    /// 1.4 keeps the null of a beat that names no metadata, 2.x does not.
    private var emptyMetadata: Metadata? { profile.documents == .nacos1 ? nil : Metadata() }

    /// v2 wants the group in the name.
    private func beatenService(_ call: Call) throws(Refusal) -> ServiceName {
        switch call.api {
        case .v1: return try serviceName(call)
        case .v2:
            let text = try required("serviceName", call)
            do throws(ServiceName.Malformed) {
                return try ServiceName(grouped: text)
            } catch {
                throw badName(error.text, call)
            }
        }
    }

    private mutating func unknownBeat(_ call: Call) -> NamingAnswer {
        counters.unknownBeats += 1
        return call.context.json(200, switches.unknownBeatReply(tellsLight: profile.unknownBeatTellsLight))
    }

    /// What the profile answers to a beat of an unknown instance, without a look at the state.
    func unknownInstance(_ request: HTTPRequest, wall: Int64) -> NamingAnswer {
        let context = RequestContext(request, profile, wall: wall)
        return context.json(200, switches.unknownBeatReply(tellsLight: profile.unknownBeatTellsLight))
    }

    /// Takes the beat into account; on 2.x for the service that the JSON names, which is the trap of §2.4.
    private mutating func refresh(_ slot: Int?, _ namespace: String, _ info: BeatInfo?, _ call: Call) {
        var target = slot
        if let info, profile.refresh == .byJSON {
            let named = ServiceName(lenient: info.serviceName ?? "")
            target = registry.find(key(namespace, named, info.ip, info.port, info.cluster ?? ""))
        }
        guard let target, registry.slots[target]?.isEphemeral == true else { return }
        registry.touch(target, at: call.now)
    }

    /// Reads the JSON of a full beat as Jackson does.
    func beatInfo(_ text: String, _ call: Call) throws(Refusal) -> BeatInfo {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(Array(text.utf8))
        } catch {
            throw badBeat(Jackson.describe(error, in: text), call)
        }
        guard case .object(let object) = value, let info = NamingServer.beatInfo(object) else {
            let source = Jackson.source(text)
            throw badBeat("Cannot deserialize value of type `RsInfo`\n at [\(source); line: 1, column: 1]", call)
        }
        return info
    }

    /// nil when a member has a type that Jackson does not coerce.
    private static func beatInfo(_ object: JSONObject) -> BeatInfo? {
        var info = BeatInfo()
        for member in object.members {
            switch (member.key, member.value) {
            case (_, .null): continue
            case ("ip", .string(let value)): info.ip = value
            case ("port", .integer(let value)): info.port = Int(value)
            case ("port", .string(let value)):
                guard let port = Int32(value) else { return nil }
                info.port = Int(port)
            case ("weight", .integer(let value)): info.weight = Double(value)
            case ("weight", .number(let value)): info.weight = value
            case ("serviceName", .string(let value)): info.serviceName = value
            case ("cluster", .string(let value)): info.cluster = value
            case ("ephemeral", .bool(let value)): info.isEphemeral = value
            case ("metadata", .object(let value)):
                guard let metadata = Metadata(value) else { return nil }
                info.metadata = metadata
            case ("ip", _), ("port", _), ("weight", _), ("serviceName", _), ("cluster", _), ("ephemeral", _),
                ("metadata", _):
                return nil
            default: continue
            }
        }
        return info
    }

    private func badBeat(_ cause: String, _ call: Call) -> Refusal {
        let message = "errCode: 101, errMsg: Nacos deserialize for class [com.alibaba.nacos.naming.healthcheck.RsInfo]"
        return switch (profile.earlyRefusal, call.api) {
        case (.text, _): .text(500, "\(message) failed.  ;caused: \(cause)")
        case (.container, .v1):
            .container(500, "Server failed, caused: \(message) failed, cause error[\(cause)].  ;caused: \(cause);")
        case (.container, .v2): .container(500, "\(message) failed, cause error[\(cause)].  ")
        }
    }
}

/// The words of the servers' JSON library, as far as they were recorded.
enum Jackson {
    static func source(_ text: String) -> String { "Source: (String)\"\(text)\"" }

    static func describe(_ error: JSONError, in text: String) -> String {
        guard case .unexpectedEnd = error.reason else {
            return "Unexpected character\n at [\(source(text)); line: \(error.line), column: \(error.column)]"
        }
        let what =
            endsInFieldName(text)
            ? "Unexpected end-of-input in field name" : "Unexpected end-of-input within/between Object entries"
        return "\(what)\n at [\(source(text)); line: 1, column: \(text.unicodeScalars.count + 1)]"
    }

    /// Whether the text breaks off inside a string that follows `{` or `,`.
    private static func endsInFieldName(_ text: String) -> Bool {
        var isInString = false
        var isEscaped = false
        var before: UInt8 = 0
        var opener: UInt8 = 0
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
            } else if isInString, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                if !isInString { opener = before }
                isInString.toggle()
            }
            if !isInString, byte > 0x20 { before = byte }
        }
        return isInString && (opener == UInt8(ascii: "{") || opener == UInt8(ascii: ","))
    }
}
