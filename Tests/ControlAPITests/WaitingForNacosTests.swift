import BeatCore
import HTTPWire
import JSON
import Testing

/// `?wait=`, and what DELETE says of Nacos.
@Suite struct WaitingForNacosTests {
    private let byAddress = "/v1/beats?serviceName=orders&ip=10.0.0.7&port=8080"

    @Test func waitAnswersWhenNacosHasAccepted() throws {
        let api = InProcessAPI()
        let response = try api.post(orders(), "/v1/beats?wait=3s")
        #expect(response.status == 201)
        #expect(try response.member("status.state") == .string("beating"))
        #expect(try response.member("status.observedGeneration") == .integer(1))
        #expect(api.now == InProcessAPI.start)
    }

    @Test func waitEndsWith202() throws {
        let api = InProcessAPI()
        api.nacos = { _ in nil }
        let response = try api.post(orders(), "/v1/beats?wait=3s")
        #expect(response.status == 202)
        #expect(try response.member("result") == .string("created"))
        #expect(try response.member("status.state") == .string("pending"))
        #expect(api.now == InProcessAPI.start + .seconds(3))
    }

    @Test func aRefusalOfNacosIsAProblemThatNamesTheRegistration() throws {
        let api = InProcessAPI()
        api.nacos = { _ in .rejected(status: 400, detail: "Param 'ip' is illegal") }
        let response = try api.post(orders(), "/v1/beats?wait=3s")
        let document = try expectProblem(response, 502, "nacos-rejected", "Nacos answered 400: Param 'ip' is illegal")
        let id = try #require(document.at("id")?.string)
        #expect(response.fields["Location"] == "/v1/beats/\(id)")
        let read = try api.get("/v1/beats/\(id)")
        #expect(try read.member("status.state") == .string("stopped"))
        #expect(try read.member("status.lastBeat") == .null)
    }

    @Test func deleteWaitsASecondThenShowsTheTombstone() throws {
        let api = InProcessAPI()
        let id = try #require(try api.post(orders()).member("id")?.string)
        api.nacos = { _ in nil }
        let response = try api.delete("/v1/beats/\(id)")
        #expect(response.status == 202)
        #expect(try response.member("id") == .string(id))
        #expect(try response.member("status.state") == .string("deregistering"))
        #expect(api.now == InProcessAPI.start + .seconds(1))
        #expect(try api.get("/v1/beats/\(id)").member("status.stopped") == .bool(true))
        #expect(try api.get("/v1/beats").member("items")?.items.isEmpty == true)

        #expect(try api.delete("/v1/beats/\(id)?wait=0s").status == 202)
        #expect(try api.delete("\(byAddress)&wait=0s").status == 202)
        #expect(api.now == InProcessAPI.start + .seconds(1))
    }

    @Test func aTombstonesKeyMayBePostedAgain() throws {
        let api = InProcessAPI()
        let id = try #require(try api.post(orders()).member("id")?.string)
        api.nacos = { _ in nil }
        _ = try api.delete("/v1/beats/\(id)?wait=0s")
        #expect(try api.post(orders(), "/v1/beats?dryRun=true").member("result") == .string("created"))
        #expect(try api.post(orders(), "/v1/beats", ["If-None-Match": "*"]).status == 201)
    }

    @Test func deregisterFalseIsDoneAtOnce() throws {
        let api = InProcessAPI()
        _ = try api.post(orders())
        api.nacos = { _ in nil }
        #expect(try api.delete("\(byAddress)&deregister=false").status == 204)
        #expect(api.now == InProcessAPI.start)
    }

    @Test func missingIsFineWhenAskedSo() throws {
        let api = InProcessAPI()
        #expect(try api.delete("/v1/beats/aaaaaaaaaaaaa?missing_ok=true").status == 204)
        #expect(try api.delete("\(byAddress)&missing_ok=true").status == 204)
    }

    @Test func severalMatchesNeedAll() throws {
        let api = InProcessAPI()
        for cluster in ["A", "B", "C"] { _ = try api.post(orders(7, "\"clusterName\":\"\(cluster)\"")) }
        try expectProblem(try api.delete(byAddress), 409, "key-conflict", "3 registrations match")
        #expect(try api.delete("\(byAddress)&clusterName=B").status == 204)
        try expectProblem(
            try api.delete("\(byAddress)&all=true", ["If-Match": "*"]), 412, "precondition-failed")
        #expect(try api.delete("\(byAddress)&all=true").status == 204)
        #expect(api.lastInputs.count == 2)
        #expect(api.dom2BeatSize == 0)
        try expectProblem(try api.delete("\(byAddress)&all=true"), 404, "not-found")
    }

    @Test func allShowsEveryTombstone() throws {
        let api = InProcessAPI()
        for cluster in ["A", "B"] { _ = try api.post(orders(7, "\"clusterName\":\"\(cluster)\"")) }
        api.nacos = { _ in nil }
        let response = try api.delete("\(byAddress)&all=true&wait=100ms")
        #expect(response.status == 202)
        #expect(try response.member("items")?.items.count == 2)
    }

    @Test func whileDrainingWritesAreRefused() throws {
        let api = InProcessAPI()
        _ = try api.post(orders())
        api.draining = true
        for response in [try api.post(orders(8)), try api.delete(byAddress)] {
            try expectProblem(response, 503, "draining")
            #expect(response.fields["Retry-After"] == "5")
        }
        #expect(try api.get("/v1/beats").status == 200)
    }
}
