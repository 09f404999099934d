/// Why the bytes of a head or of a chunk line cannot be lines at all.
enum LineFault: Error, Equatable, Sendable {
    case controlByte
    case bareCarriageReturn
    case bareLineFeed
}

extension Span<UInt8> {
    /// Looks for the next CRLF in `position..<end` and answers where its CR is.
    ///
    /// Without one, `position` is where a later call goes on, so that no byte is looked at twice (but a CR whose LF
    /// has not come). Tabs pass; every other control byte is a fault as soon as it is there.
    @inline(__always)
    func nextLineEnd(from position: inout Int, to end: Int) throws(LineFault) -> Int? {
        while true {
            position = firstControl(from: position, to: end)
            guard position < end else { return nil }
            switch self[position] {
            case ASCII.tab:
                position += 1
            case ASCII.carriageReturn:
                guard position + 1 < end else { return nil }
                guard self[position + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
                return position
            case ASCII.lineFeed:
                throw .bareLineFeed
            default:
                throw .controlByte
            }
        }
    }
}

/// Why no head can come of the bytes seen so far.
enum HeadFault: Error, Equatable, Sendable {
    case line(LineFault)
    case startLineTooLong
    case headTooLarge
    case tooManyFields
}

/// Finds the end of a head in a buffer that grows between calls, whatever the head says.
///
/// The head is interpreted once it is whole; until then only its size, its number of lines and its bytes are checked.
/// So all verdicts are the same however the bytes are cut into pieces.
struct HeadScanner: Sendable {
    /// The next byte to look at.
    private(set) var position = 0
    private var lineStart = 0
    /// Lines found so far, the start line included.
    private(set) var lines = 0

    /// The length of the head with its blank line, or nil when more is needed.
    ///
    /// `bytes` begins with the start line, which is not blank.
    @inline(__always)
    mutating func findEnd(
        in bytes: Span<UInt8>, startLineBytes: Int, limits: HTTPLimits
    ) throws(HeadFault) -> Int? {
        while true {
            let limit = lines == 0 ? min(startLineBytes, limits.headBytes) : limits.headBytes
            let end = min(bytes.count, limit)
            let found: Int?
            do throws(LineFault) {
                found = try bytes.nextLineEnd(from: &position, to: end)
            } catch {
                throw .line(error)
            }
            guard let found else {
                guard end == limit else { return nil }
                throw lines == 0 ? .startLineTooLong : .headTooLarge
            }
            position = found + 2
            if found == lineStart { return position }
            lineStart = position
            lines += 1
            if lines - 1 > limits.fieldCount { throw .tooManyFields }
        }
    }
}
