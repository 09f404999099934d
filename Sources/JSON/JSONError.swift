/// Why a text is not JSON as RFC 8259 wants it, and where.
public struct JSONError: Error, Equatable, Sendable {
    /// The kinds of refusal.
    public enum Reason: Equatable, Sendable {
        /// The grammar is broken: a wrong token, a comma at the end, a control character in a string, a lone surrogate.
        case syntax
        /// The text ends inside a value, or is empty.
        case unexpectedEnd
        /// Something follows the value.
        case trailingBytes
        /// A key stands twice in one object.
        case duplicateKey
        /// An integer outside Int64 or a real outside Double.
        case numberOutOfRange
        /// The bytes are not UTF-8.
        case invalidUTF8
        /// `\u0000` in a string: no field of any document may hold it, and C peers would cut there.
        case nulCharacter
        /// Arrays and objects are nested more deeply than the caller allows.
        case tooDeep
        /// A byte order mark stands in front (RFC 8259 §8.1 forbids sending one).
        case byteOrderMark
        /// The allocator refused.
        case outOfMemory
    }

    /// The kind of refusal.
    public let reason: Reason
    /// The line of the last byte read, from 1.
    public let line: Int
    /// Which character of its line the last one read is, from 1; 0 when nothing of the line was read.
    public let column: Int
    /// How many bytes were read: the offset behind the refused character or token.
    public let position: Int
    /// What is wrong, in words, without the position.
    public let text: String

    /// A refusal of what ends before `position`.
    init(_ reason: Reason, _ text: String, behind position: Int, of bytes: Span<UInt8>) {
        self.reason = reason
        self.text = text
        self.position = min(position, bytes.count)
        var line = 1
        var column = 0
        for index in 0..<self.position {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 0
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.line = line
        self.column = column
    }
}

extension JSONError: CustomStringConvertible {
    /// Position and text: `line 1, column 9: duplicate object key near '"a"'`.
    public var description: String { "line \(line), column \(column): \(text)" }
}
