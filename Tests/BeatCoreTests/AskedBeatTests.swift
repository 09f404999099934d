import Testing

@testable import BeatCore

@Suite("One beat now")
struct AskedBeatTests {
    let document = RegistrationDocument.orders()

    private func beating() -> Core {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.run(.seconds(10), answering: well)
        return core
    }

    /// Asks, and gives the token with what was sent for it.
    private func ask(_ core: Core) throws -> (token: RequestToken, sent: [Exchange.Kind]) {
        let handle = try #require(core.view(document.key)?.handle)
        let token = core.token()
        return (token, core.handle(.beatNow(handle, token)).compactMap(\.sends))
    }

    private func outcome(_ core: Core, _ token: RequestToken) -> String {
        switch core.answers[token] {
        case .beaten(_, let attempt): "beaten \(attempt.outcome)"
        case .notBeaten(_, let attempt): "not beaten \(attempt.map { "\($0.kind) \($0.outcome)" } ?? "")"
        case .beatTooSoon(let wait): "too soon \(wait)"
        case let other: "\(String(describing: other))"
        }
    }

    @Test("it is sent at once, and the schedule stays")
    func oneMore() throws {
        let core = beating()
        core.advance(.milliseconds(700))
        let due = core.view(document.key)?.nextBeatAt
        let (token, sent) = try ask(core)
        #expect(sent == [.lightBeat])
        #expect(core.answers[token] == nil)
        core.reply(.accepted)
        #expect(outcome(core, token) == "beaten ok")
        #expect(core.view(document.key)?.nextBeatAt == due)
        let before = core.counters.beats[.ok]
        core.run(.seconds(20), answering: well)
        #expect(core.counters.beats[.ok] == before + 4)
    }

    @Test("while it is held back nothing is sent, and nobody is kept waiting")
    func held() throws {
        let core = beating()
        let handle = try #require(core.view(document.key)?.handle)
        core.handle(.maintain(handle, Maintenance(mode: .stop, reason: "x", since: core.now, until: nil), core.token()))
        #expect(core.view(document.key)?.isHeldBack == true)
        let (token, sent) = try ask(core)
        #expect(sent.isEmpty && outcome(core, token) == "not beaten ")
        core.handle(.maintain(handle, nil, core.token()))
        #expect(core.view(document.key)?.isHeldBack == false)
        core.settle(well)
        let again = try ask(core)
        core.settle(well)
        #expect(outcome(core, again.token) == "beaten ok")
    }

    @Test("no faster than twice a second")
    func spacing() throws {
        let core = beating()
        let first = try ask(core)
        core.reply(.accepted)
        core.advance(.milliseconds(200))
        let second = try ask(core)
        #expect(second.sent.isEmpty)
        #expect(outcome(core, second.token) == "too soon 0.3 seconds")
        core.advance(.milliseconds(300))
        #expect(try ask(core).sent == [.lightBeat])
        #expect(outcome(core, first.token) == "beaten ok")
    }

    @Test("what the server said is told, and the beat is tried on")
    func failures() throws {
        for (reply, expected) in [
            (NacosReply.unknown, "not beaten lightBeat notFound"), (.broken, "not beaten lightBeat httpError"),
            (.rejected(status: 400, detail: "no"), "not beaten lightBeat rejected"),
        ] {
            let core = beating()
            let (token, _) = try ask(core)
            core.reply(reply)
            #expect(outcome(core, token) == expected)
            core.run(.seconds(10), answering: well)
            #expect(core.count(of: .beating) == 1)
        }
        let core = beating()
        let (token, _) = try ask(core)
        core.fail(.connect)
        #expect(outcome(core, token) == "not beaten lightBeat connect")
    }

    @Test("one that waits for its next attempt is tried at once")
    func backingOff() throws {
        let core = Core()
        core.register(document)
        core.fail(.connect)
        let (token, sent) = try ask(core)
        #expect(sent == [.register])
        core.reply(.ok)
        #expect(core.answers[token] == nil)
        core.reply(.accepted)
        #expect(outcome(core, token) == "beaten ok")
    }

    @Test("one that Nacos refused is offered again, and the refusal is told")
    func refused() throws {
        let core = Core()
        core.register(document)
        core.reply(.rejected(status: 400, detail: "no such namespace"))
        let first = try ask(core)
        #expect(first.sent == [.register])
        core.reply(.rejected(status: 400, detail: "no such namespace"))
        #expect(outcome(core, first.token) == "not beaten register rejected")
        core.advance(.seconds(1))
        let second = try ask(core)
        core.settle(well)
        #expect(outcome(core, second.token) == "beaten ok")
    }

    @Test("a beat in flight is the answer; two may wait for it; one may go away")
    func joining() throws {
        let core = beating()
        while core.inFlight.isEmpty { core.tickAtDeadline() }
        let first = try ask(core)
        core.advance(.milliseconds(600))
        let second = try ask(core)
        core.advance(.milliseconds(600))
        let third = try ask(core)
        #expect(first.sent + second.sent + third.sent == [])
        core.handle(.abandoned(second.token))
        core.reply(.accepted)
        #expect(outcome(core, first.token) == "beaten ok")
        #expect(core.answers[second.token] == nil)
        #expect(outcome(core, third.token) == "beaten ok")
    }

    @Test("it is not waited for without end, nor when the registration goes or the process ends")
    func ends() throws {
        let core = beating()
        let (token, _) = try ask(core)
        core.run(.seconds(8))
        #expect(outcome(core, token) == "not beaten ")
        core.reply(.accepted)
        core.run(.seconds(1), answering: well)
        let second = try ask(core)
        core.remove(document.key)
        #expect(core.answers[second.token] == .notFound)
        core.settle(well)
        core.register(document)
        core.settle(well)
        core.advance(.seconds(1))
        core.handle(.drain)
        let last = try ask(core)
        #expect(core.answers[last.token] == .draining)
    }

    @Test("a refused token: the login comes first, and then the beat")
    func login() throws {
        let core = Core(logsIn: true)
        core.handle(.tick)
        core.handle(.loginEnded(.token(ttl: .seconds(1000))))
        core.register(document)
        core.settle(well)
        core.run(.seconds(10), answering: well)
        let (token, _) = try ask(core)
        core.reply(.unauthorized(status: 403, detail: "token expired!"))
        #expect(core.answers[token] == nil)
        core.handle(.loginEnded(.token(ttl: .seconds(1000))))
        core.handle(.tick)
        core.settle(well)
        #expect(outcome(core, token) == "beaten ok")
    }

    @Test("many are bounded")
    func bounded() throws {
        let core = Core()
        for number in 1...300 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(6), answering: well)
        var tooSoon = 0
        for number in 1...300 {
            let handle = try #require(core.view(RegistrationDocument.orders(number).key)?.handle)
            let token = core.token()
            core.handle(.beatNow(handle, token))
            if case .beatTooSoon = core.answers[token] { tooSoon += 1 }
        }
        #expect(tooSoon == 300 - Limits.askedBeats)
        core.settle(well)
        #expect(core.answers.values.count { if case .beaten = $0 { true } else { false } } == Limits.askedBeats)
    }
}
