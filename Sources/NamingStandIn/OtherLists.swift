/// Lists of 3.x and of r-nacos (nacos.md §3.3, §3.5).
extension NamingServer {
    /// v3: the hosts alone.
    func writeList3(_ hosts: [Instance], _ service: ServiceName, _ call: Call, to out: inout [UInt8]) {
        out.append(text: "{\"code\":0,\"message\":\"success\",\"data\":[")
        for (position, host) in hosts.enumerated() {
            if position > 0 { out.append(UInt8(ascii: ",")) }
            writeHost2(host, service, call.api, to: &out)
        }
        out.append(text: "]}")
    }

    func writeListOfRNacos(_ hosts: [Instance], _ service: ServiceName, _ call: Call, to out: inout [UInt8]) {
        out.append(text: "{\"name\":")
        out.append(jsonString: service.grouped)
        out.append(text: ",\"clusters\":")
        out.append(jsonString: call.parameters.value("clusters") ?? "")
        out.append(text: ",\"cacheMillis\":10000,\"hosts\":[")
        for (position, host) in hosts.enumerated() {
            if position > 0 { out.append(UInt8(ascii: ",")) }
            writeHostOfRNacos(host, service, to: &out)
        }
        let wall = call.context.wall
        out.append(text: "],\"lastRefTime\":\(wall),\"checksum\":\"\(wall)\",\"useSpecifiedURL\":false,\"env\":\"\"")
        out.append(text: ",\"protectThreshold\":null,\"reachLocalSiteCallThreshold\":null,\"dom\":")
        out.append(jsonString: service.bare)
        out.append(text: ",\"metadata\":null}")
    }

    func writeHostOfRNacos(_ host: Instance, _ service: ServiceName, to out: inout [UInt8]) {
        out.append(text: "{\"service\":")
        out.append(jsonString: service.grouped)
        out.append(text: ",\"ip\":")
        out.append(jsonString: host.ip ?? "")
        out.append(text: ",\"port\":\(host.port),\"clusterName\":")
        out.append(jsonString: host.cluster)
        out.append(text: ",\"weight\":\(host.weight),\"healthy\":\(host.isHealthy),\"instanceId\":")
        out.append(jsonString: "\(host.ip ?? "")#\(host.port)")
        out.append(text: ",\"metadata\":")
        write(host.metadata, withNulls: false, to: &out)
        out.append(text: ",\"marked\":true,\"enabled\":\(host.isEnabled),\"serviceName\":")
        out.append(jsonString: service.grouped)
        out.append(text: ",\"ephemeral\":\(host.isEphemeral)}")
    }
}
