import Testing

@testable import BeatCore

@Suite("History: the last 32 attempts, in bounded memory")
struct HistoryTests {
    private static let epoch = Instant(nanoseconds: 1_000_000_000_000)

    private func attempt(
        _ milliseconds: Int64, _ outcome: BeatOutcome = .ok, detail: String = "", code: Int = 10200
    ) -> AttemptView {
        AttemptView(
            at: Self.epoch + .milliseconds(milliseconds), kind: .lightBeat, dialect: .v1, server: 0, outcome: outcome,
            code: code, latency: .microseconds(400), lateness: .microseconds(8), detail: detail)
    }

    @Test("an attempt comes back as it was put in")
    func packing() {
        var history = History(epoch: Self.epoch)
        var given: [AttemptView] = []
        for (position, outcome) in BeatOutcome.allCases.enumerated() {
            for dialect in Dialect.allCases {
                given.append(
                    AttemptView(
                        at: Self.epoch + .milliseconds(Int64(position) * 1_000_000_007), kind: .fullBeat,
                        dialect: dialect, server: ServerIndex(31 - position), outcome: outcome,
                        code: [0, 200, 404, 503, 10200, 20404, 30000, 65535, 21003, 500][position],
                        latency: .microseconds(Int64(position) * 7_000_004), lateness: .microseconds(4 << position),
                        detail: position == 0 ? "" : "caused: \(position);"))
            }
        }
        for kind in Exchange.Kind.allCases {
            var one = attempt(5)
            one.kind = kind
            given.append(one)
        }
        for one in given { history.note(one, of: 3, among: 1) }
        #expect(history.attempts(of: 3) == given.reversed())
        #expect(history.attempts(of: 2) == nil)
        #expect(history.attempts(of: 4) == nil)
    }

    @Test("what does not fit is the largest that does")
    func clamping() throws {
        var history = History(epoch: Self.epoch)
        var one = attempt(-5)
        one.latency = .seconds(1000)
        one.lateness = .seconds(-1)
        one.code = -1
        history.note(one, of: 0, among: 1)
        let kept = try #require(history.attempts(of: 0)?.first)
        #expect(kept.at == Self.epoch)
        #expect(kept.latency > .seconds(67) && kept.latency < .seconds(68))
        #expect(kept.lateness == .zero)
        #expect(kept.code == 0)
    }

    @Test("32 are kept, newest first; a text goes with the last attempt that has it")
    func depth() {
        var history = History(epoch: Self.epoch)
        for number in 0..<40 {
            history.note(attempt(Int64(number), .timeout, detail: "text \(number)"), of: 0, among: 1)
        }
        let kept = history.attempts(of: 0) ?? []
        #expect(kept.map(\.detail) == (8..<40).reversed().map { "text \($0)" })
        history.forget(0)
        #expect(history.attempts(of: 0) == nil)
        history.note(attempt(1, .timeout, detail: "new"), of: 0, among: 1)
        #expect(history.attempts(of: 0)?.map(\.detail) == ["new"])
    }

    @Test("texts are bounded: a server that never repeats itself loses its words, not its attempts")
    func details() {
        var history = History(epoch: Self.epoch)
        for number in 0..<200 * 32 {
            history.note(attempt(0, .timeout, detail: "text \(number)"), of: Int32(number / 32), among: 1)
        }
        let all = (0..<200).flatMap { history.attempts(of: $0) ?? [] }
        #expect(all.count == 200 * 32)
        #expect(all.count { !$0.detail.isEmpty } == Limits.historyDetails)
        for slot in 0..<Int32(100) { history.forget(slot) }
        history.note(attempt(0, .timeout, detail: "heard again"), of: 0, among: 1)
        #expect(history.attempts(of: 0)?.first?.detail == "heard again")
    }

    @Test("beyond the rings only those with trouble have one, from the first failure until 32 were accepted")
    func crowded() {
        var history = History(epoch: Self.epoch, rings: 4)
        for slot in Int32(0)..<4 { history.note(attempt(0, slot == 1 ? .timeout : .ok), of: slot, among: 4) }
        #expect((0..<4).allSatisfy { history.attempts(of: $0)?.count == 1 })
        // The fifth registration: those that are well lose theirs.
        history.note(attempt(1), of: 4, among: 5)
        #expect((0..<5).filter { history.attempts(of: $0) != nil } == [1])
        for slot in Int32(2)..<8 { history.note(attempt(2, .timeout), of: slot, among: 8) }
        // Four rings, the first to fail have them.
        #expect((0..<8).filter { history.attempts(of: $0) != nil } == [1, 2, 3, 4])
        for number in 0..<31 { history.note(attempt(Int64(3 + number)), of: 3, among: 8) }
        #expect(history.attempts(of: 3)?.map(\.outcome) == Array(repeating: .ok, count: 31) + [.timeout])
        history.note(attempt(40), of: 3, among: 8)
        #expect(history.attempts(of: 3) == nil)
        history.note(attempt(41, .timeout), of: 7, among: 8)
        #expect(history.attempts(of: 7)?.count == 1)
        // Not before there is room again.
        history.forget(7)
        history.note(attempt(42), of: 6, among: 4)
        #expect(history.attempts(of: 6) == nil)
        history.note(attempt(42), of: 6, among: 3)
        #expect(history.attempts(of: 6)?.count == 1)
    }

    @Test("a life is told: register, beats, a failure with its retry, the answer that it is unknown")
    func life() throws {
        let core = Core(servers: ["a:8848", "b:8848"])
        let document = RegistrationDocument.orders()
        core.register(document)
        core.advance(.milliseconds(3))
        core.settle(well)
        core.run(.seconds(6), answering: well)
        while core.inFlight.isEmpty { core.tickAtDeadline() }
        core.advance(.milliseconds(20))
        core.reply(.serverError(status: 503, detail: "server is DOWN now"))
        core.fail(.timeout)
        while core.inFlight.isEmpty { core.tickAtDeadline() }
        core.reply(.unknown)
        core.settle(well)
        let handle = try #require(core.view(document.key)?.handle)
        let kept = try #require(core.read { $0.history(handle) })
        #expect(kept.last?.kind == .register)
        #expect(kept.last?.latency == .milliseconds(3))
        #expect(kept.last?.outcome == .ok && kept.last?.status == 200)
        let told = kept.prefix(4).map { "\($0.kind) \($0.outcome) \($0.code) \($0.detail)" }
        #expect(
            told == [
                "register ok 200 ", "lightBeat notFound 20404 ", "fullBeat timeout 0 no answer in time",
                "lightBeat httpError 503 server is DOWN now",
            ])
        #expect(kept[2].status == nil && kept[1].status == 200)
        #expect(kept[3].latency == .milliseconds(20))
        #expect(Set(kept[1...3].map(\.server)).count == 2)
        core.remove(document.key)
        core.settle(well)
        #expect(core.read { $0.history(handle) } == nil)
        core.register(document)
        let next = try #require(core.view(document.key)?.handle)
        #expect(core.read { $0.history(next) } == nil)
    }
}
