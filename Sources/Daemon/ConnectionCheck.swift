internal import BeatCore
internal import EventLoop
import Glibc
internal import HTTPWire

/// One run of a `tcp` or `http` check on a connection of its own. Loop-confined.
final class ConnectionCheck: StreamDelegate {
    /// What passes.
    enum Expectation {
        case connection
        /// An answer to this request with a status in the range.
        case status(ClosedRange<UInt16>, request: [UInt8])
    }

    private let loop: EventLoop
    private let expectation: Expectation
    private let deadline: Int64
    /// Further addresses of the same name.
    private var rest: ArraySlice<SocketAddress>
    private var stream: Stream?
    private var parser = HTTPResponseParser(
        limits: HTTPLimits(headBytes: CheckLimits.inputMax, fieldCount: 256, targetBytes: 0, bodyBytes: 0))
    private var onEnd: ((CheckResult, String) -> Void)?

    /// Tries the addresses in their order until one connects; all must be over by `deadline` of the monotonic clock.
    init(
        _ loop: EventLoop, to addresses: [SocketAddress], _ expectation: Expectation, deadline: Int64,
        onEnd: @escaping (CheckResult, String) -> Void
    ) {
        self.loop = loop
        self.expectation = expectation
        self.deadline = deadline
        self.onEnd = onEnd
        rest = addresses[...]
        connectNext()
    }

    private func connectNext() {
        guard let address = rest.popFirst() else { return end(.failing, "it has no address") }
        let left = max(1, deadline - MonotonicClock.nanoseconds())
        let stream = Stream(
            loop, connectingTo: address, timeoutNanoseconds: left,
            limits: StreamLimits(inputMax: CheckLimits.inputMax, outputMax: CheckLimits.outputMax))
        self.stream = stream
        stream.delegate = self
        if case .status(_, let request) = expectation { stream.write(request) }
    }

    func streamDidConnect(_ stream: Stream) {
        if stream.isConnectedToItself { return end(.failing, SystemError.text(ECONNREFUSED)) }
        switch expectation {
        case .connection: end(.passing, "connected to \(stream.peer)")
        case .status: stream.setDeadline(at: deadline)
        }
    }

    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        guard case .status(let range, _) = expectation else { return }
        var status: Int?
        var consumed = 0
        var isHTTP = true
        stream.withInput { bytes in
            do throws(HTTPResponseError) {
                // As to HEAD: the status is all that counts, the body is not waited for.
                let step = try parser.parse(bytes, toHead: true)
                consumed = step.consumed
                if case .response(let response, _) = step.event { status = response.status }
            } catch {
                isHTTP = false
            }
        }
        stream.consume(consumed)
        if let status {
            let passes = UInt16(exactly: status).map(range.contains) ?? false
            end(passes ? .passing : .failing, "\(status)")
        } else if !isHTTP {
            end(.failing, "the answer was not HTTP")
        }
    }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        switch reason {
        case .failed(let errno) where !rest.isEmpty && parser.isIdle:
            _ = errno
            stream.close()
            connectNext()
        case .failed(let errno): end(.failing, SystemError.text(errno))
        case .connectTimedOut: end(.failing, "no connection in time")
        case .deadlinePassed: end(.failing, "no answer in time")
        case .tlsFailed(let reason): end(.failing, reason)
        case .eof, .outputLimitExceeded, .finished: end(.failing, "connection closed without an answer")
        }
    }

    private func end(_ result: CheckResult, _ output: String) {
        stream?.close()
        stream = nil
        let tell = onEnd
        onEnd = nil
        tell?(result, output)
    }

    /// Gives up; nothing is told.
    func cancel() {
        onEnd = nil
        stream?.close()
        stream = nil
    }
}
