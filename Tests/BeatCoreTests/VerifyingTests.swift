import Testing

@testable import BeatCore

@Suite("v3 clusters: what one node took is looked for at another (nacos.md §4.6)")
struct VerifyingTests {
    private func registered(_ count: Int, servers: [String] = ["a:1", "b:1", "c:1"]) -> Core {
        let core = Core(servers: servers, dialect: .forced(.v3))
        for number in 1...count { core.register(.orders(number)) }
        core.settle(well)
        return core
    }

    /// The readings that are wanted within the next seconds, each answered so.
    private func readings(
        _ core: Core, within seconds: Int64, _ outcome: ReadingOutcome
    ) -> [(reading: InstanceReading, at: Instant)] {
        var found: [(InstanceReading, Instant)] = []
        let end = core.now + .seconds(seconds)
        while let deadline = core.nextDeadline, deadline <= end {
            for case .verify(let reading) in core.tickAtDeadline() {
                found.append((reading, core.now))
                core.handle(.verified(reading, outcome))
            }
            core.settle(well)
        }
        return found
    }

    @Test("one of each node's registrations, 3 s later, at another node; then none for a minute")
    func sampled() {
        let core = registered(100)
        let begin = core.now
        let found = readings(core, within: 50, .listed)
        #expect(found.map(\.reading.server).sorted() == [0, 1, 2])
        #expect(found.allSatisfy { $0.at - begin == .seconds(3) && $0.reading.reader != $0.reading.server })
        #expect(core.counters.strayed == 0)
    }

    @Test("missing twice, 20 s apart: what that node took is registered again, each at its next beat")
    func strayed() {
        let core = registered(100)
        let home: Set<ServerIndex> = [0, 1, 2]
        let ofFirst = (1...100).count { core.view(RegistrationDocument.orders($0).key)?.server == 0 }
        let before = core.sent.count { $0.exchange.kind == .register }
        let begin = core.now
        var found: [InstanceReading] = []
        var atSecond: Instant?
        while core.now - begin < .seconds(30) {
            for case .verify(let reading) in core.tickAtDeadline() {
                found.append(reading)
                if found.filter({ $0.server == 0 }).count == 2, atSecond == nil { atSecond = core.now }
                core.handle(.verified(reading, reading.server == 0 ? .missing : .listed))
            }
            core.settle(well)
        }
        #expect(Set(found.map(\.server)) == home)
        #expect(atSecond.map { $0 - begin == .seconds(23) } == true)
        #expect(core.counters.strayed == 2)
        #expect(core.sent.count { $0.exchange.kind == .register } - before == ofFirst)
        #expect(core.count(of: .beating) == 100)
    }

    @Test("a node that goes makes every other one be looked at anew: who owns what has changed")
    func membership() {
        let core = registered(60)
        #expect(readings(core, within: 10, .listed).count == 3)
        // Node 1 is gone; each beat of its instances goes to another node, which does not know it.
        var found: [InstanceReading] = []
        var known: Set<Int32> = []
        let begin = core.now
        while core.now - begin < .seconds(15) {
            for case .verify(let reading) in core.tickAtDeadline() {
                found.append(reading)
                core.handle(.verified(reading, .listed))
            }
            while let exchange = core.inFlight.first {
                if exchange.server == 1 {
                    core.fail(.connect)
                } else if exchange.kind == .register {
                    known.insert(exchange.slot)
                    core.reply(.ok)
                } else {
                    let isMoved = core.read { $0.table.rows[Int(exchange.slot)].lastBeat.server == 1 }
                    core.reply(isMoved && !known.contains(exchange.slot) ? .unknown : .accepted)
                }
            }
        }
        #expect(Set(found.map(\.server)) == [0, 2])
        #expect(found.allSatisfy { $0.reader != 1 })
    }

    @Test("a reading that failed says nothing; nor does one of an instance that changed or went meanwhile")
    func saysNothing() {
        let core = registered(3)
        var changed = RegistrationDocument.orders(1)
        changed.weight = 2
        core.advance(.seconds(3))
        let effects = core.handle(.tick)
        core.settle(well)
        core.register(changed)
        core.settle(well)
        for number in 2...3 { core.remove(RegistrationDocument.orders(number).key) }
        core.settle(well)
        for case .verify(let reading) in effects { core.handle(.verified(reading, .missing)) }
        #expect(core.counters.strayed == 0)
        #expect(readings(registered(10), within: 30, .failed("no connection")).count <= 3)
    }

    @Test("one server, and v1, are not read")
    func notRead() {
        #expect(readings(registered(10, servers: ["a:1"]), within: 20, .missing).isEmpty)
        let core = Core(servers: ["a:1", "b:1"])
        core.register(.orders())
        core.settle(well)
        #expect(readings(core, within: 20, .missing).isEmpty)
    }
}
