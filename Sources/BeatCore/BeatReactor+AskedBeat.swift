// One beat now, because a person asked for it.
extension BeatReactor {
    /// Does at once what would be done at the next due time, and answers with how it ended. The schedule stays: the beat
    /// is one more.
    mutating func beatNow(
        _ handle: RegistrationHandle, _ token: RequestToken, at now: Instant, into effects: inout [Effect]
    ) {
        guard !draining else { return effects.append(.answer(token, .draining)) }
        guard let slot = table.slot(handle), table.rows[Int(slot)].stage != .leaving else {
            return effects.append(.answer(token, .notFound))
        }
        // Nothing is sent while it is held back, so there is nothing to wait for.
        guard !table.rows[Int(slot)].hold.isSilent else {
            return effects.append(.answer(token, .notBeaten(handle, nil)))
        }
        if let wait = asked.add(handle, token, at: now) {
            return effects.append(.answer(token, .beatTooSoon(retryAfter: wait)))
        }
        switch table.rows[Int(slot)].activity {
        // How it ends is the answer; behind a register the first beat follows.
        case .inFlight: return
        case .backingOff(let kind):
            scheduleWake(slot)
            table.rows[Int(slot)].attempt.tried = 0
            retry(slot, kind, at: now, into: &effects)
        case .idle:
            // A refused one is offered to Nacos again.
            if table.rows[Int(slot)].stage == .refused, table.rows[Int(slot)].acceptedGeneration == 0 {
                table.rows[Int(slot)].stage = .kept
            }
            advance(slot, at: now, into: &effects)
        }
    }

    /// A beat beside the schedule, which `advance` begins when one was asked for.
    mutating func beatBetween(_ slot: Int32, at now: Instant, into effects: inout [Effect]) {
        wheel.schedule(slot, at: table.rows[Int(slot)].nextDue)
        table.rows[Int(slot)].attempt = Row.Attempt(due: now)
        dispatch(slot, .fullBeat, at: now, into: &effects)
    }

    /// Whether an attempt that went well would be kept: of most registrations of a large table none is.
    func notesCalm(_ slot: Int32) -> Bool {
        history.notesCalm(slot, among: dom2BeatSize) || !asked.isEmpty
    }

    /// Keeps what an exchange brought: for the history, and for those who asked for it.
    mutating func noteAttempt(_ attempt: AttemptView, of slot: Int32) {
        history.note(attempt, of: slot, among: dom2BeatSize)
        if !asked.isEmpty { asked.note(attempt, of: slot) }
    }

    /// Answers those who asked for a beat of this registration: it was accepted, or it failed for now.
    mutating func answerAsked(_ slot: Int32, accepted: Bool, into effects: inout [Effect]) {
        guard !asked.isEmpty else { return }
        let (tokens, attempt) = asked.take(slot)
        for token in tokens {
            let handle = table.handle(slot)
            if accepted, let attempt {
                effects.append(.answer(token, .beaten(handle, attempt)))
            } else {
                effects.append(.answer(token, .notBeaten(handle, attempt)))
            }
        }
    }

    /// Nobody may wait for a beat of a registration that was removed.
    mutating func refuseAsked(_ slot: Int32, into effects: inout [Effect]) {
        guard !asked.isEmpty else { return }
        for token in asked.take(slot).tokens { effects.append(.answer(token, .notFound)) }
    }

    mutating func endOverdueAsked(at now: Instant, into effects: inout [Effect]) {
        guard let deadline = asked.nextDeadline, deadline <= now else { return }
        for (token, handle, attempt) in asked.takeOverdue(at: now) {
            effects.append(.answer(token, .notBeaten(handle, attempt)))
        }
    }
}
