/// Reads a document as programs write it: ASCII without escapes, whole numbers, objects of a few members.
///
/// Whatever else stands in a text is left to Jansson, which also says what is wrong with it. That way costs a tree of
/// allocations, which is then copied.
struct PlainJSON {
    /// Beyond it, looking for a key that comes twice would take its time.
    private static let membersMax = 32
    /// As many digits as fit Int64 whatever they are.
    private static let digitsMax = 18

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// The document in `bytes`; nil when it is not plain, right or wrong.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int) -> JSONValue? {
        var reader = PlainJSON(bytes: bytes)
        guard let value = reader.value(depth: maxDepth), reader.next() == nil else { return nil }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next byte that is no white space; nil at the end.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Takes the next byte when it is this one.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) -> JSONValue? {
        switch next() {
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "{"): return depth > 0 ? object(depth: depth - 1) : nil
        case UInt8(ascii: "["): return depth > 0 ? array(depth: depth - 1) : nil
        case UInt8(ascii: "t"): return take(word: "true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return take(word: "false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
        default: return integer()
        }
    }

    private mutating func object(depth: Int) -> JSONValue? {
        position += 1
        var members: [JSONObject.Member] = []
        if take("}") { return .object(JSONObject()) }
        repeat {
            guard next() == UInt8(ascii: "\""), let key = string(), take(":"), let value = value(depth: depth),
                members.count < PlainJSON.membersMax, !members.contains(where: { $0.key == key })
            else { return nil }
            members.append(JSONObject.Member(key, value))
        } while take(",")
        return take("}") ? .object(JSONObject(members)) : nil
    }

    private mutating func array(depth: Int) -> JSONValue? {
        position += 1
        var elements: [JSONValue] = []
        if take("]") { return .array([]) }
        repeat {
            guard let value = value(depth: depth) else { return nil }
            elements.append(value)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    /// The string whose opening quote is the next byte.
    private mutating func string() -> String? {
        let begin = position + 1
        var end = begin
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            guard (0x20..<0x80).contains(bytes[end]), bytes[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        position = end + 1
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[begin..<end]), as: UTF8.self)
    }

    private mutating func take(word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] {
            return false
        }
        position = end
        return true
    }

    /// Digits without a leading zero. What a fraction or an exponent begins with is not what may follow a value.
    private mutating func integer() -> JSONValue? {
        let isNegative = bytes[position...].first == UInt8(ascii: "-")
        let begin = isNegative ? position + 1 : position
        var end = begin
        var number: Int64 = 0
        while end < bytes.count, end - begin < PlainJSON.digitsMax,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end])
        {
            number = number * 10 + Int64(bytes[end] - UInt8(ascii: "0"))
            end += 1
        }
        guard end > begin, bytes[begin] != UInt8(ascii: "0") || (end == begin + 1 && !isNegative) else { return nil }
        position = end
        return .integer(isNegative ? -number : number)
    }
}
