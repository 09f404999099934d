internal import BeatCore

// Registrations that files declare.
extension Daemon {
    /// Brings what the files declare into force: registers, changes and removes what differs, and nothing else.
    func declare(_ beats: DeclaredBeats) {
        for fault in beats.faults {
            write(
                LogRecord(
                    .error, "a file of declared registrations is broken: what it said before stays",
                    event: "config.declared", error: "\(fault.place): \(fault.message)"))
        }
        if let failure = core.storageFailure {
            isLastReloadGood = false
            return write(
                LogRecord(
                    .error, "declared registrations stay as they are: nothing can be stored", event: "config.declared",
                    error: failure))
        }
        let change = declared.take(beats)
        handle(
            change.remove.compactMap { core.find($0) }.map { .remove($0, newTokens(1), RemoveOptions(wait: .zero)) }
                + change.register.map { .register($0, newTokens(1), RegisterOptions()) })
        let refused = change.register.filter { core.find($0.key) == nil }.count
        if refused > 0 {
            isLastReloadGood = false
            write(
                LogRecord(
                    .error, "declared registrations were refused: there are as many as --max-registrations allows",
                    event: "config.declared", fields: ["refused": .integer(Int64(refused))]))
        }
    }
}

// Reading the settings again: SIGHUP.
extension Daemon {
    /// Reads settings and files again by `read`, and brings into force what can be changed while beatd runs. What is
    /// wrong changes nothing, and is told in the log.
    func reload(_ read: () throws(SettingsRefusal) -> BeatdInvocation) {
        clocks.read()
        let loaded: LoadedSettings
        do throws(SettingsRefusal) {
            guard case .serve(let read) = try read() else { preconditionFailure("only a daemon is reloaded") }
            loaded = read
        } catch {
            isLastReloadGood = false
            for fault in error.faults {
                write(
                    LogRecord(
                        .error, "reload refused: everything stays as it was", event: "config.reload",
                        error: "\(fault.place): \(fault.message)"))
            }
            return
        }
        isLastReloadGood = loaded.declared.faults.isEmpty
        write(LogRecord(.info, "configuration read again", event: "config.reload"))
        declare(loaded.declared)
    }
}
