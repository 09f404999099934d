/// Writes compact JSON (RFC 8259).
///
/// Commas are its business; balanced begins and ends, and a key before each value of an object, are the caller's.
/// It never allocates but to grow the buffer. A name that stands in the program is a `StaticString` and taken as it
/// is; whatever comes from outside is a `String` and escaped.
public struct JSONWriter: ~Copyable {
    private var bytes: JSONBytes
    /// Whether the next value or key needs a comma before it.
    private var separates = false

    /// What most documents have room in.
    private static let usual = 512

    /// A writer with room for so many bytes, or what is usual.
    public init(reserving count: Int? = nil) {
        bytes = JSONBytes(reserving: max(1, count ?? JSONWriter.usual))
    }

    /// Appends what `body` writes to `out`, also when it throws.
    public static func append<E: Error>(
        to out: inout [UInt8], _ body: (inout JSONWriter) throws(E) -> Void
    ) throws(E) {
        var writer = JSONWriter()
        defer { writer.bytes.withAll { out.append(contentsOf: $0) } }
        try body(&writer)
    }

    /// All bytes.
    public consuming func finish() -> [UInt8] { bytes.array() }

    /// How many bytes there are by now.
    public var count: Int { bytes.count }

    /// Calls `body` with all bytes that there are by now.
    public func withBytes(_ body: (Span<UInt8>) -> Void) {
        bytes.withAll { body($0.span) }
    }

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

    /// A key that needs no escapes; its value comes next.
    public mutating func key(_ name: StaticString) {
        appendPlain(name.bytes, comma: separates, isQuoted: true, isKey: true)
        separates = false
    }

    /// A key that may be any text; its value comes next.
    public mutating func key(named name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        separates = false
    }

    /// A string: UTF-8 as it is, `"`, `\` and control characters escaped.
    public mutating func string(_ value: String) {
        let comma = takeSeparator()
        if !appendUnescaped(value, comma: comma, isQuoted: true) {
            if comma { bytes.append(UInt8(ascii: ",")) }
            bytes.append(UInt8(ascii: "\""))
            appendEscaped(value)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// A string that needs no escapes.
    public mutating func string(plain value: StaticString) {
        appendPlain(value.bytes, comma: takeSeparator(), isQuoted: true)
    }

    /// A string of at most `count` bytes, which `body` appends; they must need no escapes.
    public mutating func string(plainAtMost count: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
        let comma = takeSeparator()
        bytes.append(atMost: count + 3) { (out: inout OutputSpan<UInt8>) in
            if comma { out.append(UInt8(ascii: ",")) }
            out.append(UInt8(ascii: "\""))
            body(&out)
            out.append(UInt8(ascii: "\""))
        }
    }

    /// A string of 24 bytes that need no escapes: eight in a word, the first of them in its lowest bits.
    public mutating func string(plain words: InlineArray<3, UInt64>) {
        let comma = takeSeparator()
        bytes.append(atMost: 27) { start in
            var out = start
            if comma { out.put(UInt8(ascii: ",")) }
            out.put(UInt8(ascii: "\""))
            for index in words.indices { out.put(word: words[index]) }
            out.put(UInt8(ascii: "\""))
            return out - start
        }
    }

    /// Begins a string that is put together of pieces.
    public mutating func beginString() {
        separate()
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a piece to the string that was begun.
    public mutating func piece(_ text: String) {
        if !appendUnescaped(text, comma: false, isQuoted: false) { appendEscaped(text) }
    }

    /// Adds a piece that needs no escapes to the string that was begun.
    public mutating func piece(plain text: StaticString) {
        appendPlain(text.bytes, comma: false, isQuoted: false)
    }

    /// Adds a number in decimal to the string that was begun.
    public mutating func piece(_ number: Int) {
        appendDecimal(Int64(number), comma: false)
    }

    /// Ends the string that was begun.
    public mutating func endString() {
        bytes.append(UInt8(ascii: "\""))
    }

    /// An integer.
    public mutating func integer(_ value: Int) {
        integer(Int64(value))
    }

    /// An integer.
    public mutating func integer(_ value: Int64) {
        appendDecimal(value, comma: takeSeparator())
    }

    /// A real in the shortest form that reads back as the same Double; `1.0` stays `1.0`.
    ///
    /// JSON knows neither infinity nor NaN: they become `null`, as JavaScript writes them.
    public mutating func number(_ value: Double) {
        // Whole ones, a weight above all, need no search for the shortest form. -0.0 keeps its sign.
        if let whole = Int32(exactly: value), whole != 0 || value.sign == .plus {
            appendDecimal(Int64(whole), comma: takeSeparator(), isReal: true)
        } else if value.isFinite {
            separate()
            // Up to 15 characters live in the String itself, without the heap.
            bytes.append(contentsOf: value.description.utf8)
        } else {
            null()
        }
    }

    /// So many millionths, as `number` writes them: what is a decimal already needs no search for its shortest form.
    public mutating func number(millionths: Int64) {
        let magnitude = millionths.magnitude
        // Below 0.0001 the form has an exponent; with more than 15 digits the nearest Double may have another form.
        guard magnitude >= 100, magnitude < 1_000_000_000_000_000 else {
            return number(Double(millionths) / 1_000_000)
        }
        let comma = takeSeparator()
        bytes.append(atMost: 23) { start in
            var out = start
            if comma { out.put(UInt8(ascii: ",")) }
            if millionths < 0 { out.put(UInt8(ascii: "-")) }
            out.put(decimal: magnitude / 1_000_000)
            out.put(UInt8(ascii: "."))
            var rest = magnitude % 1_000_000
            var divisor: UInt64 = 100_000
            repeat {
                out.put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest / divisor))
                rest %= divisor
                divisor /= 10
            } while rest > 0
            return out - start
        }
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        let text: StaticString = value ? "true" : "false"
        appendPlain(text.bytes, comma: takeSeparator(), isQuoted: false)
    }

    /// `null`.
    public mutating func null() {
        let text: StaticString = "null"
        appendPlain(text.bytes, comma: takeSeparator(), isQuoted: false)
    }

    /// A value that is JSON already; it is not looked at.
    public mutating func raw(_ value: [UInt8]) {
        separate()
        value.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
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
                key(named: member.key)
                self.value(member.value)
            }
            endObject()
        }
    }
}

// MARK: members

extension JSONWriter {
    /// A key with a string.
    public mutating func member(_ key: StaticString, _ value: String) {
        self.key(key)
        string(value)
    }

    /// A key with a string that needs no escapes.
    public mutating func member(_ key: StaticString, plain value: StaticString) {
        self.key(key)
        string(plain: value)
    }

    /// A key with an integer.
    public mutating func member(_ key: StaticString, _ value: Int) {
        self.key(key)
        integer(value)
    }

    /// A key with an integer.
    public mutating func member(_ key: StaticString, _ value: Int64) {
        self.key(key)
        integer(value)
    }

    /// A key with a real.
    public mutating func member(_ key: StaticString, _ value: Double) {
        self.key(key)
        number(value)
    }

    /// A key with a boolean.
    public mutating func member(_ key: StaticString, _ value: Bool) {
        self.key(key)
        bool(value)
    }

    /// A key with a tree.
    public mutating func member(_ key: StaticString, _ value: JSONValue) {
        self.key(key)
        self.value(value)
    }
}

// MARK: bytes

extension JSONWriter {
    private mutating func takeSeparator() -> Bool {
        let comma = separates
        separates = true
        return comma
    }

    private mutating func separate() {
        if takeSeparator() { bytes.append(UInt8(ascii: ",")) }
    }

    /// Appends text as it is, in one piece with what belongs around it.
    @inline(__always)
    private mutating func appendPlain(
        _ text: UnsafeBufferPointer<UInt8>, comma: Bool, isQuoted: Bool, isKey: Bool = false
    ) {
        bytes.append(atMost: text.count + 4) { start in
            var out = start
            if comma { out.put(UInt8(ascii: ",")) }
            if isQuoted { out.put(UInt8(ascii: "\"")) }
            out.put(text)
            if isQuoted { out.put(UInt8(ascii: "\"")) }
            if isKey { out.put(UInt8(ascii: ":")) }
            return out - start
        }
    }

    /// Appends text when it needs no escapes; else false, and nothing is appended.
    @inline(__always)
    private mutating func appendUnescaped(_ text: String, comma: Bool, isQuoted: Bool) -> Bool {
        // Native strings lend their storage; only a bridged one, which Linux has not, has none.
        let done: Bool? = text.utf8.withContiguousStorageIfAvailable { utf8 in
            var isPlain = true
            bytes.append(atMost: utf8.count + 3) { start in
                var out = start
                if comma { out.put(UInt8(ascii: ",")) }
                if isQuoted { out.put(UInt8(ascii: "\"")) }
                isPlain = out.putUnescaped(utf8)
                if isQuoted { out.put(UInt8(ascii: "\"")) }
                return isPlain ? out - start : 0
            }
            return isPlain
        }
        return done ?? false
    }

    private mutating func appendEscaped(_ text: String) {
        for byte in text.utf8 {
            if JSONEscapes.isNeeded(byte) { appendEscape(byte) } else { bytes.append(byte) }
        }
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
            digits.withUTF8Buffer {
                bytes.append($0[Int(byte >> 4)])
                bytes.append($0[Int(byte & 15)])
            }
        }
    }

    private mutating func appendDecimal(_ value: Int64, comma: Bool, isReal: Bool = false) {
        // A comma, a sign and 19 digits, `.0`.
        bytes.append(atMost: 23) { start in
            var out = start
            if comma { out.put(UInt8(ascii: ",")) }
            if value < 0 { out.put(UInt8(ascii: "-")) }
            out.put(decimal: value.magnitude)
            if isReal {
                out.put(UInt8(ascii: "."))
                out.put(UInt8(ascii: "0"))
            }
            return out - start
        }
    }
}
