/// Parameters that several handlers read, and the check of them.
extension NamingServer {
    /// `true|on|yes|y|t` in any case; all else is false (nacos.md §2.1).
    static func isTrue(_ text: String) -> Bool {
        ["true", "on", "yes", "y", "t"].contains(text.lowercased())
    }

    /// What Spring binds to a form: a 1 counts as well.
    static func isTrueForm(_ text: String) -> Bool {
        text == "1" || isTrue(text)
    }

    func isTrue(_ text: String, _ call: Call) -> Bool {
        call.api == .v1 ? NamingServer.isTrue(text) : NamingServer.isTrueForm(text)
    }

    func namespace(_ call: Call) -> String {
        call.parameters.value("namespaceId") ?? NamingServer.standardNamespace
    }

    func cluster(_ call: Call) -> String {
        call.parameters.value("clusterName") ?? call.parameters.value("cluster") ?? NamingServer.standardCluster
    }

    /// The service that the request is about.
    func serviceName(_ call: Call) throws(Refusal) -> ServiceName {
        guard profile.engine == .tomcat || call.parameters.value("serviceName") != nil else {
            throw .text(500, "serviceName is invalid!")
        }
        let text = try required("serviceName", call)
        let group = call.parameters.value("groupName")
        if call.api == .v3 || call.api == .admin { return ServiceName(bare: text, group: group) }
        do throws(ServiceName.Malformed) {
            return try ServiceName(text, group: group)
        } catch {
            throw badName(error.text, call)
        }
    }

    func badName(_ text: String, _ call: Call) -> Refusal {
        switch (profile.earlyRefusal, call.api) {
        case (.text, _) where profile.engine == .actix: .text(500, "serviceName is invalid!")
        case (.text, _): .text(400, text)
        case (.container, .v1): .container(400, "Service name filter error,caused: \(text);")
        case (.container, _): .result(400, code: 20_002, message: "parameter validate error", data: text)
        }
    }

    func required(_ name: String, _ call: Call) throws(Refusal) -> String {
        if let value = call.parameters.value(name) { return value }
        throw missing(name, "String", call)
    }

    private func missing(_ name: String, _ type: String, _ call: Call) -> Refusal {
        switch call.api {
        case .v1 where profile.engine == .actix: .text(500, "the instance \(name) is None")
        case .v1: .text(400, "Param '\(name)' is required.")
        case .v2, .v3, .admin:
            .result(
                400, code: 10_000, message: "parameter missing",
                data: "Required parameter '\(name)' type \(type) is not present")
        }
    }

    func port(_ call: Call) throws(Refusal) -> Int {
        guard let text = call.parameters.value("port") else { throw missing("port", "Integer", call) }
        return try number(text)
    }

    /// Java's `Integer.parseInt`.
    func number(_ text: String) throws(Refusal) -> Int {
        guard let number = Int32(text) else {
            if profile.engine == .actix { throw .query("invalid digit found in string") }
            throw .text(400, "For input string: \"\(text)\"")
        }
        return Int(number)
    }

    /// The registry's key; the cluster is part of it where it is part of the identity.
    func key(_ namespace: String, _ service: ServiceName, _ ip: String?, _ port: Int, _ cluster: String) -> [UInt8] {
        NamingServer.key(profile, namespace, service.grouped, ip, port, cluster)
    }

    static func key(
        _ profile: NamingProfile, _ namespace: String, _ service: String, _ ip: String?, _ port: Int, _ cluster: String
    ) -> [UInt8] {
        let cluster: String? =
            switch profile.identity {
            case .address: nil
            case .addressAndCluster: cluster
            }
        return Registry.key(namespace: namespace, service: service, ip: ip, port: port, cluster: cluster)
    }

    /// The filter before the controllers: parses metadata and a beat's JSON, then looks at each field.
    func checkParameters(_ route: NamingRoute, _ call: Call) throws(Refusal) {
        let parameters = call.parameters
        var subject = ParameterCheck.Subject()
        if route == .register || route == .update || route == .beat && call.api == .v3,
            let text = parameters.value("metadata")
        {
            guard let metadata = Metadata(parameter: text) else { throw badMetadata(text, call) }
            subject.metadata = metadata
        }
        subject.namespace = parameters.value("namespaceId")
        subject.group = parameters.value("groupName")
        if let name = parameters.value("serviceName") {
            let split = ParameterCheck.split(name)
            subject.service = split.service
            subject.group = split.group ?? subject.group
        }
        subject.cluster =
            switch route {
            case .list: parameters.value(call.api == .v1 || call.api == .v2 ? "clusters" : "clusterName")
            // A beat is checked for the cluster in its JSON only.
            case .beat where call.api != .v3: nil
            case .register, .deregister, .update, .beat, .one, .metrics, .switches, .setSwitch, .servers, .distro,
                .consoleState, .readiness, .login, .state, .unknown:
                parameters.value("clusterName") ?? parameters.value("cluster")
            }
        subject.ip = parameters.value("ip")
        subject.port = parameters.value("port")
        try ParameterCheck.check(subject)
        if route == .beat, call.api != .v3, let text = parameters.value("beat") {
            let beat = try beatInfo(text, call)
            try ParameterCheck.check(
                ParameterCheck.Subject(
                    cluster: beat.cluster, ip: beat.ip, port: String(beat.port)))
        }
    }
}

extension ParameterCheck {
    /// At the first `@@`.
    static func split(_ name: String) -> (group: String?, service: String) {
        let bytes = Array(name.utf8)
        for index in bytes.indices.dropLast()
        where bytes[index] == UInt8(ascii: "@") && bytes[index + 1] == bytes[index] {
            return (
                String(decoding: bytes[..<index], as: UTF8.self), String(decoding: bytes[(index + 2)...], as: UTF8.self)
            )
        }
        return (nil, name)
    }
}
