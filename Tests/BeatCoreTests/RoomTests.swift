import Testing

@testable import BeatCore

/// What the core begins of what is due when the shell has no room for all of it.
@Suite struct RoomTests {
    private func well(_ exchange: Exchange) -> NacosReply { exchange.kind.isBeat ? .accepted : .ok }

    @Test("what is due beyond the room waits in the wheel, and is begun once")
    func beyondTheRoom() {
        let core = Core()
        for number in 1...100 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(10), answering: well)
        core.advance(.seconds(5))
        core.room = 30
        for count in [30, 60, 90, 100, 100] {
            core.handle(.tick)
            #expect(core.inFlight.count == count)
        }
        #expect(Set(core.inFlight.map(\.slot)).count == 100)
        #expect(core.counters.skipped[.inFlight] == 0)
    }

    /// Every part of a view as text.
    private func shown(_ view: RegistrationView?) throws -> [String] {
        try Mirror(reflecting: #require(view)).children.map { "\($0)" }
    }

    @Test("replies that come together are taken as by themselves")
    func together() throws {
        let alone = Core()
        let together = Core()
        for core in [alone, together] {
            for number in 1...100 { core.register(.orders(number)) }
            core.settle { $0.kind == .register ? .ok : nil }
        }
        #expect(alone.inFlight.count == 100 && alone.inFlight == together.inFlight)
        while !alone.inFlight.isEmpty { alone.reply(.accepted) }
        together.replyToAll(.accepted)
        #expect(together.inFlight.isEmpty)
        #expect(together.counters.beats[.ok] == 100 && alone.counters.beats[.ok] == 100)
        for number in 1...100 {
            let key = RegistrationDocument.orders(number).key
            #expect(try shown(alone.view(key)) == shown(together.view(key)))
        }
    }
}
