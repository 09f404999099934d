internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import HTTPWire

/// A client that follows the events.
struct EventRun {
    let connection: HTTPConnection
    var stream: EventStream
}

// Those who follow: each has its place in the journal, and is written to when it has taken what was written before.
extension Daemon {
    /// Whether somebody takes what is there already.
    var hasEventWork: Bool {
        eventRuns.contains { $0.connection.takesEvents && journal.isBehind($0.stream) }
    }

    func beginEvents(
        _ head: HTTPResponse, _ stream: EventStream, for arrival: HTTPServer.Arrival, _ route: Route,
        _ requestID: RequestID
    ) {
        httpMetrics.record(
            route, arrival.request.method, status: head.status,
            nanoseconds: MonotonicClock.nanoseconds() - arrival.at)
        var (head, stream) = (head, stream)
        if arrival.request.fields.contains("X-Request-Id") { head.fields.set("X-Request-Id", requestID.text) }
        let connection = arrival.connection
        let hasLeft = connection.hasLeft
        // Nothing is pipelined behind what has no end.
        guard connection.beginStream(head, date: clocks.httpDate(), thenClose: true) else { return }
        if connection.leavesOutBody { return connection.endStream() }
        connection.writePiece(journal.begin(&stream))
        if hasLeft { return connection.endStream() }
        connection.isEndless = true
        eventRuns.append(EventRun(connection: connection, stream: stream))
        keepaliveAt = keepaliveAt ?? clocks.now + EventLimits.keepalive
    }

    /// Writes what is new, bounded; who waited longest comes first.
    func serveEvents() {
        guard !eventRuns.isEmpty else { return }
        eventRuns.removeAll { !$0.connection.isStreaming }
        let end = MonotonicClock.nanoseconds() + HTTPServerLimits.eventNanoseconds
        for position in eventRuns.indices
        where eventRuns[position].connection.takesEvents && journal.isBehind(eventRuns[position].stream) {
            let piece = journal.next(&eventRuns[position].stream)
            if !piece.isEmpty { eventRuns[position].connection.writePiece(piece) }
            guard MonotonicClock.nanoseconds() >= end else { continue }
            eventRuns = Array(eventRuns[(position + 1)...] + eventRuns[...position])
            break
        }
        keepAlive()
    }

    private func keepAlive() {
        guard let due = keepaliveAt, due <= clocks.now else { return }
        keepaliveAt = eventRuns.isEmpty ? nil : clocks.now + EventLimits.keepalive
        for run in eventRuns where run.connection.takesEvents {
            run.connection.writePiece(journal.keepalive(run.stream))
        }
    }

    /// Says goodbye to all, with what they have not seen yet as far as they take it.
    func endEvents() {
        for run in eventRuns where run.connection.isStreaming {
            var stream = run.stream
            while run.connection.takesPiece, journal.isBehind(stream) {
                run.connection.writePiece(journal.next(&stream))
            }
            run.connection.writePiece(journal.bye(stream))
            run.connection.endStream()
        }
        eventRuns = []
        keepaliveAt = nil
    }

    /// A client does not read its answer.
    func logStalled(_ connection: HTTPConnection) {
        clocks.read()
        write(
            LogRecord(
                .warn, "a client did not take its answer in time, its connection is closed", event: "client.stalled",
                fields: ["client": .string(connection.client.peer)]))
    }
}
