import Testing

@testable import BeatCore

/// Conformance vectors of Nacos clients, in the sidecar's reading; the ones that concern the core alone. What is on
/// the wire (parameters, bodies) is NacosWire's.
@Suite("Conformance vectors: beats, intervals, 20404")
struct BeatVectorTests {
    let document = RegistrationDocument.orders()

    /// Registered, with the first beat answered.
    private func beating(_ document: RegistrationDocument, servers: [String] = ["a:1"]) -> Core {
        let core = Core(servers: servers)
        core.register(document)
        core.settle(well)
        return core
    }

    @Test("vector 2: the first beat follows the accepted register at once, is full and carries the registration")
    func vector2_firstBeat() throws {
        let core = Core()
        var rich = document
        rich.weight = 2.5
        rich.metadata = ["zone": "a"]
        core.register(rich)
        #expect(core.reply(.ok).compactMap(\.sends) == [.fullBeat])
        #expect(core.sent.map(\.at) == [core.now, core.now])
        let subject = core.read { $0.subject(of: core.inFlight[0]) }
        let info = BeatInfo(subject.document, period: subject.period)
        #expect(info.serviceName == "DEFAULT_GROUP@@orders")
        #expect((info.ip, info.port) == ("10.0.0.1", 1000))
        #expect((info.cluster, info.weight) == ("DEFAULT", 2.5))
        #expect(info.metadata == ["zone": "a"])
        #expect(!info.scheduled && !info.stopped)
    }

    @Test("vector 3: lightBeatEnabled true makes the next beat light")
    func vector3_light() {
        let core = Core()
        core.register(document)
        core.reply(.ok)
        core.reply(.beatAccepted(interval: 5000, lightBeatEnabled: true))
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("vector 4: lightBeatEnabled false, or missing, makes the next beat full")
    func vector4_full() {
        let core = beating(document)
        core.tickAtDeadline()
        core.reply(.beatAccepted(interval: 5000, lightBeatEnabled: false))
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.fullBeat])
    }

    @Test("vector 5: clientBeatInterval 2000 counts from the previous due time")
    func vector5_shorterInterval() {
        let core = beating(document)
        core.tickAtDeadline()
        core.reply(.beatAccepted(interval: 2000, lightBeatEnabled: true))
        core.tickAtDeadline()
        let due = core.inFlight[0].due
        core.advance(.milliseconds(700))
        core.reply(.beatAccepted(interval: 2000, lightBeatEnabled: true))
        core.tickAtDeadline()
        #expect(core.inFlight[0].due - due == .seconds(2))
        #expect(core.now == core.inFlight[0].due)
    }

    @Test("vector 5: 0, negative, missing or no number: the own period; always scheduled", arguments: [0, -1, nil])
    func vector5_noInterval(interval: Int64?) {
        let core = beating(document)
        core.tickAtDeadline()
        core.reply(.beatAccepted(interval: 2000, lightBeatEnabled: true))
        core.tickAtDeadline()
        core.reply(.beatAccepted(interval: interval, lightBeatEnabled: true))
        #expect(core.view(document.key)?.period == .seconds(5))
        #expect(core.view(document.key)?.nextBeatAt != nil)
        #expect(core.nextDeadline != nil)
    }

    @Test("vector 6: preserved.heart.beat.interval 3000 is the period from the first beat on")
    func vector6_ownInterval() {
        let core = Core()
        core.register(.orders(metadata: [PreservedMetadata.heartBeatInterval: "3000"]))
        core.reply(.ok)
        #expect(core.inFlight[0].due == core.now)
        var due: [Instant] = []
        for _ in 0..<4 {
            core.reply(.beatAccepted(interval: 3000, lightBeatEnabled: true))
            core.tickAtDeadline()
            due.append(core.inFlight[0].due)
        }
        #expect(Set(zip(due, due.dropFirst()).map { $1 - $0 }) == [.seconds(3)])
    }

    @Test("vector 9: 20404 registers at once, whole; the schedule stays, the next beat is full (1.4)")
    func vector9_notFound() {
        let core = beating(document)
        core.tickAtDeadline()
        let due = core.inFlight[0].due
        #expect(core.reply(.notFound(interval: 5000, lightBeatEnabled: false)).compactMap(\.sends) == [.register])
        #expect(core.read { $0.subject(of: core.inFlight[0]).document } == document)
        core.reply(.ok)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.fullBeat])
        #expect(core.inFlight[0].due - due == .seconds(5))
    }

    @Test("vector 10: 20404 with lightBeatEnabled (2.x): the next beat may be light")
    func vector10_notFoundLight() {
        let core = beating(document)
        core.tickAtDeadline()
        #expect(core.reply(.notFound(interval: 5000, lightBeatEnabled: true)).compactMap(\.sends) == [.register])
        core.reply(.ok)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
    }

    @Test("vector 11: a disabled instance is registered again disabled")
    func vector11_disabled() {
        var disabled = document
        disabled.enabled = false
        let core = beating(disabled)
        core.tickAtDeadline()
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
        #expect(core.read { $0.subject(of: core.inFlight[0]).document.enabled } == false)
    }

    @Test("vector 12: the register after a 20404 fails with 500: tried again, and beats go on after it")
    func vector12_registerFails() {
        let core = beating(document)
        core.tickAtDeadline()
        core.reply(.unknown)
        core.reply(.broken)
        #expect(core.view(document.key)?.state == .degraded)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.register])
        core.reply(.ok)
        #expect(core.view(document.key)?.state == .beating)
        #expect(core.tickAtDeadline().compactMap(\.sends) == [.lightBeat])
        #expect(core.reply(.unknown).compactMap(\.sends) == [.register])
    }
}

@Suite("Conformance vectors: servers that fail")
struct ServerVectorTests {
    let document = RegistrationDocument.orders()

    @Test("vector 14: three servers, the first chosen is down: each at most once, in cyclic order, no error surfaced")
    func vector14_cyclic() {
        for number in 1...12 {
            let core = Core(servers: ["a:1", "b:1", "c:1"])
            core.register(.orders(number))
            core.settle(well)
            core.tickAtDeadline()
            let first = core.inFlight[0].server
            core.fail(.connect)
            #expect(core.inFlight[0].server == (first + 1) % 3)
            core.fail(.connect)
            #expect(core.inFlight[0].server == (first + 2) % 3)
            core.reply(.accepted)
            #expect(core.view(RegistrationDocument.orders(number).key)?.state == .beating)
            #expect(core.counters.beats[.connect] == 0)
        }
    }

    @Test("vector 15: all servers refuse for 20 s and come back: the first beat within a period; 20404 registers")
    func vector15_allBack() {
        let core = Core(servers: ["a:1", "b:1", "c:1"])
        for number in 1...10 { core.register(.orders(number)) }
        core.settle(well)
        let end = core.now + .seconds(20)
        while core.now < end {
            core.tickAtDeadline()
            while !core.inFlight.isEmpty { core.fail(.connect) }
        }
        let back = core.sent.count
        var known: Set<Int32> = []
        core.run(.seconds(5)) { exchange in
            if exchange.kind == .register { known.insert(exchange.slot) }
            return exchange.kind == .register ? .ok : known.contains(exchange.slot) ? .accepted : .unknown
        }
        #expect(core.count(of: .beating) == 10)
        #expect(known.count == 10)
        #expect(core.sent[back...].filter { $0.exchange.kind == .register }.count == 10, "each once")
    }

    @Test("vectors 16, 17: a reply without JSON is a failure: scheduled again, nothing deregistered")
    func vector16_empty() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        core.run(.seconds(20)) { $0.kind.isBeat ? .unreadable(status: 200, detail: "") : .ok }
        #expect(core.counters.beats[.parse] > 0)
        #expect(core.sent.allSatisfy { $0.exchange.kind != .deregister })
        core.run(.seconds(6), answering: well)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("vector 23: a register answered 400 reports the server's text and leaves no beat stream")
    func vector23_refused() throws {
        let core = Core()
        core.register(document, RegisterOptions(wait: .seconds(3)))
        core.reply(.rejected(status: 400, detail: "instance format invalid"))
        let handle = try #require(core.view(document.key)?.handle)
        let refused = Confirmation.rejected(status: 400, detail: "instance format invalid")
        #expect(core.answers[RequestToken(1)] == .created(handle, confirmed: refused))
        #expect(core.view(document.key)?.nextBeatAt == nil)
        core.run(.seconds(50))
        #expect(core.sent.map(\.exchange.kind) == [.register])
    }

    @Test("vector 24: a register answered 503 is tried again with back-off, then registered")
    func vector24_starting() {
        let core = Core()
        core.register(document)
        let begin = core.now
        let starting = NacosReply.serverError(status: 503, detail: "server is STARTINGnow, please try again later!")
        core.settle { _ in starting }
        core.run(.seconds(10)) { _ in starting }
        let attempts = core.sent.map { $0.at - begin }
        #expect(Array(attempts.prefix(3)) == [.zero, .milliseconds(500), .seconds(2)])
        #expect(attempts.count < 10)
        core.run(.seconds(2), answering: well)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("vector 36: paused for 60 s: each overdue beat goes out once, on resuming; 20404 is handled")
    func vector36_paused() {
        let core = Core()
        for number in 1...100 { core.register(.orders(number)) }
        core.settle(well)
        core.run(.seconds(10), answering: well)
        let before = core.sent.count
        core.advance(.seconds(60))
        let resumed = core.now
        var known: Set<Int32> = []
        core.run(.seconds(1)) { exchange in
            if exchange.kind == .register { known.insert(exchange.slot) }
            return exchange.kind == .register ? .ok : known.contains(exchange.slot) ? .accepted : .unknown
        }
        let beats = core.sent[before...].filter { $0.exchange.kind.isBeat && $0.exchange.due < resumed }
        #expect(Set(beats.map(\.exchange.slot)).count == 100)
        #expect(beats.count == 100, "one each, the periods in between are not made up for")
        #expect(beats.allSatisfy { $0.at - resumed <= .seconds(1) })
        #expect(known.count == 100)
        #expect(core.count(of: .beating) == 100)
    }
}

@Suite("Conformance vectors: registering twice, deregistering, ending")
struct RemovalVectorTests {
    let document = RegistrationDocument.orders()

    private func beating() -> Core {
        let core = Core()
        core.register(document)
        core.settle(well)
        return core
    }

    @Test("vector 19: the same key twice: one beat stream with the second metadata, dom2BeatSize 1")
    func vector19_twice() {
        let core = Core()
        core.register(.orders(metadata: ["v": "1"]))
        core.register(.orders(metadata: ["v": "2"]))
        core.settle(well)
        #expect(core.dom2BeatSize == 1)
        core.tickAtDeadline()
        #expect(core.inFlight.count == 1)
        #expect(core.read { $0.subject(of: core.inFlight[0]).document.metadata } == ["v": "2"])
        core.settle(well)
        let before = core.sent.count
        core.run(.seconds(20), answering: well)
        #expect(core.sent.count - before == 4)
    }

    @Test("vector 20: one DELETE, no beat afterwards, the gauge falls")
    func vector20_deregister() {
        let core = beating()
        core.remove(document.key)
        #expect(core.dom2BeatSize == 0)
        core.settle(well)
        core.run(.seconds(60), answering: well)
        #expect(core.sent.map(\.exchange.kind) == [.register, .fullBeat, .deregister])
    }

    @Test("vector 21: removed while a beat is in flight that is answered 20404: no register follows")
    func vector21_staleNotFound() {
        let core = beating()
        core.tickAtDeadline()
        core.remove(document.key)
        core.reply(.unknown)
        core.settle(well)
        core.run(.seconds(60), answering: well)
        #expect(core.sent.map(\.exchange.kind) == [.register, .fullBeat, .lightBeat, .deregister])
        #expect(core.tombstones == 0)
    }

    @Test("vector 22: removed while a full beat is in flight: the DELETE waits for its end")
    func vector22_deleteLast() {
        let core = Core()
        core.register(document)
        core.reply(.ok)
        #expect(core.inFlight.map(\.kind) == [.fullBeat])
        #expect(core.remove(document.key).compactMap(\.sends).isEmpty)
        core.run(.seconds(2))
        #expect(core.inFlight.map(\.kind) == [.fullBeat])
        #expect(core.reply(.accepted).compactMap(\.sends) == [.deregister])
    }

    @Test("vector 40: at the end every instance is deregistered once")
    func vector40_shutdown() {
        let core = Core()
        for number in 1...20 { core.register(.orders(number)) }
        core.settle(well)
        core.tickAtDeadline()
        core.handle(.drain)
        core.settle(well)
        core.run(.seconds(30), answering: well)
        let deleted = core.sent.filter { $0.exchange.kind == .deregister }.map(\.exchange.slot)
        #expect(deleted.count == 20)
        #expect(Set(deleted).count == 20)
        #expect(core.dom2BeatSize == 0)
        #expect(core.tombstones == 0)
        #expect(core.nextDeadline == nil)
    }
}
