import BeatCore
import EventLoop
import HTTPWire
import NacosWire
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct DialectSocketTests {
        private func becomes(_ profile: NamingProfile, _ dialect: Dialect) throws {
            let harness = try Harness(profile: profile)
            defer { harness.close() }
            try harness.register(port: 8080, ",\"period\":\"500ms\",\"metadata\":{\"zone\":\"a b\"}")
            // r-nacos says 5 s whatever the metadata asks for.
            try harness.until("two beats") { harness.daemon.core.counters.beats[.ok] >= 2 }
            #expect(harness.daemon.core.serverViews()[0].dialect == dialect)
            #expect(harness.naming.server.instanceCount == 1)
            #expect(harness.daemon.core.count(of: .beating) == 1)
            #expect(BeatOutcome.allCases.allSatisfy { $0 == .ok || harness.daemon.core.counters.beats[$0] == 0 })
        }

        @Test("each server is spoken to in what it speaks, found out by asking")
        func allProfiles() throws {
            for name in NamingProfile.Name.allCases {
                let dialect: Dialect = name.rawValue.hasPrefix("3") ? .v3 : .v1
                try becomes(.named(name), dialect)
            }
        }
    }
}
