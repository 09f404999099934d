import Testing

@testable import BeatCore

@Suite("Only server k of n is alive, for every k and n")
struct OneAliveTests {
    private static let registrations = 12

    private func names(_ count: Int) -> [String] { (1...count).map { "n\($0):8848" } }

    /// Beats with every node but one dead, from the start or from some moment on; the gap that the worst registration saw
    /// between two accepted beats, and what the core counted.
    private func run(_ count: Int, alive: Int, dialect: Dialect, fromStart: Bool) -> Core {
        let core = Core(servers: names(count), dialect: .forced(dialect))
        let cluster = OwningCluster(core)
        let dead = Set(names(count).enumerated().filter { $0.offset != alive }.map(\.element))
        // v1 nodes relay, so any node that is alive does what is asked.
        let answer: (Exchange) -> NacosReply? = { exchange in
            if dialect == .v3 { return cluster.answer(exchange) }
            return cluster.dead.contains(self.names(count)[Int(exchange.server)]) ? .broken : well(exchange)
        }
        if fromStart { cluster.dead = dead }
        for number in 1...Self.registrations { core.register(.orders(number)) }
        core.settle(answer)
        core.run(.seconds(20), answering: answer)
        cluster.dead = dead
        core.run(.seconds(60), answering: answer)
        let all = (1...Self.registrations).map { RegistrationDocument.orders($0) }
        #expect(core.count(of: .beating) == Self.registrations)
        #expect(all.allSatisfy { core.view($0.key)?.lastBeat?.server == ServerIndex(alive) })
        #expect(dialect == .v1 || all.allSatisfy { cluster.holds($0, at: names(count)[alive]) })
        return core
    }

    @Test("v1: every beat is accepted within its budget, whoever dies and whenever")
    func v1() {
        for count in 1...5 {
            for alive in 0..<count {
                for fromStart in [true, false] {
                    let core = run(count, alive: alive, dialect: .v1, fromStart: fromStart)
                    #expect(
                        BeatOutcome.allCases.allSatisfy { $0 == .ok || core.counters.beats[$0] == 0 },
                        "\(alive) of \(count), from start: \(fromStart)")
                    let toDead = core.sent.suffix(100).count { Int($0.exchange.server) != alive }
                    #expect(toDead < 60, "quarantined servers see a probe a second: \(toDead) of 100")
                }
            }
        }
    }

    @Test("v3: the owners are among those that are well, so all move to the one that is alive and stay there")
    func v3() {
        for count in 1...5 {
            for alive in 0..<count {
                for fromStart in [true, false] {
                    let core = run(count, alive: alive, dialect: .v3, fromStart: fromStart)
                    let begin = core.now
                    let beats = core.counters.beats[.ok]
                    let cluster = OwningCluster(core)
                    cluster.dead = Set(names(count).enumerated().filter { $0.offset != alive }.map(\.element))
                    for number in 1...Self.registrations {
                        #expect(cluster.owner(.orders(number)) == names(count)[alive])
                    }
                    core.run(.seconds(10)) { Int($0.server) == alive ? well($0) : .broken }
                    #expect(core.counters.beats[.ok] == beats + UInt64(2 * Self.registrations))
                    // With a forced dialect nobody probes a quarantined node: one beat of its own a second does.
                    let toDead = core.sent.filter { $0.at > begin && Int($0.exchange.server) != alive }
                    #expect(toDead.count <= 11 * (count - 1), "\(toDead.count) in 10 s")
                }
            }
        }
    }
}
