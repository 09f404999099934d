import BeatCore
import EventLoop
import HTTPWire
import NacosWire
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct SigningSocketTests {
        /// The signature of `data` that somebody with the key would make.
        private func signature(_ data: String) throws -> [FormPair] {
            let parts = data.split(separator: "@@", maxSplits: 1).map(String.init)
            let milliseconds = try #require(Int64(parts[0]))
            var signer = RequestSigner(accessKey: "ak", secretKey: SecretText("sk123"))
            let signature = signer.sign(
                groupedServiceName: parts.count > 1 ? parts[1] : nil, at: WallTime(milliseconds: milliseconds))
            var bytes: [UInt8] = []
            NacosRequestEncoder(host: "h", version: "1").appendProbe(.metrics, signature: signature, to: &bytes)
            let target = String(decoding: bytes, as: UTF8.self).split(separator: " ")[1]
            let query = try #require(target.split(separator: "?").last)
            return try FormEncoding.decode(String(query))
        }

        @Test(
            "every request is signed with its own time: probe, register, beat, deregister", arguments: Dialect.allCases)
        func everyRequest(dialect: Dialect) throws {
            let begin = WallClock.milliseconds()
            let harness = try Harness(profile: dialect == .v1 ? .nacos25 : .nacos32, requestLog: 1000) {
                $0.client.signer = RequestSigner(accessKey: "ak", secretKey: SecretText("sk123"))
            }
            defer { harness.close() }
            try harness.register(port: 1, ",\"groupName\":\"g1\",\"period\":\"500ms\"")
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 3 }
            #expect(
                try harness.send(.delete, "/v1/beats?serviceName=orders&groupName=g1&ip=10.0.0.7&port=1").status < 300)
            try harness.until("deregistered") { harness.naming.server.instanceCount == 0 }
            let entries = harness.naming.requestLog.entries
            #expect(Set(entries.map(\.route)).isSuperset(of: [.register, .beat, .deregister]))
            var times: Set<String> = []
            for entry in entries {
                let query = try #require(entry.query, "\(entry.path)")
                let pairs = try FormEncoding.decode(query)
                let data = try #require(pairs.first { $0.name == "data" }?.value, "\(query)")
                #expect(try pairs.filter { ["ak", "data", "signature"].contains($0.name) } == signature(data))
                let time = try #require(data.split(separator: "@@").first.flatMap { Int64($0) })
                #expect((begin...WallClock.milliseconds()).contains(time))
                times.insert(String(time))
                switch entry.route {
                case .register, .deregister, .beat: #expect(data.hasSuffix("@@g1@@orders"), "\(data)")
                case .list: #expect(data.hasSuffix("@@probe"), "\(data)")
                default: #expect(!data.contains("@@"), "\(data)")
                }
            }
            #expect(times.count >= 4)
        }
    }
}
