import Testing

@testable import BeatCore

@Suite("Removal: no ghost")
struct RemovalTests {
    let document = RegistrationDocument.orders()

    private func beating() -> Core {
        let core = Core()
        core.register(document)
        core.settle(well)
        return core
    }

    @Test("deregisterInstance is sent at once when nothing is in flight; confirmed, the registration is gone")
    func remove() {
        let core = beating()
        #expect(core.remove(document.key, wait: .seconds(1)).compactMap(\.sends) == [.deregister])
        #expect(core.dom2BeatSize == 0)
        #expect(core.tombstones == 1)
        #expect(core.reply(.ok) == [.answer(RequestToken(2), .removed)])
        #expect(core.tombstones == 0)
        #expect(core.nextDeadline == nil)
        #expect(core.counters.deregistrations[.ok] == 1)
    }

    @Test("removal while a beat is in flight: its 20404 registers nothing, and only then the DELETE goes out")
    func removeInFlight() {
        let core = beating()
        core.tickAtDeadline()
        let beat = core.inFlight[0]
        #expect(core.remove(document.key, wait: .seconds(1)) == [.cancel(beat)])
        core.run(.milliseconds(500))
        #expect(core.reply(.unknown).compactMap(\.sends) == [.deregister])
        #expect(core.counters.staleReplies == 1)
        #expect(core.reply(.ok) == [.answer(RequestToken(2), .removed)])
        #expect(core.sent.map(\.exchange.kind) == [.register, .fullBeat, .lightBeat, .deregister])
    }

    @Test("a beat that was cancelled before it was written makes room for the DELETE at once")
    func aborted() {
        let core = beating()
        core.tickAtDeadline()
        core.remove(document.key)
        #expect(core.fail(.aborted).compactMap(\.sends) == [.deregister])
        #expect(core.counters.staleReplies == 0)
    }

    @Test("nothing was ever sent to Nacos: removal asks nothing of it")
    func neverSent() {
        let core = Core()
        core.register(document)
        core.fail(.connect)
        core.run(.seconds(2)) { _ in nil }
        while !core.inFlight.isEmpty { core.fail(.connect) }
        core.remove(document.key)
        // A register was on the wire, so the instance may exist: the DELETE is due all the same.
        #expect(core.tombstones == 1)

        let fresh = Core(servers: ["a:1"])
        for _ in 0..<3 {
            fresh.register(.orders(7))
            fresh.fail(.connect)
            fresh.tickAtDeadline()
        }
        while !fresh.inFlight.isEmpty { fresh.fail(.connect) }
        fresh.register(document)
        #expect(fresh.remove(document.key) == [.answer(RequestToken(5), .removed)])
    }

    @Test("a wait that ends before Nacos confirms is answered with the tombstone; the deletion goes on")
    func waitOver() {
        let core = beating()
        core.remove(document.key, wait: .seconds(1))
        core.fail(.connect)
        core.run(.seconds(1))
        guard case .removing = core.answers[RequestToken(2)] else {
            Issue.record("\(String(describing: core.answers[RequestToken(2)]))")
            return
        }
        core.settle(well)
        #expect(core.tombstones == 0)
    }

    @Test("a tombstone that no server can be asked about ends with the lease")
    func expires() {
        let core = beating()
        core.remove(document.key)
        while !core.inFlight.isEmpty { core.fail(.connect) }
        for _ in 0..<60 {
            core.run(.seconds(1))
            while !core.inFlight.isEmpty { core.fail(.connect) }
        }
        #expect(core.tombstones == 0)
        #expect(core.counters.deregistrations[.expired] == 1)
    }

    @Test("a key posted again while its tombstone stands: deletion first, then the registration")
    func revive() {
        let core = beating()
        core.remove(document.key)
        var heavier = document
        heavier.weight = 3
        #expect(core.register(heavier).compactMap(\.sends).isEmpty)
        #expect(core.dom2BeatSize == 1)
        #expect(core.reply(.ok).compactMap(\.sends) == [.register])
        #expect(core.reply(.ok).compactMap(\.sends) == [.fullBeat])
        core.settle(well)
        #expect(core.sent.map(\.exchange.kind) == [.register, .fullBeat, .deregister, .register, .fullBeat])
        #expect(core.view(document.key)?.document.weight == 3)
    }

    @Test("removed, posted again and removed again while the first DELETE is in flight: gone in the end")
    func reviveAndRemove() {
        let core = beating()
        core.remove(document.key)
        core.register(document)
        core.remove(document.key, wait: .seconds(5))
        core.settle(well)
        #expect(core.tombstones == 0)
        #expect(core.dom2BeatSize == 0)
        #expect(core.sent.map(\.exchange.kind) == [.register, .fullBeat, .deregister])
    }

    @Test("deregister=false leaves the instance to expire: no DELETE, no beat")
    func withoutDeregister() {
        let core = beating()
        #expect(core.remove(document.key, deregister: false) == [.answer(RequestToken(2), .removed)])
        #expect(core.tombstones == 0)
        core.run(.seconds(30))
        #expect(core.sent.count == 2)
    }

    @Test("drain deregisters all, and finishes when the last one is confirmed")
    func drain() {
        let core = Core()
        for number in 1...10 { core.register(.orders(number)) }
        core.settle(well)
        #expect(core.handle(.drain).compactMap(\.sends) == Array(repeating: .deregister, count: 10))
        for _ in 0..<9 { #expect(!core.reply(.ok).contains(.finish)) }
        #expect(core.reply(.ok).contains(.finish))
        #expect(core.register(document) == [.answer(RequestToken(11), .draining)])
    }

    @Test("what is cancelled is what was sent, also the second time: removed, posted and removed again in flight")
    func cancelledTwice() {
        let core = beating()
        core.tickAtDeadline()
        let beat = core.inFlight[0]
        core.advance(.milliseconds(20))
        #expect(core.remove(document.key).contains(.cancel(beat)))
        #expect(core.register(document).contains(.cancel(beat)))
        core.settle(well)
        #expect(
            core.sent.map(\.exchange.kind) == [.register, .fullBeat, .lightBeat, .deregister, .register, .fullBeat])
    }

    @Test("a tombstone that is posted again counts against the limit like any other")
    func limit() {
        let core = Core(maxRegistrations: 1)
        core.register(document)
        core.settle(well)
        core.remove(document.key)
        core.register(.orders(2))
        #expect(core.register(document) == [.answer(RequestToken(4), .tooManyRegistrations(limit: 1))])
        core.settle(well)
        #expect(core.dom2BeatSize == 1)
        #expect(core.tombstones == 0)
    }

    @Test("refused after a register whose answer was not seen: the earlier document may be there and is taken away")
    func refusedAfterLostAnswer() {
        let core = Core()
        core.register(document)
        core.fail(.timeout)
        var heavier = document
        heavier.weight = 2
        core.register(heavier)
        core.reply(.rejected(status: 400, detail: "weight"))
        #expect(core.remove(document.key).compactMap(\.sends) == [.deregister])
    }
}
