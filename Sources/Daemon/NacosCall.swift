internal import EventLoop
internal import HTTPWire

/// One request to a Nacos server on a connection of its own, for what is rare and must not wait behind beats: probes
/// and logins. Its outcome comes exactly once.
final class NacosCall: StreamDelegate {
    private let stream: Stream
    private let deadline: Int64
    private var parser = HTTPResponseParser()
    /// The connection came about, with its TLS.
    private(set) var isConnected = false
    private var onEnd: ((Result<HTTPResponse, NacosCallError>) -> Void)?

    /// Connects, sends `bytes`, and reads the answer, all by `deadline` on the monotonic clock.
    init(
        _ loop: EventLoop, to address: SocketAddress, by transport: ServerTransport, sending bytes: [UInt8],
        deadline: Int64,
        onEnd: @escaping (Result<HTTPResponse, NacosCallError>) -> Void
    ) {
        self.onEnd = onEnd
        self.deadline = deadline
        stream = transport.connect(loop, to: address)
        stream.delegate = self
        stream.write(bytes)
    }

    func streamDidConnect(_ stream: Stream) {
        isConnected = true
        stream.setDeadline(at: deadline)
    }

    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        var result: Result<HTTPResponse, NacosCallError>?
        var consumed = 0
        stream.withInput { bytes in
            do throws(HTTPResponseError) {
                let step = try parser.parse(bytes)
                consumed = step.consumed
                if case .response(let response, _) = step.event { result = .success(response) }
            } catch {
                result = .failure(NacosCallError(text: "the answer was not HTTP"))
            }
        }
        stream.consume(consumed)
        if let result { end(result) }
    }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        switch reason {
        case .failed(let errno): end(.failure(NacosCallError(text: SystemError.text(errno))))
        case .tlsFailed(let reason): end(.failure(NacosCallError(text: "TLS: \(reason)")))
        case .connectTimedOut: end(.failure(NacosCallError(text: "no connection in time")))
        case .deadlinePassed: end(.failure(NacosCallError(text: "no answer in time")))
        case .eof, .outputLimitExceeded, .finished: endedByPeer()
        }
    }

    /// An answer without a length ends with the connection.
    private func endedByPeer() {
        guard let response = try? parser.finish() else {
            return end(.failure(NacosCallError(text: "connection closed without an answer")))
        }
        end(.success(response))
    }

    private func end(_ result: Result<HTTPResponse, NacosCallError>) {
        stream.close()
        let tell = onEnd
        onEnd = nil
        tell?(result)
    }

    /// Gives up; nothing is told.
    func cancel() {
        onEnd = nil
        stream.close()
    }
}

/// Why a call had no answer, in words.
struct NacosCallError: Error {
    var text: String
}
