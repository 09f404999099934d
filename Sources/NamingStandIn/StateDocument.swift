/// A look into the server, for people and tests.
extension NamingServer {
    /// An instance as it is now, without the lag of readers.
    public struct InstanceView: Equatable, Sendable {
        /// One metadata entry; 2.x keeps nulls.
        public struct Entry: Equatable, Sendable {
            /// Its name.
            public let key: String
            /// Its text.
            public let value: String?
        }

        /// `public` unless the client named one.
        public let namespace: String
        /// Grouped: `group@@service`.
        public let service: String
        /// nil after a full beat that named none.
        public let ip: String?
        /// 0 after a full beat that named none.
        public let port: Int
        /// `DEFAULT` unless the client named one.
        public let cluster: String
        /// 0…10 000.
        public let weight: Double
        /// Whether consumers are to use it.
        public let isEnabled: Bool
        /// Whether it has beaten in time.
        public let isHealthy: Bool
        /// Whether it lives by beats.
        public let isEphemeral: Bool
        /// In the order they came.
        public let metadata: [Entry]
        /// ns on the caller's clock.
        public let lastBeat: Int64
    }

    /// How many instances there are.
    public var instanceCount: Int { registry.instanceCount }

    /// All instances, by service and then in the order they came. O(n): not for every request.
    public var instances: [InstanceView] {
        registry.liveServices.flatMap { index in
            let service = registry.services[index]
            return service.instances.compactMap { registry.slots[$0] }.map { view($0, service) }
        }
    }

    /// The instances of one service, in the order they came.
    public func instances(of service: String, namespace: String = "public") -> [InstanceView] {
        guard let index = registry.service(namespace, service) else { return [] }
        let service = registry.services[index]
        return service.instances.compactMap { registry.slots[$0] }.map { view($0, service) }
    }

    private func view(_ instance: Instance, _ service: Service) -> InstanceView {
        InstanceView(
            namespace: service.namespace, service: service.groupedName, ip: instance.ip, port: instance.port,
            cluster: instance.cluster, weight: instance.weight, isEnabled: instance.isEnabled,
            isHealthy: instance.isHealthy, isEphemeral: instance.isEphemeral,
            metadata: (instance.metadata?.entries ?? []).map { InstanceView.Entry(key: $0.key, value: $0.value) },
            lastBeat: instance.lastBeat)
    }

    /// `GET /__state`.
    func state(_ call: Call) -> NamingAnswer {
        var out: [UInt8] = []
        out.append(text: "{\"profile\":\"\(profile.name.rawValue)\",\"status\":\"\(switches.status)\",\"counters\":")
        out.append(
            text: "{\"requests\":\(counters.requests),\"beats\":\(counters.beats)"
                + ",\"unknownBeats\":\(counters.unknownBeats),\"registers\":\(counters.registers)"
                + ",\"deregisters\":\(counters.deregisters),\"reads\":\(counters.reads)"
                + ",\"logins\":\(counters.logins),\"refusedLogins\":\(counters.refusedLogins)"
                + ",\"forbidden\":\(counters.forbidden),\"errors\":\(counters.errors)}")
        out.append(text: ",\"serviceCount\":\(registry.serviceCount),\"instanceCount\":\(registry.instanceCount)")
        out.append(text: ",\"services\":[")
        for (position, index) in registry.liveServices.enumerated() {
            if position > 0 { out.append(UInt8(ascii: ",")) }
            writeState(registry.services[index], at: call.now, to: &out)
        }
        out.append(text: "]}")
        return call.context.json(200, out)
    }

    private func writeState(_ service: Service, at now: Int64, to out: inout [UInt8]) {
        out.append(text: "{\"namespace\":")
        out.append(jsonString: service.namespace)
        out.append(text: ",\"service\":")
        out.append(jsonString: service.groupedName)
        out.append(text: ",\"ephemeral\":\(service.isEphemeral),\"poisoned\":\(service.isPoisoned),\"instances\":[")
        var isFirst = true
        for case let instance? in service.instances.map({ registry.slots[$0] }) {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            out.append(text: "{\"ip\":")
            if let ip = instance.ip { out.append(jsonString: ip) } else { out.append(text: "null") }
            out.append(text: ",\"port\":\(instance.port),\"cluster\":")
            out.append(jsonString: instance.cluster)
            out.append(text: ",\"weight\":\(instance.weight),\"enabled\":\(instance.isEnabled)")
            out.append(text: ",\"healthy\":\(instance.isHealthy),\"ephemeral\":\(instance.isEphemeral)")
            out.append(text: ",\"lastBeatAgoMillis\":\((now - instance.lastBeat) / 1_000_000),\"metadata\":")
            (instance.metadata ?? Metadata()).write(.insertion, withNulls: true, to: &out)
            out.append(UInt8(ascii: "}"))
        }
        out.append(text: "]}")
    }
}
