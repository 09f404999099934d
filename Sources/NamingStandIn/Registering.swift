/// Register, update and deregister (nacos.md §2.2, §2.3, §2.5).
extension NamingServer {
    static let standardNamespace = "public"
    static let standardCluster = "DEFAULT"
    private static let weights = 0.0...10_000.0

    /// What a request says about an instance.
    struct Description {
        var namespace: String
        var service: ServiceName
        var ip: String?
        var port: Int
        var cluster: String
        var weight: Double
        var isEnabled = true
        var isHealthy = true
        var isEphemeral = true
        var metadata: Metadata?
        var hasID = true
    }

    mutating func register(_ call: Call) throws(Refusal) -> NamingAnswer {
        let wanted = try description(call)
        try store(profile.engine == .actix ? merged(wanted, call) : wanted, call)
        counters.registers += 1
        return accepted(call)
    }

    mutating func deregister(_ call: Call) throws(Refusal) -> NamingAnswer {
        let namespace = namespace(call)
        let service = try serviceName(call)
        let ip = try required("ip", call)
        let port = try port(call)
        let cluster = cluster(call)
        let isEphemeral = call.parameters.value("ephemeral").map { isTrue($0, call) } ?? true
        counters.deregisters += 1
        let key = key(namespace, service, ip, port, cluster)
        if let slot = registry.find(key), let instance = registry.slots[slot],
            instance.isEphemeral == isEphemeral || profile.engine == .actix, !isMirroring || instance.standing == .copy,
            !registry.services[instance.service].isPoisoned
        {
            registry.remove(slot, at: call.now)
        }
        return accepted(call)
    }

    mutating func update(_ call: Call, isJavaClient: Bool) throws(Refusal) -> NamingAnswer {
        let wanted = try description(call)
        let key = key(wanted.namespace, wanted.service, wanted.ip, wanted.port, wanted.cluster)
        switch profile.update {
        case .upsert:
            if isJavaClient, profile.engine == .tomcat { try mustExist(wanted, key) }
            try store(profile.engine == .actix ? merged(wanted, call) : wanted, call)
            counters.registers += 1
        case .override:
            guard registry.service(wanted.namespace, wanted.service.grouped) != nil else {
                throw missingService(wanted, call)
            }
            let metadata = wanted.metadata ?? Metadata()
            registry.overrides[key] = Override(
                weight: wanted.weight, isEnabled: wanted.isEnabled, metadata: metadata,
                expires: call.now + Registry.overrideLife)
            guard let slot = registry.find(key), let instance = registry.slots[slot] else { break }
            registry.put(overridden(instance), at: call.now)
        }
        return accepted(call)
    }

    private func mustExist(_ wanted: Description, _ key: [UInt8]) throws(Refusal) {
        let name = wanted.service.grouped
        guard registry.service(wanted.namespace, name) != nil else {
            throw .text(400, "service not found, namespace: \(wanted.namespace), service: \(name)")
        }
        if registry.find(key) == nil { throw .text(400, "instance not exist: \(wanted.ip ?? ""):\(wanted.port)") }
    }

    private func missingService(_ wanted: Description, _ call: Call) -> Refusal {
        let service =
            "Service{namespace='\(wanted.namespace)', group='\(wanted.service.group)', name='\(wanted.service.bare)', "
            + "ephemeral=\(wanted.isEphemeral), revision=0}"
        let text = "service not found, namespace: \(wanted.namespace), service: \(service)"
        return switch call.api {
        case .v1: .text(400, text)
        case .v2, .v3, .admin: .result(400, code: 30_000, message: "server error", data: text)
        }
    }

    func accepted(_ call: Call) -> NamingAnswer {
        switch call.api {
        case .v1: call.context.text(200, "ok")
        case .v2, .v3, .admin: call.context.json(200, Array(#"{"code":0,"message":"success","data":"ok"}"#.utf8))
        }
    }

    /// Puts an instance into its service, with the checks that stand there.
    @discardableResult
    mutating func store(_ wanted: Description, _ call: Call) throws(Refusal) -> Int? {
        try checkNames(wanted, call)
        let service = registry.makeService(wanted.namespace, wanted.service, isEphemeral: wanted.isEphemeral)
        if profile.separatesPersistent, registry.services[service].isEphemeral != wanted.isEphemeral {
            throw otherKind(wanted, call)
        }
        if wanted.ip == nil, profile.nullAddress == .poisonsService { registry.poison(service) }
        if registry.services[service].isPoisoned { return nil }
        let key = key(wanted.namespace, wanted.service, wanted.ip, wanted.port, wanted.cluster)
        let instance = Instance(
            key: key, service: service, ip: wanted.ip, port: wanted.port, cluster: wanted.cluster,
            weight: wanted.weight, isEnabled: wanted.isEnabled, isHealthy: wanted.isHealthy,
            isEphemeral: wanted.isEphemeral, metadata: wanted.metadata, hasID: wanted.hasID, lastBeat: call.now,
            timers: Instance.Timers(wanted.metadata, profile),
            standing: isMirroring ? .copy : responsibleAddress != nil && call.api != .v1 ? .strayed : .own)
        registry.put(overridden(instance), at: call.now)
        registry.overrides[key]?.expires = nil
        return registry.find(key)
    }

    private func otherKind(_ wanted: Description, _ call: Call) -> Refusal {
        let (is_, wants) = wanted.isEphemeral ? ("persistent", "ephemeral") : ("ephemeral", "persistent")
        let text =
            "errCode: 400, errMsg: Current service \(wanted.service.grouped) is \(is_) service, "
            + "can't register \(wants) instance. "
        return switch call.api {
        case .v1: .text(400, text)
        case .v2, .v3, .admin: .result(400, code: 30_000, message: "server error", data: text)
        }
    }

    /// With what an operator put over it.
    private func overridden(_ instance: Instance) -> Instance {
        guard let override = registry.overrides[instance.key] else { return instance }
        var instance = instance
        var metadata = instance.metadata ?? Metadata()
        metadata.merge(override.metadata)
        instance.weight = override.weight
        instance.isEnabled = override.isEnabled
        instance.metadata = metadata
        instance.timers = Instance.Timers(metadata, profile)
        return instance
    }

    /// r-nacos: a weight of 1 and empty metadata leave what is there (nacos.md §3.5).
    func merged(_ wanted: Description, _ call: Call) -> Description {
        let key = key(wanted.namespace, wanted.service, wanted.ip, wanted.port, wanted.cluster)
        guard let slot = registry.find(key), let instance = registry.slots[slot] else { return wanted }
        var merged = wanted
        if wanted.weight == 1 { merged.weight = instance.weight }
        if wanted.metadata?.isEmpty ?? true { merged.metadata = instance.metadata }
        return merged
    }

    private func checkNames(_ wanted: Description, _ call: Call) throws(Refusal) {
        if profile.engine == .actix { return }
        let isClusterLegal = wanted.cluster.unicodeScalars.allSatisfy {
            ParameterCheck.isLetterOrDigit($0) || $0 == "-"
        }
        if profile.checksTimeouts {
            try checkTimeouts(wanted.metadata, call)
            if !isClusterLegal {
                throw illegalInstance(
                    "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: \(wanted.cluster))",
                    call)
            }
            return
        }
        let name = wanted.service.grouped
        let isNameLegal = name.unicodeScalars.allSatisfy {
            ParameterCheck.isLetterOrDigit($0) || ["@", ".", ":", "_", "-"].contains($0)
        }
        if !isNameLegal {
            throw .text(400, "dom name can only have these characters: 0-9a-zA-Z-._:, current: \(name)")
        }
        if !isClusterLegal {
            throw .text(
                400, "cluster name can only have these characters: 0-9a-zA-Z-, current: \(wanted.cluster)")
        }
    }

    private func checkTimeouts(_ metadata: Metadata?, _ call: Call) throws(Refusal) {
        guard let metadata, !metadata.isEmpty else { return }
        let interval = metadata.shown(.interval)
        if metadata.shown(.timeout) < interval || metadata.shown(.deletion) < interval {
            throw illegalInstance(
                "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.", call)
        }
    }

    private func illegalInstance(_ text: String, _ call: Call) -> Refusal {
        switch call.api {
        case .v1: .text(400, text)
        case .v2, .v3, .admin: .result(400, code: 21_004, message: "instance error", data: text)
        }
    }

    /// The instance that the parameters describe.
    private func description(_ call: Call) throws(Refusal) -> Description {
        let parameters = call.parameters
        let service = try serviceName(call)
        let ip = try required("ip", call)
        let port = try port(call)
        let weight = try weight(call)
        var metadata = Metadata()
        if let text = parameters.value("metadata") {
            if profile.engine == .actix {
                metadata = Metadata(textsOnly: text)
            } else {
                guard let parsed = Metadata(parameter: text) else { throw badMetadata(text, call) }
                metadata = parsed
            }
        }
        if profile.engine == .tomcat, !NamingServer.weights.contains(weight) {
            let text = "instance format invalid: The weights range from 0.0 to 10000.0"
            switch call.api {
            case .v1: throw .text(profile.weightRangeStatus, text)
            case .v2, .v3, .admin: throw .result(400, code: 21_001, message: "weight error", data: text)
            }
        }
        let enabled = parameters.value("enabled") ?? (takesEnable(call) ? parameters.value("enable") : nil)
        let isHealthy = profile.engine == .actix ? nil : parameters.value("healthy")
        return Description(
            namespace: namespace(call), service: service, ip: ip, port: port, cluster: cluster(call), weight: weight,
            isEnabled: enabled.map { isTrue($0, call) } ?? true, isHealthy: isHealthy.map { isTrue($0, call) } ?? true,
            isEphemeral: parameters.value("ephemeral").map { isTrue($0, call) } ?? true, metadata: metadata,
            hasID: call.api == .v1)
    }

    /// The alias of `enabled`.
    private func takesEnable(_ call: Call) -> Bool { call.api == .v1 && profile.engine == .tomcat }

    private func weight(_ call: Call) throws(Refusal) -> Double {
        guard let text = call.parameters.value("weight") else { return 1 }
        if let weight = Double(text), !weight.isNaN { return weight }
        switch call.api {
        case .v1 where profile.engine == .actix: throw .query("invalid float literal")
        case .v1: throw .text(400, "For input string: \"\(text)\"")
        case .v2: throw bindingError(text)
        case .v3, .admin: throw newBindingError(text)
        }
    }

    /// What Spring says about a form field that it cannot convert.
    private func bindingError(_ text: String) -> Refusal {
        let message =
            "org.springframework.validation.BeanPropertyBindingResult: 1 errors\nField error in object 'instanceForm' "
            + "on field 'weight': rejected value [\(text)]; codes [typeMismatch.instanceForm.weight,typeMismatch.weight"
            + ",typeMismatch.java.lang.Double,typeMismatch]; arguments [org.springframework.context.support."
            + "DefaultMessageSourceResolvable: codes [instanceForm.weight,weight]; arguments []; default message "
            + "[weight]]; default message [Failed to convert property value of type 'java.lang.String' to required "
            + "type 'java.lang.Double' for property 'weight'; nested exception is java.lang.NumberFormatException: "
            + "For input string: \"\(text)\"]"
        return .result(500, code: 30_000, message: message, data: nil)
    }

    /// The same in the words of 3.x.
    private func newBindingError(_ text: String) -> Refusal {
        let message =
            "Validation failed for argument [0] in public com.alibaba.nacos.api.model.v2.Result<java.lang.String> "
            + "com.alibaba.nacos.naming.controllers.v3.InstanceOpenApiController.register(com.alibaba.nacos.naming."
            + "model.form.InstanceForm,boolean) throws com.alibaba.nacos.api.exception.NacosException: [Field error "
            + "in object 'instanceForm' on field 'weight': rejected value [\(text)]; codes [typeMismatch.instanceForm."
            + "weight,typeMismatch.weight,typeMismatch.java.lang.Double,typeMismatch]; arguments [org.springframework."
            + "context.support.DefaultMessageSourceResolvable: codes [instanceForm.weight,weight]; arguments []; "
            + "default message [weight]]; default message [Failed to convert property value of type 'java.lang.String' "
            + "to required type 'java.lang.Double' for property 'weight'; For input string: \"\(text)\"]] "
        return .result(500, code: 30_000, message: message, data: nil)
    }

    func badMetadata(_ text: String, _ call: Call) -> Refusal {
        let message = "metadata format incorrect:\(text)"
        return switch (profile.earlyRefusal, call.api) {
        case (.text, _): .text(500, message)
        case (.container, .v1):
            .container(500, "Server failed, caused: ErrCode:400, ErrMsg:\(message);caused: \(message);")
        case (.container, .v2): .container(500, "ErrCode:400, ErrMsg:\(message)")
        case (.container, .v3), (.container, .admin): .nothing(200, allow: nil)
        }
    }
}
