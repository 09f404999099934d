/// Something to go wrong on purpose, for tests.
///
/// The first fault that a request matches is applied; it is used up after `times` requests.
public struct NamingFault: Equatable, Sendable {
    /// What comes back.
    public enum Reply: Equatable, Sendable {
        /// What the server says; it does its work when the request comes, a delay only holds the answer back.
        case normal
        /// This answer instead; the server does not see the request. The profile's rule says whether the status closes.
        case answer(status: Int, body: String, contentType: String)
        /// 20404, as the profile writes it; the server does not see the request.
        case unknownInstance
        /// The connection is closed without an answer, before the server saw the request.
        case dropUnseen
        /// The connection is closed without an answer, after the server did what was asked.
        case dropAnswer
        /// The server does what was asked and never answers; the connection stays open until its client gives up.
        case silence
    }

    /// Whom a delay holds up.
    public enum DelayScope: Equatable, Sendable {
        /// The requests behind it on the same connection, as Tomcat does.
        case connection
        /// The requests of all connections, as a stopped process does.
        case server
    }

    /// The routes it applies to; nil for all.
    public var routes: Set<NamingRoute>?
    /// Only requests whose raw query or raw body has this text; nil for all. `"ip=10.0.0.7&"` picks one instance.
    public var matching: String?
    /// What comes back.
    public var reply: Reply
    /// How long the answer is held back, or the connection stays before it is dropped, in ms.
    public var delayMilliseconds: Int64
    /// Whom the delay holds up.
    public var delayScope: DelayScope
    /// How many matching requests pass before the first one is hit.
    public var skip: Int
    /// How many are hit; nil for ever.
    public var times: Int?

    /// A fault from its parts; it hits every request of the routes for ever unless told otherwise.
    public init(
        _ reply: Reply, on routes: Set<NamingRoute>? = nil, matching: String? = nil, delayMilliseconds: Int64 = 0,
        delayScope: DelayScope = .connection, skip: Int = 0, times: Int? = nil
    ) {
        self.reply = reply
        self.routes = routes
        self.matching = matching
        self.delayMilliseconds = delayMilliseconds
        self.delayScope = delayScope
        self.skip = skip
        self.times = times
    }
}

/// The faults in force.
struct FaultTable {
    private var faults: [(id: Int, fault: NamingFault)] = []
    private var lastID = 0

    var isEmpty: Bool { faults.isEmpty }

    mutating func add(_ fault: NamingFault) -> Int {
        lastID += 1
        faults.append((lastID, fault))
        return lastID
    }

    mutating func remove(_ id: Int) {
        faults.removeAll { $0.id == id }
    }

    mutating func removeAll() {
        faults = []
    }

    /// How many requests the fault is going to hit; 0 when it is used up or unknown, nil when there is no end.
    func remaining(_ id: Int) -> Int? {
        guard let entry = faults.first(where: { $0.id == id }) else { return 0 }
        return entry.fault.times
    }

    /// The fault that a request meets, counted as used.
    mutating func next(_ route: NamingRoute, query: String?, body: [UInt8]) -> NamingFault? {
        for index in faults.indices {
            let fault = faults[index].fault
            guard fault.routes?.contains(route) ?? true else { continue }
            if let text = fault.matching, !FaultTable.contains(text, query, body) { continue }
            if fault.skip > 0 {
                faults[index].fault.skip -= 1
                continue
            }
            if let times = fault.times {
                if times <= 1 { faults.remove(at: index) } else { faults[index].fault.times = times - 1 }
                if times <= 0 { continue }
            }
            return fault
        }
        return nil
    }

    private static func contains(_ text: String, _ query: String?, _ body: [UInt8]) -> Bool {
        if let query, query.contains(text) { return true }
        return !body.isEmpty && String(decoding: body, as: UTF8.self).contains(text)
    }
}
