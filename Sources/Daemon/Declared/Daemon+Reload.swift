internal import BeatCore
internal import ControlAPI
internal import HTTPWire

/// Reads the settings anew, from where the process has them.
typealias SettingsReading = () throws(SettingsRefusal) -> BeatdInvocation

// Reading the settings again: SIGHUP and POST /v1/reload.
extension Daemon {
    /// SIGHUP: reads settings and files again, and brings into force what can be changed while beatd runs. What is
    /// wrong changes nothing, and is told in the log.
    func reload() {
        clocks.read()
        guard !isDraining, !core.isBeingDrained, case .success(let loaded) = readSettingsAgain() else { return }
        declare(loaded.declared)
    }

    /// POST /v1/reload: the same, answered when it is durable.
    func reload(_ request: ReloadRequest, for arrival: HTTPServer.Arrival, _ route: Route, _ requestID: RequestID) {
        let loaded: LoadedSettings
        switch readSettingsAgain() {
        case .failure(let refusal):
            let response = api.refuse(request, refusal.faults.map(\.reported), requestID: requestID.text)
            return respond(response, to: arrival, route: route, requestID)
        case .success(let read): loaded = read
        }
        guard let change = takeDeclared(loaded.declared) else { preconditionFailure("reload of a read-only core") }
        let removals = change.remove.compactMap { key in core.find(key).map { (handle: $0, id: idText($0)) } }
        let count = removals.count + change.register.count
        let reading = ReloadReading(
            removed: removals.map(\.id), faults: loaded.declared.faults.map(\.reported),
            needsRestart: changedSettings(loaded))
        let pending = api.pending(request, reading, inputs: count)
        let first = newTokens(count)
        guard count > 0 else {
            let response = api.render([], for: pending, core: core, context: context(requestID))
            return respond(response, to: arrival, route: route, requestID)
        }
        submissions.add(
            Submissions.Submission(
                arrival: arrival, pending: pending, route: route, requestID: requestID, firstToken: first.number))
        for input in declaring(removals.map(\.handle), change.register, from: first) {
            core.handle(input, at: clocks.now, into: &effects)
        }
        noteRefused(change)
    }

    private func idText(_ handle: RegistrationHandle) -> String { core.view(handle)?.id ?? "" }

    private func readSettingsAgain() -> Result<LoadedSettings, SettingsRefusal> {
        do throws(SettingsRefusal) {
            guard let readSettings else {
                let fault = SettingsFault(
                    kind: .configuration, place: "beatd run", message: "keeps one program and reads nothing again")
                throw SettingsRefusal(faults: [fault])
            }
            guard case .serve(let loaded) = try readSettings() else {
                preconditionFailure("only a daemon is reloaded")
            }
            isLastReloadGood = loaded.declared.faults.isEmpty
            write(LogRecord(.info, "configuration read again", event: "config.reload"))
            core.handle(.reloaded("settings and files were read again"), at: clocks.now, into: &effects)
            let changed = changedSettings(loaded)
            if !changed.isEmpty {
                write(
                    LogRecord(
                        .warn, "settings other than declared registrations need a restart", event: "config.restart",
                        fields: ["settings": .string(changed.joined(separator: " "))]))
            }
            return .success(loaded)
        } catch {
            isLastReloadGood = false
            for fault in error.faults {
                write(
                    LogRecord(
                        .error, "reload refused: everything stays as it was", event: "config.reload",
                        error: "\(fault.place): \(fault.message)"))
            }
            return .failure(error)
        }
    }

    /// The settings that have another value than this process was started with. Of a secret only that it is set is known.
    private func changedSettings(_ loaded: LoadedSettings) -> [String] {
        let before = Dictionary(configuration.settings.map { ($0.name, $0.value) }) { first, _ in first }
        return loaded.reported.filter { before[$0.name, default: $0.value] != $0.value }.map(\.name)
    }
}

extension SettingsFault {
    /// For an answer of the API.
    fileprivate var reported: ReloadReading.Fault { ReloadReading.Fault(place: place, detail: message) }
}
