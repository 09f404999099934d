import BeatCore
import HTTPWire
import JSON
import NacosWire
import Testing

/// Vectors of nacos.md §9 on the v3 API, and what 3.0.3 and 3.1 answered.
@Suite struct DialectV3Tests {
    static let accepted = NacosReply.beatAccepted(interval: nil, lightBeatEnabled: true)
    static let notFound = NacosReply.notFound(interval: nil, lightBeatEnabled: true)

    private let names = [
        FormPair("namespaceId", "public"), FormPair("groupName", "DEFAULT_GROUP"), FormPair("serviceName", "svc"),
        FormPair("clusterName", "DEFAULT"), FormPair("ip", "10.0.0.1"), FormPair("port", "8080"),
    ]

    @Test("vector 26: a group in v3 and in v1")
    func vector26_groups() throws {
        var key = plainKey
        key.groupName = "g1"
        let document = RegistrationDocument(key: key)
        for sent in try allRequests(document, encoderV3) {
            #expect(sent["serviceName"] == "svc")
            #expect(sent["groupName"] == "g1")
        }
        for sent in try allRequests(document) {
            #expect(sent["serviceName"] == "g1@@svc")
            #expect(sent["groupName"] == nil)
        }
    }

    @Test("vector 30: the v3 register as it goes out")
    func vector30_register() throws {
        let sent = try register(RegistrationDocument(key: plainKey, weight: 2.5, metadata: ["k": "v"]), encoderV3)
        #expect(sent.method == .post)
        #expect(sent.path == "/nacos/v3/client/ns/instance")
        #expect(
            sent.query == names + [
                FormPair("weight", "2.5"), FormPair("enabled", "true"), FormPair("healthy", "true"),
                FormPair("ephemeral", "true"), FormPair("metadata", #"{"k":"v"}"#),
            ])
        #expect(sent.form.isEmpty)
        #expect(sent.fields["Content-Length"] == "0")
    }

    @Test("vector 30: v3 beats are always light")
    func vector30_beatsAreAlwaysLight() throws {
        let light = try lightBeat(plainKey, encoderV3)
        #expect(
            String(decoding: light.bytes, as: UTF8.self) == """
                POST /nacos/v3/client/ns/instance?heartBeat=true&namespaceId=public&groupName=DEFAULT_GROUP\
                &serviceName=svc&clusterName=DEFAULT&ip=10.0.0.1&port=8080 HTTP/1.1\r
                Host: 127.0.0.1:8848\r
                User-Agent: beatd/0.1.0\r
                Accept: application/json\r
                Content-Length: 0\r
                \r

                """)
        let document = RegistrationDocument(key: plainKey, weight: 3, metadata: ["k": "v"])
        #expect(try fullBeat(document, encoderV3).bytes == light.bytes)
    }

    /// The recorded request and ours for the same instance, decoded.
    @Test(arguments: ["3.0.3", "3.1"])
    func recordedRequests(_ server: String) throws {
        let key = InstanceKey(serviceName: "svc3", ip: "10.2.0.1", port: 8080)
        let document = RegistrationDocument(key: key, metadata: ["k": "v"])
        for (step, ours) in [
            ("v3_register", try register(document, encoderV3)), ("v3_beat", try lightBeat(key, encoderV3)),
            ("v3_deregister", try deregister(key, encoderV3)),
        ] {
            let recorded = try SentRequest(try Trace("\(server)/\(step)").request)
            #expect(ours.method == recorded.method, "\(step)")
            #expect(ours.path == recorded.path, "\(step)")
            #expect(Set(ours.query) == Set(recorded.query), "\(step)")
            #expect(ours.fields["Content-Length"] == recorded.fields["Content-Length"], "\(step)")
        }
    }

    @Test("vectors 73, 74, 75, 76, 77: what v3 requests may not carry")
    func vectors73To77_wire() throws {
        let document = RegistrationDocument(
            key: plainKey, enabled: false, metadata: ["a b": "{\"+%&=\n\u{e9}\u{1f600}", "n": "1"])
        for sent in try allRequests(document, encoderV3) {
            let parameters = (sent.query + sent.form).map(\.name)
            #expect(Set(parameters).count == parameters.count)
            for name in ["enabled", "healthy", "ephemeral", "heartBeat"] {
                #expect(["true", "false", nil].contains(sent[name]))
            }
            #expect(!parameters.contains("beat") && !parameters.contains("enable"))
            #expect(sent.fields["Accept"] == "application/json")
            #expect(sent.fields["Host"] == "127.0.0.1:8848")
            let target = sent.bytes.prefix { $0 != 0x0D }
            #expect(target.allSatisfy { $0 >= 0x20 && $0 < 0x7F && !"{}\"".utf8.contains($0) })
            #expect(target.count { $0 == 0x20 } == 2)
        }
        let sent = try register(document, encoderV3)
        #expect(sent["enabled"] == "false")
        #expect(
            try sent.metadata()
                == .object(["a b": .string("{\"+%&=\n\u{e9}\u{1f600}"), "n": .string("1")]))
    }

    @Test func aServerThatChangesItsDialect() throws {
        var encoder = encoder
        let document = RegistrationDocument(key: plainKey)
        for dialect in [Dialect.v3, .v1, .v3] {
            encoder.dialect = dialect
            let fixed = NacosRequestEncoder(host: "127.0.0.1:8848", version: "0.1.0", dialect: dialect)
            #expect(try allRequests(document, encoder).map(\.bytes) == allRequests(document, fixed).map(\.bytes))
        }
    }

    // MARK: answers

    private static let answers: [(trace: String, kind: Exchange.Kind, reply: NacosReply)] =
        ["3.0.3", "3.1"].flatMap { server in
            [
                ("\(server)/v3_register", .register, .ok), ("\(server)/v3_beat", .lightBeat, accepted),
                ("\(server)/v3_beat", .fullBeat, accepted), ("\(server)/v3_beat_unknown", .lightBeat, notFound),
                ("\(server)/v3_beat_unknown", .deregister, .ok), ("\(server)/v3_deregister", .deregister, .ok),
                ("\(server)/v3_deregister_unknown", .deregister, .ok),
            ] as [(String, Exchange.Kind, NacosReply)]
        } + [
            ("3.0.3/auth_v3_beat_bearer", .lightBeat, accepted), ("3.1/auth_v3_register_bearer", .register, .ok),
            ("3.1/v3_beat_unknown_ip", .lightBeat, notFound), ("3.1/v3_group_g1_register", .register, .ok),
            ("3.1/v3_group_g1_beat", .lightBeat, accepted), ("3.1/v3_metadata_special", .register, .ok),
            ("3.1/compatoff_v3_beat", .lightBeat, notFound), ("cluster-3.1/cl3_beat_8848", .lightBeat, accepted),
            ("cluster-3.1/cl3_beat_8858", .lightBeat, notFound),
            ("cluster-3.1/cl3_register_owner", .register, .ok),
        ]

    @Test("vectors 30, 31: recorded answers of v3 are read")
    func vectors30And31_answersAreTakenByTheScanner() throws {
        for (name, kind, reply) in Self.answers {
            let answer = try Trace(name).answer
            #expect(
                ReplyScanner.scan(answer.span, kind: kind, dialect: .v3)
                    == .complete(length: answer.count, reply: reply, keepsOpen: true), "\(name) \(kind)")
            #expect(
                try slowly(answer, kind, .v3) == Outcome(length: answer.count, reply: reply, keepsOpen: true),
                "\(name) \(kind)")
            for count in 0..<answer.count {
                let part = answer.span.extracting(0..<count)
                #expect(ReplyScanner.scan(part, kind: kind, dialect: .v3) == .incomplete, "\(name) \(count)")
            }
        }
    }

    @Test(arguments: ["3.0.3", "3.1"])
    func pipelinedAnswers(_ server: String) throws {
        for (name, unknown) in [("pipeline_v3_light_16", 0), ("pipeline_v3_light_mixed_unknown_16", 4)] {
            let answers = try Trace("\(server)/\(name)").answer
            var position = 0
            var replies: [NacosReply] = []
            while position < answers.count {
                let rest = answers.span.extracting(position..<answers.count)
                guard
                    case .complete(let length, let reply, true) = ReplyScanner.scan(
                        rest, kind: .lightBeat, dialect: .v3)
                else {
                    Issue.record("no answer at \(position)")
                    return
                }
                replies.append(reply)
                position += length
            }
            #expect(replies.count == 16)
            let absent = replies.count { $0 == Self.notFound }
            #expect(absent == unknown)
            #expect(replies.count { $0 == Self.accepted } == 16 - absent)
        }
    }

    /// One byte replaced at every place of the answers: nothing is credited that the strict reader reads otherwise.
    @Test(arguments: ["3.1/v3_beat", "3.1/v3_beat_unknown"])
    func damagedAnswers(_ name: String) throws {
        let answer = try Trace(name).answer
        var credited = 0
        for index in answer.indices {
            for byte in Array("\u{0}\t\r\n \",:0129ak{}".utf8) {
                var other = answer
                other[index] = byte
                guard
                    case .complete(let length, let reply, let keepsOpen) = ReplyScanner.scan(
                        other.span, kind: .lightBeat, dialect: .v3)
                else { continue }
                let fast = Outcome(length: length, reply: reply, keepsOpen: keepsOpen)
                let slow = try? slowly(other, .lightBeat, .v3)
                if slow != fast { Issue.record("\(byte) at \(index): \(fast), but \(String(describing: slow))") }
                credited += 1
            }
        }
        // Changes within values of fields that do not matter.
        #expect(credited > 100)
    }

    @Test("vector 64: keys of v3 in any order")
    func vector64_otherOrdersAndBlanks() throws {
        for body in [
            #"{"code":0,"message":"success","data":"ok"}"#, #"{"data":"ok","message":"success","code":0}"#,
            #"{ "code" : 0, "message" : "success", "data" : "ok", "requestId" : "x" }"#,
            #"{"message":"success","code":0,"data":null}"#,
        ] {
            #expect(try read(chunked(body), .lightBeat, .v3)?.reply == Self.accepted)
            #expect(try read(sized(body), .register, .v3)?.reply == .ok)
        }
        let absent = #"{"data":null,"code":21003,"message":"instance not found"}"#
        #expect(try read(chunked(absent), .fullBeat, .v3)?.reply == Self.notFound)
        #expect(try read(chunked(absent), .deregister, .v3)?.reply == .ok)
        #expect(
            try read(chunked(absent), .register, .v3)?.reply
                == .rejected(status: 200, detail: "instance not found"))
    }

    @Test("vector 82: empty answer to a register")
    func vector82_emptyAnswerToARegister() throws {
        for server in ["3.0.3", "3.1"] {
            let answer = try Trace("\(server)/v3_err_metadata").answer
            let outcome = try read(answer, .register, .v3)
            #expect(
                outcome?.reply
                    == .unreadable(
                        status: 200, detail: "expected a Result, got an empty body; the metadata may be malformed"))
            #expect(outcome?.keepsOpen == true)
            #expect(
                try read(answer, .lightBeat, .v3)?.reply
                    == .unreadable(status: 200, detail: "expected a Result, got an empty body"))
        }
    }

    private static let refusals: [(trace: String, reply: NacosReply)] = [
        (
            "3.1/v3_err_weight",
            .rejected(
                status: 400, detail: "weight error: instance format invalid: The weights range from 0.0 to 10000.0")
        ),
        (
            "3.0.3/v3_err_weight",
            .rejected(
                status: 400, detail: "weight error: instance format invalid: The weights range from 0.0 to 10000.0")
        ),
        (
            "3.1/v3_err_missing_ip",
            .rejected(
                status: 400, detail: "parameter missing: Required parameter 'ip' type String is not present")
        ),
        (
            "3.1/v3_err_cluster",
            .rejected(
                status: 400,
                detail: "instance error: Instance 'clusterName' should be characters with only 0-9a-zA-Z-. "
                    + "(current: a_b)")
        ),
        (
            "3.1/v3_err_port_70000",
            .rejected(
                status: 400, detail: "Param 'port' is illegal, the value should be between 0 and 65535.")
        ),
        (
            "3.1/v3_err_metadata_1025",
            .rejected(
                status: 400, detail: "Param 'Metadata' is illegal, the param length should not exceed 1024.")
        ),
        (
            "3.1/auth_v3_beat_no_token",
            .unauthorized(
                status: 403,
                detail: "Code: 401, Message: User not found! Please check user exist or password is right!.")
        ),
        ("3.1/v3_wrong_method_put", .notServed(status: 405, detail: "Method 'PUT' is not supported.")),
        ("3.1/unknown_path_v3", .notServed(status: 404, detail: "No endpoint GET /nacos/v3/client/ns/nosuch.")),
        ("2.5.1/unknown_path_v3", .notServed(status: 404, detail: "Not Found")),
        ("r-nacos-0.8.8/probe_v3_list", .notServed(status: 404, detail: "an empty body")),
    ]

    @Test(arguments: refusals)
    func recordedRefusal(_ name: String, _ reply: NacosReply) throws {
        #expect(try read(try Trace(name).answer, .register, .v3)?.reply == reply)
    }

    @Test func weightThatIsNoNumber() throws {
        guard
            case .serverError(500, let detail)? = try read(try Trace("3.1/v3_err_weight_abc").answer, .register, .v3)?
                .reply
        else {
            Issue.record("not a server error")
            return
        }
        #expect(detail.hasPrefix("Validation failed for argument [0]"))
    }

    @Test(arguments: [
        (200, 10000, "rejected"), (400, 20002, "rejected"), (400, 21001, "rejected"), (400, 21004, "rejected"),
        (404, 20004, "rejected"), (200, 30000, "serverError"), (500, 30000, "serverError"), (400, 30000, "rejected"),
        (500, 10002, "serverError"), (200, 10002, "serverError"), (403, 10001, "unauthorized"),
        (200, 10001, "unauthorized"), (500, 23002, "serverError"), (410, 40000, "notServed"),
        (200, 40001, "notServed"), (500, 0, "serverError"), (503, 30000, "serverError"), (200, 21003, "rejected"),
    ])
    func codes(_ status: Int, _ code: Int, _ expected: String) throws {
        let body = #"{"code":\#(code),"message":"m","data":"d"}"#
        let reply = try #require(try read(sized(body, status: "\(status) "), .register, .v3)?.reply)
        #expect("\(reply)" == "\(expected)(status: \(status), detail: \"m: d\")")
    }

    @Test(arguments: [
        "", "ok", "{}", "[]", "null", #"{"code":"0","message":"m"}"#, #"{"code":0}"#, #"{"code":0.0,"message":"m"}"#,
        #"{"code":10200,"clientBeatInterval":5000,"lightBeatEnabled":true}"#, "<html><title>Sign in</title>",
        #"{"code":0,"message":"success","data":"ok"}x"#,
    ])
    func whatIsNoResult(_ body: String) throws {
        for kind in Exchange.Kind.allCases {
            guard case .unreadable(200, _)? = try read(sized(body), kind, .v3)?.reply else {
                Issue.record("\(kind) took \(body)")
                continue
            }
        }
    }

    /// nacos.md §4.6, §11.4: what members say about each other is read alike in both dialects.
    @Test func troubleOfTheCluster() throws {
        let redirect = #"{"status":400,"error":"Bad Request","message":"receive invalid redirect request from peer x"}"#
        #expect(
            try read(sized(redirect, status: "400 "), .register, .v3)?.reply
                == .clusterTrouble(status: 400, detail: "receive invalid redirect request from peer x"))
    }
}

@Suite struct InstanceListTests {
    private let key = InstanceKey(serviceName: "svc3a", ip: "10.3.0.2", port: 8080)

    private func outcome(_ body: String, _ status: Int = 200) -> ReadingOutcome {
        ReadingOutcome(HTTPResponse(status, body: Array(body.utf8)), of: key, .v3)
    }

    @Test func request() {
        let encoder = NacosRequestEncoder(host: "a:1", version: "1", dialect: .v3)
        var bytes: [UInt8] = []
        encoder.appendReading(of: key, to: &bytes)
        let line = "GET /nacos/v3/client/ns/instance/list?namespaceId=public&groupName=DEFAULT_GROUP&serviceName=svc3a"
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix(line + "&clusterName=DEFAULT HTTP/1.1\r\n"))
    }

    @Test func listedOrNot() {
        let host = #"{"ip":"10.3.0.2","port":8080,"weight":1.0,"metadata":{"a":"b"}}"#
        #expect(outcome(#"{"code":0,"message":"success","data":[{"ip":"10.3.0.3","port":8080},\#(host)]}"#) == .listed)
        #expect(outcome(#"{"code":0,"message":"success","data":[{"ip":"10.3.0.2","port":8081}]}"#) == .missing)
        #expect(outcome(#"{"code":0,"message":"success","data":[]}"#) == .missing)
        for body in ["", "ok", "{}", #"{"code":0,"message":"success","data":null}"#, #"{"code":30000,"message":"x"}"#] {
            guard case .failed = outcome(body) else {
                Issue.record("\(body)")
                continue
            }
        }
        let one = NacosRequestEncoder(host: "a:1", version: "1")
        var bytes: [UInt8] = []
        one.appendReading(of: key, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self).hasPrefix(
                "GET /nacos/v1/ns/instance?namespaceId=public&serviceName=DEFAULT_GROUP%40%40svc3a&clusterName=DEFAULT"
                    + "&ip=10.3.0.2&port=8080 HTTP/1.1\r\n"))
        guard case .failed = outcome(#"{"code":0,"message":"success","data":[]}"#, 500) else {
            Issue.record("500")
            return
        }
    }
}
