import BeatCore
import EventLoop
import HTTPWire
import JSON
import NamingStandIn
import Testing

@testable import Daemon

/// A daemon, its naming server and an HTTP client on one loop, all on real sockets.
final class Harness {
    let loop: EventLoop
    let naming: NamingStandIn
    /// The nodes that the daemon speaks to instead, when it is to have several.
    let cluster: NamingCluster?
    let daemon: Daemon
    let address: SocketAddress
    private var clients: [TestClient] = []
    /// Ends a wait for which nothing else happens.
    private let alarm: LoopTimer
    /// Between the daemon and its naming server, when answers are to take their time.
    let proxy: LatencyProxy?
    /// Between them, when the naming server is to speak TLS.
    let front: TLSFront?

    struct TimedOut: Error, CustomStringConvertible {
        var description: String
    }

    init(
        on sharedLoop: EventLoop? = nil, naming given: NamingStandIn? = nil, profile: NamingProfile = .nacos25,
        requestLog: Int = 0, connection: ConnectionRules? = nil, latencyMilliseconds: Int64? = nil,
        users: [String: String] = [:], tls: TLSFront.Options? = nil, nodes: Int = 1,
        windows: NamingCluster.Windows = .init(), log: Log? = nil,
        _ configure: (inout Daemon.Configuration) throws -> Void = { _ in }
    ) throws {
        SignalSource.ignoreBrokenPipes()
        let loop = try sharedLoop ?? EventLoop()
        self.loop = loop
        var options = NamingStandIn.Options()
        options.requestLogCapacity = requestLog
        options.connection = connection
        options.users = users
        naming =
            try given
            ?? NamingStandIn(
                loop: loop, address: try #require(SocketAddress(parsing: "127.0.0.1:0")), profile: profile,
                options: options)
        var configuration = Daemon.Configuration()
        proxy =
            if let latencyMilliseconds {
                try LatencyProxy(loop, before: naming.localAddress, delayMilliseconds: latencyMilliseconds)
            } else { nil }
        front = if let tls { try TLSFront(loop, before: naming.localAddress, tls) } else { nil }
        let peer = front?.address ?? proxy?.address ?? naming.localAddress
        configuration.servers = [ServerAddress(name: peer.description, host: "127.0.0.1", port: peer.port ?? 0)]
        if let tls { configuration.servers = [tls.server(peer)] }
        cluster =
            nodes > 1
            ? try NamingCluster(loop: loop, count: nodes, profile: profile, options: options, windows: windows) : nil
        if let cluster {
            configuration.servers = cluster.nodes.map {
                ServerAddress(
                    name: $0.localAddress.description, host: "127.0.0.1", port: $0.localAddress.port ?? 0)
            }
        }
        configuration.listeners = [.api(try #require(SocketAddress(parsing: "127.0.0.1:0")))]
        configuration.writeRate = 0
        try configure(&configuration)
        alarm = try LoopTimer(loop, onFire: {})
        daemon = try Daemon(configuration, loop: loop, log: log ?? Log(level: .error, format: .text))
        address = try #require(daemon.addresses.first)
    }

    func close() {
        for client in clients { client.close() }
        alarm.close()
        daemon.close()
        proxy?.close()
        front?.close()
        naming.close()
        cluster?.close()
        loop.freeClosed()
    }

    /// Turns the loop until the condition holds; fails the test after the deadline. `polling` is for conditions that
    /// come about outside of the loop: they are looked at every other millisecond.
    func until(
        _ what: String, within seconds: Double = 10, polling: Bool = false, _ condition: () throws -> Bool
    ) throws {
        let deadline = MonotonicClock.nanoseconds() + Int64(seconds * 1e9)
        while try !condition() {
            let now = MonotonicClock.nanoseconds()
            guard now < deadline else { throw TimedOut(description: "not within \(seconds) s: \(what)") }
            alarm.arm(at: polling ? now + 2_000_000 : deadline)
            daemon.turn(waiting: true)
        }
    }

    /// Turns the loop for so long.
    func run(seconds: Double) {
        let end = MonotonicClock.nanoseconds() + Int64(seconds * 1e9)
        while MonotonicClock.nanoseconds() < end {
            alarm.arm(at: end)
            daemon.turn(waiting: true)
        }
    }

    /// A connection of its own.
    func client() throws -> TestClient {
        let client = TestClient(loop, address)
        clients.append(client)
        return client
    }

    /// One request on a new connection, answered.
    @discardableResult
    func send(
        _ method: HTTPMethod, _ target: String, json: String? = nil, fields: HTTPFields = HTTPFields()
    ) throws -> HTTPResponse {
        let client = try client()
        defer { client.close() }
        client.send(method, target, json: json, fields: fields)
        return try answer(client)
    }

    /// The next answer on this connection.
    func answer(_ client: TestClient, within seconds: Double = 30) throws -> HTTPResponse {
        try until("an answer", within: seconds) { !client.responses.isEmpty || client.ended != nil }
        guard !client.responses.isEmpty else {
            throw TimedOut(description: "connection ended: \(String(describing: client.ended))")
        }
        return client.responses.removeFirst()
    }

    /// Registers `orders` at a port; its id.
    @discardableResult
    func register(port: Int = 8080, _ more: String = "") throws -> String {
        let response = try send(
            .post, "/v1/beats",
            json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port)\(more)}")
        #expect(response.status == 201, "\(String(decoding: response.body, as: UTF8.self))")
        return try #require(try response.string("id"))
    }
}

/// A small HTTP client on the loop.
final class TestClient: StreamDelegate {
    private let stream: Stream
    private var parser = HTTPResponseParser(
        limits: HTTPLimits(headBytes: 16 << 10, fieldCount: 64, targetBytes: 0, bodyBytes: 4 << 20))
    private(set) var ended: StreamEnd?
    var responses: [HTTPResponse] = []
    private var toHead: [Bool] = []

    init(_ loop: EventLoop, _ address: SocketAddress) {
        stream = Stream(
            loop, connectingTo: address, timeoutNanoseconds: 2_000_000_000,
            limits: StreamLimits(inputMax: 16 << 20, outputMax: 16 << 20))
        stream.delegate = self
    }

    func send(_ method: HTTPMethod, _ target: String, json: String? = nil, fields: HTTPFields = HTTPFields()) {
        var fields = fields
        if json != nil, !fields.contains("Content-Type") { fields.append("Content-Type", "application/json") }
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = HTTPRequest(
            method, HTTPTarget(path: parts[0], query: parts.count > 1 ? parts[1] : nil), fields: fields,
            body: Array((json ?? "").utf8))
        send(request)
    }

    func send(_ request: HTTPRequest) {
        var bytes: [UInt8] = []
        HTTPRequestWriter.append(request, host: "127.0.0.1", to: &bytes)
        toHead.append(request.method == .head)
        stream.write(bytes)
    }

    /// How many answers are still to come.
    var unanswered: Int { toHead.count }

    func pauseReading() { stream.pauseReading() }

    func resumeReading() { stream.resumeReading() }

    func write(_ bytes: [UInt8]) { stream.write(bytes) }

    func streamDidConnect(_ stream: Stream) {}

    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        var consumed = 0
        stream.withInput { bytes in
            while consumed < bytes.count {
                guard
                    let step = try? parser.parse(bytes.extracting(consumed...), toHead: toHead.first ?? false)
                else { return }
                consumed += step.consumed
                guard case .response(let response, _) = step.event else { return }
                responses.append(response)
                if !toHead.isEmpty { toHead.removeFirst() }
            }
        }
        stream.consume(consumed)
    }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        ended = reason
        stream.close()
    }

    func close() { stream.close() }
}

extension HTTPResponse {
    /// A member of the document that is a string.
    func string(_ key: String) throws -> String? { try member(key)?.string }
}

extension Harness: APIDriver {
    /// One request on a new connection, answered.
    func send(_ request: HTTPRequest) throws -> HTTPResponse {
        let client = try client()
        defer { client.close() }
        client.send(request)
        return try answer(client)
    }
}
