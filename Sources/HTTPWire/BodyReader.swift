/// Why a body cannot be read to its end.
enum BodyFault: Error, Equatable, Sendable {
    case line(LineFault)
    /// The chunk-size line is no hexadecimal number with optional extensions.
    case badChunkSize
    case chunkLineTooLong
    /// No CRLF behind the data of a chunk.
    case badChunkEnd
    case tooLarge
    case trailer(FieldFault)
    case trailerTooLarge
}

/// Reads one message body (RFC 9112 §6–7), whole or in pieces.
struct BodyReader: Sendable {
    private enum State: Sendable {
        /// Content-Length: so many bytes are left.
        case fixed(remaining: Int)
        /// In a chunk-size line of which `scanned` bytes were looked at.
        case chunkLine(scanned: Int)
        case chunkData(remaining: Int)
        /// Before the CRLF behind a chunk.
        case chunkEnd
        /// In a trailer line of which `scanned` bytes were looked at; `read` bytes and `lines` lines came before it.
        case trailer(scanned: Int, read: Int, lines: Int)
        /// The body of a response that ends with its connection.
        case untilClose
    }

    private var state: State
    private var received = 0
    private let limit: Int
    private let trailerLimits: HTTPLimits

    private init(_ state: State, limit: Int, limits: HTTPLimits) {
        self.state = state
        self.limit = limit
        self.trailerLimits = limits
    }

    static func fixed(_ length: Int, limits: HTTPLimits) -> BodyReader {
        BodyReader(.fixed(remaining: length), limit: length, limits: limits)
    }

    static func chunked(limit: Int, limits: HTTPLimits) -> BodyReader {
        BodyReader(.chunkLine(scanned: 0), limit: limit, limits: limits)
    }

    static func untilClose(limit: Int, limits: HTTPLimits) -> BodyReader {
        BodyReader(.untilClose, limit: limit, limits: limits)
    }

    var endsWithConnection: Bool {
        if case .untilClose = state { true } else { false }
    }

    /// Takes what it can from `position` on, moves `position` behind it, and answers whether the body is complete.
    mutating func read(
        _ bytes: Span<UInt8>, at position: inout Int, into body: inout [UInt8]
    ) throws(BodyFault) -> Bool {
        while true {
            switch state {
            case .fixed(let remaining):
                let left = remaining - take(remaining, from: bytes, at: &position, into: &body)
                state = .fixed(remaining: left)
                return left == 0
            case .chunkLine(let scanned):
                guard let size = try chunkSize(bytes, at: &position, scanned: scanned) else { return false }
                guard size <= limit - received else { throw .tooLarge }
                state = size == 0 ? .trailer(scanned: 0, read: 0, lines: 0) : .chunkData(remaining: size)
            case .chunkData(let remaining):
                let left = remaining - take(remaining, from: bytes, at: &position, into: &body)
                guard left == 0 else {
                    state = .chunkData(remaining: left)
                    return false
                }
                state = .chunkEnd
            case .chunkEnd:
                guard position < bytes.count else { return false }
                guard bytes[position] == ASCII.carriageReturn else { throw .badChunkEnd }
                guard position + 1 < bytes.count else { return false }
                guard bytes[position + 1] == ASCII.lineFeed else { throw .badChunkEnd }
                position += 2
                state = .chunkLine(scanned: 0)
            case .trailer(let scanned, let read, let lines):
                let blank = try trailerLine(bytes, at: &position, scanned: scanned, read: read, lines: lines)
                guard let blank else { return false }
                if blank { return true }
            case .untilClose:
                guard bytes.count - position <= limit - received else { throw .tooLarge }
                _ = take(bytes.count - position, from: bytes, at: &position, into: &body)
                return false
            }
        }
    }

    private mutating func take(
        _ wanted: Int, from bytes: Span<UInt8>, at position: inout Int, into body: inout [UInt8]
    ) -> Int {
        let taken = min(wanted, bytes.count - position)
        body.append(bytes.extracting(position..<position + taken))
        position += taken
        received += taken
        return taken
    }

    /// The size in the chunk-size line at `position`, or nil while the line is not whole; `Int.max` when it is larger.
    private mutating func chunkSize(
        _ bytes: Span<UInt8>, at position: inout Int, scanned: Int
    ) throws(BodyFault) -> Int? {
        var cursor = position + scanned
        let limit = position + HTTPLimits.chunkLineBytes
        guard let lineEnd = try bytes.bodyLineEnd(from: &cursor, to: limit, else: .chunkLineTooLong) else {
            state = .chunkLine(scanned: cursor - position)
            return nil
        }
        var size = 0
        var index = position
        while let digit = ASCII.hexValue(bytes[index]) {
            size = size > Int.max >> 4 ? Int.max : size << 4 | Int(digit)
            index += 1
        }
        guard index > position else { throw .badChunkSize }
        if index < lineEnd {
            while ASCII.isBlank(bytes[index]) { index += 1 }
            guard bytes[index] == ASCII.semicolon else { throw .badChunkSize }
        }
        position = lineEnd + 2
        return size
    }

    /// Reads and drops one trailer line; true when it was the blank one that ends the body, nil while it is not whole.
    private mutating func trailerLine(
        _ bytes: Span<UInt8>, at position: inout Int, scanned: Int, read: Int, lines: Int
    ) throws(BodyFault) -> Bool? {
        var cursor = position + scanned
        let limit = position + trailerLimits.headBytes - read
        guard let lineEnd = try bytes.bodyLineEnd(from: &cursor, to: limit, else: .trailerTooLarge) else {
            state = .trailer(scanned: cursor - position, read: read, lines: lines)
            return nil
        }
        if lineEnd == position {
            position += 2
            return true
        }
        guard lines < trailerLimits.fieldCount else { throw .trailerTooLarge }
        do throws(FieldFault) {
            _ = try bytes.field(at: position)
        } catch {
            throw .trailer(error)
        }
        let length = lineEnd + 2 - position
        position += length
        state = .trailer(scanned: 0, read: read + length, lines: lines + 1)
        return false
    }
}

extension Span<UInt8> {
    /// `nextLineEnd` with `limit` as the end of what may be looked at; reaching it is `tooLong`.
    fileprivate func bodyLineEnd(
        from cursor: inout Int, to limit: Int, else tooLong: BodyFault
    ) throws(BodyFault) -> Int? {
        let end = Swift.min(count, limit)
        let found: Int?
        do throws(LineFault) {
            found = try nextLineEnd(from: &cursor, to: end)
        } catch {
            throw .line(error)
        }
        guard found != nil || end < limit else { throw tooLong }
        return found
    }
}
