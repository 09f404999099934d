import Glibc
import Testing

@testable import BeatCore

@Suite("The core against a fake cluster, from seeds")
struct SimulationTests {
    /// As many as a debug build runs in three to six seconds on each of two cores.
    static let seedsEach = 1500

    @Test("what was promised holds for every seed", arguments: 0..<2)
    func seeds(part: Int) {
        run(UInt64(part * Self.seedsEach + 1)...UInt64((part + 1) * Self.seedsEach))
    }

    @Test("a long run: BEATD_SIMULATION_SEEDS seeds from BEATD_SIMULATION_FIRST on")
    func longRun() {
        guard let seeds = number("BEATD_SIMULATION_SEEDS"), seeds > 0 else { return }
        let first = number("BEATD_SIMULATION_FIRST") ?? 1_000_000
        run(first...(first + seeds - 1))
    }

    @Test("a seed means one run, in every process: hashes of another process leak into nothing")
    func deterministic() async throws {
        let here = digestOfRuns()
        #expect(here == digestOfRuns())
        let other = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            let line = Array("digest \(digestOfRuns())\n".utf8)
            precondition(write(STDOUT_FILENO, line, line.count) == line.count)
        }
        let output = String(decoding: try #require(other).standardOutputContent, as: UTF8.self)
        #expect(output.contains("digest \(here)\n"), "\(output)")
    }

    private func run(_ seeds: ClosedRange<UInt64>) {
        var events: UInt64 = 0
        for seed in seeds {
            let simulation = Simulation(seed: seed)
            if let violation = simulation.run() {
                Issue.record(Comment(rawValue: violation))
                return
            }
            events += UInt64(simulation.trace.count)
        }
        #expect(events > UInt64(seeds.count) * 50, "the runs are too quiet to show anything: \(events) events")
    }

    private func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}

/// Of all that happens in the runs of some seeds.
private func digestOfRuns() -> [UInt64] {
    (1...20).map { (seed: UInt64) in
        let simulation = Simulation(seed: seed, digesting: true)
        _ = simulation.run()
        return simulation.trace.digest ?? 0
    }
}
