public import BeatCore
public import HTTPWire
internal import JSON

/// A question to a server that changes nothing on it (nacos.md §3.4).
public enum ProbeRequest: String, Equatable, Sendable, CaseIterable {
    /// 3.x tells its version here, without a login.
    case coreState = "/v3/admin/core/state"
    /// 1.x and 2.x tell their version here, without a login.
    case consoleState = "/v1/console/server/state"
    /// 1.x tells much here; r-nacos, 2.x and 3.x a constant.
    case metrics = "/v1/ns/operator/metrics"
    /// Answered with 200 wherever the v1 API is served.
    case instancesV1 = "/v1/ns/instance/list?serviceName=probe"
    /// Answered with 200 wherever the v3 API is served.
    case instancesV3 = "/v3/client/ns/instance/list?serviceName=probe"

    /// The service that it asks for; nil when it asks about the server. What a signature of it is over.
    public var serviceName: String? {
        switch self {
        case .coreState, .consoleState, .metrics: nil
        case .instancesV1, .instancesV3: "probe"
        }
    }
}

extension NacosRequestEncoder {
    /// Appends a probe, with the token if one was set, signed when there is a signature.
    public func appendProbe(
        _ request: ProbeRequest, signature: RequestSignature? = nil, to output: inout [UInt8]
    ) {
        appendGet(request.rawValue, hasQuery: request.serviceName != nil, signature, to: &output)
    }
}

/// What a probe has found out about a server.
public struct ProbedServer: Equatable, Sendable {
    /// Whose naming server it is.
    public enum Product: String, Sendable {
        case nacos
        case rNacos = "r-nacos"
    }

    /// The API to use.
    public var dialect: Dialect
    /// As the server says it, for people; nil when it does not.
    public var version: String?
    /// Whose naming server it is.
    public var product: Product
    /// Whether it runs as a node of a cluster; nil when it does not say.
    public var isCluster: Bool?

    /// What a probe would have found.
    public init(_ dialect: Dialect, version: String? = nil, product: Product = .nacos, isCluster: Bool? = nil) {
        self.dialect = dialect
        self.version = version
        self.product = product
        self.isCluster = isCluster
    }

    /// r-nacos makes an instance without metadata of a light beat for one that it forgot, so it gets full beats only
    /// (nacos.md §3.5).
    public var needsFullBeats: Bool { product == .rNacos }

    /// Requests for an instance must go to the node that owns it (`BeatCore.Distro`).
    public var needsResponsibleNode: Bool { dialect == .v3 && isCluster != false }
}

/// How a probe ended.
public enum ProbeVerdict: Equatable, Sendable {
    /// The server is this.
    case found(ProbedServer)
    /// 401 or 403: log in and probe again with the token. Without credentials, say that they are missing; after a
    /// login, that the token was refused or that the user may not read.
    case needsLogin(status: Int, detail: String)
    /// 5xx, 408 or 429: probe again later.
    case unavailable(status: Int, detail: String)
    /// Nothing there speaks Nacos. The text names the first question and what came back.
    case notNacos(detail: String)
}

/// Finds out which dialect a server is to be spoken to in, by up to five questions (nacos.md §3.4).
///
/// A pure state machine: send `request`, give the response to `receive`, until it returns a verdict. The decision:
///
/// * 1.x, 2.x, r-nacos → v1.
/// * 3.x alone → v3, which it will keep.
/// * 3.x in a cluster (or not saying that it is alone) → v1 while it serves it, because only that is passed on to the
///   node that owns the instance; else v3, and `needsResponsibleNode` says what this asks of the caller. When a
///   login's user may not read the probed list, the version decides: v1 is part of 3.0 and 3.1 and not of 3.2.
/// * None of the three states is told, by a gateway that lets only naming through → the API whose list is served.
public struct DialectProbe: Equatable, Sendable {
    /// What to ask now.
    public private(set) var request = ProbeRequest.coreState
    /// A token goes with the requests.
    private let isLoggedIn: Bool
    /// What is known so far, its dialect not yet.
    private var found = ProbedServer(.v3)
    /// What the first question was answered, for the report.
    private var firstAnswer = ""

    /// A probe at its first question. `isLoggedIn`: the encoder has a token of this server.
    public init(isLoggedIn: Bool = false) {
        self.isLoggedIn = isLoggedIn
    }

    /// Takes the response to `request`. Nil: ask the next `request`.
    public mutating func receive(_ response: HTTPResponse) -> ProbeVerdict? {
        let status = response.status
        switch status {
        case 401, 403:
            guard request == .instancesV1, isLoggedIn, found.version != nil else {
                return .needsLogin(status: status, detail: ServerText(response).detail)
            }
            return verdict(servesV1 ? .v1 : .v3)
        case 408, 429, 500, 502...599:
            return .unavailable(status: status, detail: ServerText(response).detail)
        default:
            if firstAnswer.isEmpty { firstAnswer = "\(request.rawValue): \(status) \(ServerText(response).detail)" }
            return next(DialectProbe.object(response))
        }
    }

    /// `object` is what a 200 told, nil when this is not served here.
    private mutating func next(_ object: JSONObject?) -> ProbeVerdict? {
        switch request {
        case .coreState:
            guard let object, case .object(let state)? = object["data"] else { return ask(.consoleState) }
            note(state)
            return found.isCluster == false ? verdict(.v3) : ask(.instancesV1)
        case .consoleState:
            guard let object, object["version"] != nil else { return ask(.metrics) }
            note(object)
            return verdict(.v1)
        case .metrics:
            guard let object, object["status"] != nil else { return ask(.instancesV1) }
            guard object["serviceCount"] == nil else { return verdict(.v1) }
            // A 2.x whose console is out of reach says the same; it loses nothing by full beats. A 3.2 that serves no
            // v1 does so too, hence one question more.
            found.product = .rNacos
            return ask(.instancesV1)
        case .instancesV1:
            if object?["hosts"] != nil { return verdict(.v1) }
            found.product = .nacos
            return found.version == nil ? ask(.instancesV3) : verdict(.v3)
        case .instancesV3:
            guard case .integer(ResultCode.success)? = object?["code"] else {
                return .notNacos(detail: firstAnswer)
            }
            return verdict(.v3)
        }
    }

    private mutating func ask(_ request: ProbeRequest) -> ProbeVerdict? {
        self.request = request
        return nil
    }

    private func verdict(_ dialect: Dialect) -> ProbeVerdict {
        var server = found
        server.dialect = dialect
        return .found(server)
    }

    private mutating func note(_ state: JSONObject) {
        if case .string(let version)? = state["version"] {
            found.version = String(ServerText(text: version).detail.prefix(DialectProbe.versionLength))
        }
        // 1.x calls it `standalone_mode`.
        switch state["startup_mode"] ?? state["standalone_mode"] {
        case .string("standalone")?: found.isCluster = false
        case .string("cluster")?: found.isCluster = true
        default: break
        }
    }

    /// `3.1.0-SNAPSHOT` has 14 characters.
    private static let versionLength = 64

    /// Whether the version found is one that serves v1 out of the box.
    private var servesV1: Bool {
        guard let version = found.version else { return false }
        return ["3.0.", "3.1."].contains { version.hasPrefix($0) }
    }

    private static func object(_ response: HTTPResponse) -> JSONObject? {
        guard response.status == 200, !ServerText.isCompressed(response),
            case .object(let object)? = try? JSONParser.parse(response.body, maxDepth: ServerText.maxDepth)
        else { return nil }
        return object
    }
}
