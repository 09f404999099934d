internal import BeatCore
internal import HTTPWire
internal import JSON

// MARK: POST /v1/drain

extension ControlAPI {
    /// Begins a drain, or joins the one that is under way; a drained sidecar goes on telling how it stands.
    func drainSidecar(_ call: Call, token: RequestToken) throws(Problem) -> Handling {
        let wait = try call.query.duration(.wait, max: Limits.drainTimeoutMax)
        let options = try DrainReader.read(try body(of: call))
        return .submit(
            [.beginDrain(options, token, wait: wait)], Pending(kind: .drain, pretty: call.pretty, count: 1),
            route: call.route)
    }

    /// 200 when it is done, else 202.
    func drained(_ answer: Answer, _ pending: Pending) throws(Problem) -> HTTPResponse {
        switch answer {
        case .drained(let report):
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("state", report.isDone ? "done" : "draining")
            writer.member("deregistered", report.deregistered)
            writer.member("verified", report.verified)
            writer.key("left")
            writer.beginArray()
            for id in report.left { writer.string(id) }
            writer.endArray()
            writer.endObject()
            return .body(report.isDone ? 200 : 202, .json, writer.finish(), pretty: pending.pretty)
        case .drainUnderWay(let options):
            throw Problem(
                .keyConflict,
                "a drain is under way with settle \(DurationText.text(options.settle)) and timeout "
                    + "\(DurationText.text(options.timeout)); ask without a body to join it")
        case .draining: throw .draining
        case .storageUnavailable: throw .storageUnavailable
        case .created, .updated, .unchanged, .exists, .tooManyRegistrations, .keyConflict, .keyHeld, .idHeld, .batch,
            .refused, .beaten, .notBeaten, .beatTooSoon, .removed, .removing, .notFound, .renewed, .noTTLCheck,
            .maintained:
            preconditionFailure("a drain was answered with \(answer)")
        }
    }
}

/// Reads the body of a drain: `{"settle":"10s","timeout":"30s"}`, both optional.
enum DrainReader {
    private enum Field: String, CaseIterable {
        case settle, timeout
    }

    /// Nil without a body. Without a time-out a long `settle` gets one that leaves as much time as by default.
    static func read(_ body: JSONObject?) throws(Problem) -> DrainOptions? {
        guard let body else { return nil }
        let defaults = Limits.drainDefaults
        var settle = defaults.settle
        var timeout: Duration?
        var items: [Problem.Item] = []
        for member in body.members {
            guard let field = Field(rawValue: member.key) else {
                items.append(.unknownField(member.key, among: Field.allCases.map(\.rawValue)))
                continue
            }
            do throws(ValueFault) {
                switch field {
                case .settle: settle = try ValueReading.duration(member.value, .zero...Limits.drainSettleMax)
                case .timeout:
                    timeout = try ValueReading.duration(member.value, Limits.drainRemoval...Limits.drainTimeoutMax)
                }
            } catch {
                items.append(.init(pointer: Pointer.to(member.key), error.text))
            }
        }
        let whole = timeout ?? max(defaults.timeout, settle + defaults.timeout - defaults.settle)
        if items.isEmpty, whole < settle + Limits.drainRemoval {
            items.append(
                .init(
                    pointer: "/timeout",
                    "must be at least \(DurationText.text(Limits.drainRemoval)) more than settle, got "
                        + DurationText.text(whole)))
        }
        guard items.isEmpty else { throw .validation(items) }
        return DrainOptions(settle: settle, timeout: whole)
    }
}
