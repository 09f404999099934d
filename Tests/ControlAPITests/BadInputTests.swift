import ControlAPI
import HTTPWire
import Testing

@Suite struct BadInputTests {
    @Test(arguments: BadInput.all)
    func badInputIsAProblemAndChangesNothing(_ input: BadInput) throws {
        let api = InProcessAPI()
        #expect(try api.post(orders(1)).status == 201)
        try input.check(api)
    }

    @Test func errorsAreCountedBeyondThoseShown() throws {
        let many = (0..<40).map { "\"f\($0)xxxxxxxx\":1" }.joined(separator: ",")
        let response = try InProcessAPI().post("{\(many)}")
        let document = try expectProblem(response, 422, "validation", "43 fields need attention")
        #expect(document.at("errors")?.items.count == 32)
    }

    @Test func refusalsOfMethodsAndTypesSayWhatIsTaken() throws {
        let api = InProcessAPI()
        #expect(try api.send(.put, "/v1/beats").fields["Allow"] == "POST, GET, HEAD, DELETE, OPTIONS")
        #expect(try api.send(.post, "/v1/status").fields["Allow"] == "GET, HEAD, OPTIONS")
        let refused = try api.post("{}", "/v1/beats", ["Content-Type": "text/plain"])
        #expect(refused.fields["Accept"] == "application/json")
        let compressed = try api.post("{}", "/v1/beats", ["Content-Encoding": "gzip"])
        try expectProblem(compressed, 415, "unsupported-media-type", "gzip")
    }

    @Test func aBodyWhereNoneBelongsIsRefused() throws {
        let response = try InProcessAPI().send(.get, "/v1/beats", body: Array("{}".utf8))
        try expectProblem(response, 400, "malformed-request", "takes no body")
    }

    @Test func whatTheParserRefusesIsAProblemToo() throws {
        let api = InProcessAPI().api
        try expectProblem(api.problem(for: .malformed(.noHost), requestID: "1"), 400, "malformed-request", "no Host")
        try expectProblem(api.problem(for: .bodyTooLarge(limit: 9), requestID: "1"), 413, "too-large", "9 bytes")
        try expectProblem(api.problem(for: .targetTooLong(limit: 9), requestID: "1"), 414, "uri-too-long")
        try expectProblem(api.problem(for: .expectationFailed, requestID: "1"), 417, "malformed-request")
        try expectProblem(api.problem(for: .headTooLarge(limit: 9), requestID: "1"), 431, "headers-too-large")
        try expectProblem(api.problem(for: .tooManyFields(limit: 9), requestID: "1"), 431, "headers-too-large")
        try expectProblem(api.problem(for: .methodTooLong, requestID: "1"), 501, "method-not-allowed")
        try expectProblem(api.problem(for: .unsupportedTransferCoding, requestID: "1"), 501, "malformed-request")
        try expectProblem(api.problem(for: .unsupportedVersion, requestID: "1"), 505, "malformed-request")
        try expectProblem(api.requestTimeout(requestID: "1"), 408, "timeout")
        try expectProblem(api.internalError(requestID: "1"), 500, "internal")
        let busy = api.tooManyConnections(requestID: "1")
        try expectProblem(busy, 503, "too-many-connections")
        #expect(busy.fields["Retry-After"] == "1")
        let limited = api.rateLimited(retryAfter: 3, requestID: "1")
        try expectProblem(limited, 429, "rate-limited")
        #expect(limited.fields["Retry-After"] == "3")
    }
}
