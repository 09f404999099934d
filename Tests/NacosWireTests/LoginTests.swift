import BeatCore
import HTTPWire
import NacosWire
import Testing

/// Login requests and what the servers answered them (nacos.md §5.1, vectors 27, 29, 78, 81, 84).
@Suite struct LoginTests {
    private func login(_ dialect: Dialect, _ encoder: NacosRequestEncoder = encoder) throws -> SentRequest {
        var bytes: [UInt8] = []
        encoder.appendLogin(dialect, username: "na cos&", password: SecretText("p+w=ö%"), to: &bytes)
        return try SentRequest(bytes)
    }

    @Test("vector 27: user name and password in the body")
    func vector27_request() throws {
        for (dialect, path) in [(Dialect.v3, "/nacos/v3/auth/user/login"), (.v1, "/nacos/v1/auth/users/login")] {
            let sent = try login(dialect)
            #expect(sent.method == .post)
            #expect(sent.path == path)
            #expect(sent.query.isEmpty)
            #expect(sent.form == [FormPair("username", "na cos&"), FormPair("password", "p+w=ö%")])
        }
        #expect(NacosRequestEncoder.loginOrder == [.v3, .v1])
    }

    /// The recorded requests with everything in the body are ours, but for `User-Agent` and `Accept`.
    @Test(arguments: [
        "1.4.8/login_v1_all_body", "2.5.1/login_v1_all_body", "3.0.3/login_v1_all_body", "3.0.3/login_v3_all_body",
        "3.1/login_v1_all_body", "3.1/login_v3_all_body", "r-nacos-0.8.8/login_v1_all_body",
        "r-nacos-0.8.8/login_v3_all_body",
    ])
    func recordedLogin(_ name: String) throws {
        let trace = try Trace(name)
        let recorded = try SentRequest(trace.request)
        var bytes: [UInt8] = []
        encoder.appendLogin(
            name.contains("v3_") ? .v3 : .v1, username: "nacos", password: SecretText("nacos"), to: &bytes)
        let ours = try SentRequest(bytes)
        #expect(ours.path == recorded.path)
        #expect(ours.query == recorded.query)
        #expect(ours.form == recorded.form)
        #expect(ours.fields["Content-Type"] == recorded.fields["Content-Type"])

        guard case .token(let token, let ttl) = LoginReply(try trace.response()) else {
            Issue.record("no token in \(name)")
            return
        }
        #expect(ttl == (name.hasPrefix("r-nacos") ? .seconds(3600) : .seconds(18000)))
        var encoder = encoder
        encoder.setToken(token)
        let text = try #require(try lightBeat(plainKey, encoder).fields["Authorization"])
        #expect(text.wholeMatch(of: /Bearer t{30,}/) != nil)
    }

    @Test(
        "vectors 29, 81: recorded refusals of a login",
        arguments: [
            ("1.4.8/login_v1_wrong_password", 403, "unknown user!"),
            ("2.5.1/login_v1_wrong_password", 403, "user not found!"),
            ("2.5.1/login_v1alias_unknown_user", 500, "User nobody not found"),
            ("3.1/login_v3_wrong_password", 500, "Internal Server Error"),
            ("3.0.3/login_v3_wrong_password", 500, "Internal Server Error"),
            ("3.1/login_v3_unknown_user", 403, "Access Denied"),
            (
                "3.1/login_v1_wrong_password", 500,
                "Handle API Compatibility failed, please see log for detail."
            ),
            ("r-nacos-0.8.8/login_v3_wrong_password", 403, "unknown user!"),
        ])
    func vectors29And81_refused(_ name: String, _ status: Int, _ detail: String) throws {
        #expect(LoginReply(try Trace(name).response()) == .refused(status: status, detail: detail))
    }

    @Test("vector 81: a login path that is not served")
    func vector81_otherPath() throws {
        #expect(LoginReply(try Trace("2.5.1/login_v3_ok").response()) == .notServed(status: 404))
        for status in [404, 405, 410, 501] {
            #expect(LoginReply(HTTPResponse(status)) == .notServed(status: status))
        }
    }

    private func reply(_ body: String) -> LoginReply { LoginReply(HTTPResponse(200, body: Array(body.utf8))) }

    @Test func noToken() {
        #expect(reply("{}") == .noAuthentication)
        #expect(reply(#"{"globalAdmin":true}"#) == .noAuthentication)
        #expect(reply(#"{"code":0,"message":"success","data":null}"#) == .noAuthentication)
        #expect(
            reply(#"{"code":403,"message":"unknown user"}"#) == .refused(status: 200, detail: "unknown user"))
        for body in ["", "ok", "<html>", "[]", #"{"accessToken":"abc"#] {
            #expect(reply(body) == .refused(status: 200, detail: "the answer to the login is no JSON object"))
        }
    }

    @Test func tokensThatCannotBeSent() {
        let misfit = LoginReply.refused(status: 200, detail: "a token that does not fit into a header")
        for token in ["", "a b", "a\\r\\nX: y", "\u{e9}", String(repeating: "t", count: 9000)] {
            #expect(reply(#"{"accessToken":"\#(token)","tokenTtl":1}"#) == misfit)
        }
        for value in ["7", "null", "{}"] {
            #expect(
                reply(#"{"accessToken":\#(value)}"#) == .refused(status: 200, detail: "a token that is no string"))
        }
    }

    @Test(
        arguments: [
            (#","tokenTtl":100"#, 100), ("", 18000), (#","tokenTtl":"100""#, 18000), (#","tokenTtl":0"#, 1),
            (#","tokenTtl":-5"#, 1), (#","tokenTtl":9223372036854775807"#, 31_536_000),
        ] as [(String, Int)])
    func timeToLive(_ member: String, _ seconds: Int) {
        #expect(reply(#"{"accessToken":"t"\#(member)}"#) == .token(SecretText("t"), ttl: .seconds(seconds)))
    }

    @Test("vector 78: the token goes into the Authorization header")
    func vector78_bearer() throws {
        for dialect in Dialect.allCases {
            var encoder = NacosRequestEncoder(host: "127.0.0.1:8848", version: "0.1.0", dialect: dialect)
            let document = RegistrationDocument(key: plainKey)
            let before = try allRequests(document, encoder).map(\.bytes)
            encoder.setToken(SecretText("eyJ.abc-_1"))
            var bytes: [UInt8] = []
            encoder.appendProbe(.coreState, to: &bytes)
            for sent in try allRequests(document, encoder) + [try SentRequest(bytes)] {
                #expect(sent.fields.values(of: "Authorization") == ["Bearer eyJ.abc-_1"])
                let target = String(decoding: sent.bytes.prefix { $0 != 0x0D }, as: UTF8.self)
                #expect(!target.contains("eyJ") && sent.form.allSatisfy { !$0.value.contains("eyJ") })
            }
            #expect(try login(.v3, encoder).fields["Authorization"] == nil)
            encoder.setToken(nil)
            #expect(try allRequests(document, encoder).map(\.bytes) == before)
        }
    }

    @Test func secretsAreNotPrinted() {
        let secret = SecretText("hush-hush")
        var text = "\(secret) \(String(reflecting: secret)) \(LoginReply.token(secret, ttl: .seconds(1)))"
        dump(secret, to: &text)
        dump(LoginReply.token(secret, ttl: .seconds(1)), to: &text)
        dump([Optional(secret)], to: &text)
        var encoder = encoder
        encoder.setToken(secret)
        dump(encoder, to: &text)
        var signer = RequestSigner(accessKey: "ak", secretKey: secret, region: "r")
        _ = signer.sign(groupedServiceName: nil, at: WallTime(milliseconds: 0))
        text += "\(signer) \(String(reflecting: encoder)) \(encoder)"
        dump(signer, to: &text)
        #expect(text.contains("<set>"))
        #expect(!text.contains("hush"))
        // As bytes.
        #expect(!text.contains("104"))
    }
}
