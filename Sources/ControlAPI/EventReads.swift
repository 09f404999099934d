internal import BeatCore
internal import HTTPWire

// MARK: GET /v1/events

extension ControlAPI {
    func readEvents(_ call: Call, context: Context) throws(Problem) -> Handling {
        let filter = try EventFilter(call.query)
        guard context.openStreams < EventLimits.streams else {
            throw Problem(
                .tooManyStreams, "\(EventLimits.streams) event streams are open, and no more are served",
                fields: ["Retry-After": "\(EventLimits.retrySeconds)"])
        }
        let accept = AcceptField(call.request.fields)
        let isNDJSON = accept.prefers("application/x-ndjson", to: "text/event-stream")
        let start = EventID.start(call.request.fields["Last-Event-ID"], epoch: configuration.epoch)
        let stream = EventStream(isNDJSON ? .ndjson : .sse, filter, start)
        var head = HTTPResponse.streamed(stream.format.mediaType, etag: nil)
        head.fields.append("Vary", "Accept")
        // nginx would hold events back until its buffer is full.
        head.fields.append("X-Accel-Buffering", "no")
        return .events(head, stream, route: call.route)
    }
}
