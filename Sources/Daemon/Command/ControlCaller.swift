internal import BeatCore
internal import EventLoop
internal import HTTPWire
internal import JSON

/// Why a command has no answer to show: what to say, and how to exit (control-api.md §3).
struct CtlFailure: Error {
    enum Exit: Int32 {
        case usage = 1
        case notFound, conflict, invalid, server, unreachable, timeout
    }

    var text: String
    var exit: Exit
}

/// Asks a running beatd, one request after the other, each on a connection of its own. Loop-confined.
final class ControlCaller {
    let loop: EventLoop
    private let access: ControlAccess
    /// The one that answered; until then all are tried.
    private(set) var address: SocketAddress?
    /// A page of 1 000 registrations with all the metadata that they may have is far below this.
    private static let limits = HTTPLimits(
        headBytes: HTTPLimits.response.headBytes, fieldCount: HTTPLimits.response.fieldCount,
        targetBytes: HTTPLimits.response.targetBytes, bodyBytes: 256 << 20)

    init(_ access: ControlAccess) throws(EventLoopError) {
        self.access = access
        loop = try EventLoop()
    }

    /// The answer to a request, whatever its status.
    func ask(
        _ method: HTTPMethod, _ target: String, _ body: [UInt8] = [], fields: HTTPFields = HTTPFields()
    ) throws(CtlFailure) -> HTTPResponse {
        var troubles: [String] = []
        for candidate in address.map({ [$0] }) ?? access.addresses {
            let request = try self.request(method, target, body, fields)
            var bytes: [UInt8] = []
            HTTPRequestWriter.append(request, host: "localhost", keepsOpen: false, to: &bytes)
            let result = HTTPCall.outcome(
                loop, to: candidate, by: ServerTransport(plainWithin: access.timeout), sending: bytes,
                within: access.timeout, limits: Self.limits)
            switch result {
            case .success(let response):
                address = candidate
                return response
            case .failure(let error):
                guard !error.wasConnected else {
                    let late = error.text == "no answer in time"
                    throw CtlFailure(
                        text: "\(candidate): \(error.text)\(late ? "; --timeout allows more" : "")",
                        exit: late ? .timeout : .unreachable)
                }
                troubles.append("\(candidate) (\(error.text))")
            }
        }
        throw unreachable(troubles)
    }

    func request(
        _ method: HTTPMethod, _ target: String, _ body: [UInt8], _ fields: HTTPFields, version: HTTPVersion = .http11
    ) throws(CtlFailure) -> HTTPRequest {
        guard let parsed = HTTPTarget(target, method: method) else {
            throw CtlFailure(text: "cannot be asked for: \(target)", exit: .usage)
        }
        var fields = fields
        fields.set("User-Agent", "beatd-ctl/\(Version.text)")
        if !body.isEmpty, !fields.contains("Content-Type") { fields.set("Content-Type", "application/json") }
        if let token = access.token { fields.set("Authorization", "Bearer \(token)") }
        return HTTPRequest(method, parsed, version: version, fields: fields, body: body)
    }

    func unreachable(_ troubles: [String]) -> CtlFailure {
        let asked = troubles.isEmpty ? "no address to ask" : troubles.joined(separator: ", ")
        return CtlFailure(
            text: "no beatd answers: \(asked); does it run? --socket or --address say where", exit: .unreachable)
    }

    /// The response when it is a success; else its problem in words.
    static func requireSuccess(_ response: HTTPResponse) throws(CtlFailure) -> HTTPResponse {
        guard response.status >= 300 else { return response }
        let exit: CtlFailure.Exit =
            switch response.status {
            case 404, 410: .notFound
            case 409, 412: .conflict
            case 504: .timeout
            case 500...: .server
            default: .invalid
            }
        throw CtlFailure(text: problemText(response), exit: exit)
    }

    private static func problemText(_ response: HTTPResponse) -> String {
        guard let json = try? JSONParser.parse(response.body), let detail = json["detail"]?.text else {
            return "HTTP \(response.status)"
        }
        var text = "\(detail) (\(response.status))"
        if case .array(let items)? = json["errors"] {
            for item in items {
                let place = item["pointer"]?.text ?? item["parameter"]?.text ?? ""
                text += "\n  \(place) \(item["detail"]?.text ?? "")"
            }
        }
        return text
    }
}

extension JSONValue {
    /// The member of an object.
    subscript(_ key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// A string as it is, anything else as JSON; nil for null.
    var text: String? {
        switch self {
        case .null: return nil
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .bool(let truth): return truth ? "true" : "false"
        case .number(let number): return String(number)
        case .array, .object:
            var writer = JSONWriter()
            writer.value(self)
            return String(decoding: writer.finish(), as: UTF8.self)
        }
    }
}
