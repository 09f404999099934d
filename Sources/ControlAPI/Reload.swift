internal import BeatCore
public import HTTPWire
internal import JSON

/// A request to read settings and declared registrations again (`Handling.reload`).
public struct ReloadRequest: Equatable, Sendable {
    let pretty: Bool
}

/// What reading the settings again has brought, as far as the answer tells it.
public struct ReloadReading: Equatable, Sendable {
    /// One thing that is wrong.
    public struct Fault: Equatable, Sendable {
        /// The flag, variable, key or file.
        public var place: String
        /// What is wrong, and what to write instead.
        public var detail: String

        /// A fault from its parts.
        public init(place: String, detail: String) {
            self.place = place
            self.detail = detail
        }
    }

    /// The ids of what the inputs remove, which come before those that register.
    public var removed: [String]
    /// What is wrong with single files of `--config-dir`: they keep what they said before, the rest is in force.
    public var faults: [Fault]
    /// Settings that have another value than this process was started with.
    public var needsRestart: [String]

    /// A reading; by default one that changes nothing.
    public init(removed: [String] = [], faults: [Fault] = [], needsRestart: [String] = []) {
        self.removed = removed
        self.faults = faults
        self.needsRestart = needsRestart
    }
}

/// Changes that an answer lists, the rest being counted: 40 kB of them.
private let changesShown = 1000

// MARK: POST /v1/reload

extension ControlAPI {
    func reload(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> Handling {
        if context.draining { throw .draining }
        if core.isReadOnly { throw .storageUnavailable }
        return .reload(ReloadRequest(pretty: call.pretty), route: call.route)
    }

    /// The response to a reload of which nothing is in force, because of these faults.
    public func refuse(
        _ request: ReloadRequest, _ faults: [ReloadReading.Fault], requestID: String
    ) -> HTTPResponse {
        Problem(
            .validation, "the configuration is not valid, everything stays as it was",
            items: faults.map { Problem.Item(place: .configuration($0.place), detail: $0.detail) }
        ).response(requestID: requestID, pretty: request.pretty)
    }

    /// How the answers to a reload's inputs are rendered: first the removals, then what is registered.
    public func pending(_ request: ReloadRequest, _ reading: ReloadReading, inputs count: Int) -> Pending {
        Pending(kind: .reload(reading), pretty: request.pretty, count: count)
    }

    /// 200 with what has changed, or 422 when a file is broken and the others are in force.
    func reloaded(
        _ answers: [Answer], _ reading: ReloadReading, _ pending: Pending, core: borrowing BeatReactor,
        context: Context
    ) throws(Problem) -> HTTPResponse {
        var tally = ReloadTally(removed: reading.removed)
        for (position, answer) in answers.enumerated() {
            try tally.take(answer, position) { core.view($0)?.id ?? "" }
        }
        guard reading.faults.isEmpty else {
            throw Problem(
                .validation, "broken files keep what they said before; the rest is in force: \(tally.text)",
                items: reading.faults.map { Problem.Item(place: .configuration($0.place), detail: $0.detail) })
        }
        return .body(200, .json, tally.document(needsRestart: reading.needsRestart), pretty: pending.pretty)
    }
}

/// What a reload did, counted.
private struct ReloadTally {
    private let removals: [String]
    private var created = 0
    private var updated = 0
    private var unchanged = 0
    private var removed = 0
    private var refused = 0
    private var changes: [(id: String, result: String)] = []

    init(removed: [String]) { removals = removed }

    mutating func take(
        _ answer: Answer, _ position: Int, id: (RegistrationHandle) -> String
    ) throws(Problem) {
        switch answer {
        case .created(let handle, _):
            created += 1
            changes.append((id(handle), "created"))
        case .updated(let handle, _):
            updated += 1
            changes.append((id(handle), "updated"))
        case .unchanged: unchanged += 1
        case .removed, .removing:
            removed += 1
            changes.append((position < removals.count ? removals[position] : "", "removed"))
        case .notFound: break
        case .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld, .exists: refused += 1
        case .draining: throw .draining
        case .storageUnavailable: throw .storageUnavailable
        case .batch, .refused, .beaten, .notBeaten, .beatTooSoon, .renewed, .noTTLCheck, .maintained, .drained,
            .drainUnderWay:
            preconditionFailure("a declared registration was answered with \(answer)")
        }
    }

    var text: String {
        let parts = [(created, "created"), (updated, "updated"), (removed, "removed"), (refused, "refused")]
        return parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    func document(needsRestart: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("created", created)
        writer.member("updated", updated)
        writer.member("unchanged", unchanged)
        writer.member("removed", removed)
        writer.member("refused", refused)
        writer.key("changes")
        writer.beginArray()
        for change in changes.prefix(changesShown) {
            writer.beginObject()
            writer.member("id", change.id)
            writer.member("result", change.result)
            writer.endObject()
        }
        writer.endArray()
        writer.key("needsRestart")
        writer.beginArray()
        for name in needsRestart { writer.string(name) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
