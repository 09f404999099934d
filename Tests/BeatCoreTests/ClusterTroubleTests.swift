import Testing

@testable import BeatCore

@Suite("Trouble of the cluster: nobody's fault, asked again in peace (vectors 66–68, 71)")
struct ClusterTroubleTests {
    let document = RegistrationDocument.orders()
    private let refused = NacosReply.clusterTrouble(
        status: 500, detail: "org.apache.http.conn.HttpHostConnectException: Connect to b:1 failed")
    private let dispute = NacosReply.clusterTrouble(
        status: 400, detail: "receive invalid redirect request from peer 127.0.0.1")

    @Test(
        "vectors 66, 67: 9.5 s of it: beats go on, each at another node, no register, no quarantine, then all is well")
    func vector66_beatsGoOn() {
        for trouble in [refused, dispute] {
            let core = Core(servers: ["a:1", "b:1", "c:1"])
            core.register(document)
            core.settle(well)
            core.tickAtDeadline()
            core.reply(trouble)
            #expect(core.view(document.key)?.state == .degraded)
            #expect(core.view(document.key)?.reason.hasPrefix("the Nacos cluster is in trouble") == true)
            let before = core.sent.count
            core.run(.milliseconds(9500)) { _ in trouble }
            #expect((4...6).contains(core.sent.count - before), "\(core.sent.count - before) attempts in 9.5 s")
            core.run(.seconds(5), answering: well)
            #expect(core.view(document.key)?.state == .beating)
            #expect(Set(core.sent.suffix(4).map(\.exchange.server)).count == 2)
            #expect(core.sent.filter { $0.exchange.kind == .register }.count == 1)
            #expect(core.counters.beats[.clusterTrouble] == 2)
            #expect(core.counters.beats[.rejected] == 0)
            #expect(core.view(document.key)?.consecutiveFailures == 0)
            #expect(core.servers.allSatisfy { $0.consecutiveFailures == 0 && $0.state != .quarantined })
        }
    }

    @Test("it does not add up with a refused beat to a new register")
    func noRegister() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.run(.seconds(15)) { _ in dispute }
        core.run(.seconds(5)) { _ in .rejected(status: 400, detail: "no") }
        #expect(core.sent.filter { $0.exchange.kind == .register }.count == 1)
    }

    @Test("vector 67: a register is tried again and not refused")
    func vector67_register() {
        let core = Core(servers: ["a:1", "b:1"])
        core.register(document)
        core.settle { _ in dispute }
        core.run(.seconds(4)) { _ in dispute }
        #expect(core.view(document.key)?.state == .pending)
        #expect((2...4).contains(core.sent.count))
        core.run(.seconds(3), answering: well)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test(
        "vector 68: a beat that is answered after 2 s is not repeated into the next one's time: each leaves when it is due"
    )
    func vector68_hungOwner() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        for _ in 0..<3 {
            let due = core.now
            core.advance(.seconds(2))
            core.reply(refused)
            #expect(core.inFlight.isEmpty)
            core.tickAtDeadline()
            #expect(core.now - due == .seconds(5))
            #expect(core.inFlight.count == 1)
        }
        #expect(core.counters.skipped[.inFlight] == 0)
    }

    @Test("one line when it begins and one when it is over, however many instances it holds up")
    func logged() {
        let core = Core()
        for number in 1...20 { core.register(.orders(number)) }
        core.settle(well)
        var lines: [LogEvent] = []
        func pass(_ answer: NacosReply) {
            for _ in 0..<40 {
                for case .log(let event) in core.handle(.tick, logs: true) { lines.append(event) }
                while let exchange = core.inFlight.first {
                    core.forget()
                    for case .log(let event) in core.handle(.replied(exchange, answer, sentAt: core.now), logs: true) {
                        lines.append(event)
                    }
                }
                core.advance(.milliseconds(150))
            }
        }
        pass(refused)
        guard case .clusterTrouble(0, _)? = lines.first, lines.count == 1 else {
            Issue.record("\(lines)")
            return
        }
        pass(.accepted)
        #expect(lines.dropFirst() == [.clusterWell])
    }

    @Test("a registration that is removed in trouble takes its mark with it")
    func removedInTrouble() {
        let core = Core()
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        core.reply(refused)
        core.remove(document.key)
        let effects = core.handle(.replied(core.inFlight[0], .ok, sentAt: core.now), logs: true)
        #expect(effects.contains(.log(.clusterWell)))
        #expect(core.read { $0.troubled } == 0)
    }

    @Test("v3: a node that takes no connection is left at once; nobody else would take its instances over")
    func v3_gone() {
        let core = Core(servers: ["a:1", "b:1", "c:1"], dialect: .forced(.v3))
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let home = core.inFlight[0].server
        core.fail(.connect)
        #expect(core.servers[Int(home)].state == .quarantined)
        #expect(core.inFlight.first.map { $0.server != home } == true)
        core.reply(.unknown)
        #expect(core.inFlight.first?.kind == .register)
        core.reply(.ok)
        #expect(core.view(document.key)?.state == .beating)
        // A forced dialect is not probed for: a beat finds out that the node is back.
        core.run(.seconds(11), answering: well)
        #expect(core.servers[Int(home)].state == .up)
        #expect(core.sent.last?.exchange.server == home)
    }

    @Test("403 again after a new login: the next beat asks another node")
    func forbiddenAtOneNode() {
        let core = Core(servers: ["a:1", "b:1"])
        core.register(document)
        core.settle(well)
        core.tickAtDeadline()
        let home = core.inFlight[0].server
        core.reply(.unauthorized(status: 403, detail: "no"))
        core.tickAtDeadline()
        #expect(core.inFlight.first?.server == home)
        core.reply(.unauthorized(status: 403, detail: "no"))
        core.tickAtDeadline()
        #expect(core.inFlight.first.map { $0.server != home } == true)
        core.reply(.accepted)
        #expect(core.view(document.key)?.state == .beating)
    }

    @Test("a refused change that is posted again while a beat is in flight is offered when that beat is answered")
    func offeredBehindABeat() {
        let core = Core()
        core.register(document)
        core.settle(well)
        var changed = document
        changed.weight = 2
        core.register(changed)
        core.reply(.rejected(status: 400, detail: "no"))
        core.tickAtDeadline()
        #expect(core.inFlight.first?.kind.isBeat == true)
        core.register(changed)
        #expect(core.inFlight.count == 1)
        core.reply(.accepted)
        #expect(core.inFlight.first?.kind == .register)
        core.reply(.ok)
        #expect(core.view(document.key)?.observedGeneration == 2)
    }
}
