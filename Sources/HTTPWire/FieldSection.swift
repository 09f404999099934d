/// Why a line is no header field.
enum FieldFault: Error, Equatable, Sendable {
    /// A line that begins with a blank: obsolete folding (RFC 9112 §5.2).
    case folded
    case emptyName
    case blankBeforeColon
    case badName
    case noColon
}

/// A parsed field section with what it says about the message's framing.
struct FieldSection: Sendable {
    var fields: HTTPFields
    var framing: FramingFields

    /// Parses lines that the head scanner has passed. `start` is the first byte behind the start line's CRLF, `end`
    /// the one behind the blank line.
    init(_ bytes: Span<UInt8>, from start: Int, to end: Int, count: Int) throws(FieldFault) {
        framing = FramingFields()
        guard count > 0 else {
            fields = HTTPFields()
            return
        }
        var entries: [HTTPFields.Entry] = []
        entries.reserveCapacity(count)
        var position = start
        while position < end - 2 {
            let (name, value, next) = try bytes.field(at: position)
            framing.note(bytes.extracting(name), bytes.extracting(value))
            entries.append(
                HTTPFields.Entry(
                    name: name.lowerBound - start..<name.upperBound - start,
                    value: value.lowerBound - start..<value.upperBound - start))
            position = next
        }
        var text: [UInt8] = []
        text.reserveCapacity(end - 2 - start)
        text.append(bytes.extracting(start..<end - 2))
        fields = HTTPFields(text: text, entries: entries)
    }
}

extension Span<UInt8> {
    /// The field line at `start`, whose CRLF is known to be there and to be its only control characters but tabs.
    @inline(__always)
    func field(at start: Int) throws(FieldFault) -> (name: Range<Int>, value: Range<Int>, next: Int) {
        var colon = start
        while ASCIISet.token.contains(self[colon]) { colon += 1 }
        guard self[colon] == ASCII.colon else { throw fieldFault(lineAt: start, stoppedAt: colon) }
        guard colon > start else { throw .emptyName }
        var lineEnd = colon + 1
        while true {
            lineEnd = firstControl(from: lineEnd, to: count)
            if self[lineEnd] == ASCII.carriageReturn { break }
            lineEnd += 1
        }
        return (start..<colon, trimmed(colon + 1..<lineEnd), lineEnd + 2)
    }

    private func fieldFault(lineAt start: Int, stoppedAt stop: Int) -> FieldFault {
        if stop == start, ASCII.isBlank(self[stop]) { return .folded }
        var position = stop
        while ASCII.isBlank(self[position]) { position += 1 }
        switch self[position] {
        case ASCII.colon: return .blankBeforeColon
        case ASCII.carriageReturn: return .noColon
        default: return .badName
        }
    }
}
