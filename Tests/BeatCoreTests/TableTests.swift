import TestSupport
import Testing

@testable import BeatCore

@Suite("Wheel, index, interner, keys")
struct TableTests {
    @Test("the wheel gives entries in the order of their slots, each once")
    func wheelOrder() {
        var wheel = TimingWheel(epoch: Instant(nanoseconds: 0))
        var random = SplitMix(seed: 7)
        wheel.grow(to: 2000)
        var expected: [Int32: Int64] = [:]
        for round in 0..<20_000 {
            let entry = Int32(random.next(below: 2000))
            if random.next(below: 4) == 0 {
                wheel.cancel(entry)
                expected[entry] = nil
            } else {
                let tick = Int64(random.next(below: 8000))
                wheel.schedule(entry, at: tick)
                expected[entry] = tick
            }
            if round % 1000 == 0 { #expect(wheel.nextTick == expected.values.min()) }
        }
        var last: Int64 = 0
        while let entry = wheel.popDue(at: 8192) {
            let tick = expected.removeValue(forKey: entry)
            #expect(tick.map { $0 >= last } == true)
            last = tick ?? last
        }
        #expect(expected.isEmpty)
        #expect(wheel.nextTick == nil)
    }

    @Test("the wheel turns for ever: ticks far beyond its circumference, and times beyond its reach")
    func wheelTurns() {
        var wheel = TimingWheel(epoch: Instant(nanoseconds: 0))
        wheel.grow(to: 1)
        var now: Int64 = 0
        for step in 1...200 {
            let tick = now + Int64(step * 37 % 8000) + 1
            wheel.schedule(0, at: tick)
            #expect(wheel.nextTick == tick)
            #expect(wheel.popDue(at: tick - 1) == nil)
            #expect(wheel.popDue(at: tick) == 0)
            now = tick
        }
        wheel.schedule(0, at: now + 100_000)
        #expect(wheel.nextTick == now + Int64(TimingWheel.slotCount) - 1)
        wheel.schedule(0, at: now - 50)
        #expect(wheel.popDue(at: now) == 0)
    }

    @Test("what is read ahead are the entries that are popped next, and they stay")
    func wheelPeeks() {
        var wheel = TimingWheel(epoch: Instant(nanoseconds: 0))
        wheel.grow(to: 100)
        for entry in 0..<100 { wheel.schedule(Int32(entry), at: Int64(10 + entry % 2)) }
        wheel.cancel(98)
        var ahead: Set<Int32> = []
        func peek(_ count: Int) {
            ahead = []
            _ = wheel.peek(count) { entry in
                ahead.insert(entry)
                return 0
            }
        }
        peek(3)
        #expect(ahead == [92, 94, 96])
        #expect(ahead == Set((0..<3).compactMap { _ in wheel.popDue(at: 20) }))
        peek(1_000)
        #expect(ahead.count == 46, "those of one slot")
        #expect(wheel.isScheduled(1))
    }

    @Test("the index finds what is in it, through growth and removals")
    func index() {
        var random = SplitMix(seed: 3)
        var fingerprints: [UInt64] = []
        var index = FingerprintIndex()
        var held: Set<Int32> = []
        for round in 0..<5000 {
            // Low bits that collide on purpose.
            fingerprints.append(UInt64(round) << 32 | UInt64(random.next(below: 64)))
            index.insert(Int32(round)) { fingerprints[Int($0)] }
            held.insert(Int32(round))
            if round % 3 == 0, let victim = held.randomElement(using: &random) {
                index.remove(fingerprints[Int(victim)]) { fingerprints[Int($0)] }
                held.remove(victim)
            }
        }
        for slot in 0..<5000 {
            let found = index.find(fingerprints[slot]) { fingerprints[Int($0)] }
            #expect(found == (held.contains(Int32(slot)) ? Int32(slot) : nil))
        }
    }

    @Test("interned texts are freed with their last use and their numbers used again")
    func interner() {
        var names = Interner()
        let a = names.retain("a")
        #expect(names.retain("a") == a)
        let b = names.retain("b")
        names.release(a)
        #expect(names[a] == "a")
        names.release(a)
        #expect(names.count == 1)
        #expect(names.retain("c") == a)
        #expect(names[b] == "b")
        #expect(names.retain("b", like: b) == b && names.retain("c", like: b) == a)
        let d = names.retain("d", like: b)
        #expect(names[d] == "d" && names.retain("", like: 99) != d)
        names.release(d)
        // A free number stands for no text, not even for the empty one.
        #expect(names.retain("", like: d) != d && names.count == 3)
    }

    @Test("ids are base32 of the fingerprint and read back; other texts are no ids")
    func ids() {
        for number in 1...200 {
            let key = RegistrationDocument.orders(number).key
            #expect(key.id.utf8.count == 13)
            #expect(RegistrationID.fingerprint(of: key.id) == key.fingerprint)
        }
        #expect(RegistrationID.fingerprint(of: "") == nil)
        #expect(RegistrationID.fingerprint(of: "aaaaaaaaaaaab") == nil)
        #expect(RegistrationID.fingerprint(of: "aaaaaaaaaaaaaa") == nil)
        #expect(RegistrationID.fingerprint(of: "AAAAAAAAAAAAA") == nil)
    }

    @Test("every part of the key counts for the fingerprint, and parts cannot flow into each other")
    func fingerprints() {
        let base = InstanceKey(serviceName: "ab", ip: "10.0.0.1", port: 80)
        var others = [base, base, base, base, base, base, base]
        others[0].namespaceId = "x"
        others[1].groupName = "x"
        others[2].serviceName = "x"
        others[3].clusterName = "x"
        others[4].ip = "x"
        others[5].port = 81
        others[6].serviceName = "abDEFAULT"
        others[6].clusterName = ""
        #expect(Set(others.map(\.fingerprint) + [base.fingerprint]).count == 8)
        // Ids and phases outlive processes and versions.
        #expect(base.fingerprint == 15_406_848_869_424_070_474)
    }

    @Test("buildKey is the classic key")
    func buildKey() {
        #expect(RegistrationDocument.orders().key.buildKey() == "DEFAULT_GROUP@@orders#10.0.0.1#1000")
    }

    @Test("phases of 1 000 keys at 1 s are even: the busiest 100 ms has at most twice the mean")
    func phases() {
        var busy = [Int](repeating: 0, count: 10)
        for number in 0..<1000 {
            let fingerprint = RegistrationDocument.orders(number).key.fingerprint
            let tick = Phase.next(after: 0, fingerprint: fingerprint, periodTicks: 200, grid: 10)
            busy[Int((tick - 1) % 200 / 20)] += 1
        }
        #expect((busy.max() ?? 0) <= 200, "\(busy)")
    }

    @Test("the grid of phases is as coarse as 1 250 beats at once allow, for each period")
    func grids() {
        func milliseconds(_ registrations: Int, _ period: Duration = .seconds(5)) -> Int64 {
            let grid = Phase.grid(registrations: registrations, periodTicks: Int64(Period.ticks(period)))
            return grid * TimingWheel.slotNanoseconds / 1_000_000
        }
        #expect([0, 1, 20_000, 125_000].map { milliseconds($0) } == [50, 50, 50, 50])
        #expect([125_001, 250_000].map { milliseconds($0) } == [25, 25])
        #expect([250_001, 625_000].map { milliseconds($0) } == [10, 10])
        #expect([625_001, 1_000_000, 10_000_000].map { milliseconds($0) } == [5, 5, 5])
        #expect(milliseconds(12_500, .milliseconds(500)) == 50)
        #expect(milliseconds(12_501, .milliseconds(500)) == 25)
        #expect(milliseconds(1_000_000, .seconds(60)) == 50)
    }

    @Test("another grid moves a phase by less than its own step")
    func gridChange() {
        for number in 0..<1000 {
            let fingerprint = RegistrationDocument.orders(number).key.fingerprint
            let ticks = [1, 2, 5, 10].map { (grid: Int64) in
                Phase.next(after: 999, fingerprint: fingerprint, periodTicks: 1000, grid: grid) - 1000
            }
            for (tick, grid) in zip(ticks, [1, 2, 5, 10] as [Int64]) {
                #expect(tick % grid == 0)
                #expect((0..<grid).contains(ticks[0] - tick), "\(number): \(ticks)")
            }
        }
    }
}
