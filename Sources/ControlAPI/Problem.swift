public import HTTPWire
internal import JSON

/// A refusal on its way to becoming a problem document (RFC 9457).
struct Problem: Error, Sendable {
    /// One thing that is wrong.
    struct Item: Equatable, Sendable {
        /// Where it is: a JSON pointer (RFC 6901) into the body, the name of a query parameter, or a place in the
        /// configuration (a flag, a variable, a file).
        enum Place: Equatable, Sendable {
            case pointer(String)
            case parameter(String)
            case configuration(String)
        }

        var place: Place
        var detail: String

        /// A member that the object at `parent` (a JSON pointer) has not, with the nearest name that it has.
        static func unknownField(_ name: String, in parent: String = "", among names: [String]) -> Item {
            let hint = NearestName.suggestion(for: name, among: names)
            return Item(pointer: parent + Pointer.to(name), "unknown field\(hint)")
        }
    }

    var type: ProblemType
    var status: Int
    var detail: String
    var items: [Item]
    /// Extra fields of the response: Allow, Accept, Retry-After, WWW-Authenticate, Location.
    var fields: HTTPFields
    /// The registration it is about, where there is one.
    var id: String?

    init(
        _ type: ProblemType, _ detail: String, status: Int? = nil, items: [Item] = [],
        fields: HTTPFields = HTTPFields(), id: String? = nil
    ) {
        self.type = type
        self.status = status ?? type.status
        self.detail = detail
        self.items = items
        self.fields = fields
        self.id = id
    }

    /// Items beyond this are only counted: a body of 64 KiB could be wrong in ten thousand places.
    static let itemsShown = 32

    /// The fields of a document that need attention.
    static func validation(_ items: [Item]) -> Problem {
        Problem(.validation, attention(items.count, "field"), items: items)
    }

    /// The query parameters that need attention.
    static func query(_ items: [Item]) -> Problem {
        Problem(.malformedRequest, attention(items.count, "query parameter"), items: items)
    }

    private static func attention(_ count: Int, _ noun: String) -> String {
        count == 1 ? "1 \(noun) needs attention" : "\(count) \(noun)s need attention"
    }

    /// How long to stay away from a process that is ending: its successor is up within seconds.
    static let drainingRetrySeconds = 5

    /// Twice the time after which the database is opened anew.
    static let storageRetrySeconds = 2

    static var storageUnavailable: Problem {
        Problem(
            .storageUnavailable, "the change could not be made durable; beats go on",
            fields: ["Retry-After": "\(storageRetrySeconds)"])
    }

    static var draining: Problem {
        Problem(
            .draining, "beatd is drained or shutting down and takes no changes any more",
            fields: ["Retry-After": "\(drainingRetrySeconds)"])
    }

    /// The document. `requestID` is the one that the log has.
    func response(requestID: String, pretty: Bool = false) -> HTTPResponse {
        var writer = JSONWriter()
        write(to: &writer, requestID: requestID)
        return .body(status, .problem, writer.finish(), pretty: pretty, fields: fields)
    }

    func write(to writer: inout JSONWriter, requestID: String) {
        writer.beginObject()
        writer.member("type", "/problems/\(type.slug)")
        writer.member("title", type.title)
        writer.member("status", status)
        writer.member("detail", detail)
        if let id { writer.member("id", id) }
        if !items.isEmpty {
            writer.key("errors")
            writer.beginArray()
            for item in items.prefix(Problem.itemsShown) { item.write(to: &writer) }
            writer.endArray()
        }
        writer.member("requestId", requestID)
        writer.endObject()
    }
}

extension Problem.Item {
    init(pointer: String, _ detail: String) { self.init(place: .pointer(pointer), detail: detail) }

    init(_ parameter: String, _ detail: String) { self.init(place: .parameter(parameter), detail: detail) }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch place {
        case .pointer(let pointer): writer.member("pointer", pointer)
        case .parameter(let name): writer.member("parameter", name)
        case .configuration(let name): writer.member("place", name)
        }
        writer.member("detail", detail)
        writer.endObject()
    }
}

/// Problems of the connection, which no route sees. The shell closes the connection behind each of them, except
/// behind `rateLimited` and `internalError`.
extension ControlAPI {
    /// What the parser refused.
    public func problem(for refusal: HTTPRefusal, requestID: String) -> HTTPResponse {
        guard let type = ProblemType(rawValue: refusal.slug) else {
            preconditionFailure("the refusal \(refusal) has no problem type: \(refusal.slug)")
        }
        return Problem(type, refusal.detail, status: refusal.status).response(requestID: requestID)
    }

    /// More connections than the listener serves: 503.
    public func tooManyConnections(requestID: String) -> HTTPResponse {
        Problem(.tooManyConnections, "more connections are open than are served", fields: ["Retry-After": "1"])
            .response(requestID: requestID)
    }

    /// The head or the body did not come in whole within its deadline: 408.
    public func requestTimeout(requestID: String) -> HTTPResponse {
        Problem(.timeout, "the request did not come in whole within its time").response(requestID: requestID)
    }

    /// The client address writes faster than it may: 429. `retryAfter` is in whole seconds, at least 1.
    public func rateLimited(retryAfter: Int, requestID: String) -> HTTPResponse {
        Problem(
            .rateLimited, "this address writes faster than --write-rate allows",
            fields: ["Retry-After": "\(max(1, retryAfter))"]
        ).response(requestID: requestID)
    }

    /// Something that must not happen: 500.
    public func internalError(requestID: String) -> HTTPResponse {
        Problem(.internal, "something went wrong; the log has a line with this requestId")
            .response(requestID: requestID)
    }
}
