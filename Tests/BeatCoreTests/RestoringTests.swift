import Testing

@testable import BeatCore

/// A restart: what was stored goes on.
@Suite struct RestoringTests {
    private func stored(
        _ number: Int, _ stage: StoredRegistration.Stage = .kept, generation: UInt32 = 2, accepted: UInt32 = 2,
        enabled: Bool = true
    ) -> StoredRegistration {
        var document = RegistrationDocument.orders(number)
        document.enabled = enabled
        return StoredRegistration(
            serial: UInt64(number), document: document, stage: stage, generation: generation,
            acceptedGeneration: accepted, rev: UInt64(number),
            createdAt: Instant(nanoseconds: -7), updatedAt: Instant(nanoseconds: 7))
    }

    private func restored(_ rows: [StoredRegistration], dialect: DialectChoice = .forced(.v1)) -> Core {
        let core = Core(dialect: dialect, stores: true)
        #expect(core.handle(.restored(rows, rev: 900, total: rows.count)).isEmpty)
        return core
    }

    @Test func beatsGoOnLightlyWithinASecondAndNothingIsRegistered() {
        let core = restored((1...200).map { stored($0) })
        core.run(.milliseconds(600), answering: well)
        #expect(Set(core.sent.map(\.exchange.slot)).count == 200)
        #expect(core.sent.allSatisfy { $0.exchange.kind == .lightBeat })
        #expect(core.count(of: .beating) == 200)
        core.run(.seconds(60), answering: well)
        #expect(core.sent.allSatisfy { $0.exchange.kind == .lightBeat })
        #expect(core.counters.beats[.ok] >= 200 * 12)
    }

    @Test func generationTimesAndRevGoOn() throws {
        let core = restored([stored(1)])
        let view = try #require(core.view(RegistrationDocument.orders().key))
        #expect(view.generation == 2 && view.observedGeneration == 2 && view.rev == 1)
        #expect(view.createdAt == Instant(nanoseconds: -7) && view.updatedAt == Instant(nanoseconds: 7))
        #expect(view.reason == "restored, its first beat is due")
        #expect(core.rev == 900)
        core.register(.orders(2))
        #expect(core.rev == 901)
    }

    @Test func noGapIsLongerThanAPeriodBehindTheFirstBeat() {
        let core = restored((1...500).map { stored($0) })
        core.run(.seconds(21), answering: well)
        let times = Dictionary(grouping: core.sent, by: \.exchange.slot).mapValues { $0.map(\.at) }
        for (slot, beats) in times {
            for (earlier, later) in zip(beats, beats.dropFirst()) {
                #expect(later - earlier <= .seconds(5), "slot \(slot)")
            }
        }
    }

    @Test func phasesAreThoseOfTheEarlierProcess() {
        let key = RegistrationDocument.orders().key
        let first = Core(stores: true, at: 1_000)
        first.register(.orders())
        first.run(.seconds(60), answering: well)
        let second = Core(stores: true, at: 1_777)
        second.handle(.restored([stored(1)], rev: 1, total: 1))
        second.run(.seconds(60), answering: well)
        let phase = { (core: Core) in core.view(key)?.nextBeatAt.map { $0.nanoseconds % (5 * Core.second) } }
        #expect(phase(first) == phase(second) && phase(first) != nil)
    }

    @Test(
        "many are spread evenly, at five thirds of the ordinary rate at most, and reading them counts as being down",
        arguments: [(10_000, 5000), (20_500, 1000), (10_000, 7000)])
    func manyAreSpread(count: Int, period: Int64) {
        let rows = (1...count).map { number in
            var row = stored(number)
            if period != 5000 { row.document.period = .milliseconds(period) }
            return row
        }
        let core = Core(stores: true)
        for begin in stride(from: 0, to: count, by: 500) {
            core.handle(.restored(Array(rows[begin..<(begin + 500)]), rev: 900, total: count, isLast: false))
            core.advance(.milliseconds(30))
        }
        core.handle(.restored([], rev: 900, total: count))
        let start = core.now
        core.run(.milliseconds(period * 8 / 5)) { _ in .beatAccepted(interval: period, lightBeatEnabled: true) }
        var tenths = [Int](repeating: 0, count: 17)
        for (_, at) in core.sent { tenths[Int((at - start).wholeMilliseconds * 10 / period)] += 1 }
        // Phases stand on a grid, so that a tenth has one step more or less.
        #expect(tenths[..<16].allSatisfy { $0 * 10 > count * 17 / 20 && $0 * 10 < count * 9 / 5 }, "\(tenths)")
        #expect(Set(core.sent.map(\.exchange.slot)).count == count)
    }

    @Test("of many, none has a gap of more than 7 s when the restart takes up to 2 s", arguments: [0, 300, 1100, 2000])
    func gapsOfMany(downtime: Int64) {
        let first = Core(stores: true)
        let count = 6_000
        first.handle(.restored((1...count).map { stored($0) }, rev: 1, total: count))
        first.run(.milliseconds(12_340), answering: well)
        let end = first.now
        let second = Core(stores: true, at: 0)
        second.advance(.nanoseconds(end.nanoseconds) + .milliseconds(downtime))
        second.restart()
        second.handle(.restored((1...count).map { stored($0) }, rev: 1, total: count))
        second.run(.seconds(10), answering: well)
        var last: [Int32: Instant] = [:]
        var longest = Duration.zero
        for (exchange, at) in first.sent + second.sent {
            if let before = last.updateValue(at, forKey: exchange.slot) { longest = max(longest, at - before) }
        }
        #expect(last.count == count)
        #expect(longest <= .seconds(7) + Limits.restoreLead, "\(longest)")
    }

    @Test func whatNacosHadNotAcceptedIsRegistered() {
        let core = restored([stored(1, generation: 1, accepted: 0), stored(2, generation: 3, accepted: 2)])
        core.run(.milliseconds(600))
        #expect(core.sent.map(\.exchange.kind) == [.register, .register])
        #expect(core.sent.map(\.exchange.generation).sorted() == [1, 3])
    }

    @Test func aTombstoneIsFinished() {
        let core = restored([stored(1, .leaving), stored(2)])
        #expect(core.tombstones == 1 && core.dom2BeatSize == 1)
        var all: [Effect] = []
        for _ in 0..<4 where core.tombstones > 0 {
            all += core.tickAtDeadline()
            while !core.inFlight.isEmpty { all += core.reply(core.inFlight[0].kind.isBeat ? .accepted : .ok) }
        }
        #expect(core.tombstones == 0)
        #expect(all.compactMap(\.stores) == [.delete(serial: 1)])
        #expect(core.sent.filter { $0.exchange.slot == 0 }.map(\.exchange.kind) == [.deregister])
    }

    @Test func whatAServerHasLostIsRegisteredWhole() {
        let core = restored([stored(1, enabled: false)])
        core.tickAtDeadline()
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
        #expect(core.counters.reregistrations[.notFound] == 1)
        core.settle(well)
        core.run(.seconds(20), answering: well)
        #expect(core.sent.map(\.exchange.kind).filter { $0 == .fullBeat } == [])
    }

    @Test func aServerThatTakesNoLightBeatGetsAFullOne() {
        let core = restored([stored(1)])
        core.tickAtDeadline()
        core.reply(.serverError(status: 500, detail: "Param 'beat' is required."))
        core.run(.seconds(10), answering: well)
        #expect(core.sent.map(\.exchange.kind).prefix(2) == [.lightBeat, .fullBeat])
    }

    @Test func rNacosGetsFullBeats() {
        let core = restored([stored(1)], dialect: .auto)
        for _ in 0..<10 where core.sent.isEmpty {
            let effects = core.tickAtDeadline()
            if effects.contains(.probe(0)) {
                core.handle(.probed(0, .found(.v1, version: "r-nacos", upsertsOnBeat: true)))
            }
        }
        #expect(core.sent.map(\.exchange.kind) == [.fullBeat])
    }
}
