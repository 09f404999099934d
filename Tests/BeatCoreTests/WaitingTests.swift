import Testing

@testable import BeatCore

@Suite("Answers that wait for Nacos")
struct WaitingTests {
    let document = RegistrationDocument.orders()

    @Test("without a wait the answer comes at once")
    func atOnce() throws {
        let core = Core()
        core.register(document)
        let handle = try #require(core.view(document.key)?.handle)
        #expect(core.answers[RequestToken(1)] == .created(handle, confirmed: .notAwaited))
    }

    @Test("with a wait it comes when Nacos has accepted")
    func accepted() throws {
        let core = Core()
        core.register(document, RegisterOptions(wait: .seconds(3)))
        #expect(core.answers.isEmpty)
        core.reply(.ok)
        let handle = try #require(core.view(document.key)?.handle)
        #expect(core.answers[RequestToken(1)] == .created(handle, confirmed: .accepted))
    }

    @Test("or has refused")
    func refused() throws {
        let core = Core()
        core.register(document, RegisterOptions(wait: .seconds(3)))
        core.reply(.rejected(status: 400, detail: "no"))
        let handle = try #require(core.view(document.key)?.handle)
        #expect(core.answers[RequestToken(1)] == .created(handle, confirmed: .rejected(status: 400, detail: "no")))
    }

    @Test("or when the wait is over")
    func over() throws {
        let core = Core()
        core.register(document, RegisterOptions(wait: .seconds(3)))
        core.run(.seconds(3))
        let handle = try #require(core.view(document.key)?.handle)
        #expect(core.answers[RequestToken(1)] == .created(handle, confirmed: .pending))
    }

    @Test("an abandoned wait is forgotten")
    func abandoned() {
        let core = Core()
        core.register(document, RegisterOptions(wait: .seconds(3)))
        core.handle(.abandoned(RequestToken(1)))
        core.run(.seconds(4))
        #expect(core.answers.isEmpty)
    }

    @Test("mustCreate leaves an existing registration alone")
    func mustCreate() throws {
        let core = Core()
        core.register(document)
        core.settle(well)
        var heavier = document
        heavier.weight = 9
        core.register(heavier, RegisterOptions(mustCreate: true))
        let view = try #require(core.view(document.key))
        #expect(core.answers[RequestToken(2)] == .exists(view.handle))
        #expect(view.document.weight == 1)
    }

    @Test("more waiters than the limit are answered as if their wait was over")
    func limit() {
        let core = Core()
        for number in 0..<(Limits.waiters + 1) {
            core.register(.orders(number), RegisterOptions(wait: .seconds(3)))
        }
        #expect(core.answers.count == 1)
    }

    @Test("a stale handle is not found")
    func stale() throws {
        let core = Core()
        core.register(document)
        core.settle(well)
        let handle = try #require(core.view(document.key)?.handle)
        core.remove(document.key)
        core.settle(well)
        core.register(.orders(2))
        core.handle(.remove(handle, RequestToken(99), RemoveOptions(wait: .zero)))
        #expect(core.answers[RequestToken(99)] == .notFound)
    }
}
