import BeatCore
import ControlAPI
import HTTPWire
import JSON
import Testing

/// `GET /v1/beats`: filters, pages, tags.
@Suite struct ListTests {
    private func filled(_ count: Int) throws -> InProcessAPI {
        let api = InProcessAPI(maxRegistrations: 20_000)
        for number in 0..<count {
            let body =
                "{\"serviceName\":\"s\(number % 3)\",\"ip\":\"10.0.\(number / 250).\(number % 250)\",\"port\":80}"
            #expect(try api.post(body).status == 201)
        }
        return api
    }

    private func ips(_ response: HTTPResponse) throws -> [String] {
        try response.member("items")?.items.compactMap { $0.at("ip")?.string } ?? []
    }

    @Test func anEmptyListHasItsShape() throws {
        let response = try InProcessAPI().get("/v1/beats")
        #expect(response.text == "{\"items\":[],\"rev\":0,\"dom2BeatSize\":0}\n")
        #expect(response.fields["ETag"] == "\"25-0\"")
        #expect(response.fields["Link"] == nil)
    }

    @Test(arguments: [1, 7, 100, 249, 250, 1000])
    func pagesShowEachRegistrationOnce(limit: Int) throws {
        let api = try filled(250)
        var seen: [String] = []
        var target: String? = "/v1/beats?limit=\(limit)&pretty"
        var pages = 0
        while let next = target {
            let page = try api.get(next)
            #expect(page.status == 200)
            seen += try ips(page)
            pages += 1
            let link = page.fields["Link"]
            #expect((try page.member("continue") == nil) == (link == nil))
            target = link.map { String($0.dropFirst().prefix { $0 != ">" }) }
            #expect(target?.contains("limit=\(limit)") != false)
        }
        #expect(seen.count == 250)
        #expect(Set(seen).count == 250)
        #expect(pages == (250 + limit - 1) / limit)
    }

    @Test func aPageIsShortWhenTooManyRowsWouldBeLookedAt() throws {
        let api = try filled(10_100)
        var seen = 0
        var target = "/v1/beats?ip=10.0.40.99"
        var pages = 1
        while let token = try api.get(target).member("continue")?.string {
            seen += try ips(api.get(target)).count
            target = "/v1/beats?ip=10.0.40.99&continue=\(token)"
            pages += 1
        }
        seen += try ips(api.get(target)).count
        #expect(pages == 2)
        #expect(seen == 1)
        try expectProblem(try api.get("/v1/beats?ip=a&total=true"), 400, "malformed-request", "cannot be counted")
        #expect(try api.get("/v1/beats?total=true&limit=1").member("total") == .integer(10_100))
    }

    @Test func aPageEndsBeforeItIsTooLong() throws {
        let api = InProcessAPI()
        let long = String(repeating: "\u{4e2d}", count: 900)
        for number in 0..<250 {
            _ = try api.post(orders(number, "\"metadata\":{\"k\":\"\(long)\"},\"labels\":{\"k\":\"\(long)\"}"))
        }
        let page = try api.get("/v1/beats?limit=1000")
        #expect(page.body.count < 600_000)
        #expect(try page.member("continue") != nil)
    }

    @Test func tokensOfOtherListsAndRunsAreRefused() throws {
        let api = try filled(3)
        let token = try #require(try api.get("/v1/beats?limit=1").member("continue")?.string)
        try expectProblem(
            try api.get("/v1/beats?limit=1&serviceName=s1&continue=\(token)"), 400, "malformed-request",
            "other filters")
        let later = InProcessAPI { $0.epoch = 78 }
        try expectProblem(try later.get("/v1/beats?continue=\(token)"), 410, "gone")
        let broken = token.dropLast() + (token.last == "A" ? "B" : "A")
        try expectProblem(try api.get("/v1/beats?continue=\(broken)"), 400, "malformed-request")
        #expect(try ips(api.get("/v1/beats?limit=2&continue=\(token)")).count == 2)
    }

    private static let filterCases: [(String, Int)] = [
        ("serviceName=orders", 2), ("serviceName=pay%40%40bills", 1), ("serviceName=bills&groupName=pay", 1),
        ("groupName=DEFAULT_GROUP", 2), ("namespaceId=blue", 1), ("namespaceId=public", 2), ("clusterName=HZ", 1),
        ("ip=10.0.0.1", 1), ("port=81", 1), ("port=82", 0), ("state=beating", 3), ("state=critical", 0),
        ("state=deregistering", 0), ("label.team=a", 2), ("label.team=a&label.tier=web", 1), ("label.team=b", 0),
        ("q=ORD", 2), ("q=bILLs", 1), ("q=10.0.0.", 3), ("q=Gr%C3%BC%C3%9Fe", 1), ("q=gr%C3%9C%C3%9Fe", 1),
        ("q=web", 1), ("q=nothing", 0), ("q=orders&label.team=a&port=80", 1),
    ]

    @Test(arguments: filterCases)
    func filtersMatch(query: String, count: Int) throws {
        let api = InProcessAPI()
        _ = try api.post(
            """
            {"serviceName":"orders","ip":"10.0.0.1","port":80,"labels":{"team":"a","tier":"web"}}
            """)
        _ = try api.post(
            """
            {"serviceName":"orders","ip":"10.0.0.2","port":80,"clusterName":"HZ","metadata":{"note":"grüße"}}
            """)
        _ = try api.post(
            """
            {"serviceName":"pay@@bills","ip":"10.0.0.3","port":81,"namespaceId":"blue","labels":{"team":"a"}}
            """)
        let response = try api.get("/v1/beats?total=true&\(query)")
        #expect(try ips(response).count == count)
        #expect(try response.member("total") == .integer(Int64(count)))
        #expect(try response.member("dom2BeatSize") == .integer(3))
    }

    @Test func theTagFollowsTheDocuments() throws {
        let api = try filled(2)
        let tag = try #require(try api.get("/v1/beats").fields["ETag"])
        let same = try api.get("/v1/beats", ["If-None-Match": "\"x\", W/\(tag)"])
        #expect(same.status == 304)
        #expect(same.body.isEmpty)
        #expect(same.fields["ETag"] == tag)
        api.run(.seconds(6))
        #expect(try api.get("/v1/beats", ["If-None-Match": tag]).status == 304)
        _ = try api.post(orders())
        #expect(try api.get("/v1/beats", ["If-None-Match": tag]).status == 200)
        let byState = try api.get("/v1/beats?state=beating", ["If-None-Match": "*"])
        #expect(byState.status == 200)
        #expect(byState.fields["ETag"] == nil)
    }
}
