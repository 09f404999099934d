import TestSupport

@testable import BeatCore

extension Simulation.Plan {
    init(_ random: inout SplitMix) {
        singleFault = random.next(below: 2) == 0
        servers = singleFault ? 2 + random.next(below: 2) : random.next(below: 4)
        nodes = max(servers, 1) + random.next(below: 3)
        keys = 1 + random.next(below: 4)
        maxRegistrations = random.next(below: 4) == 0 ? max(1, keys - 1) : 100
        operations = 10 + random.next(below: 30)
        drains = random.next(below: 2) == 0
    }
}

// The stream of operations and faults, and the whole run.
extension Simulation {
    /// The run from begin to end; what did not hold, or nil.
    func run() -> String? {
        healthySince = start - Self.gapLimit
        schedule(.operation, in: .zero)
        while violation == nil, operationsDone < plan.operations { run(.seconds(1)) }
        for server in cluster.faults.indices { cluster.faults[server] = .none }
        cluster.interval = 5000
        healAll()
        if reactor.serverViews().isEmpty { feed(.serverListChanged([NodeList.name(0)])) }
        // Long enough for what was begun before, and for every registration to beat twice.
        run(.seconds(12))
        // A refused registration is offered again after 60 s, a tombstone's lease is over after 36 s.
        run(.seconds(100)) { isConverged() }
        check(isConverged(), "not converged: Nacos holds \(cluster.instances), wanted \(keys.map(\.wanted))")
        if plan.drains { drain() }
        return violation
    }

    private func drain() {
        draining = true
        for key in keys.indices {
            guard let wanted = keys[key].wanted else { continue }
            remove(key, deregister: wanted.deregisterOnExit)
        }
        feed(.drain)
        post(0)
        run(.seconds(30)) { finishes > 0 }
        check(finishes == 1, "the drain does not end")
        for key in keys.indices where !keys[key].leftToExpire {
            check(cluster.instances[key] == nil, "drained, and key \(key) is still there")
        }
    }

    func operate() {
        guard operationsDone < plan.operations else { return }
        operationsDone += 1
        let key = random.next(below: keys.count)
        switch random.next(below: 26) {
        case 0...7: post(key)
        case 8...11: removeByRequest(key)
        case 12: abandon()
        case 13: changeInterval()
        case 14: stallOrWipe()
        case 15: changeList()
        case 16: askBeat(key)
        case 17, 18: keys[key].isWell.toggle()
        case 19: maintain(key)
        case 20: maintainSidecar()
        default: harm()
        }
        // Often several in one turn, mostly within a second, sometimes after a few periods.
        let waits = [0, 0, 10, 300, 1000, 3000, 12_000]
        let wait = waits[random.next(below: waits.count)]
        schedule(.operation, in: .milliseconds(wait == 0 ? 0 : random.next(below: wait)))
    }

    // MARK: the API

    func newToken(_ expected: TokenModel.Expected, _ key: Int, wait: Duration) -> RequestToken {
        tokens.append(TokenModel(expected: expected, key: key, deadline: now + wait))
        return RequestToken(UInt64(tokens.count - 1))
    }

    private func post(_ key: Int) {
        let document = chooseDocument(key)
        var options = RegisterOptions(mustCreate: random.next(below: 10) == 0)
        let waits: [Duration?] = [nil, .zero, .milliseconds(300), .seconds(4)]
        options.wait = waits[random.next(below: waits.count)]
        let wanted = keys[key].wanted
        let expected: TokenModel.Expected =
            if draining {
                .draining
            } else if wanted == nil {
                keys.count { $0.wanted != nil } < plan.maxRegistrations ? .created : .tooMany
            } else if options.mustCreate {
                .exists
            } else {
                wanted == document ? .unchanged : .updated
            }
        let token = newToken(expected, key, wait: options.wait ?? .zero)
        switch expected {
        case .created:
            keys[key].wanted = document
            keys[key].lastBeat = nil
        case .updated: keys[key].wanted = document
        case .unchanged, .exists, .tooMany, .draining, .removal, .maintenance, .beat, .goneBeat: break
        }
        if !keys[key].isAcceptable {
            keys[key].refreshedAt = nil
        } else if keys[key].refreshedAt == nil {
            keys[key].refreshedAt = now
        }
        feed(.register(document, token, options))
        tokens[Int(token.number)].generation = reactor.generation(keys[key].key)
    }

    private func chooseDocument(_ key: Int) -> RegistrationDocument {
        if let wanted = keys[key].wanted, random.next(below: 3) == 0 { return wanted }
        var document = RegistrationDocument(key: keys[key].key)
        document.weight = [1, 1, 2, 2, 3, FakeCluster.refusedWeight][random.next(below: 6)]
        document.enabled = random.next(below: 4) > 0
        if random.next(below: 3) == 0 { document.metadata["v"] = "\(random.next(below: 3))" }
        let periods: [Duration?] = [nil, nil, nil, .seconds(1), .seconds(3)]
        document.period = periods[random.next(below: periods.count)]
        document.deregisterOnExit = random.next(below: 5) > 0
        chooseChecks(&document)
        return document
    }

    private func removeByRequest(_ key: Int) {
        guard let handle = reactor.find(keys[key].key) else { return }
        let waits: [Duration] = [.zero, .milliseconds(200), .seconds(5)]
        let options = RemoveOptions(
            deregister: random.next(below: 6) > 0, wait: waits[random.next(below: waits.count)])
        let token = newToken(.removal(promised: options.deregister), key, wait: options.wait)
        if keys[key].wanted != nil { remove(key, deregister: options.deregister) }
        feed(.remove(handle, token, options))
    }

    /// The model's side of a removal.
    private func remove(_ key: Int, deregister: Bool) {
        keys[key].wanted = nil
        keys[key].refreshedAt = nil
        if !deregister {
            keys[key].leftToExpire = true
            keys[key].mayExist = false
        }
        keys[key].owesDeregister = deregister && keys[key].mayExist
    }

    private func askBeat(_ key: Int) {
        guard let handle = reactor.find(keys[key].key) else { return }
        let token = newToken(keys[key].wanted == nil ? .goneBeat : .beat, key, wait: Limits.askedBeatWait)
        keys[key].asks += 1
        feed(.beatNow(handle, token))
    }

    private func abandon() {
        let open = tokens.indices.filter { !tokens[$0].answered && !tokens[$0].abandoned }
        guard !open.isEmpty else { return }
        let index = open[random.next(below: open.count)]
        tokens[index].abandoned = true
        feed(.abandoned(RequestToken(UInt64(index))))
    }

    // MARK: the world

    private func changeInterval() {
        let shorter: [Int64?] = [5000, 3000, 2000, 100, 0, -1, 1_000_000_000, nil]
        let all = shorter + [10_000, 30_000]
        let choice = plan.singleFault ? shorter : all
        cluster.interval = choice[random.next(below: choice.count)]
        trace.add(.interval(cluster.interval), at: now)
    }

    /// Faults that follow one another within one gap are two, and the promise is about one.
    private var mayHarm: Bool {
        !plan.singleFault
            || (cluster.faults.allSatisfy { $0 == .none } && now - healthySince >= Simulation.gapLimit)
    }

    private func stallOrWipe() {
        if plan.singleFault || random.next(below: 2) == 0 {
            guard mayHarm else { return }
            healthySince = now
            trace.add(.wiped, at: now)
            cluster.wipe()
        } else {
            stall(.milliseconds(10 + random.next(below: 30_000)))
        }
    }

    private func harm() {
        let server = random.next(below: cluster.faults.count)
        guard cluster.faults[server] == .none, mayHarm else { return }
        let faults = plan.singleFault ? FakeCluster.Fault.ofOneServer : FakeCluster.Fault.allCases
        let fault = faults[random.next(below: faults.count)]
        guard fault != .none else { return }
        trace.add(.fault(fault, server: server), at: now)
        cluster.faults[server] = fault
        let lasts = [500, 3000, 15_000, plan.singleFault ? 60_000 : 50_000][random.next(below: 4)]
        // A cluster of one that restarts has forgotten everything.
        let wiping = cluster.faults.count == 1 && fault == .down && random.next(below: 2) == 0
        schedule(.heal(server: server, wiping: wiping), in: .milliseconds(100 + random.next(below: lasts)))
    }
}
