public import HTTPWire

/// What came in, for tests: the latest requests up to a capacity, off when that is 0.
public struct RequestLog: Sendable {
    /// One request as it came.
    public struct Entry: Equatable, Sendable {
        /// What it is about.
        public let route: NamingRoute
        /// As sent.
        public let method: HTTPMethod
        /// As sent, without the query.
        public let path: String
        /// Still encoded; nil when there is no `?`.
        public let query: String?
        /// Still encoded.
        public let body: [UInt8]
        /// All header fields.
        public let fields: HTTPFields
        /// ns of `MonotonicClock`, when the pass began in which the request was read.
        public let arrival: Int64
        /// The connection, counted from 1 in the order they were accepted.
        public let connection: Int
        /// What was answered; 0 while it is not, or when the server did not see it.
        public internal(set) var status = 0
        /// The answer's body.
        public internal(set) var answer: [UInt8] = []
    }

    /// How many entries are kept; the oldest go first.
    public let capacity: Int
    /// How many requests were noted since the start, kept or not.
    public private(set) var total = 0
    private var ring: [Entry] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The kept requests, oldest first.
    public var entries: [Entry] {
        guard ring.count == capacity, capacity > 0 else { return ring }
        let start = total % capacity
        return Array(ring[start...] + ring[..<start])
    }

    /// The kept requests of one route, oldest first.
    public func entries(of route: NamingRoute) -> [Entry] {
        entries.filter { $0.route == route }
    }

    /// What the latest request was answered with.
    mutating func noteAnswer(_ status: Int, _ body: [UInt8]) {
        guard capacity > 0, total > 0 else { return }
        let place = (total - 1) % capacity
        ring[place].status = status
        ring[place].answer = body
    }

    mutating func note(_ request: HTTPRequest, _ route: NamingRoute, arrival: Int64, connection: Int) {
        guard capacity > 0 else { return }
        let entry = Entry(
            route: route, method: request.method, path: request.target.path, query: request.target.query,
            body: request.body, fields: request.fields, arrival: arrival, connection: connection)
        if ring.count < capacity { ring.append(entry) } else { ring[total % capacity] = entry }
        total += 1
    }
}
