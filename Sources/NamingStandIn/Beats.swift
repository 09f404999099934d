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
        if profile.beatAnswers == .shuffled { return try upsertingBeat(call) }
        var info: BeatInfo?
        if let text = call.parameters.value("beat") { info = try beatInfo(text, call) }
        if info == nil, profile.beatAnswers == .interval { throw .text(400, "Param 'beat' is required.") }
        let service = try beatenService(call)
        let namespace = namespace(call)
        let cluster = info?.cluster.flatMap { $0.isEmpty ? nil : $0 } ?? cluster(call)
        let ip = if let info { info.ip } else { call.parameters.value("ip") }
        let port = if let info { info.port } else { try number(call.parameters.value("port") ?? "0") }
        let key = key(namespace, service, ip, port, cluster)
        // A light beat without ip finds nothing, whatever a null address may have left behind.
        var slot = info == nil && ip == nil ? nil : found(key, call)
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
        return call.context.json(200, beatReply(slot))
    }

    /// An instance that is there to be beaten. Copies are for readers, but for the node that takes them over.
    private func found(_ key: [UInt8], _ call: Call) -> Int? {
        guard let slot = registry.find(key) else { return nil }
        return registry.slots[slot]?.standing == .copy && responsibleAddress != nil && call.api != .v1 ? nil : slot
    }

    /// What a beat that was taken is answered with.
    func beatReply(_ slot: Int?) -> [UInt8] {
        let own = slot.flatMap { registry.slots[$0]?.timers.interval }
        return switch profile.beatAnswers {
        case .interval: Array("{\"clientBeatInterval\":\(own ?? 5000)}".utf8)
        case .coded(byInstance: true): switches.beatReply(interval: own ?? 5000)
        case .coded(byInstance: false): switches.beatReply(interval: own ?? switches.clientBeatInterval)
        case .shuffled: Switches.shuffledReplies[counters.beats % Switches.shuffledReplies.count]
        }
    }

    /// v3: `heartBeat=true`, always light (nacos.md §3.3).
    mutating func beat3(_ call: Call) throws(Refusal) -> NamingAnswer {
        let service = try serviceName(call)
        let ip = try required("ip", call)
        let port = try port(call)
        let key = key(namespace(call), service, ip, port, cluster(call))
        guard let slot = found(key, call), registry.slots[slot]?.isEphemeral == true else {
            counters.unknownBeats += 1
            return call.context.json(200, NamingServer.unknownResult)
        }
        registry.touch(slot, at: call.now)
        counters.beats += 1
        return accepted(call)
    }

    private static let unknownResult = Array("{\"code\":21003,\"message\":\"instance not found\",\"data\":null}".utf8)

    /// r-nacos: every beat registers; the JSON's service counts, its weight and cluster do not (nacos.md §3.5).
    private mutating func upsertingBeat(_ call: Call) throws(Refusal) -> NamingAnswer {
        var info: BeatInfo?
        if let text = call.parameters.value("beat") { info = try beatInfo(text, call) }
        let service: ServiceName
        if let name = info?.serviceName, !name.isEmpty {
            service = ServiceName(lenient: name)
        } else {
            guard call.parameters.value("serviceName") != nil else { throw .text(500, "service name is empty") }
            let name = call.parameters.value("serviceName") ?? ""
            let group = name.contains("@@") ? nil : call.parameters.value("groupName")
            service = group.map { ServiceName(bare: name, group: $0) } ?? ServiceName(lenient: name)
        }
        let ip = if let info { info.ip } else { call.parameters.value("ip") }
        let port = if let info { info.port } else { try number(call.parameters.value("port") ?? "0") }
        guard let ip, port != 0 else { throw .text(500, "ip or port is empty") }
        var wanted = Description(
            namespace: namespace(call), service: service, ip: ip, port: port, cluster: cluster(call), weight: 1,
            isEphemeral: info?.isEphemeral ?? true, metadata: info?.metadata ?? Metadata())
        wanted.isEnabled =
            registry.find(key(wanted.namespace, service, ip, port, wanted.cluster)).flatMap {
                registry.slots[$0]?.isEnabled
            } ?? true
        let slot = try store(merged(wanted, call), call)
        let reply = beatReply(slot)
        counters.beats += 1
        return call.context.json(200, reply)
    }

    /// 1.4 keeps the null of a beat that names no metadata, 2.x does not.
    private var emptyMetadata: Metadata? { profile.documents == .nacos1 ? nil : Metadata() }

    /// v2 wants the group in the name.
    private func beatenService(_ call: Call) throws(Refusal) -> ServiceName {
        switch call.api {
        case .v1: return try serviceName(call)
        case .v2, .v3, .admin:
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
        if Endpoint(request).api == .v3 { return context.json(200, NamingServer.unknownResult) }
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
            if profile.engine == .actix { throw .text(500, Serde.describe(error)) }
            throw badBeat(Jackson.describe(error, in: text, isHidden: profile.hidesJSON), call)
        }
        guard case .object(let object) = value,
            let info = NamingServer.beatInfo(object, textsOnly: profile.engine == .actix)
        else {
            let source = Jackson.source(text, isHidden: profile.hidesJSON)
            throw badBeat("Cannot deserialize value of type `RsInfo`\n at [\(source); line: 1, column: 1]", call)
        }
        return info
    }

    /// What the text of a beat says, as far as it can be read.
    static func beatInfo(_ text: String) -> BeatInfo? {
        guard case .object(let object)? = try? JSONParser.parse(Array(text.utf8)) else { return nil }
        return beatInfo(object, textsOnly: false)
    }

    /// nil when a member has a type that Jackson does not coerce.
    private static func beatInfo(_ object: JSONObject, textsOnly: Bool) -> BeatInfo? {
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
                guard let metadata = textsOnly ? Metadata(textsOnly: value) : Metadata(value) else { return nil }
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
        case (.container, _): .container(500, "\(message) failed, cause error[\(cause)].  ")
        }
    }
}
