import EventLoop
import HTTPWire

/// One connection of the stand-in: reads requests, answers them strictly one after another, and ends as Tomcat does.
final class NamingConnection: StreamDelegate {
    /// Heads as large as Tomcat was allowed to take for the recordings; metadata goes in the query. Bodies: Tomcat's
    /// maxPostSize.
    private static let requestLimits = HTTPLimits(
        headBytes: 64 << 10, fieldCount: 100, targetBytes: 32 << 10, bodyBytes: 2 << 20)
    /// Input: a whole head must fit. Output: a list of 100 000 instances (0.5 kB each) must, to a slow reader.
    static let streamLimits = StreamLimits(inputMax: 128 << 10, outputMax: 64 << 20)

    /// What the connection is doing.
    private enum State {
        /// Reads and answers.
        case open
        /// Entered when an answer is held back; leaves to `open` or `ended`.
        case holding(Held)
        /// Entered by a fault that never answers; leaves to `ended`.
        case silent
        /// Entered by an answer that closes, or by the end of the stream.
        case ended
    }

    /// What happens when the delay is over.
    private enum Held {
        case answer([UInt8], closes: Bool)
        case drop
    }

    private let stream: Stream
    private let number: Int
    private let standIn: NamingStandIn
    private var parser = HTTPRequestParser(limits: NamingConnection.requestLimits)
    private var state = State.open
    private var answers = 0
    private var peerHasClosed = false
    private var out: [UInt8] = []

    init(_ stream: Stream, number: Int, of standIn: NamingStandIn) {
        self.stream = stream
        self.number = number
        self.standIn = standIn
        stream.delegate = self
        restartIdleTime()
    }

    // MARK: the stream

    func streamDidConnect(_ stream: Stream) {}

    func streamDidDrain(_ stream: Stream) {}

    func streamDidRead(_ stream: Stream) {
        proceed()
    }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        switch reason {
        case .eof:
            peerHasClosed = true
            proceed()
        case .deadlinePassed:
            idleTimePassed()
        case .failed, .tlsFailed, .connectTimedOut, .outputLimitExceeded, .finished:
            state = .ended
            standIn.connectionEnded(number)
        }
    }

    /// Cuts the connection at once.
    func drop() {
        state = .ended
        stream.close()
    }

    private func restartIdleTime() {
        let idle = standIn.profile.connection.idleMilliseconds * 1_000_000
        stream.setDeadline(at: MonotonicClock.nanoseconds() + idle)
    }

    /// 60 s without a sign: a FIN; in the middle of a body 400 before it (nacos.md §10.1).
    private func idleTimePassed() {
        switch state {
        case .open: break
        case .holding, .silent:
            // It is not the client who is late.
            return restartIdleTime()
        case .ended: return
        }
        switch (standIn.profile.engine, parser.phase) {
        case (.tomcat, .body): refuse(400, at: WallClock.milliseconds())
        case (.actix, .body): return restartIdleTime()
        case (.actix, .head): refuse(408, at: WallClock.milliseconds())
        case (.actix, .idle) where answers == 0: refuse(408, at: WallClock.milliseconds())
        case (.tomcat, .idle), (.tomcat, .head), (.tomcat, .ended), (.actix, .idle), (.actix, .ended): break
        }
        state = .ended
        flush()
    }

    // MARK: requests

    /// Answers what has come, as far as nothing holds it up.
    func proceed() {
        guard case .open = state, !standIn.isStalled else { return endIfAbandoned() }
        let now = MonotonicClock.nanoseconds()
        let wall = WallClock.milliseconds()
        var needsMore = false
        while !needsMore, case .open = state, !standIn.isStalled {
            let step = stream.withInput { parser.parse($0) }
            stream.consume(step.consumed)
            switch step.event {
            case .needsMore: needsMore = true
            case .expectsContinue: expectsContinue()
            case .request(let request, _): answer(request, at: now, wall: wall)
            case .refused(let refusal, _): refuse(refusal.status, at: wall)
            }
        }
        flush()
        restartIdleTime()
        endIfAbandoned()
    }

    private func expectsContinue() {
        out.append(text: standIn.profile.engine == .actix ? "HTTP/1.1 100 Continue\r\n\r\n" : "HTTP/1.1 100 \r\n\r\n")
    }

    private func flush() {
        stream.write(out)
        out.removeAll(keepingCapacity: true)
        if case .ended = state { end() }
    }

    /// The client is gone and nothing is owed to it any more.
    private func endIfAbandoned() {
        guard peerHasClosed else { return }
        switch state {
        case .open where !standIn.isStalled, .silent: end()
        case .open, .holding, .ended: break
        }
    }

    private func end() {
        state = .ended
        stream.closeAfterWriting()
    }

    /// What Tomcat itself says to a request that it cannot read.
    private func refuse(_ status: Int, at wall: Int64) {
        write(RequestContext.serverPage(status, standIn.profile.engine, closes: true), wall: wall)
    }

    private func answer(_ request: HTTPRequest, at now: Int64, wall: Int64) {
        if standIn.requestLog.capacity > 0 {
            standIn.requestLog.note(request, NamingRoute(request), arrival: now, connection: number)
        }
        if !standIn.faults.isEmpty, let fault = fault(for: request) {
            apply(fault, to: request, at: now, wall: wall)
        } else {
            let answer = standIn.answer(request, at: now, wall: wall)
            standIn.requestLog.noteAnswer(answer.answer.status, answer.answer.body)
            guard answer.delayMilliseconds == 0 else { return holdBack(answer, request, at: now, wall: wall) }
            write(answer.answer, isHead: request.method == .head, wall: wall)
        }
    }

    private func write(_ answer: NamingAnswer, isHead: Bool = false, wall: Int64) {
        if append(answer, isHead: isHead, wall: wall) { state = .ended }
    }

    /// Appends an answer; true when the connection ends with it.
    private func append(_ answer: NamingAnswer, isHead: Bool, wall: Int64) -> Bool {
        answers += 1
        guard answers >= standIn.profile.connection.answersPerConnection, !answer.closes else {
            answer.write(date: standIn.date(wall), withBody: !isHead, to: &out)
            return answer.closes
        }
        var last = answer
        last.connection = .close
        last.write(date: standIn.date(wall), withBody: !isHead, to: &out)
        return true
    }

    // MARK: faults

    private func fault(for request: HTTPRequest) -> NamingFault? {
        let route = NamingRoute(request)
        // People may look on whatever goes wrong.
        guard route != .state else { return nil }
        return standIn.faults.next(route, query: request.target.query, body: request.body)
    }

    private func apply(_ fault: NamingFault, to request: HTTPRequest, at now: Int64, wall: Int64) {
        let answer: NamingAnswer?
        switch fault.reply {
        case .normal, .dropAnswer, .silence: answer = standIn.answer(request, at: now, wall: wall).answer
        case .answer(let status, let body, let contentType):
            answer = scripted(request, status, body, contentType, wall: wall)
        case .unknownInstance:
            answer = standIn.server.unknownInstance(request, wall: wall)
        case .dropUnseen: answer = nil
        }
        if let answer { standIn.requestLog.noteAnswer(answer.status, answer.body) }
        // Answers made before it are not to wait with it, nor to go down with it.
        stream.write(out)
        out.removeAll(keepingCapacity: true)
        switch fault.reply {
        case .silence: state = .silent
        case .dropUnseen, .dropAnswer: hold(.drop, fault, at: now)
        case .normal, .answer, .unknownInstance:
            guard let answer else { return }
            if fault.delayMilliseconds == 0 {
                write(answer, isHead: request.method == .head, wall: wall)
                return
            }
            let closes = append(answer, isHead: request.method == .head, wall: wall)
            let bytes = out
            out.removeAll(keepingCapacity: true)
            hold(.answer(bytes, closes: closes), fault, at: now)
        }
    }

    private func scripted(
        _ request: HTTPRequest, _ status: Int, _ body: String, _ contentType: String, wall: Int64
    ) -> NamingAnswer {
        let context = RequestContext(request, standIn.profile, wall: wall)
        let isJSON = contentType.hasPrefix("application/json")
        return context.answer(
            status, .controller, contentType, Array(body.utf8), isJSON ? .chunked : .contentLength)
    }

    /// A node that waits for another one: requests behind this one wait, too.
    private func holdBack(_ answer: NamingCluster.Answer, _ request: HTTPRequest, at now: Int64, wall: Int64) {
        stream.write(out)
        out.removeAll(keepingCapacity: true)
        let closes = append(answer.answer, isHead: request.method == .head, wall: wall)
        state = .holding(.answer(out, closes: closes))
        out.removeAll(keepingCapacity: true)
        standIn.hold(until: now + answer.delayMilliseconds * 1_000_000, connection: number, scope: .connection)
    }

    private func hold(_ held: Held, _ fault: NamingFault, at now: Int64) {
        state = .holding(held)
        if fault.delayMilliseconds == 0 { return release() }
        standIn.hold(until: now + fault.delayMilliseconds * 1_000_000, connection: number, scope: fault.delayScope)
    }

    /// The delay is over.
    func release() {
        guard case .holding(let held) = state else { return }
        switch held {
        case .drop:
            // Answers to earlier requests are on their way; FIN follows them.
            end()
        case .answer(let bytes, let closes):
            stream.write(bytes)
            state = .open
            if closes { end() } else { proceed() }
        }
    }
}
