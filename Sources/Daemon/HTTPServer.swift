internal import ControlAPI
internal import EventLoop
internal import HTTPWire

/// The control API's listeners and connections. It collects requests; the daemon's turn answers them. Loop-confined.
final class HTTPServer {
    /// A whole request with the connection that waits for its answer.
    struct Arrival {
        var request: HTTPRequest
        var connection: HTTPConnection
        /// Nanoseconds on the monotonic clock.
        var at: Int64
        /// It was parked, and is to be answered now.
        var waited = false
    }

    private struct Opened {
        var listener: Listener
        var label: ConnectionMetrics.ListenerLabel
        var limit: Int
        var isPaused = false
    }

    private let loop: EventLoop
    let limits: HTTPServerLimits
    private var listeners: [Opened] = []
    private var connections: [UInt64: HTTPConnection] = [:]
    private var nextNumber: UInt64 = 0
    private var arrivals = RingBuffer<Arrival>()
    let readClock: () -> Int64
    /// The head of the answer that is being written, kept so that not each has to allocate.
    var head: [UInt8] = []
    /// What is answered without the turn: refusals and deadlines.
    var onRefusal: (HTTPConnection, HTTPRefusal?) -> Void = { _, _ in }
    /// A connection is gone; whatever waits for it need not.
    var onGone: (HTTPConnection) -> Void = { _ in }
    /// A client did not take its answer in time; its connection is about to end.
    var onStalled: (HTTPConnection) -> Void = { _ in }
    /// How long the bodies of a client's requests may be, by their heads.
    var bodyLimit: (Client) -> (@Sendable (HTTPRequest) -> Int)? = { _ in nil }
    /// A listener could not accept, by errno.
    var onAcceptError: (Int32) -> Void = { _ in }
    private(set) var rejected = LabelTally<ConnectionMetrics.RejectReason>()

    init(_ loop: EventLoop, _ limits: HTTPServerLimits, readClock: @escaping () -> Int64) {
        self.loop = loop
        self.limits = limits
        self.readClock = readClock
    }

    /// Listens; the address with the real port.
    func listen(
        on address: SocketAddress, as client: Client.Listener
    ) throws(EventLoopError) -> SocketAddress {
        let (label, limit): (ConnectionMetrics.ListenerLabel, Int) =
            switch client {
            case .unixSocket: (.unix, limits.unixConnections)
            case .tcp: (.tcp, limits.tcpConnections)
            case .ops: (.ops, limits.opsConnections)
            }
        let position = listeners.count
        let listener: Listener
        do throws(EventLoopError) {
            listener = try Listener(
                loop, on: address,
                onAccept: { [unowned self] in self.accept($0, position, client) },
                onAcceptError: { [unowned self] in self.acceptFailed($0) })
        } catch {
            // A server that cannot have all its addresses has none: no socket file is left behind.
            stopListening()
            loop.freeClosed()
            throw error
        }
        listeners.append(Opened(listener: listener, label: label, limit: limit))
        return listener.localAddress
    }

    // MARK: connections

    private func accept(_ socket: consuming AcceptedSocket, _ position: Int, _ kind: Client.Listener) {
        let peer = socket.peer
        let stream = Stream(
            loop, accepted: socket,
            limits: StreamLimits(inputMax: HTTPServerLimits.inputMax, outputMax: HTTPServerLimits.outputMax))
        nextNumber += 1
        let client = Client(kind, peer: peer.host ?? "")
        let connection = HTTPConnection(
            self, stream, client, listeners[position].label, number: nextNumber,
            parser: HTTPRequestParser(bodyLimit: bodyLimit(client)), at: readClock())
        connections[nextNumber] = connection
        makeRoom(position, for: connection)
    }

    private func acceptFailed(_ errno: Int32) {
        rejected[.descriptors] += 1
        onAcceptError(errno)
    }

    /// Over the cap the connection that is idle longest ends; with none idle, nobody else is let in until one is.
    private func makeRoom(_ position: Int, for newcomer: HTTPConnection) {
        let (label, limit) = (listeners[position].label, listeners[position].limit)
        let same = connections.values.filter { $0.listener == label }
        guard same.count >= limit else { return }
        var idle = same.filter { $0.isIdle && $0 !== newcomer }
        if same.count > limit, let idlest = idle.indices.min(by: { idle[$0].idleSince < idle[$1].idleSince }) {
            rejected[.limit] += 1
            idle.remove(at: idlest).end()
        }
        if idle.isEmpty { pause(position) }
    }

    private func pause(_ position: Int) {
        listeners[position].listener.pause()
        listeners[position].isPaused = true
    }

    /// The last idle connection may have become busy.
    private func pauseWhenFull(_ label: ConnectionMetrics.ListenerLabel) {
        for position in listeners.indices where listeners[position].label == label && !listeners[position].isPaused {
            let limit = listeners[position].limit
            guard connections.count >= limit else { continue }
            let same = connections.values.filter { $0.listener == label }
            if same.count >= limit, !same.contains(where: \.isIdle) { pause(position) }
        }
    }

    /// The connection is gone.
    func forget(_ connection: HTTPConnection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        onGone(connection)
        resume(connection.listener)
    }

    /// The connection waits for its next request, and may have to make room.
    func becameIdle(_ connection: HTTPConnection) { resume(connection.listener) }

    private func resume(_ label: ConnectionMetrics.ListenerLabel) {
        for position in listeners.indices where listeners[position].isPaused && listeners[position].label == label {
            listeners[position].isPaused = false
            listeners[position].listener.resume()
        }
    }

    // MARK: requests

    func received(_ request: HTTPRequest, on connection: HTTPConnection, at now: Int64) {
        arrivals.append(Arrival(request: request, connection: connection, at: now))
        pauseWhenFull(connection.listener)
    }

    /// A parked request is to be handled again, behind those that wait.
    func requeue(_ arrival: Arrival) {
        var arrival = arrival
        arrival.waited = true
        arrivals.append(arrival)
    }

    func refuse(_ refusal: HTTPRefusal, on connection: HTTPConnection) { onRefusal(connection, refusal) }

    func stalled(_ connection: HTTPConnection) { onStalled(connection) }

    func timedOut(_ connection: HTTPConnection) { onRefusal(connection, nil) }

    /// The next request, in the order they came; those of clients that have left meanwhile are passed over.
    func nextArrival() -> Arrival? {
        while let arrival = arrivals.popFirst() {
            if arrival.connection.isWaiting { return arrival }
        }
        return nil
    }

    /// Requests wait for an answer.
    var hasArrivals: Bool { !arrivals.isEmpty }

    /// Connections by listener, idle and busy.
    func count(into metrics: inout ConnectionMetrics) {
        for connection in connections.values {
            if connection.isIdle {
                metrics.idle[connection.listener] += 1
            } else {
                metrics.busy[connection.listener] += 1
            }
        }
        metrics.rejected = rejected
    }

    /// Stops listening; connections go on.
    func stopListening() {
        for opened in listeners { opened.listener.close() }
        listeners = []
    }

    /// Ends every connection, also those that still send their last answer.
    func close() {
        stopListening()
        for connection in connections.values { connection.end() }
    }
}
