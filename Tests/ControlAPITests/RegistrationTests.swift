import ControlAPI
import HTTPWire
import JSON
import Testing

/// POST, GET and DELETE of registrations.
@Suite struct RegistrationTests {
    @Test func aRegistrationIsCreatedReadAndRemoved() throws {
        let api = InProcessAPI()
        let created = try api.post(orders())
        #expect(created.status == 201)
        let id = try #require(try created.member("id")?.string)
        #expect(created.fields["Location"] == "/v1/beats/\(id)")
        #expect(created.fields["ETag"] == "\"25-1-1\"")
        #expect(created.fields["Content-Type"] == "application/json")
        #expect(try created.member("result") == .string("created"))
        #expect(try created.member("status.beatKey") == .string("DEFAULT_GROUP@@orders#10.0.0.7#8080"))

        let read = try api.get("/v1/beats/\(id)")
        #expect(read.status == 200)
        #expect(read.body.last == UInt8(ascii: "\n"))
        #expect(try read.member("status.state") == .string("beating"))
        #expect(try read.member("status.server")?.string != nil)
        #expect(try read.member("result") == nil)
        #expect(try api.send(.head, "/v1/beats/\(id)") == read)

        #expect(try api.delete("/v1/beats/\(id)").status == 204)
        try expectProblem(try api.get("/v1/beats/\(id)"), 404, "not-found", id)
        #expect(api.dom2BeatSize == 0)
    }

    @Test func theDocumentHasEveryFieldInOrderAndItsDefaults() throws {
        let api = InProcessAPI()
        let read = try api.get(try #require(try api.post(orders()).fields["Location"]))
        #expect(
            try read.json.keys == [
                "id", "serviceName", "groupName", "namespaceId", "clusterName", "ip", "port", "weight", "enabled",
                "metadata", "checks", "onUnhealthy", "deregisterOnExit", "labels", "rev", "generation", "createdAt",
                "updatedAt", "source", "status",
            ])
        #expect(try read.member("groupName") == .string("DEFAULT_GROUP"))
        #expect(try read.member("namespaceId") == .string("public"))
        #expect(try read.member("clusterName") == .string("DEFAULT"))
        #expect(try read.member("weight") == .number(1))
        #expect(try read.member("createdAt") == .string("2026-08-22T09:05:03.000Z"))
        #expect(try read.member("status.period") == .string("5s"))
        #expect(try read.member("status.lastBeat.outcome") == .string("ok"))
        #expect(try read.member("status.secondsUntilUnhealthy") == .number(15))
        #expect(try read.member("status.maintenance") == .null)
    }

    @Test func whatWasReadCanBePutBack() throws {
        let api = InProcessAPI()
        let first = try api.post(
            orders(
                7,
                """
                "weight":0.5,"enabled":false,"metadata":{"a":"\\"\\u00fc"},"period":"3s","labels":{"team":"x"},
                "onUnhealthy":"deregister","deregisterOnExit":false,"checks":[]
                """))
        let read = try api.get(try #require(first.fields["Location"]))
        let again = try api.post(read.text)
        #expect(again.status == 200)
        #expect(try again.member("result") == .string("unchanged"))
        #expect(again.fields["ETag"] == first.fields["ETag"])
    }

    @Test func aChangedDocumentIsUpdated() throws {
        let api = InProcessAPI()
        _ = try api.post(orders())
        let changed = try api.post(orders(7, "\"weight\":3"))
        #expect(changed.status == 200)
        #expect(try changed.member("result") == .string("updated"))
        #expect(try changed.member("generation") == .integer(2))
        #expect(changed.fields["ETag"] == "\"25-2-2\"")
    }

    @Test func aGroupedNameIsSplit() throws {
        let response = try InProcessAPI().post("{\"serviceName\":\"pay@@orders\",\"ip\":\"::1\",\"port\":1}")
        #expect(try response.member("serviceName") == .string("orders"))
        #expect(try response.member("groupName") == .string("pay"))
    }

    @Test func defaultsComeFromTheConfiguration() throws {
        let api = InProcessAPI {
            $0.defaultIP = "192.168.1.5"
            $0.defaultNamespace = "blue"
        }
        let response = try api.post("{\"serviceName\":\"a\",\"port\":1}")
        #expect(response.status == 201)
        #expect(try response.member("ip") == .string("192.168.1.5"))
        #expect(try response.member("namespaceId") == .string("blue"))
    }

    @Test func createOnlyLeavesWhatExistsAlone() throws {
        let api = InProcessAPI()
        #expect(try api.post(orders(), "/v1/beats", ["If-None-Match": "*"]).status == 201)
        let again = try api.post(orders(7, "\"weight\":2"), "/v1/beats", ["If-None-Match": "*"])
        try expectProblem(again, 412, "precondition-failed")
        #expect(api.rev == 1)
    }

    @Test func ifMatchHoldsOnWrites() throws {
        let api = InProcessAPI()
        try expectProblem(try api.post(orders(), "/v1/beats", ["If-Match": "*"]), 412, "precondition-failed")
        let tag = try #require(try api.post(orders()).fields["ETag"])
        let stale = try api.post(orders(7, "\"weight\":2"), "/v1/beats", ["If-Match": "\"25-9-9\""])
        try expectProblem(stale, 412, "precondition-failed")
        #expect(try api.post(orders(7, "\"weight\":2"), "/v1/beats", ["If-Match": "\"x\", \(tag)"]).status == 200)
        let path = "/v1/beats?serviceName=orders&ip=10.0.0.7&port=8080"
        try expectProblem(try api.delete(path, ["If-Match": tag]), 412, "precondition-failed")
        #expect(try api.delete(path, ["If-Match": "\"25-2-2\""]).status == 204)
    }

    @Test func aDryRunTellsAndChangesNothing() throws {
        let api = InProcessAPI(maxRegistrations: 1)
        let new = try api.post(orders(), "/v1/beats?dryRun=true")
        #expect(new.status == 200)
        #expect(try new.member("result") == .string("created"))
        #expect(new.fields["Location"] == nil)
        #expect(api.rev == 0)
        _ = try api.post(orders())
        #expect(try api.post(orders(), "/v1/beats?dryRun=true").member("result") == .string("unchanged"))
        let changed = try api.post(orders(7, "\"weight\":2"), "/v1/beats?dryRun=true")
        #expect(try changed.member("result") == .string("updated"))
        try expectProblem(try api.post(orders(8), "/v1/beats?dryRun=true"), 429, "too-many-registrations")
        #expect(api.rev == 1)
    }

    @Test func theLimitOnRegistrationsIsAProblem() throws {
        let api = InProcessAPI(maxRegistrations: 1)
        _ = try api.post(orders())
        let refused = try api.post(orders(8))
        try expectProblem(refused, 429, "too-many-registrations", "--max-registrations")
        #expect(refused.fields["Retry-After"] == "60")
        #expect(try api.post(orders(7, "\"weight\":2")).status == 200)
    }

    @Test func prettyIsForPeople() throws {
        let api = InProcessAPI()
        #expect(try api.post(orders(), "/v1/beats?pretty").text.hasPrefix("{\n  \"id\": "))
        #expect(try api.get("/v1/beats?pretty=true").text.hasSuffix("}\n"))
        #expect(try api.get("/v1/beats?pretty&limit=0").text.hasPrefix("{\n  \"type\": "))
    }
}
