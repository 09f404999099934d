/// What is known of the disk: which changes are durable, who waits for them, and what has to be written again.
///
/// Changes are numbered as they are handed to the shell, which reports in that order. An answer to a write is held
/// back until everything that was handed over before it is durable.
struct Durability {
    /// Entered and left by the functions of `BeatReactor+Storing` only.
    enum Mode: Equatable {
        /// Nothing is kept (`--data-dir memory`).
        case off
        /// Changes are handed over. Leaves to `stalled` when one takes too long, to `failed` by a failure.
        case writable
        /// The disk has not answered for `Limits.storageWait`. Leaves to `writable` when it has, to `failed` by a
        /// failure.
        case stalled
        /// The last change was not stored. Leaves to `reopening` after `Limits.storageRetry`.
        case failed(retryAt: Instant)
        /// The shell opens the database anew. Leaves to `writable`, or back to `failed`.
        case reopening
    }

    private struct Held {
        var token: RequestToken
        var answer: Answer
        var number: UInt64
        var since: Instant
    }

    var mode: Mode
    /// What went wrong last, in words.
    var failure = ""
    /// The number of the change that was handed over last.
    private(set) var handed: UInt64 = 0
    /// The number of the last change that answers wait for.
    private(set) var awaited: UInt64 = 0
    private(set) var durable: UInt64 = 0
    private var held: [Held] = []
    private var inFlight: [(number: UInt64, row: Row)] = []
    /// What of the disk is unknown, or known to be old: fingerprints by serials.
    private var unwritten: [UInt64: UInt64] = [:]

    /// What is stored of one registration.
    struct Row {
        var serial: UInt64
        var fingerprint: UInt64

        /// Not a registration, whose serials begin with 1: the maintenance of the whole sidecar.
        static let sidecar = Row(serial: 0, fingerprint: 0)
    }

    init(isOn: Bool) { mode = isOn ? .writable : .off }

    /// True while writes have to be refused.
    var isReadOnly: Bool {
        switch mode {
        case .off, .writable: false
        case .stalled, .failed, .reopening: true
        }
    }

    /// Nothing that was handed over is outstanding, or nothing can be done about it.
    var isSettled: Bool { inFlight.isEmpty || isReadOnly }

    /// True while an answer would promise what is not durable yet.
    var isBehind: Bool { awaited > durable }

    var nextDeadline: Instant? {
        switch mode {
        case .off, .stalled, .reopening: nil
        case .writable: held.first.map { $0.since + Limits.storageWait }
        case .failed(let retryAt): retryAt
        }
    }

    /// The number of a change that is handed over; nil when it has to wait for the disk.
    mutating func hand(_ row: Row, isAwaited: Bool) -> UInt64? {
        guard mode == .writable else {
            if mode != .off { unwritten[row.serial] = row.fingerprint }
            return nil
        }
        handed += 1
        if isAwaited { awaited = handed }
        inFlight.append((handed, row))
        return handed
    }

    /// What is stored of it is to stay as it is.
    mutating func leave(_ row: Row) { unwritten[row.serial] = nil }

    mutating func hold(_ token: RequestToken, _ answer: Answer, since now: Instant) {
        held.append(Held(token: token, answer: answer, number: awaited, since: now))
    }

    mutating func abandon(_ token: RequestToken) { held.removeAll { $0.token == token } }

    /// Everything up to this number is durable: the answers that were held back for it.
    mutating func stored(through number: UInt64) -> [(RequestToken, Answer)] {
        durable = max(durable, number)
        inFlight.removeFirst(inFlight.firstIndex { $0.number > durable } ?? inFlight.count)
        let count = held.firstIndex { $0.number > durable } ?? held.count
        defer { held.removeFirst(count) }
        return held[..<count].map { ($0.token, $0.answer) }
    }

    /// Nobody is to wait for the disk any longer: those who did.
    mutating func giveUp() -> [RequestToken] {
        defer { held = [] }
        return held.map(\.token)
    }

    /// What was handed over and is not durable may be stored or not.
    mutating func lost() {
        for (_, row) in inFlight { unwritten[row.serial] = row.fingerprint }
        inFlight = []
    }

    /// What has to be written again, in the order of serials.
    mutating func takeUnwritten() -> [Row] {
        defer { unwritten = [:] }
        return unwritten.map { Row(serial: $0.key, fingerprint: $0.value) }.sorted { $0.serial < $1.serial }
    }

    /// Nothing that was handed over before is waited for any more: it is written again.
    mutating func beginAnew() {
        durable = handed
        inFlight = []
    }
}
