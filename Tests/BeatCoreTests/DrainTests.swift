import Testing

@testable import BeatCore

@Suite("Drain: hide, let consumers notice, stop, deregister, look whether all is gone")
struct DrainTests {
    private let options = DrainOptions(settle: .seconds(10), timeout: .seconds(30))

    private func beating(_ count: Int, stores: Bool = false) -> Core {
        let core = Core(stores: stores)
        for number in 1...count { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(12), answering: well)
        #expect(core.count(of: .beating) == count)
        core.looking = { _ in .missing }
        return core
    }

    private func drain(_ core: Core, _ options: DrainOptions? = nil, wait: Duration? = nil) -> RequestToken {
        let token = core.token()
        core.handle(.beginDrain(options, token, wait: wait))
        return token
    }

    private func report(_ core: Core, _ token: RequestToken) -> DrainReport? {
        guard case .drained(let report)? = core.answers[token] else { return nil }
        return report
    }

    private func kinds(_ core: Core, from first: Int) -> [Exchange.Kind] { core.sent[first...].map(\.exchange.kind) }

    @Test("all in order: hidden at once, beaten while consumers notice, then deregistered and looked for")
    func inOrder() throws {
        let core = beating(3)
        let begin = core.now
        var before = core.sent.count
        let token = drain(core, options, wait: .seconds(60))
        #expect(kinds(core, from: before) == [.register, .register, .register])
        #expect(core.inFlight.allSatisfy { exchange in core.read { !$0.subject(of: exchange).document.enabled } })
        #expect(core.view(RegistrationDocument.orders(1).key)?.state == .maintenance)
        #expect(core.view(RegistrationDocument.orders(1).key)?.reason == "the sidecar is being drained")
        core.settle(well)
        before = core.sent.count
        core.run(.milliseconds(10_040), answering: well)
        #expect(kinds(core, from: before) == Array(repeating: .lightBeat, count: 6))
        #expect(core.answers[token] == nil)
        before = core.sent.count
        core.run(.milliseconds(50), answering: well)
        #expect(kinds(core, from: before) == [.deregister, .deregister, .deregister])
        core.run(.milliseconds(100), answering: well)
        #expect(report(core, token) == DrainReport(isDone: true, deregistered: 3, verified: 3, left: []))
        #expect(core.now - begin < .milliseconds(10_300))
        #expect(core.dom2BeatSize == 0 && core.tombstones == 0)
        core.run(.seconds(60), answering: well)
        #expect(core.sent.count == before + 3)
    }

    @Test("nothing is taken any more; asked again it tells how it stands, with other times it is refused")
    func closed() {
        let core = beating(2)
        let first = drain(core, options)
        let left = (1...2).map { RegistrationDocument.orders($0).key.id }.sorted()
        #expect(report(core, first).map { $0.left.sorted() } == left && report(core, first)?.isDone == false)
        core.settle(well)
        core.register(.orders(9))
        #expect(core.answers.values.contains(.draining) && core.dom2BeatSize == 2)
        let batch = core.token()
        core.handle(.batch([.put(.orders(9), id: nil)], batch, atomic: false))
        #expect(core.answers[batch] == .draining)
        let other = drain(core, DrainOptions(settle: .zero, timeout: .seconds(5)))
        #expect(core.answers[other] == .drainUnderWay(options))
        core.run(.seconds(12), answering: well)
        let again = drain(core, nil, wait: .seconds(5))
        #expect(report(core, again) == DrainReport(isDone: true, deregistered: 2, verified: 2, left: []))
    }

    @Test("a wait that is over is answered with how it stands; a client that left is not answered")
    func waits() {
        let core = beating(1)
        let short = drain(core, options, wait: .seconds(2))
        let gone = drain(core, nil, wait: .seconds(3))
        core.handle(.abandoned(gone))
        core.settle(well)
        core.run(.milliseconds(1900), answering: well)
        #expect(core.answers[short] == nil)
        core.run(.milliseconds(200), answering: well)
        #expect(report(core, short)?.isDone == false && report(core, short)?.left.count == 1)
        core.run(.seconds(20), answering: well)
        #expect(core.answers[gone] == nil)
    }

    @Test("nothing to drain: done at once")
    func empty() {
        let core = Core()
        let token = drain(core, options, wait: .seconds(60))
        #expect(report(core, token) == DrainReport(isDone: true, deregistered: 0, verified: 0, left: []))
    }

    @Test("what is still listed is looked for again; what is listed to the end is left")
    func stillListed() {
        let core = beating(1)
        let id = RegistrationDocument.orders(1).key.id
        core.looking = { _ in .listed }
        let token = drain(core, DrainOptions(settle: .zero, timeout: .seconds(5)), wait: .seconds(60))
        core.settle(well)
        core.run(.seconds(2), answering: well)
        #expect(core.answers[token] == nil)
        core.run(.milliseconds(3100), answering: well)
        #expect(report(core, token) == DrainReport(isDone: true, deregistered: 1, verified: 0, left: [id]))

        let late = beating(1)
        // Not owned: the core holds the closure.
        late.looking = { [unowned late, began = late.now] _ in
            late.now - began < .seconds(2) ? .failed("no answer") : .missing
        }
        let second = drain(late, DrainOptions(settle: .zero, timeout: .seconds(5)), wait: .seconds(60))
        late.settle(well)
        late.run(.milliseconds(2600), answering: well)
        #expect(report(late, second) == DrainReport(isDone: true, deregistered: 1, verified: 1, left: []))
    }

    @Test("no server answers: at the time-out what is left is told, tombstones go on, and nothing beats")
    func noServer() throws {
        let core = beating(2)
        let begin = core.now
        let token = drain(core, DrainOptions(settle: .seconds(1), timeout: .seconds(10)), wait: .seconds(60))
        var removedAt: Instant?
        while core.now - begin < .milliseconds(10_100) {
            while !core.inFlight.isEmpty { core.fail(.connect) }
            core.tickAtDeadline()
            if core.tombstones == 2, removedAt == nil { removedAt = core.now }
        }
        // Hiding is given up after 3 s, and consumers get their second.
        #expect(removedAt.map { (3_900...4_200).contains(($0 - begin).wholeMilliseconds) } == true)
        #expect(report(core, token)?.isDone == true && report(core, token)?.left.count == 2)
        #expect(core.tombstones == 2)
        core.settle(well)
        core.run(.seconds(5), answering: well)
        #expect(core.tombstones == 0)
        #expect(report(core, drain(core))?.deregistered == 2)
    }

    @Test("settle is cut short when else no time were left to deregister")
    func shortOfTime() {
        let core = beating(1)
        let begin = core.now
        let token = drain(core, DrainOptions(settle: .seconds(8), timeout: .seconds(10)), wait: .seconds(60))
        // Not answered for 2.9 s.
        core.run(.milliseconds(2_900))
        core.settle(well)
        core.run(.milliseconds(5_300), answering: well)
        #expect(report(core, token)?.left.isEmpty == true)
        #expect(core.now - begin < .seconds(10))
    }

    @Test("what its checks hold back needs no hiding and is deregistered too")
    func heldBack() {
        let core = Core()
        core.register(.checked([.tcp()], .stop))
        core.register(.checked([.tcp(every: .seconds(600))], .stop, number: 2))
        core.watch(.seconds(3), checking: { _ in .passing }, answering: well)
        core.watch(.seconds(10), checking: { _ in .failing }, answering: well)
        core.looking = { _ in .missing }
        let token = drain(core, DrainOptions(settle: .seconds(1), timeout: .seconds(10)), wait: .seconds(60))
        core.run(.seconds(2), answering: well)
        // The second was never registered.
        #expect(report(core, token) == DrainReport(isDone: true, deregistered: 1, verified: 1, left: []))
    }

    @Test("TERM in the middle ends it: nothing waits for consumers any more")
    func term() {
        let core = beating(2)
        let token = drain(core, options, wait: .seconds(60))
        core.settle(well)
        core.run(.seconds(2), answering: well)
        core.handle(.drain)
        var isFinished = false
        while !core.inFlight.isEmpty { isFinished = core.reply(.ok).contains(.finish) || isFinished }
        #expect(isFinished && core.tombstones == 0)
        #expect(core.answers[token] == nil)
        #expect(core.answers[drain(core)] == nil)
    }

    @Test("a crash in the middle: the next process registers what was hidden, visible")
    func crash() throws {
        let core = beating(1, stores: true)
        core.handle(.stored(through: UInt64(core.stored.count)))
        _ = drain(core, options)
        core.settle(well)
        core.run(.seconds(2), answering: well)
        var row: StoredRegistration?
        for change in core.stored {
            switch change {
            case .put(let stored): row = stored
            case .accepted(_, let generation): row?.acceptedGeneration = generation
            case .hold(_, let record, _): row?.hold = record
            case .sidecar, .delete: break
            }
        }
        let next = Core(stores: true)
        next.handle(.restored([try #require(row)], rev: 1, total: 1))
        next.run(.seconds(1))
        #expect(next.inFlight.map(\.kind) == [.register])
        #expect(next.read { $0.subject(of: next.inFlight[0]).document.enabled })
    }
}
