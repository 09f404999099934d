import BeatCore
import HTTPWire
import Testing

@testable import ControlAPI

/// What of a reload needs no shell.
@Suite struct ReloadTests {
    @Test func isAskedOfTheShell() throws {
        let api = InProcessAPI()
        let response = try api.send(.post, "/v1/reload")
        #expect(response.status == 200)
        #expect(
            response.text
                == "{\"created\":0,\"updated\":0,\"unchanged\":0,\"removed\":0,\"refused\":0,\"changes\":[],"
                + "\"needsRestart\":[]}\n")
        #expect(api.reloads.count == 1)
    }

    @Test func isRefused() throws {
        let api = InProcessAPI()
        try expectProblem(try api.get("/v1/reload"), 405, "method-not-allowed")
        try expectProblem(try api.send(.post, "/v1/reload", body: [0x7b, 0x7d]), 400, "malformed-request")
        api.draining = true
        try expectProblem(try api.send(.post, "/v1/reload"), 503, "draining")
        #expect(api.reloads.isEmpty)
    }
}
