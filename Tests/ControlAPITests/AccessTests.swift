import ControlAPI
import HTTPWire
import Testing

/// Who may ask for what (control-api.md §1).
@Suite struct AccessTests {
    private let remote = Client(.tcp(loopback: false), peer: "10.2.3.4")

    @Test(arguments: ["localhost", "LOCALHOST:1", "127.0.0.1:8090", "[::1]:8090", "beatd.internal", "[fd00::7]"])
    func knownHostsAreServed(host: String) throws {
        let api = InProcessAPI {
            $0.allowedHosts = ["beatd.internal"]
            $0.ownAddresses.append("fd00::7")
        }
        #expect(try api.get("/livez", ["Host": host]).status == 200)
    }

    @Test(arguments: ["evil.example", "localhost.evil.example:8090", "127.0.0.2", "localhost:x"])
    func unknownHostsAreRefused(host: String) throws {
        let api = InProcessAPI()
        for client in [Client(.tcp(loopback: true)), Client(.ops)] {
            api.client = client
            try expectProblem(try api.get("/livez", ["Host": host]), 403, "host-not-allowed")
        }
        api.client = Client(.unixSocket)
        #expect(try api.get("/livez", ["Host": host]).status == 200)
    }

    @Test func theAuthorityOfTheTargetCountsInPlaceOfHost() throws {
        let api = InProcessAPI()
        try expectProblem(try api.get("http://evil.example/livez"), 403, "host-not-allowed")
        #expect(try api.get("http://localhost/livez", ["Host": "evil.example"]).status == 200)
    }

    private static let pages: [(HTTPFields, Bool)] = [
        (["Sec-Fetch-Site": "same-origin"], true), (["Sec-Fetch-Site": "none"], true),
        (["Sec-Fetch-Site": "cross-site"], false), (["Sec-Fetch-Site": "same-site"], false),
        (["Origin": "http://localhost:8090"], true), (["Origin": "http://localhost:8091"], false),
        (["Origin": "http://evil.example"], false), (["Origin": "null"], false),
        (["Origin": "http://localhost:8090", "Sec-Fetch-Site": "cross-site"], false),
    ]

    @Test(arguments: pages)
    func pagesOfOtherSitesMayNotWrite(fields: HTTPFields, allowed: Bool) throws {
        let api = InProcessAPI()
        let response = try api.post(orders(), "/v1/beats", fields)
        #expect(response.status == (allowed ? 201 : 403))
        if !allowed { try expectProblem(response, 403, "cross-site") }
        #expect(api.dom2BeatSize == (allowed ? 1 : 0))
        #expect(try api.get("/v1/beats", fields).status == 200)
    }

    private static let tokenCases: [(String?, Int, Int)] = [
        (nil, 401, 401), ("Bearer writer", 200, 201), ("bearer   writer", 200, 201), ("Bearer reader", 200, 403),
        ("Bearer write", 401, 401), ("Bearer writerr", 401, 401), ("Bearer ", 401, 401), ("Basic writer", 401, 401),
        ("writer", 401, 401),
    ]

    @Test(arguments: tokenCases)
    func tokens(field: String?, read: Int, write: Int) throws {
        let api = InProcessAPI { $0.tokens = Tokens(readWrite: "writer", read: "reader") }
        api.client = remote
        var fields = HTTPFields()
        if let field { fields.append("Authorization", field) }
        let listed = try api.get("/v1/beats", fields)
        #expect(listed.status == read)
        #expect((listed.fields["WWW-Authenticate"]?.hasPrefix("Bearer") == true) == (read == 401))
        let written = try api.post(orders(), "/v1/beats", fields)
        #expect(written.status == write)
        if write == 401 { try expectProblem(written, 401, "unauthorized") }
        if write == 403 { try expectProblem(written, 403, "forbidden") }
    }

    @Test func probesAndDocumentsNeedNoToken() throws {
        let api = InProcessAPI { $0.tokens = Tokens(readWrite: "writer", read: "reader") }
        for path in ["/livez", "/readyz", "/startupz", "/openapi.yaml", "/problems/unauthorized", "/"] {
            #expect(try api.get(path).status == 200)
        }
        for path in ["/metrics", "/v1/metrics", "/v1/status", "/v1", "/v1/beats"] {
            #expect(try api.get(path).status == 401)
        }
        api.client = Client(.unixSocket)
        #expect(try api.post(orders()).status == 201)
    }

    @Test func withoutTokensLoopbackWritesAndOthersDoNot() throws {
        let api = InProcessAPI()
        #expect(try api.post(orders()).status == 201)
        api.client = remote
        #expect(try api.get("/v1/beats").status == 200)
        try expectProblem(try api.post(orders(8)), 401, "unauthorized")
        try expectProblem(
            try api.delete("/v1/beats?serviceName=orders&ip=10.0.0.7&port=8080"), 401, "unauthorized")
    }

    @Test func theOpsListenerServesProbesAndMetricsOnly() throws {
        let api = InProcessAPI { $0.tokens = Tokens(readWrite: "writer", read: "reader") }
        api.client = Client(.ops)
        for path in ["/metrics", "/livez", "/readyz", "/startupz"] { #expect(try api.get(path).status == 200) }
        for path in ["/v1/beats", "/v1/status", "/", "/openapi.yaml"] {
            try expectProblem(try api.get(path), 404, "not-found")
        }
        try expectProblem(try api.post(orders()), 404, "not-found")
        try expectProblem(try api.send(.post, "/livez"), 405, "method-not-allowed")
    }
}
