internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: GET /v1/status

extension ControlAPI {
    /// How beatd itself is: version, age, limits, entries, servers.
    func readStatus(
        _ call: Call, core: borrowing BeatReactor, context: Context, shell: ShellMetrics
    ) -> HTTPResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("version", configuration.version)
        writer.member("revision", configuration.revision)
        writer.member("swift", configuration.swiftVersion)
        writer.member("libevent", configuration.libeventVersion)
        writer.member("startedAt", context.text(context.started))
        writer.member("uptimeSeconds", (context.now - context.started).seconds)
        writer.member("draining", context.draining)
        writer.member("rev", count: core.rev)
        writer.member("dom2BeatSize", core.dom2BeatSize)
        writer.member("tombstones", core.tombstones)
        writer.member("entries", .object(entriesDocument(core)))
        writer.member("oldestSuccessAgeSeconds", core.oldestSuccessAge(at: context.now).seconds)
        writer.key("limits")
        writer.beginObject()
        writer.member("registrations", configuration.maxRegistrations)
        for limit in configuration.limits {
            writer.key(named: limit.name)
            writer.integer(limit.value)
        }
        writer.endObject()
        writer.member(
            "headroom",
            Headroom(core, shell: shell, maxRegistrations: configuration.maxRegistrations, at: context.now).document)
        writer.member("servers", .array(serverDocuments(core, context, shell)))
        writer.endObject()
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }
}
