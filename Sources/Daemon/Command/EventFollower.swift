internal import BeatCore
internal import EventLoop
internal import HTTPWire

/// One connection to GET /v1/events: lines as they come, until it ends. Loop-confined.
///
/// Asked in HTTP/1.0, where a body without an end needs no chunks (RFC 9112 §6.3).
final class EventFollower: StreamDelegate {
    enum End {
        /// Refused, or no beatd: the head of the answer as far as it came.
        case failed(String)
        /// After lines had come.
        case closed
    }

    private let stream: Stream
    private let onLine: ([UInt8]) -> Void
    private var isInBody = false
    private(set) var status = 0
    private(set) var end: End?
    /// The daemon says something every 15 s; beyond this it is gone.
    private static let silence = Duration.seconds(45)

    init(
        _ loop: EventLoop, to address: SocketAddress, sending bytes: [UInt8], timeout: Duration,
        onLine: @escaping ([UInt8]) -> Void
    ) {
        self.onLine = onLine
        stream = ServerTransport(plainWithin: timeout).connect(loop, to: address)
        stream.delegate = self
        stream.write(bytes)
    }

    func streamDidConnect(_ stream: Stream) { extend() }
    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        extend()
        while end == nil, let line = takeLine() {
            guard !isInBody else {
                // An empty one keeps the connection alive.
                if !line.isEmpty { onLine(line) }
                continue
            }
            let text = String(decoding: line, as: UTF8.self)
            if status == 0 {
                status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
                guard status == 200 else { return close(.failed("HTTP \(status)")) }
            }
            isInBody = line.isEmpty
        }
    }

    /// A line without its end; nil until one is whole.
    private func takeLine() -> [UInt8]? {
        var line: [UInt8]?
        stream.withInput { bytes in
            for position in 0..<bytes.count where bytes[position] == UInt8(ascii: "\n") {
                var found: [UInt8] = []
                for index in 0..<position { found.append(bytes[index]) }
                line = found
                break
            }
        }
        guard var line else { return nil }
        stream.consume(line.count + 1)
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        switch reason {
        case .failed(let errno): close(isInBody ? .closed : .failed(SystemError.text(errno)))
        case .connectTimedOut: close(.failed("no connection in time"))
        case .eof, .deadlinePassed, .tlsFailed, .outputLimitExceeded, .finished:
            close(isInBody ? .closed : .failed("connection closed without an answer"))
        }
    }

    private func extend() {
        stream.setDeadline(at: MonotonicClock.nanoseconds() + Self.silence.wholeNanoseconds)
    }

    func close(_ end: End) {
        if self.end == nil { self.end = end }
        stream.close()
    }
}
