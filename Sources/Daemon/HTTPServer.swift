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
    }

    private struct Opened {
        var listener: Listener
        var label: ConnectionMetrics.ListenerLabel
        var limit: Int
        var isPaused = false
    }

    private let loop: EventLoop
    private var listeners: [Opened] = []
    private var connections: [UInt64: HTTPConnection] = [:]
    private var nextNumber: UInt64 = 0
    private var arrivals = RingBuffer<Arrival>()
    let readClock: () -> Int64
    /// What is answered without the turn: refusals and deadlines.
    var onRefusal: (HTTPConnection, HTTPRefusal?) -> Void = { _, _ in }
    /// A connection is gone; whatever waits for it need not.
    var onGone: (HTTPConnection) -> Void = { _ in }
    /// A listener could not accept, by errno.
    var onAcceptError: (Int32) -> Void = { _ in }
    private(set) var rejected = LabelTally<ConnectionMetrics.RejectReason>()

    init(_ loop: EventLoop, readClock: @escaping () -> Int64) {
        self.loop = loop
        self.readClock = readClock
    }

    /// Listens; the address with the real port.
    func listen(
        on address: SocketAddress, as client: Client.Listener
    ) throws(EventLoopError) -> SocketAddress {
        let (label, limit): (ConnectionMetrics.ListenerLabel, Int) =
            switch client {
            case .unixSocket: (.unix, HTTPServerLimits.unixConnections)
            case .tcp: (.tcp, HTTPServerLimits.tcpConnections)
            case .ops: (.ops, HTTPServerLimits.opsConnections)
            }
        let position = listeners.count
        let listener = try Listener(
            loop, on: address,
            onAccept: { [unowned self] in self.accept($0, position, client) },
            onAcceptError: { [unowned self] in self.onAcceptError($0) })
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
        let connection = HTTPConnection(
            self, stream, Client(kind, peer: peer.host ?? ""), listeners[position].label, number: nextNumber,
            at: readClock())
        connections[nextNumber] = connection
        makeRoom(position)
    }

    /// Over the cap the connection that is idle longest ends; with none idle, nobody else is let in for a while.
    private func makeRoom(_ position: Int) {
        let label = listeners[position].label
        let same = connections.values.filter { $0.listener == label }
        guard same.count >= listeners[position].limit else { return }
        if same.count > listeners[position].limit,
            let idlest = same.filter(\.isIdle).min(by: { $0.idleSince < $1.idleSince })
        {
            rejected[.limit] += 1
            return idlest.end()
        }
        guard !same.contains(where: \.isIdle) else { return }
        listeners[position].listener.pause()
        listeners[position].isPaused = true
    }

    /// The connection reads and writes no more.
    func forget(_ connection: HTTPConnection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        onGone(connection)
        for position in listeners.indices
        where listeners[position].isPaused && listeners[position].label == connection.listener {
            listeners[position].isPaused = false
            listeners[position].listener.resume()
        }
    }

    // MARK: requests

    func received(_ request: HTTPRequest, on connection: HTTPConnection) {
        arrivals.append(Arrival(request: request, connection: connection, at: readClock()))
    }

    func refuse(_ refusal: HTTPRefusal, on connection: HTTPConnection) { onRefusal(connection, refusal) }

    func timedOut(_ connection: HTTPConnection) { onRefusal(connection, nil) }

    /// The next request, in the order they came.
    func nextArrival() -> Arrival? { arrivals.popFirst() }

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

    /// Ends every connection.
    func close() {
        stopListening()
        for connection in connections.values { connection.end() }
    }
}
