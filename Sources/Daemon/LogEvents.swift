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
            return LogRecord(heading, "[BEAT] adding beat", beat: id, fields: ["key": .key(key)])
        case .updatingBeat(let key, let id, let generation):
            return LogRecord(
                heading, "[BEAT] updating beat", beat: id,
                fields: ["key": .key(key), "generation": .integer(Int64(generation))])
        case .removingBeat(let key, let id):
            return LogRecord(heading, "[BEAT] removing beat", beat: id, fields: ["key": .key(key)])
        case .registered(let key, let server):
            return LogRecord(
                heading, "instance registered", server: name(server),
                fields: ["key": .key(key)])
        case .registerRejected(let key, let server, let status, let detail):
            return LogRecord(
                heading, "Nacos refused the registration", server: name(server),
                code: status, error: detail, fields: ["key": .key(key)])
        case .deregistered(let key, let result):
            return LogRecord(
                heading, "instance deregistered",
                fields: ["key": .key(key), "result": .string("\(result.label)")])
        case .instanceNotFound(let key, let server):
            return LogRecord(
                heading, "Nacos does not know the instance, registering it again", server: name(server), code: 20404,
                fields: ["key": .key(key)])
        case .beatFailing(let key, let server, let outcome, let detail):
            return LogRecord(
                heading, "beat failing", server: name(server), error: detail,
                fields: ["key": .key(key), "outcome": .string("\(outcome.label)")])
        case .beatRecovered(let key, let server, let failures):
            return LogRecord(
                heading, "beat recovered", server: name(server),
                fields: ["key": .key(key), "failures": .integer(Int64(failures))])
        case .instanceStrayed(let key, let server, let reader):
            return LogRecord(
                heading, "another node of the cluster does not list the instance", server: name(server),
                fields: ["key": .key(key), "reader": .string(name(reader) ?? "")])
        case .badInterval(let key, let server, let milliseconds):
            return LogRecord(
                heading, "clientBeatInterval makes no sense, the own period is kept", server: name(server),
                fields: ["key": .key(key), "milliseconds": .integer(milliseconds)])
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
                heading, "Nacos server down, asked once a second until it answers", server: name(server), error: detail)
        case .serverUp(let server):
            return LogRecord(heading, "Nacos server up", server: name(server))
        case .clusterTrouble(let server, let detail):
            return LogRecord(
                heading, "trouble within the Nacos cluster; beats go on until it is over", server: name(server),
                error: detail)
        case .clusterWell: return LogRecord(heading, "Nacos cluster well again")
        case .dialectFound(let server, let dialect, let version):
            return LogRecord(
                heading, "Nacos server speaks", server: name(server),
                fields: ["dialect": .string(dialect.rawValue), "version": .string(version ?? "unknown")])
        case .serverListChanged(let names, let added, let removed):
            return LogRecord(
                heading, "the list of Nacos servers has changed",
                fields: [
                    "nacos": .string(names.joined(separator: " ")), "added": .integer(Int64(added)),
                    "removed": .integer(Int64(removed)),
                ])
        case .serverListIgnored(let count, let reason):
            return LogRecord(
                heading, "a list of Nacos servers was not taken", error: reason.rawValue,
                fields: ["servers": .integer(Int64(count))])
        case .loginFailed(let detail):
            return LogRecord(heading, "login to Nacos failed, tried again every 5 s", error: detail)
        case .loginRecovered: return LogRecord(heading, "login to Nacos works again")
        case .checkChanged(let key, let id, let output, let kind, let verdict):
            return .check(heading, key, id: id, kind, verdict, output)
        case .maintenance(let key, let id, let reason, let mode):
            return .maintenance(heading, key, id: id, mode, reason)
        case .sidecarMaintenance(let reason, let mode): return .sidecarMaintenance(heading, mode, reason)
        case .storageFailed(let detail):
            return LogRecord(heading, "writes are refused until storage works again, beats go on", error: detail)
        case .drainBegun(let registrations):
            return LogRecord(
                heading, "the sidecar is being drained", fields: ["registrations": .integer(Int64(registrations))])
        case .drainEnded(let deregistered, let verified, let left):
            return LogRecord(
                heading, "the sidecar is drained",
                fields: [
                    "deregistered": .integer(Int64(deregistered)), "verified": .integer(Int64(verified)),
                    "left": .integer(Int64(left)),
                ])
        case .storageRecovered: return LogRecord(heading, "storage works again")
        case .addingBeat, .updatingBeat, .removingBeat, .registered, .registerRejected, .deregistered,
            .instanceNotFound, .beatFailing, .beatRecovered, .instanceStrayed, .badInterval:
            return nil
        }
    }
}
