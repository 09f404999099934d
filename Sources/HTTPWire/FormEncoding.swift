/// Why escaped text cannot be decoded. Offsets are in bytes from its start.
public enum EscapingError: Error, Equatable, Sendable {
    /// `%` without two hexadecimal digits behind it.
    case badEscape(at: Int)
    /// The name, value or segment that begins here is not UTF-8 once decoded.
    case notUTF8(at: Int)
}

/// One `name=value` of a query or a form.
public struct FormPair: Hashable, Sendable {
    /// Decoded name.
    public var name: String
    /// Decoded value; empty when there is no `=`.
    public var value: String

    /// A pair from its parts.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// `application/x-www-form-urlencoded` as Java's `URLEncoder` and `URLDecoder` do it with UTF-8, which is what Nacos
/// clients and servers use: `A-Z a-z 0-9 . - * _` stay, a blank is `+`, all other bytes are `%XX` in upper case.
public enum FormEncoding {
    /// Appends `text` encoded.
    public static func appendEncoded(_ text: String, to output: inout [UInt8]) {
        appendEncoded(text.utf8, to: &output)
    }

    /// Appends UTF-8 text encoded.
    public static func appendEncoded(_ text: String.UTF8View, to output: inout [UInt8]) {
        // No `text.span` here: the span of a short text does not outlive this function (docs/architecture.md), and
        // what is called last may be entered behind its end.
        let done: Void? = text.withContiguousStorageIfAvailable { appendEncoded($0.span, to: &output) }
        if done == nil { appendEncoded(Array(text).span, to: &output) }
    }

    /// Appends bytes encoded.
    public static func appendEncoded(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        // By the piece: the room that every byte may need is that of three, and is not asked for all at once.
        var start = 0
        while start < bytes.count {
            let end = min(start + pieceBytes, bytes.count)
            output.append(addingCapacity: (end - start) * 3) { (out: inout OutputSpan<UInt8>) in
                out.withUnsafeMutableBufferPointer { space, used in
                    var place = used
                    for index in start..<end { place = put(bytes[index], at: place, into: space) }
                    used = place
                }
            }
            start = end
        }
    }

    private static let pieceBytes = 64

    /// Appends `name=value` encoded, with `&` before it unless it is the first one behind `start`.
    public static func appendPair(_ name: String, _ value: String, to output: inout [UInt8], start: Int) {
        if output.count > start { output.append("&") }
        appendEncoded(name.utf8, to: &output)
        output.append("=")
        appendEncoded(value.utf8, to: &output)
    }

    /// `text` encoded.
    public static func encoded(_ text: String) -> String {
        var output: [UInt8] = []
        appendEncoded(text.utf8, to: &output)
        return output.span.text()
    }

    /// Writes one byte encoded at a place with room for three, and tells where the next one goes. An `OutputSpan` looks
    /// at its room with each byte, which is most of what encoding takes.
    @inline(__always)
    private static func put(_ byte: UInt8, at place: Int, into space: UnsafeMutableBufferPointer<UInt8>) -> Int {
        if isUnreserved(byte) {
            space[place] = byte
            return place &+ 1
        }
        if byte == ASCII.space {
            space[place] = ASCII.plus
            return place &+ 1
        }
        space[place] = ASCII.percent
        space[place &+ 1] = hexDigit(byte >> 4)
        space[place &+ 2] = hexDigit(byte & 15)
        return place &+ 3
    }

    /// What stays as it is. Compared, not looked up: most are letters.
    @inline(__always)
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        if (byte | 0x20) &- 0x61 < 26 || ASCII.isDigit(byte) { return true }
        return switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "_"): true
        default: false
        }
    }

    @inline(__always)
    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? ASCII.zero &+ value : 0x41 &+ value &- 10
    }

    /// The pairs of a query or form in order. Empty pieces (`a=1&&b=2&`) are passed over.
    public static func decode(_ query: String) throws(EscapingError) -> [FormPair] {
        try decode(query.utf8.span)
    }

    /// The pairs of a form body in order. Empty pieces are passed over.
    public static func decode(_ bytes: Span<UInt8>) throws(EscapingError) -> [FormPair] {
        var pairs: [FormPair] = []
        var start = 0
        while start < bytes.count {
            var end = start
            var equals: Int?
            while end < bytes.count, bytes[end] != UInt8(ascii: "&") {
                if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > start {
                let name = try Escapes.decode(bytes, start..<(equals ?? end), plusIsBlank: true)
                let value = try Escapes.decode(bytes, min(end, (equals ?? end) + 1)..<end, plusIsBlank: true)
                pairs.append(FormPair(name, value))
            }
            start = end + 1
        }
        return pairs
    }
}

/// Percent-decoding (RFC 3986 §2.1), strict.
enum Escapes {
    static func decode(
        _ bytes: Span<UInt8>, _ range: Range<Int>, plusIsBlank: Bool
    ) throws(EscapingError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if byte == ASCII.percent {
                guard index + 2 < range.upperBound, let high = ASCII.hexValue(bytes[index + 1]),
                    let low = ASCII.hexValue(bytes[index + 2])
                else { throw .badEscape(at: index) }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(byte == ASCII.plus && plusIsBlank ? ASCII.space : byte)
                index += 1
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8(at: range.lowerBound) }
        return text
    }
}
