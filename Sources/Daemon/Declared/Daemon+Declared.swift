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
        let change = declared.take(beats)
        for key in change.remove {
            guard let handle = core.find(key) else { continue }
            self.handle(.remove(handle, newTokens(1), RemoveOptions(wait: .zero)))
        }
        for document in change.register {
            handle(.register(document, newTokens(1), RegisterOptions()))
        }
    }
}

// Reading the settings again: SIGHUP and POST /v1/reload.
extension Daemon {
    /// Reads settings and files again by `read`, and brings into force what can be changed while beatd runs. What is
    /// wrong changes nothing, and is given back.
    @discardableResult
    func reload(_ read: () throws(SettingsRefusal) -> BeatdInvocation) -> [SettingsFault] {
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
            return error.faults
        }
        isLastReloadGood = loaded.declared.faults.isEmpty
        write(LogRecord(.info, "configuration read again", event: "config.reload"))
        declare(loaded.declared)
        return loaded.declared.faults
    }
}
