import HTTPWire

/// Which server serves what (nacos.md §3.4).
extension NamingServer {
    /// Whether the profile knows the endpoint; throws when it knows that it is gone.
    func serves(_ endpoint: Endpoint, _ request: HTTPRequest) throws(Refusal) -> Bool {
        if endpoint.route == .unknown { return false }
        // 3.x and actix do not take a slash behind a path for nothing.
        if !profile.servesConsole || profile.engine == .actix, request.target.path.hasSuffix("/") { return false }
        switch endpoint.api {
        case .v1: return try servesOld(endpoint)
        case .v2: return try servesMiddle(endpoint)
        case .v3: return endpoint.route == .login ? profile.login.servesV3 : profile.servesV3
        case .admin: return profile.servesV3
        }
    }

    private func servesOld(_ endpoint: Endpoint) throws(Refusal) -> Bool {
        switch endpoint.route {
        case .login:
            if profile.oldPaths == .gone { throw gone("POST", "auth/user/login", .client) }
            return profile.login.servesV1
        case .readiness: return profile.servesConsole
        case .consoleState: return profile.servesConsole && profile.engine == .tomcat
        case .servers: return profile.documents == .nacos1
        case .distro where profile.documents != .nacos2: return false
        case .setSwitch where profile.engine == .actix: return false
        case .register, .deregister, .update, .beat, .one, .list, .metrics, .switches, .setSwitch, .distro:
            return try servesOldNaming(endpoint.route)
        case .state, .unknown: return false
        }
    }

    private func servesOldNaming(_ route: NamingRoute) throws(Refusal) -> Bool {
        switch profile.oldPaths {
        case .all: return true
        case .removed: return route == .metrics
        case .clients:
            guard let replacement = NamingServer.replacement(route, .v1), replacement.switch == .admin else {
                return true
            }
            throw gone(replacement.method, replacement.path, .admin)
        case .gone:
            guard let replacement = NamingServer.replacement(route, .v1) else { return false }
            throw gone(replacement.method, replacement.path, replacement.switch)
        }
    }

    private func servesMiddle(_ endpoint: Endpoint) throws(Refusal) -> Bool {
        switch profile.middlePaths {
        case .none: return false
        case .all: return true
        case .gone:
            guard endpoint.route != .readiness else { return false }
            guard let replacement = NamingServer.replacement(endpoint.route, .v2) else { throw goneForGood() }
            throw gone(replacement.method, replacement.path, .admin)
        }
    }

    /// The switch that would bring a path back.
    private enum Compatibility: String { case client, admin }

    /// What 3.x recommends in place of a path.
    private static func replacement(
        _ route: NamingRoute, _ api: API
    ) -> (method: String, path: String, `switch`: Compatibility)? {
        let isOld = api == .v1
        let tree = isOld ? "client" : "admin"
        return switch route {
        case .register: ("POST", "\(tree)/ns/instance", isOld ? .client : .admin)
        case .deregister: ("DELETE", "\(tree)/ns/instance", isOld ? .client : .admin)
        case .beat: isOld ? ("POST", "client/ns/instance?heartBeat=true", .client) : nil
        case .list: ("GET", "\(tree)/ns/instance/list", isOld ? .client : .admin)
        case .metrics: ("GET", "admin/ns/ops/metrics", isOld ? .client : .admin)
        case .update: ("PUT", "admin/ns/instance", .admin)
        case .one: ("GET", "admin/ns/instance", .admin)
        case .switches: ("GET", "admin/ns/ops/switches", .admin)
        case .setSwitch: ("PUT", "admin/ns/ops/switches", .admin)
        case .distro: ("GET", "admin/ns/client/distro", .admin)
        case .servers, .consoleState, .readiness, .login, .state, .unknown: nil
        }
    }

    /// 410, JSON inside a JSON text.
    private func gone(_ method: String, _ path: String, _ of: Compatibility) -> Refusal {
        gone(
            "please use API(s) `\(method) ${contextPath:nacos}/v3/\(path)` instead, or set "
                + "`nacos.core.api.compatibility.\(of.rawValue).enabled=true` in application.properties.")
    }

    private func goneForGood() -> Refusal {
        gone(
            "If wanted continue to use, please set `nacos.core.api.compatibility.admin.enabled=true` in "
                + "application.properties.")
    }

    private func gone(_ advice: String) -> Refusal {
        .container(410, "{\"code\":40000,\"message\":\"Current API will be deprecated, \(advice)\"}")
    }
}
