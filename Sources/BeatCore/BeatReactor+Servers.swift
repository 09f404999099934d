// Finding out which dialect the servers speak, and logging in.
extension BeatReactor {
    /// Asks what is due to be asked: dialects, and a login.
    mutating func askServers(at now: Instant, into effects: inout [Effect]) {
        if !servers.isEmpty, login.takeDue(at: now) { effects.append(.login) }
        guard !login.isBlocking, let due = servers.nextProbe, due <= now else { return }
        for server in servers.takeProbes(at: now) { effects.append(.probe(server)) }
    }

    mutating func probed(
        _ server: ServerIndex, _ verdict: ProbeOutcome, at now: Instant, into effects: inout [Effect]
    ) {
        guard servers.isListed(server) else {
            _ = servers.probed(server, verdict, at: now)
            return
        }
        let wasUp = !servers.isQuarantined(server)
        let isBack = servers.probed(server, verdict, at: now)
        switch verdict {
        case .found(let dialect, let version, let upsertsOnBeat):
            if isBack { tellServerUp(server, into: &effects) }
            effects.append(.log(.dialectFound(server, dialect, version: version)))
            if isBack, upsertsOnBeat { forgetAccepted(by: server) }
            wakeWaiting(at: now)
        case .needsLogin:
            login.refused(at: now)
            if wasUp { tellServerDown(server, "it wants a login", into: &effects) }
        case .failed(let text):
            if wasUp { tellServerDown(server, text, into: &effects) }
        }
        askServers(at: now, into: &effects)
    }

    mutating func loginEnded(_ outcome: LoginOutcome, at now: Instant, into effects: inout [Effect]) {
        let hadFailed = login.failure != nil
        let succeeded = login.ended(outcome, at: now)
        switch outcome {
        case .failed(let text):
            if !hadFailed { effects.append(.log(.loginFailed(detail: text))) }
        case .token, .notNeeded:
            if hadFailed { effects.append(.log(.loginRecovered)) }
        }
        if succeeded { servers.probeAgain(at: now) }
        wakeWaiting(at: now)
        askServers(at: now, into: &effects)
    }

    /// A registration has nobody to ask while a probe or a login is under way: its answer wakes it before its back-off
    /// ends.
    mutating func awaitServers(_ slot: Int32) {
        guard servers.isProbing || login.isBlocking || login.isAsking else { return }
        awaiting.append(table.handle(slot))
    }

    private mutating func wakeWaiting(at now: Instant) {
        let woken = awaiting
        awaiting.removeAll(keepingCapacity: false)
        for handle in woken {
            guard let slot = table.slot(handle), case .backingOff = table.rows[Int(slot)].activity else { continue }
            wheel.schedule(slot, at: wheel.tick(at: now))
        }
    }

    /// r-nacos may have started anew, which it says nothing of: it makes bare instances of beats. What it had is
    /// registered whole again, each at its next beat (nacos.md §11.2).
    mutating func forgetAccepted(by server: ServerIndex) {
        for position in table.rows.indices
        where table.rows[position].stage == .kept && table.rows[position].server == server
            && table.rows[position].acceptedGeneration != 0
        {
            table.rows[position].acceptedGeneration = 0
            counters.reregistrations.add(.recovery)
        }
    }
}
