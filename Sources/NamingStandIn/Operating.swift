/// What operators and probes ask (nacos.md §3.4, §4.3).
extension NamingServer {
    func metrics(_ call: Call) -> NamingAnswer {
        let status = switches.status
        switch (profile.documents, call.api) {
        case (.nacos1, _):
            let services = registry.serviceCount
            let instances = registry.instanceCount
            // Load and memory are of no use to a client: they are constant.
            let text =
                "{\"status\":\"\(status)\",\"serviceCount\":\(services),\"instanceCount\":\(instances)"
                + ",\"raftNotifyTaskCount\":0,\"responsibleServiceCount\":\(services)"
                + ",\"responsibleInstanceCount\":\(instances),\"cpu\":0.0,\"load\":0.0,\"mem\":0.0}"
            return call.context.json(200, Array(text.utf8))
        case (.rnacos, _):
            // Unlike all else that is JSON, it calls itself a text.
            return call.context.answer(
                200, .controller, "text/plain; charset=utf-8", Array("{\"status\":\"UP\"}".utf8), .contentLength)
        case (.nacos2, .v1) where profile.oldPaths == .removed:
            return call.context.json(200, Array("{\"status\":\"UP\"}".utf8))
        case (.nacos2, .v1):
            return call.context.json(200, Array("{\"status\":\"\(status)\"}".utf8))
        case (.nacos2, _):
            return result(call, "{\"status\":\"\(status)\"}")
        }
    }

    func switchDocument(_ call: Call) -> NamingAnswer {
        switch call.api {
        case .v1: call.context.json(200, Array(switches.document(profile.engine).utf8))
        case .v2, .v3, .admin: result(call, switches.document(profile.engine))
        }
    }

    mutating func setSwitch(_ call: Call) throws(Refusal) -> NamingAnswer {
        let entry = try required("entry", call)
        let value = try required("value", call)
        switch entry {
        case "clientBeatInterval":
            guard let interval = Int64(value) else { throw badSwitch("For input string: \"\(value)\"", call) }
            switches.setInterval(interval)
        case "lightBeatEnabled":
            switches.setLightBeat(NamingServer.isTrue(value))
        case "overriddenServerStatus":
            guard let status = Switches.Status(rawValue: value) else {
                throw badSwitch(
                    "No enum constant com.alibaba.nacos.naming.cluster.ServerStatus.\(value)", call)
            }
            switches.overriddenStatus = status
        default:
            throw badSwitch("update entry not found: \(entry)", call)
        }
        return accepted(call)
    }

    private func badSwitch(_ text: String, _ call: Call) -> Refusal {
        switch call.api {
        case .v1: .text(400, text)
        case .v2, .v3, .admin: .result(400, code: 20_002, message: "parameter validate error", data: text)
        }
    }

    /// 1.x: the members of the cluster, which is this one.
    func members(_ call: Call) -> NamingAnswer {
        let port = advertisedAddress.split(separator: ":").last.map(String.init) ?? "8848"
        let ip = advertisedAddress.dropLast(port.utf8.count + 1)
        let text =
            "{\"servers\":[{\"ip\":\"\(ip)\",\"port\":\(port),\"state\":\"UP\",\"extendInfo\":{\"lastRefreshTime\":"
            + "\(call.context.wall),\"raftPort\":\"7848\",\"version\":\"\(profile.version)\"},\"address\":"
            + "\"\(advertisedAddress)\",\"failAccessCnt\":0}]}"
        return call.context.json(200, Array(text.utf8))
    }

    func responsibleServer(_ call: Call) -> NamingAnswer {
        let server = "{\"responsibleServer\":\"\(responsibleAddress ?? advertisedAddress)\"}"
        return call.api == .v1 ? call.context.json(200, Array(server.utf8)) : result(call, server)
    }

    func readiness(_ call: Call) -> NamingAnswer {
        switch (switches.status, call.api) {
        case (.up, .v1): call.context.text(200, "OK")
        case (.up, _): accepted(call)
        case (.down, _), (.starting, _), (.paused, _), (.writeOnly, _), (.readOnly, _):
            call.context.text(500, "naming not in readiness")
        }
    }

    /// Which server it is; a client reads the version alone.
    func consoleState(_ call: Call) -> NamingAnswer {
        if call.api == .admin { return result(call, newState) }
        let text =
            switch profile.documents {
            case .nacos1:
                "{\"version\":\"\(profile.version)\",\"standalone_mode\":\"standalone\",\"function_mode\":null}"
            case .nacos2, .rnacos:
                #"{"defaultMaxSize":"102400","auth_system_type":"nacos","auth_enabled":""#
                    + "\(authentication.isOn)" + #"","#
                    + #""defaultMaxAggrSize":"1024","maxHealthCheckFailCount":"12","maxContent":"10485760","#
                    + #""console_ui_enabled":"true","defaultMaxAggrCount":"10000","defaultGroupQuota":"200","#
                    + #""config_retention_days":"30","auth_admin_request":"false","startup_mode":"standalone","#
                    + #""isHealthCheck":"true","version":""# + profile.version
                    + #"","function_mode":null,"isManageCapacity":"true","isCapacityLimitCheck":"false","#
                    + #""datasource_platform":"","notifyConnectTimeout":"100","server_port":"8848","#
                    + #""notifySocketTimeout":"200","defaultClusterQuota":"100000","#
                    + #""plugin_datasource_log_enabled":"false","login_page_enabled":""# + "\(authentication.isOn)"
                    + #""}"#
            }
        return call.context.json(200, Array(text.utf8))
    }

    /// What 3.x says; `auth_enabled` is about administrators (nacos.md §3.4).
    private var newState: String {
        #"{"defaultMaxSize":"102400","auth_system_type":"nacos","auth_enabled":"true","defaultMaxAggrSize":"1024","#
            + #""maxHealthCheckFailCount":"12","maxContent":"10485760","defaultMaxAggrCount":"10000","#
            + #""auth_admin_request":""# + "\(!authentication.isOn)" + #"","defaultGroupQuota":"200","#
            + #""config_retention_days":"30","startup_mode":"standalone","version":""# + profile.version
            + #"","isHealthCheck":"true","function_mode":null,"isManageCapacity":"true","#
            + #""isCapacityLimitCheck":"false","datasource_platform":"","server_port":"8848","#
            + #""notifyConnectTimeout":"100","notifySocketTimeout":"200","defaultClusterQuota":"100000","#
            + #""plugin_datasource_log_enabled":"false"}"#
    }

    private func result(_ call: Call, _ data: String) -> NamingAnswer {
        call.context.json(200, Array("{\"code\":0,\"message\":\"success\",\"data\":\(data)}".utf8))
    }
}
