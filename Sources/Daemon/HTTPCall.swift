internal import BeatCore
internal import EventLoop
internal import HTTPWire

/// One request on a connection of its own, for what is rare and must not wait behind beats: probes, logins and lists of
/// servers, and what commands ask. Its outcome comes exactly once.
final class HTTPCall: StreamDelegate {
    private let stream: Stream
    private let deadline: Int64
    /// The connection came about, with its TLS.
    private var isConnected = false
    private var parser: HTTPResponseParser
    private var onEnd: ((Result<HTTPResponse, HTTPCallError>) -> Void)?

    /// Connects, sends `bytes`, and reads the answer, all by `deadline` on the monotonic clock.
    init(
        _ loop: EventLoop, to address: SocketAddress, by transport: ServerTransport, sending bytes: [UInt8],
        deadline: Int64, limits: HTTPLimits = .response,
        onEnd: @escaping (Result<HTTPResponse, HTTPCallError>) -> Void
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
        var result: Result<HTTPResponse, HTTPCallError>?
        var consumed = 0
        stream.withInput { bytes in
            do throws(HTTPResponseError) {
                let step = try parser.parse(bytes)
                consumed = step.consumed
                if case .response(let response, _) = step.event { result = .success(response) }
            } catch {
                result = .failure(HTTPCallError(text: "the answer was not HTTP"))
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
        end(.failure(HTTPCallError(text: text, wasConnected: isConnected)))
    }

    private func end(_ result: Result<HTTPResponse, HTTPCallError>) {
        stream.close()
        let tell = onEnd
        onEnd = nil
        tell?(result)
    }

    /// The outcome, waited for on a loop that has nothing else to do: for commands.
    static func outcome(
        _ loop: EventLoop, to address: SocketAddress, by transport: ServerTransport, sending bytes: [UInt8],
        within timeout: Duration, limits: HTTPLimits = .response
    ) -> Result<HTTPResponse, HTTPCallError> {
        var outcome: Result<HTTPResponse, HTTPCallError>?
        let call = HTTPCall(
            loop, to: address, by: transport, sending: bytes,
            deadline: MonotonicClock.nanoseconds() + timeout.wholeNanoseconds, limits: limits
        ) { outcome = $0 }
        while true {
            if let outcome {
                call.cancel()
                loop.freeClosed()
                return outcome
            }
            loop.runOnce(waiting: true)
        }
    }

    /// Gives up; nothing is told.
    func cancel() {
        onEnd = nil
        stream.close()
    }
}

/// Why a call had no answer, in words.
struct HTTPCallError: Error {
    var text: String
    /// False when there was no connection: another address may be better.
    var wasConnected = true
}
