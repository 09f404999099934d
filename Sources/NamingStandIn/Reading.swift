/// Lists and single instances (nacos.md §2.6, §2.7).
extension NamingServer {
    mutating func one(_ call: Call) throws(Refusal) -> NamingAnswer {
        let service = try serviceName(call)
        let ip = try required("ip", call)
        let port = try port(call)
        let cluster = cluster(call)
        counters.reads += 1
        guard let index = registry.service(namespace(call), service.grouped) else {
            let text =
                profile.namesMissingService
                ? "no service \(service.grouped) found!" : noAddresses(cluster, service)
            throw missingInstance(text, call)
        }
        let hosts = registry.visible(index, at: call.now).filter { $0.cluster == cluster }
        if hosts.isEmpty { throw missingInstance(noAddresses(cluster, service), call) }
        guard let host = hosts.first(where: { $0.ip == ip && $0.port == port }) else {
            throw missingInstance("no matched ip found!", call)
        }
        switch (profile.documents, call.api) {
        case (.rnacos, _):
            var out: [UInt8] = []
            writeHostOfRNacos(host, service, to: &out)
            return call.context.json(200, out)
        case (.nacos2, .admin):
            var out = Array("{\"code\":0,\"message\":\"success\",\"data\":".utf8)
            writeHost2(host, service, .admin, to: &out)
            out.append(UInt8(ascii: "}"))
            return call.context.json(200, out)
        case (.nacos1, _), (.nacos2, _): break
        }
        return call.context.json(200, oneDocument(host, service, call))
    }

    private func noAddresses(_ cluster: String, _ service: ServiceName) -> String {
        "no ips found for cluster \(cluster) in service \(service.grouped)"
    }

    private func missingInstance(_ text: String, _ call: Call) -> Refusal {
        switch call.api {
        case .v1 where profile.engine == .actix: .text(500, "error")
        case .v1: .text(profile.missingInstanceStatus, text)
        case .v2, .v3, .admin: .result(404, code: 20_004, message: "resource not found", data: text)
        }
    }

    private func oneDocument(_ host: Instance, _ service: ServiceName, _ call: Call) -> [UInt8] {
        var out: [UInt8] = []
        let isResult = call.api == .v2
        out.append(text: isResult ? #"{"code":0,"message":"success","data":{"serviceName":"# : #"{"service":"#)
        out.append(jsonString: service.grouped)
        out.append(text: ",\"ip\":")
        out.append(jsonString: host.ip ?? "null")
        out.append(text: ",\"port\":\(host.port),\"clusterName\":")
        out.append(jsonString: host.cluster)
        out.append(text: ",\"weight\":\(host.weight),\"healthy\":\(host.isHealthy),\"instanceId\":")
        if isResult { out.append(text: "null") } else { out.append(jsonString: instanceID(host, service.grouped)) }
        out.append(text: ",\"metadata\":")
        write(host.metadata, withNulls: false, to: &out)
        out.append(text: isResult ? "}}" : "}")
        return out
    }

    private func instanceID(_ host: Instance, _ grouped: String) -> String {
        "\(host.ip ?? "null")#\(host.port)#\(host.cluster)#\(grouped)"
    }

    func write(_ metadata: Metadata?, withNulls: Bool, to out: inout [UInt8]) {
        if let metadata {
            metadata.write(
                profile.metadataOrder, withNulls: withNulls, escapesPlanes: profile.engine == .tomcat, to: &out)
        } else {
            out.append(text: "null")
        }
    }

    mutating func list(_ call: Call, isJavaClient: Bool) throws(Refusal) -> NamingAnswer {
        let service = try serviceName(call)
        counters.reads += 1
        let index = registry.service(namespace(call), service.grouped)
        let selection = index.map { listed($0, call) } ?? []
        var out: [UInt8] = []
        switch profile.documents {
        case .nacos1:
            write1(selection, service, isKnown: index != nil, isJavaClient: isJavaClient, call, to: &out)
        case .rnacos:
            writeListOfRNacos(selection, service, call, to: &out)
        case .nacos2 where call.api == .v3 || call.api == .admin:
            writeList3(selection, service, call, to: &out)
        case .nacos2:
            if call.api == .v2 { out.append(text: #"{"code":0,"message":"success","data":"#) }
            write2(selection, service, call, to: &out)
            if call.api == .v2 { out.append(text: "}") }
        }
        return call.context.json(200, out)
    }

    /// The hosts that a list shows, after protection and filters.
    private func listed(_ index: Int, _ call: Call) -> [Instance] {
        var hosts = registry.visible(index, at: call.now)
        if call.api == .v3 {
            let wanted = cluster(call)
            hosts = hosts.filter { $0.cluster == wanted && $0.isEnabled }
            return hosts
        }
        if let clusters = call.parameters.value("clusters") {
            let wanted = clusters.split(separator: ",").map(String.init)
            hosts = hosts.filter { wanted.contains($0.cluster) }
        }
        if profile.protectsByDefault, !hosts.isEmpty, !hosts.contains(where: { $0.isHealthy }) {
            for index in hosts.indices { hosts[index].isHealthy = true }
        }
        let wantsHealthy = call.parameters.value("healthyOnly").map { isTrue($0, call) } ?? (profile.engine == .actix)
        return hosts.filter { $0.isEnabled && ($0.isHealthy || !wantsHealthy) }
    }

    /// 1.x: short for an unknown service, without the group for any client but Java's.
    private func write1(
        _ hosts: [Instance], _ service: ServiceName, isKnown: Bool, isJavaClient: Bool, _ call: Call,
        to out: inout [UInt8]
    ) {
        let clusters = call.parameters.value("clusters") ?? ""
        guard isKnown else {
            out.append(text: "{\"name\":")
            out.append(jsonString: service.grouped)
            out.append(text: ",\"clusters\":")
            out.append(jsonString: clusters)
            out.append(text: ",\"cacheMillis\":3000,\"hosts\":[]}")
            return
        }
        let shown = isJavaClient ? service.grouped : service.bare
        out.append(text: "{\"hosts\":[")
        for (position, host) in hosts.enumerated() {
            if position > 0 { out.append(UInt8(ascii: ",")) }
            writeHost1(host, service, shown, to: &out)
        }
        out.append(text: "],\"dom\":")
        out.append(jsonString: shown)
        out.append(text: ",\"name\":")
        out.append(jsonString: service.grouped)
        out.append(text: ",\"cacheMillis\":3000,\"lastRefTime\":\(call.context.wall),\"checksum\":\"")
        out.append(contentsOf: NamingServer.checksum(out))
        out.append(text: "\",\"useSpecifiedURL\":false,\"clusters\":")
        out.append(jsonString: clusters)
        out.append(text: ",\"env\":\"\",\"metadata\":{}}")
    }

    private func writeHost1(_ host: Instance, _ service: ServiceName, _ shown: String, to out: inout [UInt8]) {
        out.append(text: "{\"ip\":")
        out.append(jsonString: host.ip ?? "null")
        out.append(text: ",\"port\":\(host.port),\"valid\":\(host.isHealthy),\"healthy\":\(host.isHealthy)")
        out.append(text: ",\"marked\":false,\"instanceId\":")
        out.append(jsonString: instanceID(host, service.grouped))
        out.append(text: ",\"metadata\":")
        write(host.metadata, withNulls: false, to: &out)
        out.append(text: ",\"enabled\":\(host.isEnabled),\"weight\":\(host.weight),\"clusterName\":")
        out.append(jsonString: host.cluster)
        out.append(text: ",\"serviceName\":")
        out.append(jsonString: shown)
        out.append(text: ",\"ephemeral\":\(host.isEphemeral)}")
    }

    /// 32 digits that change with the content, as a real server's digest does; no client computes it.
    private static func checksum(_ content: [UInt8]) -> [UInt8] {
        var halves: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x8422_2325_CBF2_9CE4)
        for byte in content {
            halves.0 = (halves.0 ^ UInt64(byte)) &* 0x100_0000_01B3
            halves.1 = (halves.1 &+ UInt64(byte)) &* 0x100_0000_01B3
        }
        let digits = Array("0123456789abcdef".utf8)
        return [halves.0, halves.1].flatMap { half in (0..<16).map { digits[Int(half >> (60 - 4 * $0) & 15)] } }
    }

    private func write2(_ hosts: [Instance], _ service: ServiceName, _ call: Call, to out: inout [UInt8]) {
        out.append(text: "{\"name\":")
        out.append(jsonString: service.grouped)
        out.append(text: ",\"groupName\":")
        out.append(jsonString: service.group)
        out.append(text: ",\"clusters\":")
        out.append(jsonString: call.parameters.value("clusters") ?? "")
        out.append(text: ",\"cacheMillis\":10000,\"hosts\":[")
        for (position, host) in hosts.enumerated() {
            if position > 0 { out.append(UInt8(ascii: ",")) }
            writeHost2(host, service, call.api, to: &out)
        }
        out.append(
            text: "],\"lastRefTime\":\(call.context.wall),\"checksum\":\"\",\"\(profile.allAddressesKey)\":false")
        out.append(text: ",\"reachProtectionThreshold\":false,\"valid\":true}")
    }

    func writeHost2(_ host: Instance, _ service: ServiceName, _ api: API, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        let isNew = api == .v3 || api == .admin
        if host.hasID, !isNew {
            out.append(text: "\"instanceId\":")
            out.append(jsonString: instanceID(host, service.grouped))
            out.append(UInt8(ascii: ","))
        }
        if let ip = host.ip {
            out.append(text: "\"ip\":")
            out.append(jsonString: ip)
            out.append(UInt8(ascii: ","))
        }
        out.append(text: "\"port\":\(host.port),\"weight\":\(host.weight),\"healthy\":\(host.isHealthy)")
        out.append(text: ",\"enabled\":\(host.isEnabled),\"ephemeral\":\(host.isEphemeral),\"clusterName\":")
        out.append(jsonString: host.cluster)
        out.append(text: ",\"serviceName\":")
        out.append(jsonString: service.grouped)
        out.append(text: ",\"metadata\":")
        write(host.metadata, withNulls: true, to: &out)
        let metadata = host.metadata ?? Metadata()
        let interval = ",\"instanceHeartBeatInterval\":\(metadata.shown(.interval))"
        if profile.servesV3 { out.append(text: interval) }
        out.append(text: ",\"instanceHeartBeatTimeOut\":\(metadata.shown(.timeout))")
        if !profile.servesV3 { out.append(text: interval) }
        out.append(text: ",\"ipDeleteTimeout\":\(metadata.shown(.deletion))")
        // The generator is looked up in the metadata; only empty metadata falls back to the standard one.
        let generator = metadata.isEmpty ? "simple" : metadata["preserved.instance.id.generator"]
        if let generator, api != .v3 {
            out.append(text: ",\"instanceIdGenerator\":")
            out.append(jsonString: generator)
        }
        out.append(UInt8(ascii: "}"))
    }
}
