public import BeatCore
public import HTTPWire

/// What is to be done with a request.
public enum Handling: Sendable {
    /// Answer it. `route` is nil when the path belongs to none.
    case respond(HTTPResponse, route: Route?)
    /// Feed the inputs to the core, in order and in this turn. When each of them is answered, `render` makes the
    /// response of the answers in the order of the inputs.
    case submit([Input], Pending, route: Route)
    /// Do what is asked of the shell, then answer.
    case perform(ShellCommand, HTTPResponse, route: Route)
    /// Read settings and files again, answer by `ControlAPI.refuse`, or feed what is declared to the core and answer by
    /// `ControlAPI.pending`.
    case reload(ReloadRequest, route: Route)
    /// A long body: call `ControlAPI.step` until it answers, in small portions.
    case bulk(BulkRequest, route: Route)
    /// An answer that is put together: call `ControlAPI.step` until it responds, in small portions.
    case gather(GatheredAnswer, route: Route)
    /// A long answer: send this head, then what `ControlAPI.next` gives, as fast as the client takes it.
    case export(HTTPResponse, ExportStream, route: Route)
    /// An answer that does not end: send this head, what `EventJournal.begin` gives, and then what `EventJournal.next`
    /// gives as events come and the client takes them.
    case events(HTTPResponse, EventStream, route: Route)
    /// Handle it again, with `Context.waited`, when the core's `rev` has changed or at this instant.
    case park(until: Instant, route: Route)
}

/// What is needed to render the answers of the core to a request.
public struct Pending: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case register
        case remove(missingOk: Bool)
        /// All that matched a query.
        case removeAll
        /// Endpoint 9.
        case renew
        /// Endpoints 8 and 18.
        case maintain
        case endMaintenance
        case beat
        case reload(ReloadReading)
        case drain
    }

    let kind: Kind
    let pretty: Bool
    /// How many answers belong to it; their tokens are numbered from the one that `handle` was given.
    public let count: Int
}

/// A request that has found its route. An object: it is handed on and on, and has a dozen references.
final class Call: Sendable {
    let request: HTTPRequest
    let route: Route
    /// What stands in place of the template's parameter.
    let parameter: String
    let query: Query
    let pretty: Bool

    /// Throws when the query or the body is not one that the route takes.
    init(_ request: HTTPRequest, _ route: Route, _ match: Route.Match) throws(Problem) {
        self.request = request
        self.route = route
        parameter = match.parameter ?? ""
        query = try Query(request.target.query, allowed: route.parameters)
        pretty = try query.flag(.pretty)
        try Call.requireBody(request, route)
    }

    private static func requireBody(_ request: HTTPRequest, _ route: Route) throws(Problem) {
        let limit = route.bodyBytes
        guard request.body.count <= limit else {
            throw Problem(.tooLarge, "the body has \(request.body.count) bytes, at most \(limit) are read")
        }
        switch route.body {
        case .none:
            if !request.body.isEmpty { throw Problem(.malformedRequest, "this path takes no body") }
        case .json:
            try requireType(
                request, "application/json", ["Accept": "application/json"], hint: "; curl's --json sets it")
        case .optionalJSON:
            guard !request.body.isEmpty else { return }
            try requireType(
                request, "application/json", ["Accept": "application/json"], hint: "; curl's --json sets it")
        case .mergePatch:
            let type: StaticString = "application/merge-patch+json"
            // RFC 5789 §2.2 names the field; Accept is what other refusals carry.
            try requireType(request, type, ["Accept": "\(type)", "Accept-Patch": "\(type)"], hint: "")
        }
    }

    private static func requireType(
        _ request: HTTPRequest, _ type: StaticString, _ accept: @autoclosure () -> HTTPFields, hint: String
    ) throws(Problem) {
        if let coding = request.fields["Content-Encoding"], coding.lowercased() != "identity" {
            throw Problem(
                .unsupportedMediaType, "the body must not be compressed, got \(NameRules.quoted(coding))",
                fields: accept())
        }
        if request.fields.has(only: "Content-Type", type) { return }
        let given = request.fields.values(of: "Content-Type")
        guard given.count == 1, isType(given[0], "\(type)") else {
            let got = given.first.map { "got \(NameRules.quoted($0))" } ?? "got none"
            throw Problem(
                .unsupportedMediaType, "Content-Type must be \(type), \(got)\(hint)", fields: accept())
        }
    }

    /// The type, alone or with `charset=utf-8`, which JSON does not need but many clients add.
    private static func isType(_ contentType: String, _ type: String) -> Bool {
        let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { String($0.filter { $0 != " " && $0 != "\t" && $0 != "\"" }) }
        return parts[0] == type && parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0.isEmpty }
    }
}
