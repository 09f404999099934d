import BeatCore
import HTTPWire
import NacosWire
import Testing

/// The walk through the questions, with recorded answers (nacos.md §3.4).
@Suite struct DialectProbeTests {
    /// What a probe asked, and what came of it.
    private struct Walk: Equatable {
        var asked: [ProbeRequest] = []
        var verdict: ProbeVerdict?
    }

    private static let absent = HTTPResponse(404)

    private func walk(isLoggedIn: Bool = false, _ answers: [ProbeRequest: HTTPResponse]) -> Walk {
        var probe = DialectProbe(isLoggedIn: isLoggedIn)
        var walk = Walk()
        while walk.verdict == nil, walk.asked.count < 10 {
            walk.asked.append(probe.request)
            walk.verdict = probe.receive(answers[probe.request] ?? Self.absent)
        }
        return walk
    }

    private func recorded(_ server: String, _ names: [ProbeRequest: String]) throws -> [ProbeRequest: HTTPResponse] {
        try names.mapValues { try Trace("\(server)/\($0)").response() }
    }

    private func json(_ text: String) -> HTTPResponse { HTTPResponse(200, body: Array(text.utf8)) }

    private let traces: [ProbeRequest: String] = [
        .coreState: "probe_v3_state", .consoleState: "probe_v1_console_state", .metrics: "gzip_metrics",
        .instancesV1: "probe_v1_list",
    ]

    @Test func requests() throws {
        for (request, target) in [
            (ProbeRequest.coreState, "/nacos/v3/admin/core/state"),
            (.consoleState, "/nacos/v1/console/server/state"), (.metrics, "/nacos/v1/ns/operator/metrics"),
            (.instancesV1, "/nacos/v1/ns/instance/list?serviceName=probe"),
            (.instancesV3, "/nacos/v3/client/ns/instance/list?serviceName=probe"),
        ] {
            var bytes: [UInt8] = []
            encoder.appendProbe(request, to: &bytes)
            let line = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self)
            #expect(line == "GET \(target) HTTP/1.1")
            #expect(try SentRequest(bytes).fields["Host"] == "127.0.0.1:8848")
        }
    }

    @Test(arguments: ["1.4.8", "2.5.1"])
    func serversOfV1(_ version: String) throws {
        #expect(
            walk(try recorded(version, traces))
                == Walk(
                    asked: [.coreState, .consoleState],
                    verdict: .found(ProbedServer(.v1, version: version, isCluster: false))))
    }

    @Test func aServerOf3Alone() throws {
        for (server, version) in [("3.0.3", "3.0.3"), ("3.1", "3.1.0-SNAPSHOT")] {
            let walk = walk(try recorded(server, [.coreState: "probe_v3_state"]))
            #expect(
                walk
                    == Walk(
                        asked: [.coreState],
                        verdict: .found(ProbedServer(.v3, version: version, isCluster: false))))
            guard case .found(let found)? = walk.verdict else { continue }
            #expect(!found.needsResponsibleNode)
            #expect(!found.needsFullBeats)
        }
        // With authentication on it is told all the same.
        #expect(walk(try recorded("3.1", [.coreState: "auth_probe_v3_state"])).asked == [.coreState])
    }

    private func coreState(_ version: String, _ mode: String) -> HTTPResponse {
        json(#"{"code":0,"message":"success","data":{"version":"\#(version)"\#(mode)}}"#)
    }

    @Test("vector 72: a cluster of 3.x that serves v1 needs no routing")
    func vector72_aClusterOf3ThatServesV1() throws {
        for (mode, isCluster) in [(#","startup_mode":"cluster""#, true), ("", nil)] as [(String, Bool?)] {
            var answers = try recorded("3.1", [.instancesV1: "probe_v1_list"])
            answers[.coreState] = coreState("3.1.0", mode)
            let found = ProbedServer(.v1, version: "3.1.0", isCluster: isCluster)
            #expect(walk(answers) == Walk(asked: [.coreState, .instancesV1], verdict: .found(found)))
            #expect(!found.needsResponsibleNode)
        }
    }

    @Test("vector 70: a cluster of 3.x without v1 needs the responsible node")
    func vector70_aClusterOf3ThatDoesNot() throws {
        for refusal in ["compatoff_v1_list", "unknown_path_v1ns", "unknown_path_v3"] {
            var answers = try recorded("3.1", [.instancesV1: refusal])
            answers[.coreState] = coreState("3.2.1", #","startup_mode":"cluster""#)
            let found = ProbedServer(.v3, version: "3.2.1", isCluster: true)
            #expect(walk(answers) == Walk(asked: [.coreState, .instancesV1], verdict: .found(found)))
            #expect(found.needsResponsibleNode)
        }
    }

    @Test func aClusterThatWantsALogin() throws {
        var answers = try recorded("3.1", [.instancesV1: "auth_probe_v1_list"])
        let cluster = #","startup_mode":"cluster""#
        for (version, dialect) in [("3.1.0", Dialect.v1), ("3.0.3", .v1), ("3.2.0", .v3), ("3.10.0", .v3)] {
            answers[.coreState] = coreState(version, cluster)
            #expect(
                walk(answers).verdict
                    == .needsLogin(
                        status: 403,
                        detail: "Code: 401, Message: User not found! Please check user exist or password is right!."))
            // With a user who may read other services only.
            #expect(
                walk(isLoggedIn: true, answers).verdict
                    == .found(ProbedServer(dialect, version: version, isCluster: true)))
        }
    }

    @Test func rNacos() throws {
        let walk = walk(try recorded("r-nacos-0.8.8", traces))
        let found = ProbedServer(.v1, product: .rNacos)
        #expect(
            walk
                == Walk(asked: [.coreState, .consoleState, .metrics, .instancesV1], verdict: .found(found)))
        #expect(found.needsFullBeats)
        #expect(found.product.rawValue == "r-nacos")
    }

    @Test("vector 83: probes of an r-nacos that wants a login")
    func vector83_rNacosWithAuthentication() throws {
        let forbidden = try Trace("r-nacos-0.8.8/auth_probe_v3_state").response()
        for isLoggedIn in [false, true] {
            #expect(
                walk(isLoggedIn: isLoggedIn, [.coreState: forbidden])
                    == Walk(asked: [.coreState], verdict: .needsLogin(status: 403, detail: "unknown user!")))
        }
        // Logged in, with the token.
        #expect(
            walk(isLoggedIn: true, try recorded("r-nacos-0.8.8", traces)).verdict
                == .found(ProbedServer(.v1, product: .rNacos)))
    }

    /// Vector 84: r-nacos serves the login of v3 as well, and no question is asked there.
    @Test("vector 84: no probe asks at a login")
    func vector84_loginsSayNothing() {
        #expect(ProbeRequest.allCases.allSatisfy { !$0.rawValue.contains("login") })
    }

    @Test func gateways() throws {
        // Consoles out of reach.
        #expect(
            walk(try recorded("1.4.8", [.metrics: "gzip_metrics"])).verdict == .found(ProbedServer(.v1)))
        #expect(
            walk(try recorded("2.5.1", [.instancesV1: "probe_v1_list"])).verdict == .found(ProbedServer(.v1)))
        #expect(
            walk(try recorded("3.1", [.instancesV3: "probe_v3_list"])).verdict == .found(ProbedServer(.v3)))
        // 3.2 keeps the metrics of v1 and nothing else of it.
        #expect(
            walk(try recorded("3.1", [.metrics: "gzip_metrics", .instancesV3: "probe_v3_list"])).verdict
                == .found(ProbedServer(.v3)))
        #expect(ProbedServer(.v3).needsResponsibleNode)
    }

    @Test func notNacos() {
        let page = json("<html><title>It works</title>")
        #expect(
            walk(Dictionary(uniqueKeysWithValues: ProbeRequest.allCases.map { ($0, page) }))
                == Walk(
                    asked: ProbeRequest.allCases,
                    verdict: .notNacos(detail: "/v3/admin/core/state: 200 It works")))
        #expect(walk([:]).verdict == .notNacos(detail: "/v3/admin/core/state: 404 an empty body"))
        let others = ["[]", "{}", #"{"data":"x"}"#, #"{"status":"UP"}"#, #"{"code":"0"}"#, ""]
        for other in others {
            let answers = Dictionary(uniqueKeysWithValues: ProbeRequest.allCases.map { ($0, json(other)) })
            guard case .notNacos? = walk(answers).verdict else {
                Issue.record("took \(other)")
                continue
            }
        }
    }

    @Test func aServerInTrouble() {
        for status in [408, 429, 500, 502, 503, 504] {
            #expect(
                walk([.coreState: HTTPResponse(status)])
                    == Walk(asked: [.coreState], verdict: .unavailable(status: status, detail: "an empty body")))
        }
        #expect(
            walk([.coreState: HTTPResponse(501), .consoleState: json(#"{"version":"2.0.1"}"#)]).verdict
                == .found(ProbedServer(.v1, version: "2.0.1")))
    }

    @Test func versionsAreForPeople() throws {
        let answer = json(#"{"version":"2\u001b[31m\u202e5\n\#(String(repeating: "9", count: 500))"}"#)
        guard case .found(let found)? = walk([.consoleState: answer]).verdict else {
            Issue.record("not found")
            return
        }
        #expect(found.version == "2[31m5")
        let long = json(#"{"version":"\#(String(repeating: "9", count: 500))"}"#)
        guard case .found(let other)? = walk([.consoleState: long]).verdict else {
            Issue.record("not found")
            return
        }
        #expect(other.version?.count == 64)
    }
}
