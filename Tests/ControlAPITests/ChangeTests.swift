import BeatCore
import ControlAPI
import HTTPWire
import JSON
import Testing

@Suite struct ChangeTests {
    @Test(arguments: ChangeCase.allCases)
    func sharedCase(_ change: ChangeCase) throws { try change.check(InProcessAPI()) }

    @Test("a refused atomic batch, an import and a batch keep to the limit on registrations")
    func limits() throws {
        let api = InProcessAPI(maxRegistrations: 2)
        #expect(try api.put("web", orders(1)).status == 201)
        let three = (1...3).map { "{\"op\":\"put\",\"registration\":\(orders($0))}" }.joined(separator: ",")
        try expectProblem(try api.batch(three, "?atomic=true"), 422, "validation", "--max-registrations")
        #expect(api.dom2BeatSize == 1)
        let response = try api.batch(three)
        #expect(try response.member("results.2.status")?.integer == 429)
        #expect(api.dom2BeatSize == 2)
        let items = "{\"items\":[\(orders(3)),\(orders(4)),\(orders(5))]}"
        try expectProblem(try api.post(items, "/v1/import"), 422, "validation", "/items/0")
        try expectProblem(try api.post(items, "/v1/import?mode=replace"), 429, "too-many-registrations")
        let two = try api.post("{\"items\":[\(orders(3)),\(orders(4))]}", "/v1/import?mode=replace")
        #expect(try two.member("created")?.integer == 2)
        #expect(try two.member("removed")?.integer == 2)
    }

    @Test("a long list is read in steps, and applied in portions")
    func steps() throws {
        let api = InProcessAPI()
        let items = (1...200).map { orders($0) }.joined(separator: ",")
        #expect(try api.post("{\"items\":[\(items)]}", "/v1/import").member("created")?.integer == 200)
        // An element each, what is around them, 128 and 72 of them, the answer.
        #expect(api.steps == 200 + 1 + 2 + 1)
        guard case .batch(let operations, _, let atomic) = api.lastInputs.first else {
            Issue.record("\(api.lastInputs)")
            return
        }
        #expect(operations.count == 72)
        #expect(!atomic)
        let batch = (1...200).map { "{\"op\":\"put\",\"registration\":\(orders($0))}" }.joined(separator: ",")
        #expect(try api.batch(batch).status == 200)
        #expect(api.steps == 200 + 1 + 1 + 1)
    }

    @Test("what changes while an import is read or applied is not overwritten unseen")
    func meanwhile() throws {
        let api = InProcessAPI()
        let items = "{\"items\":[\((1...200).map { orders($0) }.joined(separator: ","))]}"
        let tag = try #require(try api.get("/v1/export").fields["ETag"])
        var steps = 0
        api.meanwhile = { api in
            steps += 1
            guard steps == 100 else { return }
            api.meanwhile = { _ in }
            let put = try api.put("mine", orders(7))
            #expect(put.status == 201)
        }
        try expectProblem(try api.post(items, "/v1/import", ["If-Match": tag]), 412, "precondition-failed")
        #expect(api.dom2BeatSize == 1)
        // Between two portions: the address is somebody else's by then, under another id.
        steps = 0
        api.meanwhile = { api in
            steps += 1
            guard steps == 202 else { return }
            api.meanwhile = { _ in }
            let put = try api.put("late", orders(200))
            #expect(put.status == 201)
        }
        let named = items.replacing(orders(200), with: orders(200, "\"id\":\"early\""))
        let response = try api.post(named, "/v1/import")
        #expect(try response.member("failed")?.integer == 1)
        #expect(try response.member("errors.0.pointer")?.string == "/items/199")
        #expect(try response.member("errors.0.detail")?.string?.contains("\"late\"") == true)
    }

    @Test("an atomic batch is checked again when it is applied")
    func atomicMeanwhile() throws {
        let api = InProcessAPI()
        var steps = 0
        api.meanwhile = { api in
            steps += 1
            guard steps == 2 else { return }
            api.meanwhile = { _ in }
            let put = try api.put("late", orders(2))
            #expect(put.status == 201)
        }
        let operations = [orders(1), orders(2, "\"id\":\"early\"")].map { "{\"op\":\"put\",\"registration\":\($0)}" }
        let refused = try expectProblem(
            try api.batch(operations.joined(separator: ","), "?atomic=true"), 422, "validation", "/operations/1")
        #expect(refused.at("errors")?.items.count == 1)
        #expect(api.dom2BeatSize == 1)
    }

    @Test("bulk requests are refused while beatd shuts down, also when it begins in between")
    func draining() throws {
        let api = InProcessAPI()
        let batch = "{\"op\":\"put\",\"registration\":\(orders(1))}"
        api.draining = true
        try expectProblem(try api.batch(batch), 503, "draining")
        try expectProblem(try api.post("{\"items\":[]}", "/v1/import"), 503, "draining")
        try expectProblem(try api.put("web", orders(1)), 503, "draining")
        try expectProblem(try api.patch("web", "{}"), 503, "draining")
        api.draining = false
        api.meanwhile = { $0.draining = true }
        try expectProblem(try api.batch(batch), 503, "draining")
        #expect(api.dom2BeatSize == 0)
    }

    @Test("with wait, PUT and PATCH answer when Nacos has accepted, has refused, or the wait is over")
    func waiting() throws {
        let api = InProcessAPI()
        let put = try api.put("web", orders(1), "?wait=3s")
        #expect(put.status == 201)
        #expect(try put.member("status.observedGeneration")?.integer == 1)
        let patch = try api.patch("web", "{\"weight\":2}", "?wait=3s")
        #expect(patch.status == 200)
        #expect(try patch.member("status.observedGeneration")?.integer == 2)
        api.nacos = { $0.kind == .register ? .rejected(status: 400, detail: "no") : .accepted($0) }
        let refused = try api.patch("web", "{\"weight\":3}", "?wait=3s")
        try expectProblem(refused, 502, "nacos-rejected", "no")
        #expect(refused.fields["Location"] == "/v1/beats/web")
        api.nacos = { $0.kind == .register ? .serverError(status: 500, detail: "x") : .accepted($0) }
        #expect(try api.patch("web", "{\"weight\":4}", "?wait=1s").status == 202)
    }

    @Test("the list waits for a change when it is asked with the tag that it has")
    func longPoll() throws {
        let api = InProcessAPI()
        let tag = try #require(try api.get("/v1/beats").fields["ETag"])
        #expect(try api.get("/v1/beats?wait=30s").status == 200)
        #expect(api.parked == nil)
        #expect(try api.get("/v1/beats?wait=0s", ["If-None-Match": tag]).status == 304)
        #expect(try api.get("/v1/beats?wait=30s", ["If-None-Match": tag]).status == 102)
        #expect(api.parked?.until == api.now + .seconds(30))
        #expect(try api.sendParked().status == 304)
        #expect(try api.post(orders()).status == 201)
        #expect(try api.sendParked().member("items")?.items.count == 1)
        try expectProblem(try api.get("/v1/beats?wait=121s"), 400, "malformed-request", "2m")
        api.draining = true
        let next = try #require(try api.get("/v1/beats").fields["ETag"])
        #expect(try api.get("/v1/beats?wait=30s", ["If-None-Match": next]).status == 304)
    }

    @Test("long bodies are for who may write, the longest for whom is known")
    func bodyLimits() throws {
        var api = InProcessAPI().api
        func limit(_ method: HTTPMethod, _ path: String, _ client: Client, _ token: String? = nil) -> Int {
            var fields: HTTPFields = ["Host": "localhost"]
            if let token { fields.append("Authorization", "Bearer \(token)") }
            return api.bodyLimit(of: HTTPRequest(method, HTTPTarget(path: path), fields: fields), by: client)
        }
        let loopback = Client(.tcp(loopback: true))
        #expect(limit(.post, "/v1/beats", loopback) == 64 << 10)
        #expect(limit(.post, "/v1/beats:batch", loopback) == 1 << 20)
        #expect(limit(.post, "/v1/import", loopback) == 1 << 20)
        #expect(limit(.get, "/v1/import", loopback) == 64 << 10)
        #expect(limit(.post, "/v1/import", Client(.unixSocket)) == 8 << 20)
        #expect(limit(.post, "/v1/import", Client(.ops)) == 64 << 10)
        #expect(limit(.post, "/v1/import", Client(.tcp(loopback: false))) == 64 << 10)
        api = InProcessAPI { $0.tokens = Tokens(readWrite: "w", read: "r") }.api
        #expect(limit(.post, "/v1/import", loopback) == 64 << 10)
        #expect(limit(.post, "/v1/import", loopback, "r") == 64 << 10)
        #expect(limit(.post, "/v1/import", loopback, "w") == 8 << 20)
        #expect(limit(.post, "/v1/beats:batch", Client(.tcp(loopback: false)), "w") == 1 << 20)
    }
}
