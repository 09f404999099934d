import BeatCore
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// How many connections a pool has, and what it learns of its server.
    @Suite struct PoolGrowthTests {
        @Test("a burst that did not fit fits the next time, also where connections are used up after 100 requests")
        func burstsFit() throws {
            let harness = try Harness {
                $0.dialect = .forced(.v1)
                $0.client.connectionsPerServer = 1
                $0.client.pipelineDepth = 4
            }
            defer { harness.close() }
            // Forty at a time on ten phases, where one connection takes four, and sixteen once it is known to be quick.
            let count: UInt64 = 400
            try harness.registerMany(Int(count), ",\"period\":\"500ms\"")
            func beats() -> UInt64 { harness.daemon.core.counters.beats[.ok] }
            // The connections that registers had end after five seconds without work.
            try harness.until("those of registers have ended", within: 30) { beats() >= 16 * count }
            var fewest = Int.max
            for round in UInt64(17)...20 {
                try harness.until("round \(round)", within: 10) { beats() >= round * count }
                fewest = min(fewest, harness.naming.connectionCount)
            }
            #expect((3...NacosClientLimits.connectionsMax(1)).contains(fewest))
        }

        @Test func theLimitsOfAServerAreLearned() {
            var learned = LearnedLimits()
            #expect(learned.requests == 100 && learned.idle == 4_000_000_000 && learned.fresh == 25)
            learned.survived(99)
            #expect(learned.requests == 100)
            learned.survived(100)
            #expect(learned.requests == 200)
            learned.closedBehind(0)
            #expect(learned.requests == 200)
            learned.closedBehind(150)
            learned.closedBehind(180)
            #expect(learned.requests == 150)
            learned.closed(idle: 900_000_000)
            #expect(learned.idle == 4_000_000_000)
            learned.closed(idle: 3_000_000_000)
            #expect(learned.idle == 2_500_000_000)
            learned.stands(idle: 70_000_000_000)
            #expect(learned.idle == 55_000_000_000)
        }

        @Test func theDepthOfAServerIsLearned() {
            var depth = LearnedDepth(16)
            func beats(_ count: Int, _ microseconds: Int64) -> Int {
                depth.answered(count, nanoseconds: microseconds * 1000)
                return depth.beats
            }
            #expect(depth.beats == 16)
            // Neither few that are quick nor many that are not tell that it takes more.
            #expect(beats(15, 100) == 16)
            #expect(beats(16, 2001) == 16)
            #expect(beats(16, 2000) == 32)
            #expect(beats(20, 100) == 32)
            #expect(beats(32, 100) == 64)
            #expect(beats(64, 100) == 64)
            #expect(beats(64, 20_000) == 64)
            #expect(beats(1, 20_001) == 32)
            #expect(beats(1, 20_001) == 16)
            #expect(beats(1, 20_001) == 16)

            depth = LearnedDepth(1)
            #expect(beats(1, 1) == 1)
        }
    }
}
