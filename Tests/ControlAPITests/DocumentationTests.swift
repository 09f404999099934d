import ControlAPI
import HTTPWire
import JSON
import Testing

/// What the API says of itself.
@Suite struct DocumentationTests {
    @Test func theContractIsBuiltIn() throws {
        let api = InProcessAPI()
        let response = try api.get("/openapi.yaml")
        #expect(response.body == Array(try Contract.text().utf8))
        #expect(response.fields["Content-Type"] == "application/yaml")
        let tag = try #require(response.fields["ETag"])
        #expect(try api.get("/openapi.yaml", ["If-None-Match": tag]).status == 304)
    }

    @Test(arguments: ProblemType.allCases)
    func everyProblemIsExplained(type: ProblemType) throws {
        let api = InProcessAPI()
        let response = try api.get("/problems/\(type.slug)")
        #expect(response.status == 200)
        #expect(response.fields["Content-Type"] == "text/plain; charset=utf-8")
        #expect(response.text.hasPrefix("\(type.title) (\(type.slug), \(type.status))\n\n"))
        #expect(response.body.count > 120)
        #expect(try api.get("/problems/\(type.slug)", ["If-None-Match": "*"]).status == 304)
    }

    @Test func capabilitiesListTheRoutes() throws {
        let document = try InProcessAPI().get("/v1").json
        #expect(document.at("version") == .string("1.0.0"))
        #expect(document.at("endpoints")?.items.count == Route.table.count)
    }

    @Test func theMenuIsMadeOfCommands() throws {
        let api = InProcessAPI { $0.socketPath = "/run/beatd/api.sock" }
        let menu = try api.get("/", ["Host": "127.0.0.1:8090"])
        #expect(menu.fields["Content-Type"] == "text/plain; charset=utf-8")
        #expect(menu.text.contains("curl 'http://127.0.0.1:8090/v1/beats?pretty'\n"))
        api.client = Client(.unixSocket)
        #expect(
            try api.get("/").text.contains(
                "curl --unix-socket /run/beatd/api.sock 'http://localhost/v1/beats?pretty'\n"))
    }

    @Test func optionsTellTheMethods() throws {
        let api = InProcessAPI()
        for (path, allow) in [
            ("/v1/beats", "POST, GET, HEAD, DELETE, OPTIONS"),
            ("/v1/beats/x", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
            ("/metrics", "GET, HEAD, OPTIONS"), ("*", "POST, GET, HEAD, DELETE, PUT, PATCH, OPTIONS"),
        ] {
            let response = try api.send(.options, path)
            #expect(response.status == 204)
            #expect(response.fields["Allow"] == allow)
            #expect(response.body.isEmpty)
        }
        try expectProblem(try api.send(.options, "/nowhere"), 404, "not-found")
    }

    @Test func headersKeepCachesAndSniffersAway() throws {
        let api = InProcessAPI()
        for path in ["/v1/beats", "/v1/status", "/metrics", "/nowhere", "/"] {
            let response = try api.get(path)
            #expect(response.fields["X-Content-Type-Options"] == "nosniff")
            #expect(response.fields["Cache-Control"] == (response.fields["ETag"] == nil ? "no-store" : "no-cache"))
            #expect(response.body.last == UInt8(ascii: "\n"))
        }
    }
}
