import HTTPWire
import NamingStandIn

/// A server with a clock that the test moves; checks run when they are due.
struct Driver {
    var server: NamingServer
    /// s
    private(set) var seconds = 0.0

    init(_ profile: NamingProfile) {
        server = NamingServer(profile: profile, at: 0)
    }

    private var now: Int64 { Int64(seconds * 1e9) }

    /// Moves the clock, tick by tick of the check.
    mutating func advance(to seconds: Double) {
        let target = Int64(seconds * 1e9)
        while server.nextCheck <= target { server.check(at: server.nextCheck) }
        self.seconds = seconds
    }

    mutating func send(
        _ method: HTTPMethod, _ target: String, body: String = "", fields: HTTPFields = ["Host": "a"]
    ) -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = HTTPRequest(
            method, HTTPTarget(path: parts[0], query: parts.count > 1 ? parts[1] : nil), fields: fields,
            body: Array(body.utf8))
        return Answer(server.handle(request, at: now, wall: 1_795_379_093_797 + now / 1_000_000))
    }

    static let svc = "serviceName=DEFAULT_GROUP%40%40svc"
    static let address = "ip=10.0.0.1&port=8080"

    mutating func register(_ query: String = Driver.address, service: String = Driver.svc) -> Answer {
        send(.post, "/nacos/v1/ns/instance?\(service)&\(query)")
    }

    mutating func deregister(_ query: String = Driver.address) -> Answer {
        send(.delete, "/nacos/v1/ns/instance?\(Driver.svc)&\(query)")
    }

    mutating func light(_ query: String = Driver.address, service: String = Driver.svc) -> Answer {
        send(.put, "/nacos/v1/ns/instance/beat?\(service)&\(query)")
    }

    mutating func full(_ json: String, _ query: String = Driver.address, service: String = Driver.svc) -> Answer {
        let target = "/nacos/v1/ns/instance/beat?\(service)&\(query)"
        return send(.put, target, body: "beat=\(FormEncoding.encoded(json))")
    }

    mutating func list(_ service: String = Driver.svc) -> Answer {
        send(.get, "/nacos/v1/ns/instance/list?\(service)")
    }

    mutating func one(_ query: String = Driver.address, service: String = Driver.svc) -> Answer {
        send(.get, "/nacos/v1/ns/instance?\(service)&\(query)")
    }

    mutating func set(_ entry: String, _ value: String, api: String = "v1") -> Answer {
        send(.put, "/nacos/\(api)/ns/operator/switches?entry=\(entry)&value=\(value)")
    }

    /// The instance that the tests register, as the server has it.
    var instance: NamingServer.InstanceView? { server.instances(of: "DEFAULT_GROUP@@svc").first }
}

/// What a test compares of an answer.
struct Answer: Equatable, CustomStringConvertible {
    let status: Int
    let text: String
    let closes: Bool

    init(_ answer: NamingAnswer) {
        self.init(answer.status, String(decoding: answer.body, as: UTF8.self), closes: answer.closes)
    }

    init(_ status: Int, _ text: String, closes: Bool = false) {
        self.status = status
        self.text = text
        self.closes = closes
    }

    var description: String { "\(status)\(closes ? " close" : "") \(text)" }

    static let ok = Answer(200, "ok")
    static let known = Answer(200, #"{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#)

    static func unknown(_ profile: NamingProfile) -> Answer {
        switch profile.name {
        case .nacos11: Answer(400, "Param 'beat' is required.", closes: true)
        case .nacos12, .nacos14: Answer(200, #"{"clientBeatInterval":5000,"code":20404}"#)
        case .rnacos: known
        case .nacos32: Answer(501, "")
        case .nacos25, .nacos30: Answer(200, #"{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}"#)
        }
    }

    /// The text as 1.4 wraps it.
    static func caused(_ status: Int, _ text: String) -> Answer {
        Answer(status, "caused: \(text);", closes: true)
    }
}

let profiles: [NamingProfile] = [.nacos14, .nacos25]

/// Those that 3.x serves v1 like, beside these.
let profilesOfV1: [NamingProfile] = profiles + [.nacos30]
