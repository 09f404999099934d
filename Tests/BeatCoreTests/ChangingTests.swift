import TestSupport
import Testing

@testable import BeatCore

@Suite("Changing a registration")
struct ChangingTests {
    let document = RegistrationDocument.orders()

    private func heavier(_ weight: Double) -> RegistrationDocument {
        var changed = document
        changed.weight = weight
        return changed
    }

    /// Registered and beaten, at the moment of a due beat.
    private func beating() -> Core {
        let core = Core()
        core.register(document)
        core.settle(well)
        return core
    }

    @Test(
        "a change in the middle of a beat follows its end, whatever the answer",
        arguments: [
            NacosReply.accepted, .unknown, .rejected(status: 400, detail: "no"),
        ])
    func changeDuringBeat(reply: NacosReply) {
        let core = beating()
        core.tickAtDeadline()
        core.register(heavier(2))
        #expect(core.reply(reply).compactMap(\.sends) == [.register])
        core.settle(well)
        #expect(core.view(document.key)?.observedGeneration == 2)
        #expect(core.view(document.key)?.document.weight == 2)
    }

    @Test("a change that Nacos refused is offered again as soon as the beat in flight ends")
    func offeredAgainDuringBeat() {
        let core = beating()
        core.register(heavier(2))
        core.reply(.rejected(status: 400, detail: "no"))
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
        core.register(heavier(2))
        #expect(core.inFlight.count == 1)
        #expect(core.reply(.accepted).compactMap(\.sends) == [.register])
    }

    @Test("a beat that falls due while the change is in flight follows its answer; no period passes without one")
    func beatDueDuringRegister() throws {
        let core = beating()
        core.tickAtDeadline()
        core.settle(well)
        let due = try #require(core.nextDeadline)
        core.run(due - core.now - .milliseconds(5), answering: well)
        #expect(core.register(heavier(2)).compactMap(\.sends) == [.register])
        core.run(.milliseconds(50))
        #expect(core.inFlight.map(\.kind) == [.register])
        core.reply(.ok)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
        #expect(core.now - due < .milliseconds(60))
        #expect(core.sent.last?.exchange.due == due)
        core.settle(well)
        #expect(core.counters.skipped[.inFlight] == 0)
        #expect(core.nextDeadline == due + .seconds(5))
    }

    @Test("while Nacos does not take a change, beats go out on time, and the change goes out after each")
    func registerFailsBeatsGoOn() {
        let core = beating()
        core.tickAtDeadline()
        core.settle(well)
        let phase = core.now
        core.register(heavier(2))
        let answer = { (exchange: Exchange) -> NacosReply? in exchange.kind == .register ? .broken : .accepted }
        core.settle(answer)
        let before = core.sent.count
        core.run(.seconds(20), answering: answer)
        let beats = core.sent.dropFirst(before).filter { $0.exchange.kind.isBeat }.map(\.at)
        #expect(beats == (1...4).map { phase + .seconds(5) * $0 })
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.view(document.key)?.reason == "Nacos has not accepted the change yet: 500 caused: x;")
        #expect(core.sent.dropFirst(before).filter { $0.exchange.kind == .register }.count >= 8)
        core.run(.seconds(2), answering: well)
        #expect(core.view(document.key)?.observedGeneration == 2)
        #expect(core.view(document.key)?.reason == "beat accepted")
    }

    @Test("enabled, metadata and weight are registered at once; labels too, for the generation to be accepted")
    func everyFieldAtOnce() {
        let core = beating()
        var changed = document
        let changes: [(inout RegistrationDocument) -> Void] = [
            { $0.weight = 2 }, { $0.enabled = false }, { $0.metadata["a"] = "b" }, { $0.labels["c"] = "d" },
        ]
        for change in changes {
            change(&changed)
            #expect(core.register(changed).compactMap(\.sends) == [.register])
            core.settle(well)
        }
        #expect(core.counters.reregistrations[.change] == 4)
    }
}

@Suite("Ids that clients choose")
struct ChosenIDTests {
    let document = RegistrationDocument.orders()

    private func answer(_ core: Core, _ document: RegistrationDocument, id: String?) -> Answer? {
        let effects = core.register(document, RegisterOptions(id: id))
        for case .answer(_, let answer) in effects { return answer }
        return nil
    }

    private func handle(_ core: Core, _ id: String) -> RegistrationHandle? { core.read { $0.find(id: id) } }

    @Test("one key has one id, one id one key")
    func claims() throws {
        let core = Core()
        let web = try #require(answer(core, document, id: "web").flatMap { created($0) })
        #expect(handle(core, "web") == web)
        #expect(handle(core, document.key.id) == nil)
        #expect(core.view(document.key)?.id == "web")
        #expect(answer(core, document, id: "web") == .unchanged(web, confirmed: .notAwaited))
        #expect(answer(core, document, id: nil) == .unchanged(web, confirmed: .notAwaited))
        #expect(answer(core, document, id: "other") == .keyHeld(web))
        #expect(answer(core, document, id: document.key.id) == .keyHeld(web))
        #expect(answer(core, .orders(2), id: "web") == .idHeld(web))
        #expect(core.dom2BeatSize == 1)
    }

    @Test("an id that another key would have by itself is taken")
    func derivedIsTaken() throws {
        let core = Core()
        let holder = try #require(answer(core, .orders(2), id: document.key.id).flatMap { created($0) })
        #expect(handle(core, document.key.id) == holder)
        #expect(answer(core, document, id: nil) == .idHeld(holder))
        #expect(answer(core, document, id: "mine").flatMap { created($0) } != nil)
    }

    @Test("a tombstone lets its id go, to its own successor or to another address")
    func tombstones() throws {
        let core = Core()
        _ = answer(core, document, id: "web")
        core.settle(well)
        core.remove(document.key)
        #expect(core.read { $0.find(id: "web").flatMap { $0.slot } } == 0)
        let next = try #require(answer(core, .orders(2), id: "web").flatMap { created($0) })
        #expect(handle(core, "web") == next)
        #expect(core.view(document.key)?.id == document.key.id)
        #expect(core.tombstones == 1)
        _ = try #require(answer(core, document, id: "again").flatMap { created($0) })
        #expect(core.view(document.key)?.id == "again")
        core.settle(well)
        core.remove(document.key)
        core.settle(well)
        #expect(handle(core, "again") == nil)
        #expect(core.read { $0.slotEnd } == 2)
    }

    private func created(_ answer: Answer) -> RegistrationHandle? {
        if case .created(let handle, _) = answer { handle } else { nil }
    }
}

@Suite("Batches")
struct BatchTests {
    private func batch(_ core: Core, _ operations: [BatchOperation], atomic: Bool = false) -> (Answer?, [Effect]) {
        let effects = core.handle(.batch(operations, core.token(), atomic: atomic))
        for case .answer(_, let answer) in effects { return (answer, effects) }
        return (nil, effects)
    }

    @Test("operations are done in order and answered together, once")
    func order() {
        let core = Core()
        let (answer, effects) = batch(
            core, [.put(.orders(1), id: nil), .put(.orders(2), id: "two"), .delete(id: "none"), .delete(id: "two")])
        guard case .batch(let answers) = answer else {
            Issue.record("\(String(describing: answer))")
            return
        }
        #expect(answers.count == 4)
        #expect(answers[2] == .notFound)
        #expect(effects.filter { if case .answer = $0 { true } else { false } }.count == 1)
        #expect(effects.compactMap(\.sends) == [.register, .register])
        #expect(core.dom2BeatSize == 1)
        #expect(core.tombstones == 1)
    }

    @Test("those who wait for a registration that a batch removes are answered too")
    func waiters() {
        let core = Core()
        core.register(.orders(1), RegisterOptions(wait: .seconds(3)))
        let effects = core.handle(
            .batch([.delete(id: RegistrationDocument.orders(1).key.id)], core.token(), atomic: false))
        #expect(effects.filter { if case .answer = $0 { true } else { false } }.count == 2)
        #expect(core.answers.count == 2)
    }

    @Test("atomic: all or nothing, and what cannot be done is named")
    func atomic() {
        let core = Core(maxRegistrations: 2)
        core.register(.orders(1))
        let rev = core.rev
        let operations: [BatchOperation] = [
            .put(.orders(2), id: nil), .put(.orders(3), id: nil), .delete(id: "none"), .put(.orders(1), id: "other"),
        ]
        let (answer, effects) = batch(core, operations, atomic: true)
        #expect(
            answer
                == .refused([
                    BatchFault(position: 1, outcome: .tooManyRegistrations),
                    BatchFault(position: 2, outcome: .notFound(id: "none")),
                    BatchFault(position: 3, outcome: .keyHeld(id: RegistrationDocument.orders(1).key.id)),
                ]))
        #expect(effects.count == 1)
        #expect(core.rev == rev)
        let free = BatchOperation.delete(id: RegistrationDocument.orders(1).key.id)
        let (done, _) = batch(core, [free, operations[0], operations[1]], atomic: true)
        if case .batch = done {} else { Issue.record("\(String(describing: done))") }
        #expect(core.dom2BeatSize == 2)
    }

    /// The plan is a second account of what the core does; random operations hold the two together.
    @Test("a plan foresees what is done", arguments: 1...20)
    func plan(seed: UInt64) {
        let core = Core(maxRegistrations: 4)
        var random = SplitMix(seed: seed)
        let ids: [String?] = [
            nil, "a", "b", RegistrationDocument.orders(1).key.id, RegistrationDocument.orders(2).key.id,
        ]
        for _ in 0..<200 {
            let operations = (0..<Int.random(in: 1...6, using: &random)).map { _ -> BatchOperation in
                let id = ids[Int.random(in: 0..<ids.count, using: &random)]
                if Bool.random(using: &random), let id { return .delete(id: id) }
                var document = RegistrationDocument.orders(Int.random(in: 1...6, using: &random))
                document.weight = Double(Int.random(in: 0...1, using: &random))
                return .put(document, id: id)
            }
            let planned = core.read { reactor -> [BatchPlan.Outcome] in
                var plan = BatchPlan(reactor)
                return operations.map { plan.next($0, in: reactor) }
            }
            let (answer, _) = batch(core, operations)
            guard case .batch(let answers) = answer else {
                Issue.record("seed \(seed): \(String(describing: answer))")
                return
            }
            #expect(answers.map(name) == planned.map(name), "seed \(seed): \(operations)")
            if Bool.random(using: &random) { core.settle(well) }
        }
    }

    private func name(_ answer: Answer) -> String {
        switch answer {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .removed, .removing: "removed"
        case .keyHeld: "keyHeld"
        case .idHeld: "idHeld"
        case .tooManyRegistrations: "tooMany"
        case .notFound: "notFound"
        case .exists, .keyConflict, .draining, .storageUnavailable, .batch, .refused, .beaten, .notBeaten, .beatTooSoon,
            .renewed, .noTTLCheck, .maintained, .drained, .drainUnderWay:
            "\(answer)"
        }
    }

    private func name(_ outcome: BatchPlan.Outcome) -> String {
        switch outcome {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .removed: "removed"
        case .keyHeld: "keyHeld"
        case .idHeld: "idHeld"
        case .tooManyRegistrations: "tooMany"
        case .notFound: "notFound"
        case .keyConflict: "keyConflict"
        }
    }
}
