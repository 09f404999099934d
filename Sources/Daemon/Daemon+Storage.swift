internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import Storage

// Durable registrations: restoring them, and what the storage thread reports.
extension Daemon {
    /// Takes over what an earlier process has stored. Once, before the first turn; `Configuration.stores` is set.
    ///
    /// A database in which something cannot be read is set aside: what could be read goes on and is written anew, and
    /// `/readyz` fails until beatd is restarted, because something may be missing.
    func restore(_ opened: consuming StorageStart) throws(StorageError) {
        precondition(configuration.stores, "a data folder was opened for a daemon that stores nothing")
        clocks.read()
        var start = opened
        let begin = clocks.now
        var rev: UInt64 = 0
        var total = 0
        do throws(StorageError) {
            rev = try start.store.rev()
            total = try start.store.total()
            if let maintenance = try start.store.sidecarMaintenance(zero: clocks.zeroMilliseconds) {
                core.handle(.restoreSidecarMaintenance(maintenance), at: begin, into: &effects)
            }
            try start.store.load(zero: clocks.zeroMilliseconds) { pieces in
                core.handle(.restored(pieces, rev: rev, total: total, isLast: false), at: begin, into: &effects)
            }
        } catch {
            guard case .corrupt(let detail) = error else { throw error }
            write(LogRecord(.error, "the database is corrupt", event: "storage.corrupt", error: detail))
            start = try StorageStart.beginAnew(start.folder)
            core.handle(.storageReopened(isEmpty: true), at: begin, into: &effects)
        }
        clocks.read()
        core.handle(.restored([], rev: rev, total: total), at: clocks.now, into: &effects)
        if let path = start.setAside { noteSetAside(path) }
        do throws(EventLoopError) { storage = try StorageThread(loop, start) } catch {
            throw .failed("\(error)")
        }
        write(
            LogRecord(
                .info, "registrations restored", event: "storage.restored",
                duration: Instant(nanoseconds: MonotonicClock.nanoseconds()) - begin,
                fields: [
                    "registrations": .integer(Int64(core.dom2BeatSize)),
                    "tombstones": .integer(Int64(core.tombstones)),
                ]))
        declared = DeclaredState(restored: core.keys(from: .file))
        perform()
        armTimer(turnBegan: clocks.now)
    }

    /// Feeds the core with what the storage thread has said.
    func takeStorageReports() {
        guard let storage else { return }
        for report in storage.takeReports() {
            switch report {
            case .stored(let number, _, _): core.handle(.stored(through: number), at: clocks.now, into: &effects)
            case .failed(let error, _):
                core.handle(.storeFailed(detail: error.description), at: clocks.now, into: &effects)
            case .reopened(let isEmpty, let setAside):
                if let setAside { noteSetAside(setAside, isRewritten: true) }
                core.handle(.storageReopened(isEmpty: isEmpty), at: clocks.now, into: &effects)
            case .finished: end(0)
            }
        }
    }

    /// Hands this turn's changes to the storage thread.
    func flushStorage() {
        guard let storage else { return }
        guard !storage.flush(rev: core.rev, zero: clocks.zeroMilliseconds, isEnding: isDraining, at: clocks.now) else {
            return
        }
        core.handle(.storeFailed(detail: "too many writes wait for the disk"), at: clocks.now, into: &effects)
    }

    /// The core wants the database opened anew.
    func reopenStorage() {
        guard let storage, !storage.reopen(rev: core.rev, zero: clocks.zeroMilliseconds) else { return }
        core.handle(.storeFailed(detail: "the disk does not answer"), at: clocks.now, into: &effects)
    }

    /// Why `/readyz` is to say that storage is not as it should be; nil when it is.
    var storageProblem: String? {
        core.storageFailure.map { "writes are refused, beats go on: \($0)" } ?? storageIncident
    }

    private func noteSetAside(_ path: String, isRewritten: Bool = false) {
        write(
            LogRecord(
                .error, "the database was corrupt and is set aside", event: "storage.set_aside",
                fields: ["path": .string(path), "rewritten": .bool(isRewritten)]))
        // Found while running, everything is in memory and is written anew: nothing is missing.
        guard !isRewritten else { return }
        storageIncident =
            "the database was corrupt and is set aside as \(path); registrations may be missing: post them again, "
            + "then restart beatd"
    }
}
