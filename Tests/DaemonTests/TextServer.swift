import EventLoop

/// An address server on the loop: every request gets the same text, on a connection of its own.
final class TextServer {
    let address: SocketAddress
    /// What is answered.
    var status = 200
    var text = ""
    /// The first line and the fields of what was asked, oldest first.
    private(set) var requests: [String] = []
    private let loop: EventLoop
    private var listener: Listener?
    private var links: [ObjectIdentifier: Link] = [:]

    init(_ loop: EventLoop) throws {
        self.loop = loop
        let anyPort = SocketAddress.v4(0x7f00_0001, port: 0)
        final class Owner { weak var server: TextServer? }
        let owner = Owner()
        let listener = try Listener(
            loop, on: anyPort, onAccept: { owner.server?.accept($0) }, onAcceptError: { _ in })
        self.listener = listener
        address = listener.localAddress
        owner.server = self
    }

    private func accept(_ socket: consuming AcceptedSocket) {
        let stream = Stream(loop, accepted: socket, limits: StreamLimits(inputMax: 1 << 16, outputMax: 1 << 20))
        let link = Link(stream, self)
        links[ObjectIdentifier(link)] = link
    }

    fileprivate func asked(_ head: String) -> String {
        requests.append(head)
        return "HTTP/1.1 \(status) \r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(text)"
    }

    fileprivate func ended(_ link: Link) { links[ObjectIdentifier(link)] = nil }

    func close() {
        for link in links.values { link.stream.close() }
        links = [:]
        listener?.close()
    }

    fileprivate final class Link: StreamDelegate {
        let stream: Stream
        private weak var server: TextServer?
        private var head: [UInt8] = []

        init(_ stream: Stream, _ server: TextServer) {
            self.stream = stream
            self.server = server
            stream.delegate = self
        }

        func streamDidConnect(_ stream: Stream) {}

        func streamDidDrain(_ stream: Stream) {}

        func streamDidRead(_ stream: Stream) {
            let before = head.count
            stream.withInput { input in
                for index in input.indices { head.append(input[index]) }
            }
            stream.consume(head.count - before)
            guard head.suffix(4).elementsEqual("\r\n\r\n".utf8), let server else { return }
            stream.write(Array(server.asked(String(decoding: head, as: UTF8.self)).utf8))
            stream.closeAfterWriting()
        }

        func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
            stream.close()
            server?.ended(self)
        }
    }
}
