internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: GET /v1/servers

extension ControlAPI {
    /// Each Nacos server, and the login.
    func readServers(
        _ call: Call, core: borrowing BeatReactor, context: Context, shell: ShellMetrics
    ) -> HTTPResponse {
        var writer = JSONWriter()
        writer.value(
            .object([
                "items": .array(serverDocuments(core, context, shell)),
                "login": core.loginView.map { loginDocument($0, context) } ?? .null,
            ]))
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }

    /// A row for each Nacos server.
    func serverDocuments(_ core: borrowing BeatReactor, _ context: Context, _ shell: ShellMetrics) -> [JSONValue] {
        core.serverViews().map { server in
            let connections = shell.nacos.connections(of: server.index)
            let latency = core.latency(of: server.index, at: context.now)
            return .object([
                "server": .string(server.name),
                "state": .string(server.state.rawValue),
                "dialect": server.dialect.map { .string($0.rawValue) } ?? .null,
                "version": server.version.map { .string($0) } ?? .null,
                "lastError": server.lastError.map { .string($0) } ?? .null,
                "consecutiveFailures": .integer(Int64(server.consecutiveFailures)),
                "latencySeconds": .object([
                    "p50": ControlAPI.seconds(latency.quantile(0.5)), "p99": ControlAPI.seconds(latency.quantile(0.99)),
                ]),
                "connections": .object([
                    "idle": .integer(Int64(connections.idle)), "busy": .integer(Int64(connections.busy)),
                ]),
                "requests": .integer(Int64(clamping: server.requests)),
            ])
        }
    }

    /// Nothing in it tells the user's name, the password or the token.
    private func loginDocument(_ login: LoginView, _ context: Context) -> JSONValue {
        func text(_ at: Instant?) -> JSONValue { at.map { .string(context.text($0)) } ?? .null }
        return .object([
            "state": .string(login.state.rawValue),
            "lastError": login.lastError.map { .string($0) } ?? .null,
            "expiresAt": text(login.expiresAt),
            "nextAttemptAt": text(login.nextAttemptAt),
        ])
    }

    /// Null while there is no value.
    static func seconds(_ nanoseconds: Int64?) -> JSONValue {
        nanoseconds.map { .number(Duration.nanoseconds($0).seconds) } ?? .null
    }
}
