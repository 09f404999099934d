public import BeatCore
internal import JSON

/// The last events, for those who follow and those who come back: a ring of `EventLimits.kept`, numbered from 1.
///
/// A stream holds no events of its own, only how far it is, so that a client that reads slowly costs nothing; one that
/// is overtaken by the ring is told so (`reset`) and goes on with what comes.
public struct EventJournal: Sendable {
    private struct Kept: Sendable {
        var event: Event
        var at: WallTime
        /// The document; empty until somebody wants it.
        var document: [UInt8] = []
    }

    private var ring: [Kept] = []
    private let capacity: Int
    private let epoch: UInt64
    /// The number that the next event gets.
    private(set) var next: UInt64 = 1

    /// A journal of a process that has told nothing yet; `epoch` is that of `ControlAPI.Configuration`.
    public init(epoch: UInt64, capacity: Int = EventLimits.kept) {
        self.epoch = epoch
        self.capacity = capacity
    }

    /// The number of the oldest event that is kept.
    private var oldest: UInt64 { next - UInt64(ring.count) }

    private func place(_ number: UInt64) -> Int { Int((number - 1) % UInt64(capacity)) }

    /// Keeps an event that has happened now.
    public mutating func append(_ event: Event, at wall: WallTime) {
        let kept = Kept(event: event, at: wall)
        if ring.count < capacity { ring.append(kept) } else { ring[place(next)] = kept }
        next += 1
    }

    // MARK: streams

    /// Puts a stream in its place, and gives what it begins with.
    public func begin(_ stream: inout EventStream) -> [UInt8] {
        switch stream.start {
        case .after(let number) where number < next && number + 1 >= oldest:
            stream.position = number + 1
            return opening(stream)
        case .now:
            stream.position = next
            return opening(stream)
        case .after, .unknown:
            stream.position = next
            return opening(stream) + mark("reset", "the asked id is unknown here, or no longer kept", stream)
        }
    }

    /// Whether there is something that the stream has not looked at.
    public func isBehind(_ stream: EventStream) -> Bool { stream.position < next }

    /// The next piece, bounded; empty when none of what was looked at is wanted.
    public mutating func next(_ stream: inout EventStream) -> [UInt8] {
        guard stream.position >= oldest else {
            stream.position = next
            return mark("reset", "events came faster than this client read them", stream)
        }
        var piece: [UInt8] = []
        var looked = 0
        while stream.position < next, looked < EventLimits.lookedAtOnce, piece.count < EventLimits.pieceBytes {
            let place = place(stream.position)
            if stream.filter.matches(ring[place].event) {
                if ring[place].document.isEmpty { ring[place].document = document(ring[place], stream.position) }
                append(
                    ring[place].document, ring[place].event.kind.rawValue, stream.position, stream.format, to: &piece)
            }
            stream.position += 1
            looked += 1
        }
        return piece
    }

    /// A sign of life, which moves a browser's Last-Event-ID on behind what it did not want to see.
    public func keepalive(_ stream: EventStream) -> [UInt8] {
        switch stream.format {
        case .sse: Array(": keepalive\nid: \(EventID.text(stream.position - 1, epoch: epoch))\n\n".utf8)
        case .ndjson: [UInt8(ascii: "\n")]
        }
    }

    /// What a stream ends with when the process does.
    public func bye(_ stream: EventStream) -> [UInt8] { mark("bye", "beatd is shutting down", stream) }

    // MARK: writing

    private func opening(_ stream: EventStream) -> [UInt8] {
        switch stream.format {
        case .sse:
            Array(
                """
                : beatd
                retry: \(EventLimits.reconnectMilliseconds)
                id: \(EventID.text(stream.position - 1, epoch: epoch))


                """.utf8)
        case .ndjson: []
        }
    }

    /// What is no event of the journal: its id is that of the event before it.
    private func mark(_ type: String, _ reason: String, _ stream: EventStream) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("eventId", EventID.text(stream.position - 1, epoch: epoch))
        writer.member("type", type)
        writer.member("reason", reason)
        writer.endObject()
        var piece: [UInt8] = []
        append(writer.finish(), type, stream.position - 1, stream.format, to: &piece)
        return piece
    }

    private func append(
        _ document: [UInt8], _ type: String, _ number: UInt64, _ format: EventStream.Format, to piece: inout [UInt8]
    ) {
        switch format {
        case .sse:
            piece += Array("id: \(EventID.text(number, epoch: epoch))\nevent: \(type)\ndata: ".utf8)
            piece += document
            piece += Array("\n\n".utf8)
        case .ndjson:
            piece += document
            piece.append(UInt8(ascii: "\n"))
        }
    }

    private func document(_ kept: Kept, _ number: UInt64) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("eventId", EventID.text(number, epoch: epoch))
        writer.member("at", kept.at.rfc3339)
        writer.member("type", kept.event.kind.rawValue)
        writer.member("rev", count: kept.event.rev)
        switch kept.event.subject {
        case .registration(let id, let key, let state):
            writer.member("id", id)
            writer.member("serviceName", key.serviceName)
            writer.member("groupName", key.groupName)
            writer.member("namespaceId", key.namespaceId)
            writer.member("clusterName", key.clusterName)
            writer.member("ip", key.ip)
            writer.member("port", Int(key.port))
            writer.member("state", "\(state.label)")
        case .server(let name): writer.member("server", name)
        case .process: break
        }
        writer.member("reason", kept.event.reason)
        writer.endObject()
        return writer.finish()
    }
}
