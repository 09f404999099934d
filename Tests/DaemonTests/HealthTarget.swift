import EventLoop
import Glibc
import Testing

/// What a check looks at: an HTTP server on the loop that answers as it is told, or not at all.
final class HealthTarget {
    let address: SocketAddress
    /// The answer's status; nil: connections are taken and nothing is said.
    var status: Int? = 200
    /// Sent with a redirect.
    private(set) var asked = 0
    private(set) var lastRequest = ""
    private let loop: EventLoop
    private var listener: Listener?
    private var sessions: [ObjectIdentifier: Session] = [:]

    init(_ loop: EventLoop) throws {
        self.loop = loop
        final class Owner { weak var target: HealthTarget? }
        let owner = Owner()
        let listener = try Listener(
            loop, on: try #require(SocketAddress(parsing: "127.0.0.1:0")),
            onAccept: { owner.target?.accept($0) }, onAcceptError: { _ in })
        self.listener = listener
        address = listener.localAddress
        owner.target = self
    }

    /// Connections that are open.
    var connections: Int { sessions.count }

    private func accept(_ socket: consuming AcceptedSocket) {
        let stream = Stream(loop, accepted: socket, limits: StreamLimits(inputMax: 1 << 16, outputMax: 1 << 16))
        let session = Session(self, stream)
        stream.delegate = session
        sessions[ObjectIdentifier(session)] = session
    }

    fileprivate func received(_ bytes: String, _ stream: Stream) {
        asked += 1
        lastRequest = bytes
        guard let status else { return }
        // A redirect must not be followed, and the body of an answer is not waited for.
        stream.write(
            Array("HTTP/1.1 \(status) x\r\nLocation: http://\(address)/ok\r\nContent-Length: 100000\r\n\r\n".utf8))
    }

    fileprivate func ended(_ session: Session) { sessions[ObjectIdentifier(session)] = nil }

    func close() {
        for session in sessions.values { session.stream.close() }
        sessions = [:]
        listener?.close()
        listener = nil
    }

    fileprivate final class Session: StreamDelegate {
        unowned let target: HealthTarget
        let stream: Stream

        init(_ target: HealthTarget, _ stream: Stream) {
            self.target = target
            self.stream = stream
        }

        func streamDidConnect(_ stream: Stream) {}

        func streamDidDrain(_ stream: Stream) {}

        func streamDidRead(_ stream: Stream) {
            let text = stream.withInput { bytes in
                var text: [UInt8] = []
                for index in 0..<bytes.count { text.append(bytes[index]) }
                return String(decoding: text, as: UTF8.self)
            }
            stream.consume(text.utf8.count)
            target.received(text, stream)
        }

        func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
            stream.close()
            target.ended(self)
        }
    }
}
