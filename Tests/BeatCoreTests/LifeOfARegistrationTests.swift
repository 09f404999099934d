import Testing

@testable import BeatCore

@Suite("One registration, from register to deregister")
struct LifeOfARegistrationTests {
    let document = RegistrationDocument.orders()

    @Test("registerInstance is sent once; the first beat follows its ok at once and is full; later ones are light")
    func registerThenBeat() throws {
        let core = Core()
        let effects = core.register(document)
        #expect(effects.compactMap(\.sends) == [.register])
        #expect(core.view(document.key)?.state == .pending)

        #expect(core.reply(.ok).compactMap(\.sends) == [.fullBeat])
        #expect(core.inFlight.first?.due == core.now)
        #expect(core.reply(.accepted).isEmpty)
        #expect(core.view(document.key)?.state == .beating)

        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("after the first beat comes one on each phase, exactly a period apart, however long replies take")
    func fixedRate() {
        let core = Core()
        core.register(document)
        core.settle(well)
        var due: [Instant] = []
        for _ in 0..<20 {
            core.tickAtDeadline()
            due.append(core.sent[core.sent.count - 1].exchange.due)
            core.advance(.milliseconds(200))
            core.settle(well)
        }
        #expect(Set(zip(due, due.dropFirst()).map { $1 - $0 }) == [.seconds(5)])
    }

    @Test("the first phase comes within one period of the first beat", arguments: 1...50)
    func firstPhase(number: Int) {
        let core = Core()
        core.register(.orders(number))
        core.settle(well)
        let first = core.now
        core.tickAtDeadline()
        #expect(core.now - first > .zero)
        #expect(core.now - first <= .seconds(5))
    }

    @Test("a beat that is still in flight when the next is due is not doubled, and is counted")
    func oneExchange() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        core.run(.seconds(11))
        #expect(core.inFlight.count == 1)
        #expect(core.counters.skipped[.inFlight] == 2)
        core.reply(.accepted)
        core.run(.seconds(5), answering: well)
        #expect(core.inFlight.isEmpty)
    }

    @Test("a stall swallows periods: they are counted, not queued")
    func stall() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        core.settle(well)
        let before = core.sent.count
        core.advance(.seconds(27))
        core.handle(.tick)
        core.settle(well)
        #expect(core.sent.count == before + 1)
        #expect(core.counters.skipped[.inFlight] == 4)
        core.run(.seconds(5), answering: well)
        #expect(core.sent.count == before + 2)
    }

    @Test("20404 registers again at once with everything, and the schedule stays")
    func notFound() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let phase = core.now
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
        #expect(core.reply(.ok).compactMap(\.sends).isEmpty)
        #expect(core.counters.reregistrations[.notFound] == 1)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
        #expect(core.now - phase == .seconds(5))
    }

    @Test("without lightBeatEnabled in the 20404, as 1.4 answers, the next beat is full")
    func notFoundWithoutLight() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        core.reply(.notFound(interval: 5000, lightBeatEnabled: false))
        core.reply(.ok)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.fullBeat])
    }

    @Test("a disabled instance is only ever beaten lightly: no beat carries enabled")
    func disabled() {
        let core = Core()
        var document = document
        document.enabled = false
        core.register(document)
        #expect(core.reply(.ok).compactMap(\.sends) == [.lightBeat])
        core.reply(.beatAccepted(interval: 5000, lightBeatEnabled: false))
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("the server's interval is used from then on; zero, nonsense and none mean the own period")
    func serverInterval() {
        let core = Core()
        core.register(document)
        core.settle { $0.kind.isBeat ? .beatAccepted(interval: 2000, lightBeatEnabled: true) : .ok }
        #expect(core.view(document.key)?.period == .seconds(2))
        for (interval, period) in [(0, 5), (2000, 2), (-1, 5), (2000, 2), (1_000_000_000, 5), (10_000, 10)] {
            core.tickAtDeadline()
            core.reply(.beatAccepted(interval: Int64(interval), lightBeatEnabled: true))
            #expect(core.view(document.key)?.period == .seconds(period), "interval \(interval)")
        }
        #expect(core.counters.badIntervals == 2)
        core.tickAtDeadline()
        core.reply(.beatAccepted(interval: nil, lightBeatEnabled: true))
        #expect(core.view(document.key)?.period == .seconds(5))
    }

    @Test("a server's interval never comes near the instance's own time-outs")
    func serverIntervalBelowTimeouts() {
        #expect(Period.directed(20_000, for: document) == .use(.seconds(10)))
        var patient = document
        patient.metadata[PreservedMetadata.heartBeatTimeout] = "90000"
        patient.metadata[PreservedMetadata.ipDeleteTimeout] = "90000"
        #expect(Period.directed(60_000, for: patient) == .use(.seconds(30)))
        #expect(Period.directed(100, for: document) == .use(.milliseconds(500)))
    }

    @Test("preserved.heart.beat.interval is the period from the start")
    func preservedInterval() {
        let core = Core()
        core.register(.orders(metadata: [PreservedMetadata.heartBeatInterval: "3000"]))
        #expect(core.view(document.key)?.period == .seconds(3))
    }

    @Test("the same document again changes nothing; another weight registers again without a missed beat")
    func change() {
        let core = Core()
        core.register(document)
        core.settle(well)
        let rev = core.rev
        #expect(core.register(document).compactMap(\.sends).isEmpty)
        #expect(core.rev == rev)
        var heavier = document
        heavier.weight = 2
        #expect(core.register(heavier).compactMap(\.sends) == [.register])
        #expect(core.view(document.key)?.generation == 2)
        #expect(core.view(document.key)?.observedGeneration == 1)
        core.reply(.ok)
        #expect(core.view(document.key)?.observedGeneration == 2)
        #expect(core.dom2BeatSize == 1)
        #expect(core.counters.reregistrations[.change] == 1)
    }

    @Test("a change while a beat is in flight: its answer is stale, then the change is registered")
    func changeInFlight() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        var heavier = document
        heavier.weight = 2
        let effects = core.register(heavier)
        #expect(effects.contains(.cancel(core.inFlight[0])))
        #expect(effects.compactMap(\.sends).isEmpty)
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
        #expect(core.counters.staleReplies == 1)
        #expect(core.counters.reregistrations[.notFound] == 0)
    }

    @Test("a register refused by Nacos leaves no beat stream; it is offered again a minute later")
    func refused() {
        let core = Core()
        core.register(document)
        let effects = core.reply(.rejected(status: 400, detail: "weight error"))
        #expect(effects.compactMap(\.sends).isEmpty)
        #expect(core.view(document.key)?.state == .stopped)
        #expect(core.view(document.key)?.reason == "Nacos refused the registration: 400 weight error")
        core.run(.seconds(59))
        #expect(core.sent.count == 1)
        core.run(.seconds(2))
        #expect(core.sent.map(\.exchange.kind) == [.register, .register])
    }

    @Test("a refused change takes nothing away from an instance that is there")
    func refusedChange() {
        let core = Core()
        core.register(document)
        core.settle(well)
        var heavier = document
        heavier.weight = 2
        core.register(heavier)
        core.reply(.rejected(status: 400, detail: "no"))
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("limits: one more registration than allowed is refused, and after a removal accepted")
    func limit() {
        let core = Core(maxRegistrations: 2)
        core.register(.orders(1))
        core.register(.orders(2))
        #expect(core.register(.orders(3)) == [.answer(RequestToken(3), .tooManyRegistrations(limit: 2))])
        core.settle(well)
        core.remove(RegistrationDocument.orders(1).key)
        core.settle(well)
        #expect(core.register(.orders(3)).compactMap(\.sends) == [.register])
    }

    @Test("a gap lies between two accepted beats; the acceptance of the register is none")
    func gap() {
        let core = Core()
        core.register(document)
        core.advance(.milliseconds(3))
        core.settle(well)
        core.run(.seconds(5), answering: well)
        core.run(.seconds(5), answering: well)
        let gaps = core.read { $0.timings.gap.window(.oneMinute, at: core.now.nanoseconds) }
        #expect(gaps.count == 2)
        #expect(gaps.max == 5_000_000_000)
    }
}
