internal import BeatCore

// Registrations that files declare.
extension Daemon {
    /// Brings what the files declare into force: registers, changes and removes what differs, and nothing else.
    func declare(_ beats: DeclaredBeats) {
        guard let change = takeDeclared(beats) else { return }
        let removals = change.remove.compactMap { core.find($0) }
        let first = newTokens(removals.count + change.register.count)
        handle(declaring(removals, change.register, from: first))
        noteRefused(change)
    }

    /// What a new reading changes; nil, and it is not taken, while nothing can be stored.
    func takeDeclared(_ beats: DeclaredBeats) -> DeclaredState.Change? {
        for fault in beats.faults {
            write(
                LogRecord(
                    .error, "a file of declared registrations is broken: what it said before stays",
                    event: "config.declared", error: "\(fault.place): \(fault.message)"))
        }
        if let failure = core.storageFailure {
            isLastReloadGood = false
            write(
                LogRecord(
                    .error, "declared registrations stay as they are: nothing can be stored", event: "config.declared",
                    error: failure))
            return nil
        }
        return declared.take(beats)
    }

    /// The inputs that bring a change into force, each with a token of its own.
    func declaring(
        _ removals: [RegistrationHandle], _ documents: [RegistrationDocument], from first: RequestToken
    ) -> [Input] {
        var number = first.number
        func token() -> RequestToken {
            defer { number += 1 }
            return RequestToken(number)
        }
        return removals.map { .remove($0, token(), RemoveOptions(wait: .zero)) }
            + documents.map { .register($0, token(), RegisterOptions()) }
    }

    /// The core has taken the inputs of a change; says what it refused.
    func noteRefused(_ change: DeclaredState.Change) {
        let refused = change.register.filter { core.find($0.key) == nil }.count
        guard refused > 0 else { return }
        isLastReloadGood = false
        write(
            LogRecord(
                .error, "declared registrations were refused: there are as many as --max-registrations allows",
                event: "config.declared", fields: ["refused": .integer(Int64(refused))]))
    }
}
