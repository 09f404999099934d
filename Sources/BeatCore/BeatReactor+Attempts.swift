// Sending, failing over, backing off, giving up.
extension BeatReactor {
    /// Begins a register or deregister. What has just failed for this registration is not asked first again: changes
    /// that come one after another would each wait for the same hung server.
    mutating func begin(_ slot: Int32, _ kind: Exchange.Kind, at now: Instant, into effects: inout [Effect]) {
        table.rows[Int(slot)].attempt = Row.Attempt(due: now, tried: table.rows[Int(slot)].attempt.tried)
        dispatch(slot, kind, at: now, into: &effects)
    }

    /// The next attempt at work that was begun.
    mutating func retry(_ slot: Int32, _ kind: Exchange.Kind, at now: Instant, into effects: inout [Effect]) {
        if kind == .deregister, leaseIsOver(slot, at: now) {
            return deregistered(slot, .expired, at: now, into: &effects)
        }
        dispatch(slot, kind, at: now, into: &effects)
    }

    /// Hands an exchange to the shell, to the first server that may be asked and was not yet; else backs off.
    mutating func dispatch(_ slot: Int32, _ kind: Exchange.Kind, at now: Instant, into effects: inout [Effect]) {
        let position = Int(slot)
        askServers(at: now, into: &effects)
        guard !login.isBlocking,
            let server = servers.returning(table.rows[position].distroHash, table.rows[position].attempt.tried, at: now)
                ?? servers.choose(
                    home: servers.home(of: table.rows[position].distroHash),
                    tried: table.rows[position].attempt.tried, at: now),
            let dialect = servers.dialect(of: server)
        else {
            backOff(slot, kind, at: now, into: &effects)
            return awaitServers(slot)
        }
        let kind = kind.isBeat ? beatKind(slot, on: server) : kind
        if kind.isBeat, table.rows[position].attempt.sends > 0 {
            counters.retries.add(table.rows[position].attempt.retryReason)
        }
        let generation = table.rows[position].generation
        table.rows[position].attempt.dialect = dialect
        table.rows[position].activity = .inFlight(kind, generation: generation, server: server)
        table.rows[position].attempt.tried |= 1 << UInt32(server)
        table.rows[position].attempt.sends &+= 1
        if kind == .register || kind == .fullBeat || servers.upsertsOnBeat(server) {
            table.rows[position].mayExist = true
        }
        effects.append(
            .send(
                Exchange(
                    slot: slot, generation: generation, epoch: table.rows[position].epoch, kind: kind, dialect: dialect,
                    server: server, due: table.rows[position].attempt.due)))
    }

    /// An attempt failed by the server's fault: asks another one at once, else waits.
    mutating func tryElsewhere(
        _ slot: Int32, _ kind: Exchange.Kind, _ outcome: BeatOutcome, _ reason: RetryReason = .httpError,
        at now: Instant, into effects: inout [Effect]
    ) {
        // A deletion for its checks' sake that is no longer wanted is not tried further.
        if kind == .deregister, work(slot) != .deregister, isWanted(slot) {
            return advance(slot, at: now, into: &effects)
        }
        table.rows[Int(slot)].attempt.outcome = outcome
        table.rows[Int(slot)].attempt.retryReason = reason
        dispatch(slot, kind, at: now, into: &effects)
    }

    /// No server is left to ask: waits, or gives the beat up when its budget would be over by then.
    mutating func backOff(_ slot: Int32, _ kind: Exchange.Kind, at now: Instant, into effects: inout [Effect]) {
        let isChange = kind == .register && isKnownToNacos(slot)
        if !isChange { noteTrouble(slot, at: now, into: &effects) }
        // Who asked for a beat now waits for a login or a probe that is under way, and for nothing else.
        if !login.isAsking, !servers.isProbing { answerAsked(slot, accepted: false, into: &effects) }
        let waits = table.rows[Int(slot)].attempt.waits
        wait(slot, kind, until: now + Backoff.wait(after: waits), at: now, into: &effects)
    }

    /// The same attempt goes on at `again`, if a beat's budget lasts until `spare` behind that.
    mutating func wait(
        _ slot: Int32, _ kind: Exchange.Kind, until again: Instant, spare: Duration = .zero, at now: Instant,
        into effects: inout [Effect]
    ) {
        let position = Int(slot)
        let isChange = kind == .register && isKnownToNacos(slot)
        table.rows[position].attempt.waits &+= 1
        table.rows[position].attempt.tried = 0
        if kind.isBeat {
            let tick = wheel.tick(notBefore: again + spare)
            guard again + spare <= table.rows[position].attempt.due + beatBudget(slot),
                tick < table.rows[position].nextDue
            else {
                return endFailedBeat(slot, at: now, into: &effects)
            }
        }
        table.rows[position].activity = .backingOff(kind)
        var wake = wheel.tick(notBefore: again)
        // A beat that falls due before the change is tried again comes first.
        if isChange, table.rows[position].nextDue != Row.noTick { wake = min(wake, table.rows[position].nextDue) }
        wheel.schedule(slot, at: wake)
    }

    /// How long one beat may be tried: within its period, and three times within the lease.
    private func beatBudget(_ slot: Int32) -> Duration {
        let period = Period.duration(ticks: table.rows[Int(slot)].periodTicks)
        return min(period, PreservedMetadata.timeout(in: table.records[Int(slot)].metadata) / 3)
    }

    /// A scheduled beat has failed after all its attempts. The next one comes on schedule.
    mutating func endFailedBeat(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        let position = Int(slot)
        let outcome = table.rows[position].attempt.outcome
        counters.beats.add(outcome)
        answerAsked(slot, accepted: false, into: &effects)
        if outcome != .clusterTrouble, table.rows[position].failures < .max { table.rows[position].failures += 1 }
        table.rows[position].activity = .idle
        noteTrouble(slot, at: now, into: &effects)
        if outcome == .rejected, Int(table.rows[position].failures) >= Limits.failuresUntilReregister {
            table.rows[position].acceptedGeneration = 0
            table.rows[position].failures = 0
            counters.reregistrations.add(.recovery)
        }
        advance(slot, at: now, into: &effects)
    }

    /// True when a failing registration has had no accepted beat for too long.
    private func isCritical(_ slot: Int32, at now: Instant) -> Bool {
        let row = table.rows[Int(slot)]
        let age = max(Limits.criticalAge, Period.duration(ticks: row.periodTicks) * 2)
        return row.lastAccepted != Row.never && now - row.lastAccepted > age
    }

    /// Moves a registration that is in trouble to `degraded`, later to `critical`, and says so once.
    mutating func noteTrouble(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        let row = table.rows[Int(slot)]
        switch row.state {
        case .beating:
            table.move(slot, to: .degraded)
            publish(.beatFailed, slot, into: &effects)
            guard !row.isTroubled else { return }
            effects.append(
                .log(
                    .beatFailing(
                        key: table.key(slot), server: row.server, outcome: row.attempt.outcome,
                        detail: details[slot] ?? "")))
        case .degraded:
            guard isCritical(slot, at: now) else { return }
            table.move(slot, to: .critical)
            publish(.beatFailed, slot, into: &effects)
        case .pending, .critical, .unhealthy, .maintenance, .deregistering, .stopped:
            break
        }
    }

    // MARK: the end of a registration

    /// Nacos removes an instance by itself this long after its last beat; asking further proves nothing.
    private func leaseIsOver(_ slot: Int32, at now: Instant) -> Bool {
        let row = table.rows[Int(slot)]
        let lease = PreservedMetadata.deleteTimeout(in: table.records[Int(slot)].metadata) + Limits.leaseSlack
        return now - max(row.attempt.due, row.lastSent) > lease
    }

    /// The instance is gone from Nacos, as far as can be known.
    mutating func deregistered(
        _ slot: Int32, _ result: DeregisterResult, at now: Instant, into effects: inout [Effect]
    ) {
        let position = Int(slot)
        counters.deregistrations.add(result)
        noteDrained(slot, result, at: now)
        effects.append(.log(.deregistered(key: table.key(slot), result: result)))
        table.rows[position].mayExist = false
        table.rows[position].mustDeregisterFirst = false
        table.rows[position].activity = .idle
        confirmRemoved(slot, into: &effects)
        advance(slot, at: now, into: &effects)
    }

    /// Frees the place of a tombstone that has nothing left to do.
    mutating func drop(_ slot: Int32, into effects: inout [Effect]) {
        precondition(table.rows[Int(slot)].stage == .leaving, "dropping slot \(slot): \(table.rows[Int(slot)])")
        wheel.cancel(slot)
        details[slot] = nil
        if !heldGenerations.isEmpty { heldGenerations[slot] = nil }
        history.forget(slot)
        endTrouble(slot, into: &effects)
        storeDropped(slot, into: &effects)
        confirmRemoved(slot, into: &effects)
        table.remove(slot)
        finishIfDrained(into: &effects)
    }
}
