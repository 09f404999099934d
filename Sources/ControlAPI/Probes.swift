internal import HTTPWire

/// What supervisors ask (control-api.md §3, 22). None of it depends on Nacos: a sidecar that is restarted because
/// its server is down only makes things worse.
enum Probes {
    /// The loop turns.
    static func liveness(_ context: Context) -> HTTPResponse {
        answer([("loop", context.loopResponsive, "has not turned for 5 s")])
    }

    /// Requests are served as they should be.
    static func readiness(_ context: Context) -> HTTPResponse {
        answer([
            ("restored", context.restored, "registrations are not back yet"),
            ("storage", context.storageProblem == nil, context.storageProblem ?? ""),
            ("draining", !context.draining, "beatd takes no registrations any more"),
        ])
    }

    /// The start is over.
    static func startup(_ context: Context) -> HTTPResponse {
        answer([("restored", context.restored, "registrations are not back yet")])
    }

    /// 200 `ok`, or 503 with a line for each check that does not hold.
    private static func answer(_ checks: [(name: String, holds: Bool, otherwise: String)]) -> HTTPResponse {
        let failed = checks.filter { !$0.holds }
        if failed.isEmpty { return .text(200, "ok") }
        return .text(503, failed.map { "\($0.name): \($0.otherwise)" }.joined(separator: "\n"))
    }
}
