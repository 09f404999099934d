import EventLoop

/// A TCP relay on the loop that brings every answer later, whatever is on the way beside it: a distance, not a slow
/// server.
final class LatencyProxy {
    let address: SocketAddress
    private let loop: EventLoop
    private let target: SocketAddress
    /// Of what comes from now on.
    var delayMilliseconds: Int64
    private var listener: Listener?
    private var timer: LoopTimer?
    private var links: [ObjectIdentifier: Link] = [:]
    /// What is on its way; nil: the end.
    private var late: [(due: Int64, link: Link, bytes: [UInt8]?)] = []

    init(_ loop: EventLoop, before target: SocketAddress, delayMilliseconds: Int64) throws {
        self.loop = loop
        self.target = target
        self.delayMilliseconds = delayMilliseconds
        let anyPort = SocketAddress(host: "127.0.0.1", port: 0)
        final class Owner { weak var proxy: LatencyProxy? }
        let owner = Owner()
        let listener = try Listener(
            loop, on: anyPort ?? target, onAccept: { owner.proxy?.accept($0) }, onAcceptError: { _ in })
        self.listener = listener
        address = listener.localAddress
        owner.proxy = self
        timer = try LoopTimer(loop) { owner.proxy?.deliver() }
    }

    private func accept(_ socket: consuming AcceptedSocket) {
        let limits = StreamLimits(inputMax: 1 << 20, outputMax: 16 << 20)
        let link = Link(
            near: Stream(loop, accepted: socket, limits: limits),
            far: Stream(loop, connectingTo: target, timeoutNanoseconds: 2_000_000_000, limits: limits), self)
        links[ObjectIdentifier(link)] = link
    }

    fileprivate func hold(_ bytes: [UInt8]?, for link: Link) {
        late.append((MonotonicClock.nanoseconds() + delayMilliseconds * 1_000_000, link, bytes))
        arm()
    }

    private func deliver() {
        let now = MonotonicClock.nanoseconds()
        let due = late.prefix { $0.due <= now }
        for entry in due {
            guard let bytes = entry.bytes else {
                entry.link.near.closeAfterWriting()
                continue
            }
            entry.link.near.write(bytes)
        }
        late.removeFirst(due.count)
        arm()
    }

    private func arm() {
        if let next = late.first { timer?.arm(at: next.due) }
    }

    fileprivate func ended(_ link: Link) {
        late.removeAll { $0.link === link }
        link.close()
        links[ObjectIdentifier(link)] = nil
    }

    func close() {
        for link in links.values { link.close() }
        listener?.close()
        timer?.close()
    }

    /// Two connections that are one.
    fileprivate final class Link: StreamDelegate {
        let near: Stream
        let far: Stream
        private weak var proxy: LatencyProxy?

        init(near: Stream, far: Stream, _ proxy: LatencyProxy) {
            self.near = near
            self.far = far
            self.proxy = proxy
            near.delegate = self
            far.delegate = self
        }

        func streamDidConnect(_ stream: Stream) {}

        func streamDidDrain(_ stream: Stream) {}

        func streamDidRead(_ stream: Stream) {
            var bytes: [UInt8] = []
            stream.withInput { input in
                bytes.reserveCapacity(input.count)
                for index in input.indices { bytes.append(input[index]) }
            }
            stream.consume(bytes.count)
            if stream === near { far.write(bytes) } else { proxy?.hold(bytes, for: self) }
        }

        func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
            if stream === far, reason == .eof { proxy?.hold(nil, for: self) } else { proxy?.ended(self) }
        }

        func close() {
            near.close()
            far.close()
        }
    }
}
