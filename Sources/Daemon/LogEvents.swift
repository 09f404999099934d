internal import BeatCore

extension LogEvent {
    /// The line for a change of state; `servers` are the names by the servers' places.
    func record(servers: [String]) -> LogRecord {
        func name(_ index: ServerIndex) -> String? {
            Int(index) < servers.count ? servers[Int(index)] : nil
        }
        guard let record = registrationRecord(name) ?? serviceRecord(name) else {
            preconditionFailure("\(self) has no line")
        }
        return record
    }

    /// What happens to one registration.
    private func registrationRecord(_ name: (ServerIndex) -> String?) -> LogRecord? {
        switch self {
        case .addingBeat(let key, let id):
            return LogRecord(.info, "[BEAT] adding beat", event: "beat.added", beat: id, fields: ["key": .string(key)])
        case .updatingBeat(let key, let id, let generation):
            return LogRecord(
                .info, "[BEAT] updating beat", event: "beat.updated", beat: id,
                fields: ["key": .string(key), "generation": .integer(Int64(generation))])
        case .removingBeat(let key, let id):
            return LogRecord(
                .info, "[BEAT] removing beat", event: "beat.removed", beat: id, fields: ["key": .string(key)])
        case .registered(let key, let server):
            return LogRecord(
                .info, "instance registered", event: "instance.registered", server: name(server),
                fields: ["key": .string(key)])
        case .registerRejected(let key, let server, let status, let detail):
            return LogRecord(
                .error, "Nacos refused the registration", event: "instance.refused", server: name(server),
                code: status, error: detail, fields: ["key": .string(key)])
        case .deregistered(let key, let result):
            return LogRecord(
                result == .ok ? .info : .warn, "instance deregistered", event: "instance.deregistered",
                fields: ["key": .string(key), "result": .string("\(result.label)")])
        case .instanceNotFound(let key, let server):
            return LogRecord(
                .warn, "Nacos does not know the instance, registering it again", event: "instance.not_found",
                server: name(server), code: 20404, fields: ["key": .string(key)])
        case .beatFailing(let key, let server, let outcome, let detail):
            return LogRecord(
                .warn, "beat failing", event: "beat.failed", server: name(server), error: detail,
                fields: ["key": .string(key), "outcome": .string("\(outcome.label)")])
        case .beatRecovered(let key, let server, let failures):
            return LogRecord(
                .info, "beat recovered", event: "beat.recovered", server: name(server),
                fields: ["key": .string(key), "failures": .integer(Int64(failures))])
        case .instanceStrayed(let key, let server, let reader):
            return LogRecord(
                .warn, "another node of the cluster does not list the instance", event: "instance.strayed",
                server: name(server),
                fields: ["key": .string(key), "reader": .string(name(reader) ?? "")])
        case .badInterval(let key, let server, let milliseconds):
            return LogRecord(
                .warn, "clientBeatInterval makes no sense, the own period is kept", event: "server.bad_interval",
                server: name(server), fields: ["key": .string(key), "milliseconds": .integer(milliseconds)])
        case .serverDown, .serverUp, .clusterTrouble, .clusterWell, .dialectFound, .serverListChanged,
            .serverListIgnored, .loginFailed, .loginRecovered, .storageFailed, .storageRecovered,
            .checkChanged, .maintenance, .sidecarMaintenance, .drainBegun, .drainEnded:
            return nil
        }
    }

    /// What happens to servers, the login and storage.
    private func serviceRecord(_ name: (ServerIndex) -> String?) -> LogRecord? {
        switch self {
        case .serverDown(let server, let detail):
            return LogRecord(
                .warn, "Nacos server down, asked once a second until it answers", event: "server.down",
                server: name(server), error: detail)
        case .serverUp(let server):
            return LogRecord(.info, "Nacos server up", event: "server.up", server: name(server))
        case .clusterTrouble(let server, let detail):
            return LogRecord(
                .warn, "trouble within the Nacos cluster; beats go on until it is over", event: "cluster.trouble",
                server: name(server), error: detail)
        case .clusterWell: return LogRecord(.info, "Nacos cluster well again", event: "cluster.well")
        case .dialectFound(let server, let dialect, let version):
            return LogRecord(
                .info, "Nacos server speaks", event: "server.dialect", server: name(server),
                fields: ["dialect": .string(dialect.rawValue), "version": .string(version ?? "unknown")])
        case .serverListChanged(let names, let added, let removed):
            return LogRecord(
                .info, "the list of Nacos servers has changed", event: "serverlist.changed",
                fields: [
                    "nacos": .string(names.joined(separator: " ")), "added": .integer(Int64(added)),
                    "removed": .integer(Int64(removed)),
                ])
        case .serverListIgnored(let count, let reason):
            return LogRecord(
                .warn, "a list of Nacos servers was not taken", event: "serverlist.ignored", error: reason.rawValue,
                fields: ["servers": .integer(Int64(count))])
        case .loginFailed(let detail):
            return LogRecord(
                .error, "login to Nacos failed, tried again every 5 s", event: "login.failed", error: detail)
        case .loginRecovered: return LogRecord(.info, "login to Nacos works again", event: "login.recovered")
        case .checkChanged(let key, let id, let output, let kind, let verdict):
            return .check(key, id: id, kind, verdict, output)
        case .maintenance(let key, let id, let reason, let mode): return .maintenance(key, id: id, mode, reason)
        case .sidecarMaintenance(let reason, let mode): return .sidecarMaintenance(mode, reason)
        case .storageFailed(let detail):
            return LogRecord(
                .error, "writes are refused until storage works again, beats go on", event: "storage.failed",
                error: detail)
        case .drainBegun(let registrations):
            return LogRecord(
                .warn, "the sidecar is being drained", event: "drain.begun",
                fields: ["registrations": .integer(Int64(registrations))])
        case .drainEnded(let deregistered, let verified, let left):
            return LogRecord(
                left == 0 ? .info : .warn, "the sidecar is drained", event: "drain.ended",
                fields: [
                    "deregistered": .integer(Int64(deregistered)), "verified": .integer(Int64(verified)),
                    "left": .integer(Int64(left)),
                ])
        case .storageRecovered: return LogRecord(.info, "storage works again", event: "storage.recovered")
        case .addingBeat, .updatingBeat, .removingBeat, .registered, .registerRejected, .deregistered,
            .instanceNotFound, .beatFailing, .beatRecovered, .instanceStrayed, .badInterval:
            return nil
        }
    }
}
