import BeatCore
import HTTPWire
import NacosWire
import Testing

/// Recorded answers of real servers and what each of them means.
@Suite struct ClassificationTests {
    private static let accepted = NacosReply.beatAccepted(interval: 5000, lightBeatEnabled: true)
    private static let notFound = NacosReply.notFound(interval: 5000, lightBeatEnabled: true)

    private static func rejected(_ status: Int, _ detail: String) -> NacosReply {
        .rejected(status: status, detail: detail)
    }

    private static let weight = "instance format invalid: The weights range from 0.0 to 10000.0"
    private static let metadata =
        "Server failed, caused: ErrCode:400, ErrMsg:metadata format incorrect:not json;"
        + "caused: metadata format incorrect:not json"
    private static let deserialize =
        "errCode: 101, errMsg: Nacos deserialize for class [com.alibaba.nacos.naming.healthcheck.RsInfo] failed"
    private static let noGroup = "Param 'serviceName' is illegal, groupName can't be empty"
    private static let noLogin3 =
        "Code: 401, Message: User not found! Please check user exist or password is right!."

    private static func gone(_ api: String) -> NacosReply {
        .notServed(
            status: 410,
            detail: "Current API will be deprecated, please use API(s) `POST ${contextPath:nacos}/v3/client/ns/\(api)`"
                + " instead, or set `nacos.core.api.compatibility.client.enabled=true` in application.properties.")
    }

    private static let understood: [(trace: String, reply: NacosReply)] = [
        ("1.4.8/v1_register", .ok), ("1.4.8/v1_metadata_special", .ok), ("1.4.8/v1_deregister", .ok),
        ("1.4.8/v1_deregister_unknown", .ok), ("2.5.1/v1_register", .ok), ("2.5.1/v1_deregister", .ok),
        ("3.1/v1_register", .ok), ("3.1/v1_deregister", .ok), ("r-nacos-0.8.8/v1_register", .ok),
        ("r-nacos-0.8.8/v1_deregister", .ok), ("cluster-2.5.1/cl_register_nonowner", .ok),
        ("cluster-2.5.1/cl_deregister_nonowner", .ok),
        ("1.4.8/v1_beat_full", accepted), ("1.4.8/v1_beat_full_unknown", accepted), ("1.4.8/v1_beat_light", accepted),
        ("1.4.8/v1_beat_light_unknown", .notFound(interval: 5000, lightBeatEnabled: false)),
        ("1.4.8/conn_close", .beatAccepted(interval: 3000, lightBeatEnabled: true)),
        ("1.4.8/expect_100", .beatAccepted(interval: 3000, lightBeatEnabled: true)),
        ("1.4.8/http10", .beatAccepted(interval: 3000, lightBeatEnabled: true)),
        ("2.5.1/v1_beat_light", accepted), ("2.5.1/v1_beat_light_unknown", notFound),
        ("2.5.1/v1_beat_interval_3000", .beatAccepted(interval: 3000, lightBeatEnabled: true)),
        ("2.5.1/v1_beat_interval_3s", .beatAccepted(interval: 0, lightBeatEnabled: true)),
        ("2.5.1/sw_beat_after", .beatAccepted(interval: 7000, lightBeatEnabled: false)),
        ("3.0.3/v1_beat_light", accepted), ("3.0.3/v1_beat_light_unknown", notFound),
        ("3.1/v1_beat_light", accepted), ("3.1/v1_beat_light_unknown", notFound),
        ("3.1/conn_close", .beatAccepted(interval: 3000, lightBeatEnabled: true)),
        ("r-nacos-0.8.8/v1_beat_full", accepted), ("r-nacos-0.8.8/v1_beat_light", accepted),
        ("r-nacos-0.8.8/v1_beat_light_unknown", accepted), ("r-nacos-0.8.8/http10", accepted),
        ("cluster-2.5.1/cl_beat_light_owner", accepted), ("cluster-2.5.1/cl_beat_light_nonowner", accepted),
        ("cluster-2.5.1/cl_beat_light_unknown_nonowner", notFound),
    ]

    private static let faultsOfTheRequest: [(trace: String, reply: NacosReply)] = [
        ("1.4.8/v1_err_missing_ip", rejected(400, "Param 'ip' is required.")),
        ("1.4.8/v1_register_form_body", rejected(400, "Param 'serviceName' is required.")),
        ("1.4.8/v1_err_weight_abc", rejected(400, "For input string: \"abc\"")),
        ("1.4.8/v1_err_weight_10001", rejected(500, weight)),
        ("1.4.8/v1_err_metadata_not_json", rejected(500, "metadata format incorrect:not json")),
        ("1.4.8/v1_err_metadata_broken_json", rejected(500, "metadata format incorrect:{\"a\":")),
        (
            "1.4.8/v1_err_beat_malformed_json",
            rejected(
                500, "\(deserialize).  ;caused: Unexpected end-of-input within/between Object entries")
        ),
        ("1.4.8/v1_err_service_atat_x", rejected(400, noGroup)),
        (
            "1.4.8/v1_err_service_space",
            rejected(400, "dom name can only have these characters: 0-9a-zA-Z-._:, current: DEFAULT_GROUP@@a b")
        ),
        (
            "1.4.8/v1_err_cluster_underscore",
            rejected(400, "cluster name can only have these characters: 0-9a-zA-Z-, current: a_b")
        ),
        ("1.4.8/err_no_host", rejected(400, "HTTP Status 400 – Bad Request")),
        ("2.5.1/v1_err_weight_10001", rejected(400, weight)),
        ("2.5.1/v1_err_metadata_not_json", rejected(500, metadata)),
        (
            "2.5.1/v1_err_beat_malformed_json",
            rejected(
                500,
                "Server failed, caused: \(deserialize), cause error[Unexpected end-of-input within/between Object entries"
            )
        ),
        (
            "2.5.1/v1_err_bad_port_70000",
            rejected(400, "Param 'port' is illegal, the value should be between 0 and 65535.")
        ),
        (
            "2.5.1/v1_err_metadata_1025",
            rejected(400, "Param 'Metadata' is illegal, the param length should not exceed 1024.")
        ),
        (
            "2.5.1/v1_err_timeouts",
            rejected(
                400, "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.")
        ),
        ("2.5.1/v1_err_service_atat_x", rejected(400, "Service name filter error,caused: \(noGroup)")),
        (
            "2.5.1/v1_ephemeral_false_into_ephemeral",
            rejected(
                400,
                "errCode: 400, errMsg: Current service DEFAULT_GROUP@@svc is ephemeral service, "
                    + "can't register persistent instance.")
        ),
        ("3.0.3/v1_err_weight_10001", rejected(400, weight)),
        ("3.0.3/v1_err_service_atat_x", rejected(400, "Service name filter error,caused: \(noGroup)")),
        ("3.1/v1_err_metadata_not_json", rejected(500, metadata)),
        ("3.1/x_double_slash", rejected(400, "Bad Request")),
        ("r-nacos-0.8.8/v1_err_missing_ip", rejected(500, "the instance ip is None")),
        ("r-nacos-0.8.8/v1_err_service_atat_x", rejected(500, "serviceName is invalid!")),
        ("r-nacos-0.8.8/v1_err_weight_abc", rejected(400, "Query deserialize error: invalid float literal")),
        (
            "r-nacos-0.8.8/x_register_param_twice",
            rejected(400, "Query deserialize error: duplicate field `weight`")
        ),
        ("r-nacos-0.8.8/err_no_host", rejected(400, "an empty body")),
        ("cluster-2.5.1/cl_err_weight_nonowner", rejected(400, weight)),
    ]

    private static let notForThisInstance: [(trace: String, reply: NacosReply)] = [
        ("1.4.8/auth_v1_beat_no_token", .unauthorized(status: 403, detail: "unknown user!")),
        ("1.4.8/auth_v1_beat_bad_token", .unauthorized(status: 403, detail: "token invalid!")),
        ("1.4.8/auth_v1_register_no_token", .unauthorized(status: 403, detail: "unknown user!")),
        ("1.4.8/auth_v1_delete_no_token", .unauthorized(status: 403, detail: "unknown user!")),
        ("2.5.1/auth_v1_beat_no_token", .unauthorized(status: 403, detail: "user not found!")),
        ("3.0.3/auth_v1_beat_no_token", .unauthorized(status: 403, detail: noLogin3)),
        ("3.1/auth_v1_beat_bad_token", .unauthorized(status: 403, detail: "Code: 401, Message: token invalid!.")),
        ("r-nacos-0.8.8/auth_v1_beat_no_token", .unauthorized(status: 403, detail: "unknown user!")),
        ("1.4.8/unknown_path_v1ns", .notServed(status: 501, detail: "no such api:PUT:/nacos/v1/ns/nosuch")),
        ("1.4.8/unknown_path_v1", .notServed(status: 404, detail: "Not Found")),
        ("1.4.8/unknown_path_ctx", .notServed(status: 404, detail: "HTTP Status 404 – Not Found")),
        (
            "1.4.8/v1_beat_wrong_method_post",
            .notServed(status: 501, detail: "no such api:POST:/nacos/v1/ns/instance/beat")
        ),
        ("2.5.1/unknown_path_v1ns", .notServed(status: 501, detail: "no such api:PUT:/nacos/v1/ns/nosuch")),
        ("3.1/compatoff_v1_beat_light", gone("instance?heartBeat=true")),
        ("3.1/compatoff_v1_beat_full", gone("instance?heartBeat=true")),
        ("3.1/compatoff_v1_register", gone("instance")),
        ("3.1/unknown_path_ctx", .notServed(status: 404, detail: "HTTP Status 404 – Not Found")),
        ("r-nacos-0.8.8/unknown_path_v1", .notServed(status: 404, detail: "an empty body")),
        ("r-nacos-0.8.8/v1_beat_wrong_method_post", .notServed(status: 404, detail: "an empty body")),
        (
            "1.4.8/x_double_slash",
            .serverError(
                status: 500,
                detail: "The request was rejected because the URL contained a potentially malicious String \"//\"")
        ),
        (
            "2.5.1/sw_DOWN_beat",
            .serverError(status: 503, detail: "server is DOWNnow, please try again later!")
        ),
        (
            "2.5.1/sw_DOWN_register",
            .serverError(status: 503, detail: "server is DOWNnow, please try again later!")
        ),
        (
            "2.5.1/sw_STARTING_beat",
            .serverError(status: 503, detail: "server is STARTINGnow, please try again later!")
        ),
        (
            "2.5.1/sw_READ_ONLY_beat",
            .serverError(status: 503, detail: "server is READ_ONLYnow, please try again later!")
        ),
        (
            "r-nacos-0.8.8/v1_err_beat_malformed_json",
            .serverError(status: 500, detail: "EOF while parsing a value at line 1 column 6")
        ),
    ]

    /// The kind of exchange that the trace's request would have been.
    private func kind(of trace: Trace) -> Exchange.Kind {
        let line = String(decoding: trace.request.prefix { $0 != 0x0D }, as: UTF8.self)
        if line.contains("/beat") || line.hasPrefix("PUT") { return .fullBeat }
        return line.hasPrefix("DELETE") ? .deregister : .register
    }

    @Test(arguments: understood + faultsOfTheRequest + notForThisInstance)
    func recordedAnswer(_ name: String, _ reply: NacosReply) throws {
        let trace = try Trace(name)
        if let outcome = try read(trace.answer, kind(of: trace)) {
            #expect(outcome.reply == reply)
            return
        }
        // HTTP/1.0 without a length: the connection's end is the answer's.
        var parser = HTTPResponseParser()
        _ = try parser.parse(trace.answer.span)
        let response = try #require(try parser.finish())
        #expect(NacosReply(classifying: response, kind: kind(of: trace)) == reply)
    }

    @Test(arguments: [
        (200, "unreadable"), (201, "unreadable"), (204, "unreadable"), (301, "unreadable"), (302, "unreadable"),
        (304, "unreadable"), (400, "rejected"), (401, "unauthorized"), (402, "rejected"), (403, "unauthorized"),
        (404, "notServed"), (405, "notServed"), (406, "rejected"), (408, "serverError"), (409, "rejected"),
        (410, "notServed"), (413, "rejected"), (414, "rejected"), (421, "serverError"), (425, "serverError"),
        (429, "serverError"), (431, "rejected"), (500, "serverError"), (501, "notServed"), (502, "serverError"),
        (503, "serverError"), (504, "serverError"), (599, "serverError"),
    ])
    func everyStatus(_ status: Int, _ expected: String) {
        for kind in Exchange.Kind.allCases {
            let reply = NacosReply(classifying: HTTPResponse(status, body: Array("text".utf8)), kind: kind)
            #expect("\(reply)".hasPrefix("\(expected)(status: \(status), detail: "), "\(kind): \(reply)")
        }
    }

    /// nacos.md §4.6 and §2.8: what the servers of a cluster say about each other is not the instance's fault.
    @Test(arguments: [
        "org.apache.http.conn.HttpHostConnectException: Connect to 127.0.0.1:8868 [/127.0.0.1] failed: refused",
        "org.apache.hc.client5.http.HttpHostConnectException: Connect to http://127.0.0.1:8868 failed: refused",
        "java.net.SocketTimeoutException: Read timed out",
    ])
    func troubleOfTheCluster(_ text: String) {
        for kind in Exchange.Kind.allCases {
            for dialect in Dialect.allCases {
                #expect(
                    NacosReply(
                        classifying: HTTPResponse(500, body: Array(text.utf8)), kind: kind, dialect: dialect)
                        == .clusterTrouble(status: 500, detail: text))
            }
        }
    }

    @Test func aServiceThatIsMissing() {
        let text = "service not found: DEFAULT_GROUP@@svc@public"
        #expect(
            NacosReply(classifying: HTTPResponse(500, body: Array(text.utf8)), kind: .lightBeat)
                == .serverError(status: 500, detail: text))
    }

    @Test func noServerAvailable() {
        #expect(
            NacosReply(classifying: HTTPResponse(400, body: Array("no server available".utf8)), kind: .register)
                == .serverError(status: 400, detail: "no server available"))
    }
}
