import BeatCore
import EventLoop
import HTTPWire
import JSON
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// `POST /v1/drain` against the built-in naming server.
    @Suite struct DrainSocketTests {
        @Test(
            "hidden, then gone, and looked for at the server",
            arguments: [NamingProfile.nacos14, .nacos25, .nacos30, .rnacos])
        func drains(_ profile: NamingProfile) throws {
            let harness = try Harness(profile: profile) { $0.dialect = .auto }
            defer { harness.close() }
            for port in 1...5 { try harness.register(port: port) }
            try harness.until("beating") { harness.daemon.core.count(of: .beating) == 5 }
            let waiting = try harness.client()
            waiting.send(.post, "/v1/drain?wait=10s", json: "{\"settle\":\"1s\",\"timeout\":\"10s\"}")
            try harness.until("hidden") { harness.naming.server.instances.allSatisfy { !$0.isEnabled } }
            #expect(harness.naming.server.instanceCount == 5)
            let readiness = try harness.send(.get, "/readyz")
            #expect(readiness.status == 503)
            #expect(String(decoding: readiness.body, as: UTF8.self).hasPrefix("draining: "))
            let refused = try harness.send(
                .post, "/v1/beats", json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":9}")
            #expect(refused.status == 503)
            #expect(try refused.string("type") == "/problems/draining")
            let under = try harness.send(.post, "/v1/drain")
            #expect(under.status == 202)
            #expect(try under.string("state") == "draining")
            #expect(try under.member("left")?.items.count == 5)
            #expect(try harness.send(.post, "/v1/drain", json: "{\"settle\":\"7s\"}").status == 409)

            let done = try harness.answer(waiting)
            #expect(done.status == 200)
            #expect(
                String(decoding: done.body, as: UTF8.self)
                    == "{\"state\":\"done\",\"deregistered\":5,\"verified\":5,\"left\":[]}\n")
            #expect(harness.naming.server.instanceCount == 0)
            #expect(try harness.send(.post, "/v1/drain").status == 200)
            // The process lives on until it is told to end.
            #expect(harness.daemon.exitStatus == nil)
            harness.daemon.stop()
            try harness.until("ended") { harness.daemon.exitStatus == 0 }
        }

        @Test("the servers are gone: told at the time-out what is left")
        func withoutServers() throws {
            let harness = try Harness()
            defer { harness.close() }
            let id = try harness.register()
            try harness.until("beating") { harness.daemon.core.count(of: .beating) == 1 }
            harness.naming.close()
            let response = try harness.send(
                .post, "/v1/drain?wait=20s", json: "{\"settle\":\"0s\",\"timeout\":\"2s\"}")
            #expect(response.status == 200)
            #expect(try response.member("deregistered")?.integer == 0)
            #expect(try response.member("left") == .array([.string(id)]))
        }
    }
}
