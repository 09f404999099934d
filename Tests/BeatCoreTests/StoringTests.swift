import Testing

@testable import BeatCore

extension Effect {
    /// The change that this hands over.
    var stores: StoreChange? {
        guard case .store(let change, _) = self else { return nil }
        return change
    }

    var answers: Answer? {
        guard case .answer(_, let answer) = self else { return nil }
        return answer
    }
}

extension Core {
    func handle(_ document: RegistrationDocument) -> RegistrationHandle? { read { $0.find(document.key) } }
}

/// Answers wait for the disk, beats do not.
@Suite struct StoringTests {
    private let orders = RegistrationDocument.orders()

    private func put(_ core: Core, _ document: RegistrationDocument, serial: UInt64 = 1)
        -> StoreChange
    {
        .put(
            StoredRegistration(
                serial: serial, document: document, rev: core.rev,
                createdAt: core.now, updatedAt: core.now))
    }

    @Test func aWriteIsAnsweredWhenItIsDurable() throws {
        let core = Core(stores: true)
        let effects = core.register(orders)
        #expect(effects.compactMap(\.stores) == [put(core, orders)])
        #expect(effects.compactMap(\.answers).isEmpty)
        #expect(effects.compactMap(\.sends) == [.register])
        let handle = try #require(core.handle(orders))
        #expect(
            core.handle(.stored(through: 1)) == [.answer(RequestToken(1), .created(handle, confirmed: .notAwaited))])
    }

    @Test func withoutStorageNothingIsHandedOver() {
        let core = Core()
        #expect(core.register(orders).compactMap(\.answers).count == 1)
    }

    @Test func whatIsDurableFirstIsAnsweredFirst() {
        let core = Core(stores: true)
        for number in 1...3 { core.register(.orders(number)) }
        #expect(core.handle(.stored(through: 2)).count == 2)
        #expect(core.answers.keys.map(\.number).sorted() == [1, 2])
        #expect(core.handle(.stored(through: 3)).count == 1)
    }

    @Test func thatNacosAcceptedIsStoredAndNobodyWaitsForIt() {
        let core = Core(stores: true)
        core.register(orders, RegisterOptions(wait: .seconds(5)))
        core.handle(.stored(through: 1))
        let effects = core.reply(.ok)
        #expect(effects.compactMap(\.stores) == [.accepted(serial: 1, generation: 1)])
        #expect(effects.compactMap(\.answers).count == 1)
        // Registered again because a server lost it: that is no news for the disk.
        core.settle(well)
        core.run(.seconds(5))
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
        #expect(core.reply(.ok).compactMap(\.stores).isEmpty)
    }

    @Test func aChangeAndADeletion() {
        let core = Core(stores: true)
        core.register(orders)
        core.settle(well)
        core.handle(.stored(through: 2))
        var changed = orders
        changed.weight = 3
        core.advance(.seconds(1))
        let created = Instant(nanoseconds: 1_000 * Core.second)
        #expect(
            core.register(changed).compactMap(\.stores) == [
                .put(
                    StoredRegistration(
                        serial: 1, document: changed, generation: 2, acceptedGeneration: 1, rev: 2, createdAt: created,
                        updatedAt: core.now))
            ])
        core.settle(well)
        core.handle(.stored(through: 3))
        #expect(
            core.remove(orders.key, wait: .seconds(1)).compactMap(\.stores) == [
                .put(
                    StoredRegistration(
                        serial: 1, document: changed, stage: .leaving, generation: 3, acceptedGeneration: 2, rev: 2,
                        createdAt: created, updatedAt: core.now))
            ])
        #expect(core.reply(.ok) == [.store(.delete(serial: 1), number: 6)])
        // The tombstone is durable: what was deleted stays deleted.
        #expect(core.handle(.stored(through: 5)) == [.answer(RequestToken(3), .removed)])
    }

    @Test func leftToExpireIsGoneFromTheDiskToo() {
        let core = Core(stores: true)
        core.register(orders)
        core.reply(.ok)
        // The first beat is in flight: the place is not free yet.
        #expect(
            core.remove(orders.key, deregister: false).compactMap(\.stores)
                == [.delete(serial: 1)])
    }

    @Test func aPostedAgainTombstoneIsKeptAgain() {
        let core = Core(stores: true)
        core.register(orders)
        core.settle(well)
        core.remove(orders.key)
        let again = core.register(orders).compactMap(\.stores)
        guard case .put(let stored)? = again.first else {
            Issue.record("\(again)")
            return
        }
        #expect(stored.stage == .kept && stored.acceptedGeneration == 0)
    }

    @Test func aFailureRefusesWritesAndBeatsGoOn() {
        let core = Core(stores: true)
        core.register(orders)
        core.settle(well)
        core.handle(.stored(through: 2))
        core.register(.orders(2))
        core.register(.orders(3))
        #expect(
            core.handle(.storeFailed(detail: "no space")) == [
                .answer(RequestToken(2), .storageUnavailable), .answer(RequestToken(3), .storageUnavailable),
            ])
        #expect(core.handle(.storeFailed(detail: "behind it")).isEmpty)
        #expect(core.register(.orders(4)) == [.answer(RequestToken(4), .storageUnavailable)])
        #expect(core.remove(orders.key) == [.answer(RequestToken(5), .storageUnavailable)])
        core.settle(well)
        let before = core.counters.beats[.ok]
        core.run(.seconds(30), answering: well)
        #expect(core.counters.beats[.ok] - before >= 18)
    }

    @Test func itIsOpenedAnewEachSecondAndWrittenAgain() {
        let core = Core(stores: true)
        core.register(orders)
        core.settle(well)
        core.handle(.stored(through: 2))
        core.register(.orders(2))
        core.register(.orders(3))
        core.handle(.storeFailed(detail: "no space"))
        core.settle(well)
        for _ in 0..<3 {
            var reopened = false
            core.run(.milliseconds(999), answering: well)
            for _ in 0..<3 where !reopened { reopened = core.tickAtDeadline().contains(.reopenStorage) }
            #expect(reopened)
            #expect(core.handle(.storeFailed(detail: "still no space")).isEmpty)
        }
        for _ in 0..<100 where !core.tickAtDeadline().contains(.reopenStorage) { core.settle(well) }
        // One of them was removed by nobody, the other two are as they are in memory.
        let written = core.handle(.storageReopened(isEmpty: false)).compactMap(\.stores)
        #expect(
            Set(written.compactMap(\.putID)) == Set([2, 3].map { RegistrationDocument.orders($0).key.fingerprint }))
        #expect(core.register(.orders(4)).compactMap(\.answers).isEmpty)
        #expect(core.handle(.stored(through: 100)).compactMap(\.answers).count == 1)
    }

    @Test func ifNothingIsLeftEverythingIsWritten() {
        let core = Core(stores: true)
        for number in 1...20 { core.register(.orders(number)) }
        core.settle(well)
        core.handle(.stored(through: 40))
        core.handle(.storeFailed(detail: "corrupt"))
        let written = core.handle(.storageReopened(isEmpty: true)).compactMap(\.stores?.putID)
        #expect(Set(written).count == 20 && written.count == 20)
    }

    @Test func aDiskThatHangsIsNotWaitedFor() {
        let core = Core(stores: true)
        core.register(orders)
        core.settle(well)
        core.run(.milliseconds(799), answering: well)
        #expect(core.answers.isEmpty)
        core.run(.milliseconds(2), answering: well)
        #expect(core.answers == [RequestToken(1): .storageUnavailable])
        #expect(core.register(.orders(2)) == [.answer(RequestToken(2), .storageUnavailable)])
        core.run(.seconds(20), answering: well)
        #expect(core.counters.beats[.ok] >= 4)
        core.handle(.stored(through: 2))
        #expect(core.register(.orders(2)).compactMap(\.stores) == [put(core, .orders(2), serial: 2)])
    }

    @Test func whoHasGoneIsNotAnswered() {
        let core = Core(stores: true)
        core.register(orders)
        core.handle(.abandoned(RequestToken(1)))
        #expect(core.handle(.stored(through: 1)).isEmpty)
    }

    @Test("at the end, what stays at Nacos stays stored, the rest become tombstones, and the end waits for the disk")
    func drain() {
        let core = Core(stores: true)
        var stays = RegistrationDocument.orders(2)
        stays.deregisterOnExit = false
        core.register(orders)
        core.register(stays)
        core.settle(well)
        core.handle(.stored(through: 4))
        let effects = core.handle(.drain)
        guard case .put(let tombstone)? = effects.compactMap(\.stores).first else {
            Issue.record("\(effects)")
            return
        }
        #expect(effects.compactMap(\.stores).count == 1)
        #expect(tombstone.stage == .leaving && tombstone.document == orders)
        #expect(core.reply(.ok) == [.store(.delete(serial: 1), number: 6)])
        #expect(core.handle(.stored(through: 5)).isEmpty)
        #expect(core.handle(.stored(through: 6)) == [.finish])
    }
}

extension StoreChange {
    /// The id of what is put.
    var putID: UInt64? {
        guard case .put(let stored) = self else { return nil }
        return stored.document.key.fingerprint
    }
}
