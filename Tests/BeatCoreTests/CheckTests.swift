import Testing

@testable import BeatCore

extension Check {
    /// A tcp check each second, for tests.
    static func tcp(
        every: Duration = .seconds(1), fall: UInt16 = 3, rise: UInt16 = 1, grace: Duration = .zero
    ) -> Check {
        Check(
            .tcp(CheckAddress(host: "127.0.0.1", port: 8080)), every: every, timeout: .milliseconds(500), fall: fall,
            rise: rise, grace: grace)
    }

    static func ttl(_ ttl: Duration, rise: UInt16 = 1) -> Check { Check(.ttl(ttl), rise: rise) }
}

extension RegistrationDocument {
    static func checked(
        _ checks: [Check] = [.tcp()], _ onUnhealthy: OnUnhealthy = .stop, number: Int = 1
    ) -> RegistrationDocument {
        var document = RegistrationDocument.orders(number)
        document.checks = checks
        document.onUnhealthy = onUnhealthy
        return document
    }
}

@Suite("Checks decide whether a registration beats")
struct CheckTests {
    /// A registration that beats, its checks passing.
    private func beating(_ document: RegistrationDocument) -> Core {
        let core = Core()
        core.register(document)
        core.watch(.seconds(20), checking: { _ in .passing }, answering: well)
        return core
    }

    private func beats(_ core: Core, since: Instant) -> Int {
        core.sent.count { $0.exchange.kind.isBeat && $0.at >= since }
    }

    @Test("nothing is sent before the first pass; then the register and the first beat at once")
    func firstPass() {
        let core = Core()
        let document = RegistrationDocument.checked()
        #expect(core.register(document).compactMap(\.sends).isEmpty)
        core.watch(.seconds(30), checking: { _ in .failing }, answering: well)
        #expect(core.sent.isEmpty)
        #expect(core.view(document.key)?.state == .pending)
        #expect(core.view(document.key)?.reason.hasPrefix("waiting for its tcp check to pass") == true)
        #expect(core.counters.skipped[.check] == 0)
        core.run(.seconds(1), answering: well)
        #expect(core.finish(.passing).compactMap(\.sends) == [.register])
        #expect(core.reply(.ok).compactMap(\.sends) == [.fullBeat])
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("first runs are spread over `every`, later ones come exactly `every` after each other")
    func spread() {
        var firsts: Set<Int64> = []
        for number in 1...40 {
            let core = Core()
            let begin = core.now
            core.register(.checked([.tcp(every: .seconds(4))], number: number))
            core.run(.seconds(4) - .milliseconds(1))
            #expect(core.runsBegun == 1)
            core.finish(.passing)
            core.settle(well)
            firsts.insert((core.now - begin).wholeMilliseconds)
            core.watch(.seconds(40), checking: { _ in .passing }, answering: well)
            #expect(core.runsBegun == 11)
        }
        let offsets = Set((1...40).map { firstRun(number: $0) })
        #expect(offsets.count > 20)
        #expect(offsets.allSatisfy { $0 < 4000 })
        #expect((offsets.min() ?? 9999) < 1000 && (offsets.max() ?? 0) > 3000)
    }

    /// Milliseconds from the registration to the first run.
    private func firstRun(number: Int) -> Int64 {
        let core = Core()
        let begin = core.now
        core.register(.checked([.tcp(every: .seconds(4))], number: number))
        while core.runs.isEmpty { core.tickAtDeadline() }
        return (core.now - begin).wholeMilliseconds
    }

    @Test("stop: after `fall` failures in a row no beat is sent, skipped ones are counted, the state says why")
    func stop() throws {
        let document = RegistrationDocument.checked()
        let core = beating(document)
        let failedAt = core.now
        core.watch(.seconds(3), checking: { _ in .failing }, answering: well)
        let view = try #require(core.view(document.key))
        #expect(view.state == .unhealthy)
        #expect(view.reason == "its tcp check fails")
        #expect(view.checks.map(\.verdict) == [.failing])
        #expect(!view.scheduled && view.nextBeatAt == nil)
        #expect(core.count(of: .unhealthy) == 1)
        let stoppedAt = core.now
        core.watch(.seconds(60), checking: { _ in .failing }, answering: well)
        #expect(beats(core, since: stoppedAt) == 0)
        #expect(core.counters.skipped[.check] == 12)
        #expect(beats(core, since: failedAt) <= 1)
        #expect(core.view(document.key)?.generation == 1)
        #expect(core.view(document.key)?.observedGeneration == 1)
    }

    @Test("recovery beats at once, and is not registered again when Nacos knows it still")
    func recovery() {
        let document = RegistrationDocument.checked()
        let core = beating(document)
        core.watch(.seconds(30), checking: { _ in .failing }, answering: well)
        #expect(core.view(document.key)?.state == .unhealthy)
        let before = core.sent.count
        while core.runs.isEmpty { core.tickAtDeadline() }
        let effects = core.finish(.passing)
        #expect(effects.compactMap(\.sends) == [.lightBeat])
        #expect(core.view(document.key)?.state == .pending)
        core.reply(.accepted)
        #expect(core.view(document.key)?.state == .beating)
        core.watch(.seconds(20), checking: { _ in .passing }, answering: well)
        #expect(core.sent.count == before + 5)
        #expect(core.sent.allSatisfy { $0.exchange.kind.isBeat || $0.at < core.sent[before].at })
    }

    @Test("recovery of an instance that Nacos has dropped meanwhile registers it")
    func recoveryOfTheForgotten() {
        let document = RegistrationDocument.checked()
        let core = beating(document)
        core.watch(.seconds(60), checking: { _ in .failing }, answering: well)
        while core.runs.isEmpty { core.tickAtDeadline() }
        core.finish(.passing)
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
        core.settle(well)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("rise and fall: only so many results in a row count", arguments: [1, 2, 5])
    func riseAndFall(row: UInt16) {
        let document = RegistrationDocument.checked([.tcp(fall: row, rise: row)])
        let core = Core()
        core.register(document)
        var results: [CheckResult] = []
        for result in [CheckResult.passing, .failing, .passing] {
            for _ in 0..<row - 1 { results.append(result) }
            // Broken off by the other one: the count begins anew.
            results.append(result == .passing ? .failing : .passing)
            for _ in 0..<row { results.append(result) }
        }
        var verdicts: [CheckVerdict] = []
        for result in results {
            core.run(.seconds(1))
            core.finish(result)
            core.settle(well)
            if let verdict = core.view(document.key)?.checks.first?.verdict, verdict != verdicts.last {
                verdicts.append(verdict)
            }
        }
        let settled = verdicts.filter { $0 != .pending }
        #expect(settled == (row == 1 ? [.failing, .passing, .failing, .passing] : [.passing, .failing, .passing]))
    }

    @Test("a target that flaps faster than `fall` changes nothing")
    func flapping() {
        let document = RegistrationDocument.checked()
        let core = beating(document)
        var number = 0
        core.watch(
            .seconds(120),
            checking: { _ in
                number += 1
                return number % 3 == 0 ? .passing : .failing
            }, answering: well)
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.read { $0.checkMetrics.transitions(.tcp, .failing) } == 0)
        #expect(core.counters.skipped[.check] == 0)
    }

    @Test("failures within the grace do not count")
    func grace() {
        let document = RegistrationDocument.checked([.tcp(fall: 1, grace: .seconds(10))])
        let core = Core()
        core.register(document)
        core.watch(.seconds(9), checking: { _ in .failing }, answering: well)
        #expect(core.view(document.key)?.checks.map(\.verdict) == [.pending])
        core.watch(.seconds(3), checking: { _ in .failing }, answering: well)
        #expect(core.view(document.key)?.checks.map(\.verdict) == [.failing])
        #expect(core.view(document.key)?.state == .pending)
    }

    @Test("all checks must pass; a warning counts as passing")
    func several() {
        let document = RegistrationDocument.checked([.tcp(), .ttl(.seconds(10))])
        let core = Core()
        core.register(document)
        core.watch(.seconds(5), checking: { _ in .warning }, answering: well)
        #expect(core.sent.isEmpty)
        renew(core, document.key)
        core.settle(well)
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.view(document.key)?.checks.map(\.verdict) == [.warning, .passing])
    }

    @discardableResult
    private func renew(_ core: Core, _ key: InstanceKey, _ result: CheckResult = .passing) -> Answer? {
        guard let handle = core.view(key)?.handle else { return nil }
        let token = core.token()
        core.handle(.alive(handle, result, note: "here", token))
        return core.answers[token]
    }

    @Test("ttl: expires when it is not renewed in time, and at once when the program says that it fails")
    func ttl() {
        let document = RegistrationDocument.checked([.ttl(.seconds(3))])
        let core = Core()
        core.register(document)
        #expect(renew(core, document.key) == .renewed)
        core.settle(well)
        for _ in 0..<10 {
            core.run(.seconds(2), answering: well)
            #expect(renew(core, document.key) == .renewed)
        }
        #expect(core.view(document.key)?.state == .beating)
        core.run(.milliseconds(2990), answering: well)
        #expect(core.view(document.key)?.state == .beating)
        core.run(.milliseconds(20), answering: well)
        #expect(core.view(document.key)?.state == .unhealthy)
        #expect(core.view(document.key)?.checks.first?.output == "not renewed for 3s")
        renew(core, document.key)
        #expect(core.inFlight.map(\.kind) == [.lightBeat])
        core.settle(well)
        renew(core, document.key, .failing)
        #expect(core.view(document.key)?.state == .unhealthy)
        core.register(.orders(2))
        #expect(renew(core, RegistrationDocument.orders(2).key) == .noTTLCheck)
    }

    @Test("one run at a time: a check whose target hangs is not begun again, and others go on")
    func hanging() {
        let core = Core()
        core.register(.checked(number: 1))
        core.register(.checked([.tcp(every: .milliseconds(500))], number: 2))
        core.watch(
            .seconds(30), checking: { $0.every == .seconds(1) ? nil : .passing }, answering: well)
        #expect(core.runs.count == 1)
        #expect(core.runsBegun == 61)
        #expect(core.view(RegistrationDocument.orders(2).key)?.state == .beating)
        #expect(core.view(RegistrationDocument.orders(1).key)?.state == .pending)
    }

    @Test("a result of a check that was changed or removed meanwhile changes nothing")
    func stale() {
        let document = RegistrationDocument.checked([.tcp(fall: 1)])
        let core = beating(document)
        while core.runs.isEmpty { core.tickAtDeadline() }
        var changed = document
        changed.checks = [.tcp(fall: 2)]
        core.register(changed)
        #expect(core.finish(.failing).isEmpty)
        core.watch(.seconds(2), checking: { _ in .passing }, answering: well)
        #expect(core.view(document.key)?.state == .beating)

        while core.runs.isEmpty { core.tickAtDeadline() }
        core.remove(document.key)
        core.settle(well)
        #expect(core.dom2BeatSize == 0 && core.tombstones == 0)
        core.register(changed)
        #expect(core.finish(.passing).isEmpty)
        #expect(core.inFlight.isEmpty)
    }

    @Test("a check that stays in a changed document keeps its verdict, and beats go on")
    func kept() {
        let document = RegistrationDocument.checked()
        let core = beating(document)
        var changed = document
        changed.weight = 3
        #expect(core.register(changed).compactMap(\.sends) == [.register])
        core.settle(well)
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.view(document.key)?.generation == 2)
        #expect(core.view(document.key)?.checks.map(\.verdict) == [.passing])
        changed.checks = []
        core.register(changed)
        core.settle(well)
        let begun = core.runsBegun
        core.run(.seconds(30), answering: well)
        #expect(core.runsBegun == begun)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("a write that waits for Nacos is answered when the checks let the registration through")
    func waiting() throws {
        let core = Core()
        let token = core.token()
        core.handle(.register(.checked(), token, RegisterOptions(wait: .seconds(30))))
        core.watch(.seconds(5), checking: { _ in .failing }, answering: well)
        #expect(core.answers[token] == nil)
        core.watch(.seconds(2), checking: { _ in .passing }, answering: well)
        let handle = try #require(core.view(RegistrationDocument.checked().key)?.handle)
        #expect(core.answers[token] == .created(handle, confirmed: .accepted))
    }

    @Test("a registration without checks costs nothing of a row")
    func rowSize() {
        // Two lines of a cache.
        #expect(MemoryLayout<Row>.stride == 128)
        let core = Core()
        for number in 1...50 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(30), answering: well)
        #expect(core.runsBegun == 0)
    }
}
