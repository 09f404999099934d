internal import BeatCore
internal import ControlAPI

/// A request that waits for the next change of the registrations.
struct ParkedRequest {
    var arrival: HTTPServer.Arrival
    var until: Instant
    /// The core's `rev` that it has seen.
    var rev: UInt64
}

// Requests that wait for a change (`GET /v1/beats` with If-None-Match and `?wait=`).
extension Daemon {
    /// Hands those that need not wait any longer to the requests of the next turns, which are bounded.
    func releaseParked() {
        guard !parked.isEmpty else { return }
        var waiting: [ParkedRequest] = []
        for request in parked where request.arrival.connection.isWaiting {
            if request.rev != core.rev || request.until <= clocks.now || isDraining {
                server.requeue(request.arrival)
            } else {
                waiting.append(request)
            }
        }
        parked = waiting
    }

    func park(_ arrival: HTTPServer.Arrival, until: Instant) {
        parked.append(ParkedRequest(arrival: arrival, until: until, rev: core.rev))
    }
}
