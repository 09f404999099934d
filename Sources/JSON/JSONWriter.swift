/// Writes compact JSON behind the bytes it is given (RFC 8259).
///
/// Commas are its business; balanced begins and ends, and a key before each value of an object, are the caller's.
/// It never allocates but to grow the buffer.
public struct JSONWriter: ~Copyable {
    private var bytes: [UInt8]
    /// Whether the next value or key needs a comma before it.
    private var separates = false

    /// A writer that appends to `bytes`, which it takes over.
    public init(appendingTo bytes: consuming [UInt8] = []) {
        self.bytes = bytes
    }

    /// Appends what `body` writes to `out`, in place.
    public static func append<E: Error>(
        to out: inout [UInt8], _ body: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        var writer = JSONWriter()
        swap(&writer.bytes, &out)
        defer { swap(&writer.bytes, &out) }
        try body(&writer)
    }

    /// All bytes, with those that were there at the start.
    public consuming func finish() -> [UInt8] { bytes }

    /// How many bytes there are by now, with those that were there at the start.
    public var count: Int { bytes.count }

    /// Opens an object.
    public mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        separates = false
    }

    /// Closes the object.
    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        separates = true
    }

    /// Opens an array.
    public mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        separates = false
    }

    /// Closes the array.
    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        separates = true
    }

    /// A key; its value comes next.
    public mutating func key(_ key: String) {
        separate()
        appendQuoted(key)
        bytes.append(UInt8(ascii: ":"))
        separates = false
    }

    /// A string: UTF-8 as it is, `"`, `\` and control characters escaped.
    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
    }

    /// An integer.
    public mutating func integer(_ value: Int) {
        integer(Int64(value))
    }

    /// An integer.
    public mutating func integer(_ value: Int64) {
        separate()
        appendDecimal(value)
    }

    /// A real in the shortest form that reads back as the same Double; `1.0` stays `1.0`.
    ///
    /// JSON knows neither infinity nor NaN: they become `null`, as JavaScript writes them.
    public mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        separate()
        // Up to 15 characters live in the String itself, without the heap.
        bytes.append(contentsOf: value.description.utf8)
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// `null`.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// A value that is JSON already; it is not looked at.
    public mutating func raw(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// A whole tree.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .integer(let value): integer(value)
        case .number(let value): number(value)
        case .string(let value): string(value)
        case .array(let items):
            beginArray()
            for item in items { self.value(item) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func separate() {
        if separates { bytes.append(UInt8(ascii: ",")) }
        separates = true
    }

    private mutating func appendDecimal(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = value.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Native strings hand out their storage; only a bridged one, which Linux has not, would be copied.
        var text = text
        text.withUTF8 { utf8 in
            var runStart = 0
            for index in 0..<utf8.count where JSONWriter.needsEscape(utf8[index]) {
                bytes.append(contentsOf: utf8[runStart..<index])
                appendEscape(utf8[index])
                runStart = index + 1
            }
            bytes.append(contentsOf: utf8[runStart...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            let digits: StaticString = "0123456789abcdef"
            digits.withUTF8Buffer { bytes.append(contentsOf: [$0[Int(byte >> 4)], $0[Int(byte & 15)]]) }
        }
    }
}

extension JSONWriter {
    /// A key with a string.
    public mutating func member(_ key: String, _ value: String) {
        self.key(key)
        string(value)
    }

    /// A key with an integer.
    public mutating func member(_ key: String, _ value: Int) {
        self.key(key)
        integer(value)
    }

    /// A key with an integer.
    public mutating func member(_ key: String, _ value: Int64) {
        self.key(key)
        integer(value)
    }

    /// A key with a real.
    public mutating func member(_ key: String, _ value: Double) {
        self.key(key)
        number(value)
    }

    /// A key with a boolean.
    public mutating func member(_ key: String, _ value: Bool) {
        self.key(key)
        bool(value)
    }

    /// A key with a tree.
    public mutating func member(_ key: String, _ value: JSONValue) {
        self.key(key)
        self.value(value)
    }
}
