internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import HTTPWire

/// A batch or an import that is under way.
struct BulkRun {
    var arrival: HTTPServer.Arrival
    var bulk: BulkRequest
    var route: Route
    var requestID: RequestID
    /// The input whose answer it waits for.
    var awaited: RequestToken?
}

/// An export that is under way.
struct ExportRun {
    var arrival: HTTPServer.Arrival
    var export: ExportStream
    var requestID: RequestID
}

// Requests and answers that take many turns.
extension Daemon {
    /// Whether something is left to do that no event announces.
    var hasBulkWork: Bool {
        (bulks.first.map { $0.awaited == nil } ?? false) || exports.contains { $0.arrival.connection.takesPiece }
    }

    /// Goes on with them, bounded, so that beats come in between.
    func serveBulks() {
        guard !bulks.isEmpty || !exports.isEmpty else { return }
        let end = MonotonicClock.nanoseconds() + HTTPServerLimits.bulkNanoseconds
        while MonotonicClock.nanoseconds() < end, stepBulk() {}
        continueExports(until: end + HTTPServerLimits.bulkNanoseconds)
    }

    // MARK: batch, import

    /// One step of the oldest request; false when there is nothing to do. One at a time, so that memory and the work
    /// of a turn are bounded however many come.
    private func stepBulk() -> Bool {
        // No copy of the request is held here: changing it would copy its lists.
        guard !bulks.isEmpty, bulks[0].awaited == nil else { return false }
        if !bulks[0].arrival.connection.isWaiting, !bulks[0].bulk.isApplying {
            bulks.removeFirst()
            return true
        }
        let token = newTokens(1)
        let context = context(bulks[0].requestID)
        switch api.step(&bulks[0].bulk, core: core, context: context, token: token) {
        case .more: break
        case .respond(let response):
            let run = bulks.removeFirst()
            respond(response, to: run.arrival, route: run.route, run.requestID)
        case .submit(let input):
            bulks[0].awaited = token
            core.handle(input, at: clocks.now, into: &effects)
            // Its effects are performed before anything else is done for it.
            return false
        }
        return true
    }

    /// True when the answer was for a bulk request.
    func deliverToBulk(_ answer: Answer, for token: RequestToken) -> Bool {
        guard !bulks.isEmpty, bulks[0].awaited == token else { return false }
        bulks[0].awaited = nil
        api.answered(answer, &bulks[0].bulk, core: core)
        return true
    }

    // MARK: export

    func beginExport(_ head: HTTPResponse, _ run: ExportRun, route: Route) {
        httpMetrics.record(
            route, run.arrival.request.method, status: head.status,
            nanoseconds: MonotonicClock.nanoseconds() - run.arrival.at)
        var head = head
        if run.arrival.request.fields.contains("X-Request-Id") { head.fields.set("X-Request-Id", run.requestID.text) }
        let connection = run.arrival.connection
        guard connection.beginStream(head, date: clocks.httpDate(), thenClose: isDraining) else { return }
        if connection.leavesOutBody { return connection.endStream() }
        exports.append(run)
    }

    /// A piece for each in turn, until the time is over or no client takes more.
    private func continueExports(until end: Int64) {
        exports.removeAll { !$0.arrival.connection.isStreaming }
        var wrote = true
        while wrote {
            wrote = false
            var position = 0
            while position < exports.count {
                let connection = exports[position].arrival.connection
                guard connection.takesPiece else {
                    position += 1
                    continue
                }
                let context = context(exports[position].requestID)
                if let piece = api.next(&exports[position].export, core: core, context: context) {
                    connection.writePiece(piece)
                    position += 1
                } else {
                    // At once: the same connection may begin its next export in this turn, which this one would end.
                    exports.remove(at: position)
                    connection.endStream()
                }
                wrote = true
                if MonotonicClock.nanoseconds() >= end { return }
            }
        }
    }
}
