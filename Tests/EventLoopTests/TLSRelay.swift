import EventLoop
import Testing

/// Passes bytes between a client and a TLS server, and looks at the headers of the records (RFC 8446 section 5.1).
final class TLSRelay: StreamDelegate {
    static let alert: UInt8 = 21
    static let applicationData: UInt8 = 23

    /// Whether what the server says after the handshake is passed on only when its alert has come, all at once. For one
    /// connection.
    var holdsBackUntilAlert = false
    /// The types of the records of all clients.
    private(set) var fromClient: [UInt8] = []
    private(set) var applicationBytesFromClient = 0

    private let loop: EventLoop
    private let server: SocketAddress
    private var listener: Listener?
    private var near: Stream?
    private var far: Stream?
    private var held: [UInt8] = []
    private var isHolding = false

    init(_ loop: EventLoop, to server: SocketAddress) throws {
        self.loop = loop
        self.server = server
        let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
        listener = try Listener(
            loop, on: address, backlog: Listener.defaultBacklog,
            onAccept: { [unowned self] socket in
                let limits = StreamLimits(inputMax: 64 << 10, outputMax: 8 << 20)
                near = Stream(loop, accepted: socket, limits: limits)
                far = Stream(loop, connectingTo: server, timeoutNanoseconds: 5_000_000_000, limits: limits)
                near?.delegate = self
                far?.delegate = self
            }, onAcceptError: { _ in })
    }

    var address: SocketAddress {
        get throws { try #require(listener).localAddress }
    }

    /// Client and server are gone.
    var isIdle: Bool { near == nil && far == nil }

    func close() {
        near?.close()
        far?.close()
        listener?.close()
    }

    func streamDidConnect(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        let isFromClient = stream === near
        var bytes: [UInt8] = []
        while let (type, record) = nextRecord(stream, behind: bytes.count) {
            bytes += record
            if isFromClient {
                fromClient.append(type)
                if type == Self.applicationData { applicationBytesFromClient += record.count - 5 }
            } else if type == Self.alert {
                holdsBackUntilAlert = false
            } else if type == Self.applicationData, holdsBackUntilAlert {
                isHolding = true
            }
        }
        stream.consume(bytes.count)
        if isFromClient {
            far?.write(bytes)
        } else {
            held += bytes
            guard !(isHolding && holdsBackUntilAlert) else { return }
            isHolding = false
            near?.write(held)
            held = []
        }
    }

    func streamDidDrain(_ stream: Stream) {}

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        switch reason {
        case .eof:
            (stream === near ? far : near)?.closeAfterWriting()
            if stream === near { near = nil } else { far = nil }
            stream.close()
        case .failed, .tlsFailed, .connectTimedOut, .deadlinePassed, .outputLimitExceeded, .finished:
            if stream === near { near = nil } else { far = nil }
        }
    }

    /// The record that begins at `offset` of the input, when all of it is there.
    private func nextRecord(_ stream: Stream, behind offset: Int) -> (UInt8, [UInt8])? {
        stream.withInput { input in
            guard input.count >= offset + 5 else { return nil }
            let length = 5 + Int(input[offset + 3]) << 8 + Int(input[offset + 4])
            guard input.count >= offset + length else { return nil }
            return (input[offset], (offset..<offset + length).map { input[$0] })
        }
    }
}
