internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import HTTPWire

/// An answer that is being put together.
struct GatherRun {
    var arrival: HTTPServer.Arrival
    var answer: GatheredAnswer
    var route: Route
    var requestID: RequestID
}

// Lists and metrics: short ones are answered in the turn that they came in, long ones take many.
extension Daemon {
    /// Goes on with them in the order in which they came, bounded, so that beats come in between.
    func serveGathers() {
        let end = MonotonicClock.nanoseconds() + HTTPServerLimits.gatherNanoseconds
        while var run = gathers.popFirst() {
            guard run.arrival.connection.isWaiting else { continue }
            let context = context(run.requestID)
            while true {
                if case .respond(let response) = api.step(&run.answer, core: core, context: context) {
                    respond(response, to: run.arrival, route: run.route, run.requestID)
                    break
                }
                guard MonotonicClock.nanoseconds() < end else { return gathers.prepend(run) }
            }
            if MonotonicClock.nanoseconds() >= end { return }
        }
    }
}
