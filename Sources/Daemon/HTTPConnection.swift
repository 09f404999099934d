internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import HTTPWire

/// One connection to the control API. It has one request at a time; what is pipelined behind waits in the input.
final class HTTPConnection: StreamDelegate {
    enum State {
        /// Reads; leaves to `waiting` with a whole request.
        case reading
        /// The request is with the server, which answers by `respond`; leaves to `reading`, `draining` or `ending`.
        case waiting(HTTPResponseWriter)
        /// The answer is written piece by piece (`HTTPConnection+Streaming`); leaves as `waiting` does.
        case streaming(HTTPResponseWriter)
        /// Answered, but the client has not taken enough of it; leaves to `reading` when it has.
        case draining
        /// Nothing is read any more; what was written may still leave.
        case ending
    }

    let client: Client
    let listener: ConnectionMetrics.ListenerLabel
    /// Names the connection in the server's tables.
    let number: UInt64
    unowned let server: HTTPServer
    let stream: Stream
    private var parser: HTTPRequestParser
    var state = State.reading
    private var requests = 0
    private var phase = HTTPRequestParser.Phase.ended
    /// The client has sent all it will send; it is still answered.
    private var isHalfClosed = false
    /// The answer under way has no end of its own, so that it ends when the client has sent all it will send.
    var isEndless = false
    private(set) var idleSince: Int64

    init(
        _ server: HTTPServer, _ stream: Stream, _ client: Client, _ listener: ConnectionMetrics.ListenerLabel,
        number: UInt64, parser: HTTPRequestParser, at now: Int64
    ) {
        self.server = server
        self.stream = stream
        self.client = client
        self.listener = listener
        self.number = number
        self.parser = parser
        idleSince = now
        stream.delegate = self
        updateDeadline(at: now)
    }

    /// True between requests, with the last answer taken.
    var isIdle: Bool {
        guard case .reading = state else { return false }
        return parser.phase == .idle && stream.outputCount == 0
    }

    /// A request waits for its answer, and somebody for the answer.
    var isWaiting: Bool {
        guard case .waiting = state else { return false }
        return true
    }

    // MARK: reading

    func streamDidConnect(_ stream: Stream) {}

    func streamDidDrain(_ stream: Stream) {
        switch state {
        case .draining:
            state = .reading
            read()
        case .reading: if isIdle { server.becameIdle(self) }
        // Taken in time; more may come at any time, or late.
        case .streaming: stream.setDeadline(at: nil)
        case .waiting, .ending: break
        }
    }

    func streamDidRead(_ stream: Stream) { read() }

    /// Reads up to the next whole request.
    private func read() {
        while case .reading = state {
            let step = stream.withInput { parser.parse($0) }
            stream.consume(step.consumed)
            switch step.event {
            case .needsMore:
                if isHalfClosed { return endAfterWriting() }
                return updateDeadline(at: server.readClock())
            case .expectsContinue:
                var bytes: [UInt8] = []
                HTTPResponseWriter.appendContinue(to: &bytes)
                stream.write(bytes)
            case .request(let request, let keepsOpen):
                accept(request, keepsOpen: keepsOpen)
            case .refused(let refusal, let toHead):
                state = .waiting(HTTPResponseWriter(toHead: toHead))
                server.refuse(refusal, on: self)
            }
        }
    }

    private func accept(_ request: HTTPRequest, keepsOpen: Bool) {
        requests += 1
        let stays = keepsOpen && requests < server.limits.requestsPerConnection
        state = .waiting(HTTPResponseWriter(answering: request, keepsOpen: stays))
        let now = server.readClock()
        setDeadline(isHalfClosed ? server.limits.parkedHalfClosed : server.limits.parked, from: now)
        server.received(request, on: self, at: now)
    }

    /// Head and body have deadlines from their beginning, not from their last byte.
    private func updateDeadline(at now: Int64) {
        let before = phase
        phase = parser.phase
        switch (before, phase) {
        case (.idle, .idle), (.head, .head), (.body, .body), (_, .ended): return
        case (_, .idle):
            idleSince = now
            setDeadline(server.limits.idle, from: now)
        case (_, .head): setDeadline(server.limits.head, from: now)
        case (_, .body): setDeadline(server.limits.body, from: now)
        }
    }

    func setDeadline(_ limit: Duration, from now: Int64) {
        stream.setDeadline(at: now + limit.wholeNanoseconds)
    }

    /// The client has sent all it will send, and nothing of it waits to be read.
    var hasLeft: Bool { isHalfClosed && stream.inputCount == 0 }

    // MARK: writing

    /// Answers the request, then goes on with what was pipelined behind it.
    func respond(_ response: HTTPResponse, date: String, thenClose: Bool = false, at now: Int64) {
        guard case .waiting(var writer) = state else { return }
        if thenClose || hasLeft { writer.keepsOpen = false }
        server.head.removeAll(keepingCapacity: true)
        writer.appendHead(of: response, date: date, to: &server.head)
        let sendsBody = writer.sendsBody(of: response)
        let isShort = response.body.count <= HTTPServerLimits.copiedBody
        if sendsBody, isShort { server.head += response.body }
        stream.write(server.head)
        if sendsBody, !isShort { stream.write(response.body) }
        answered(writer, at: now)
    }

    /// Goes on behind an answer that is written whole.
    func answered(_ writer: HTTPResponseWriter, at now: Int64) {
        guard writer.keepsOpen else { return endAfterWriting() }
        phase = .ended
        guard stream.outputCount <= HTTPServerLimits.outputHeld else {
            state = .draining
            return setDeadline(server.limits.drain, from: now)
        }
        state = .reading
        // What was pipelined behind the request is there already; else nothing is to be read yet.
        guard stream.inputCount == 0, !isHalfClosed else { return read() }
        updateDeadline(at: now)
    }

    // MARK: the end

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        switch reason {
        case .eof: inputEnded()
        case .deadlinePassed: missedDeadline()
        case .failed, .tlsFailed, .connectTimedOut, .outputLimitExceeded, .finished: end()
        }
    }

    private func inputEnded() {
        isHalfClosed = true
        switch state {
        case .reading: endAfterWriting()
        case .waiting: setDeadline(server.limits.parkedHalfClosed, from: server.readClock())
        case .streaming where isEndless: end()
        case .streaming, .draining, .ending: break
        }
    }

    private func missedDeadline() {
        switch (state, parser.phase) {
        case (.reading, .head), (.reading, .body):
            state = .waiting(HTTPResponseWriter())
            server.timedOut(self)
        case (.streaming, _), (.draining, _):
            server.stalled(self)
            end()
        case (.reading, .idle), (.reading, .ended), (.waiting, _), (.ending, _): end()
        }
    }

    /// Reads no more; the server counts the connection until the client has taken what was written.
    func endAfterWriting() {
        state = .ending
        stream.closeAfterWriting()
    }

    /// Closes at once.
    func end() {
        state = .ending
        server.forget(self)
        stream.close()
    }
}
