internal import EventLoop
internal import HTTPWire

/// One request to a server on a connection of its own, for what is rare and must not wait behind beats: probes,
/// logins and lists of servers. Its outcome comes exactly once.
final class NacosCall: StreamDelegate {
    private let stream: Stream
    private let deadline: Int64
    /// The connection came about, with its TLS.
    private var isConnected = false
    private var parser: HTTPResponseParser
    private var onEnd: ((Result<HTTPResponse, NacosCallError>) -> Void)?

    /// Connects, sends `bytes`, and reads the answer, all by `deadline` on the monotonic clock.
    init(
        _ loop: EventLoop, to address: SocketAddress, by transport: ServerTransport, sending bytes: [UInt8],
        deadline: Int64, limits: HTTPLimits = .response,
        onEnd: @escaping (Result<HTTPResponse, NacosCallError>) -> Void
    ) {
        self.onEnd = onEnd
        parser = HTTPResponseParser(limits: limits)
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
        case .failed(let errno): fail(SystemError.text(errno))
        case .tlsFailed(let reason): fail("TLS: \(reason)")
        case .connectTimedOut: fail("no connection in time")
        case .deadlinePassed: fail("no answer in time")
        case .eof, .outputLimitExceeded, .finished: endedByPeer()
        }
    }

    /// An answer without a length ends with the connection.
    private func endedByPeer() {
        guard let response = try? parser.finish() else {
            return fail("connection closed without an answer")
        }
        end(.success(response))
    }

    private func fail(_ text: String) {
        end(.failure(NacosCallError(text: text, wasConnected: isConnected)))
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
    /// False when there was no connection: another address may be better.
    var wasConnected = true
}
