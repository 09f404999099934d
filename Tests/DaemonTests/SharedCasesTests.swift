import HTTPWire
import Testing

@testable import Daemon

extension OnSockets {
    /// The cases of ControlAPITests once more, over sockets (design §9.6).
    @Suite struct SharedCasesTests {
        @Test("bad input is answered with a problem, the connection stays, nothing changes")
        func badInput() throws {
            let harness = try Harness()
            defer { harness.close() }
            #expect(try harness.post(orders(1)).status == 201)
            let before = try harness.get("/v1/beats")
            for input in BadInput.all {
                try input.check(harness)
            }
            let after = try harness.get("/v1/beats")
            #expect(try after.member("rev") == before.member("rev"))
            #expect(try after.member("dom2BeatSize")?.integer == 1)
            #expect(BadInput.all.count > 70)
        }

        @Test("a route's 4xx keeps the connection, what the parser refuses closes it")
        func keepsOrCloses() throws {
            let harness = try Harness()
            defer { harness.close() }
            for input in BadInput.all {
                let client = try harness.client()
                defer { client.close() }
                var fields = HTTPFields()
                if let type = input.contentType { fields.append("Content-Type", type) }
                let target = try #require(HTTPTarget(input.target, method: input.method))
                client.send(HTTPRequest(input.method, target, fields: fields, body: input.body))
                let response = try harness.answer(client)
                #expect(response.status == input.status, "\(input.name)")
                if input.status == 413 {
                    #expect(response.fields["Connection"] == "close", "\(input.name)")
                    try harness.until("the end, \(input.name)") { client.ended != nil }
                } else {
                    #expect(response.fields["Connection"] == nil, "\(input.name)")
                    client.send(.get, "/livez")
                    #expect(try harness.answer(client).status == 200, "\(input.name)")
                }
            }
        }
    }
}
