internal import EventLoop
internal import HTTPWire

// An answer that is written piece by piece, as fast as the client takes it.
extension HTTPConnection {
    /// Writes the head. False when the connection waits for no answer any more.
    func beginStream(_ head: HTTPResponse, date: String, thenClose: Bool) -> Bool {
        guard case .waiting(var writer) = state else { return false }
        if thenClose || hasLeft { writer.keepsOpen = false }
        var bytes: [UInt8] = []
        writer.beginStream(head.status, head.fields, date: date, to: &bytes)
        stream.write(bytes)
        state = .streaming(writer)
        setDeadline(server.limits.drain, from: server.readClock())
        return true
    }

    /// Whether the client is there and has taken enough for another piece.
    var takesPiece: Bool { isStreaming && stream.outputCount <= HTTPServerLimits.outputHeld }

    /// Whether the client is there and has taken all that was written.
    var takesEvents: Bool { isStreaming && stream.outputCount == 0 }

    /// False once the connection has ended.
    var isStreaming: Bool {
        guard case .streaming = state else { return false }
        return true
    }

    /// Whether the pieces are left out, as HEAD wants it.
    var leavesOutBody: Bool {
        guard case .streaming(let writer) = state else { return false }
        return writer.isToHead
    }

    /// Writes a piece. The client has `drain` to take it.
    func writePiece(_ piece: [UInt8]) {
        guard case .streaming(let writer) = state else { return }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(piece.count + 16)
        writer.appendChunk(piece, to: &bytes)
        stream.write(bytes)
        setDeadline(server.limits.drain, from: server.readClock())
    }

    /// Ends the answer.
    func endStream() {
        guard case .streaming(let writer) = state else { return }
        var bytes: [UInt8] = []
        writer.endStream(to: &bytes)
        if !bytes.isEmpty { stream.write(bytes) }
        answered(writer, at: server.readClock())
    }
}
