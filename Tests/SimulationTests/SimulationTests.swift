import Testing

@testable import BeatCore

#if canImport(Glibc)
    import Glibc
#endif

@Suite("The core against a fake cluster, from seeds")
struct SimulationTests {
    /// As many as fit in about five seconds of a debug build on each of two cores.
    static let seedsEach = 1000

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

    private func run(_ seeds: ClosedRange<UInt64>) {
        var events = 0
        for seed in seeds {
            let simulation = Simulation(seed: seed)
            if let violation = simulation.run() {
                Issue.record(Comment(rawValue: violation))
                return
            }
            events += simulation.trace.count
        }
        #expect(events > seeds.count * 50, "the runs are too quiet to show anything: \(events) events")
    }

    private func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}
