import Testing

@testable import BeatCore

@Suite("Batches and chosen ids on the disk")
struct StoredChangesTests {
    @Test("a batch is one answer, when its last change is durable")
    func batchIsAnsweredWhenDurable() {
        let core = Core(stores: true)
        let token = core.token()
        let effects = core.handle(
            .batch([.put(.orders(1), id: "a"), .put(.orders(2), id: nil), .delete(id: "a")], token, atomic: true))
        #expect(effects.compactMap(\.stores).count == 3)
        #expect(effects.compactMap(\.answers).isEmpty)
        #expect(core.handle(.stored(through: 2)).isEmpty)
        let released = core.handle(.stored(through: 3)).compactMap(\.answers)
        guard case .batch(let answers) = released.first else {
            Issue.record("\(released)")
            return
        }
        #expect(answers.count == 3)
    }

    @Test("what changes nothing is answered at once; what cannot be made durable is refused whole")
    func refusals() {
        let core = Core(stores: true)
        core.register(.orders(1))
        let token = core.token()
        #expect(
            core.handle(.batch([.delete(id: "none")], token, atomic: true)) == [
                .answer(token, .refused([BatchFault(position: 0, outcome: .notFound(id: "none"))]))
            ])
        let second = core.token()
        core.handle(.batch([.put(.orders(2), id: nil)], second, atomic: false))
        core.handle(.storeFailed(detail: "no space"))
        #expect(core.answers[second] == .storageUnavailable)
        let third = core.token()
        #expect(core.handle(.batch([], third, atomic: false)) == [.answer(third, .storageUnavailable)])
    }

    @Test("an id is stored with its registration, and belongs to the one that is wanted", arguments: [false, true])
    func idsAreRestored(tombstoneFirst: Bool) throws {
        let core = Core(stores: true)
        core.register(.orders(1), RegisterOptions(id: "web"))
        core.settle(well)
        core.remove(RegistrationDocument.orders(1).key)
        let effects = core.register(.orders(2), RegisterOptions(id: "web"))
        guard case .put(let wanted) = effects.compactMap(\.stores).first else {
            Issue.record("\(effects)")
            return
        }
        #expect(wanted.chosenID == "web")
        let tombstone = StoredRegistration(
            serial: 1, document: .orders(1), stage: .leaving, rev: 1, createdAt: core.now, updatedAt: core.now,
            chosenID: "web")
        let again = Core(stores: true)
        again.handle(.restored(tombstoneFirst ? [tombstone, wanted] : [wanted, tombstone], rev: 9, total: 2))
        let handle = try #require(again.read { $0.find(id: "web") })
        #expect(again.read { $0.view(handle)?.document } == .orders(2))
        #expect(again.view(RegistrationDocument.orders(1).key)?.id == RegistrationDocument.orders(1).key.id)
    }
}
