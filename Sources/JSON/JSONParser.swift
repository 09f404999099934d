import CJansson

/// Strict parsing of one JSON document (RFC 8259), over Jansson, plain documents without it.
///
/// Refused beside broken grammar: duplicate keys, numbers that fit neither Int64 nor Double, `\u0000`, a byte order
/// mark, bytes that are not UTF-8 and nesting beyond a limit. Pure: no state is kept between calls.
public enum JSONParser {
    /// How deeply arrays and objects may nest by default: what the API promises (control-api.md "Errors"), and far
    /// below what would strain a stack.
    public static let defaultMaxDepth = 16

    /// The document in `bytes`; the top may be any value.
    public static func parse(
        _ bytes: [UInt8], maxDepth: Int = defaultMaxDepth
    ) throws(JSONError) -> JSONValue {
        try parse(bytes.span, maxDepth: maxDepth)
    }

    /// The document in `bytes`; the top may be any value.
    public static func parse(
        _ bytes: Span<UInt8>, maxDepth: Int = defaultMaxDepth
    ) throws(JSONError) -> JSONValue {
        if let value = bytes.withUnsafeBufferPointer({ PlainJSON.parse($0, maxDepth: maxDepth) }) { return value }
        return try parseAny(bytes, maxDepth: maxDepth)
    }

    /// As `parse`, by Jansson alone.
    static func parseAny(_ bytes: Span<UInt8>, maxDepth: Int) throws(JSONError) -> JSONValue {
        if let error = firstRefusal(bytes, maxDepth: maxDepth) { throw error }
        return try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in try load(buffer) }
    }

    /// What Jansson would take, or name in a way that helps nobody: a byte order mark (invisible in its message), a NUL
    /// byte (it takes one between tokens for the end and reads no further) and depth (its own limit is 2048, on the C
    /// stack).
    private static func firstRefusal(_ bytes: Span<UInt8>, maxDepth: Int) -> JSONError? {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            return JSONError(.byteOrderMark, "a byte order mark is not allowed", behind: 3, of: bytes)
        }
        var depth = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = endOfString(bytes, from: index)
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                guard depth <= maxDepth else {
                    let text = "arrays and objects are nested more than \(maxDepth) deep"
                    return JSONError(.tooDeep, text, behind: index + 1, of: bytes)
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
            case 0:
                return JSONError(.syntax, "a NUL byte is not allowed", behind: index + 1, of: bytes)
            default:
                break
            }
            index += 1
        }
        return nil
    }

    /// The offset of the quote that closes the string opened at `start`, or of the last byte.
    private static func endOfString(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index
            default: index += 1
            }
        }
        return index
    }

    private static func load(_ buffer: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSONValue {
        var error = json_error_t()
        let flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY
        // Jansson refuses a null pointer as a wrong argument, and that is what an empty buffer may have.
        let root = buffer.withMemoryRebound(to: CChar.self) { chars -> UnsafeMutablePointer<json_t>? in
            guard let base = chars.baseAddress else { return json_loadb("", 0, Int(flags), &error) }
            return json_loadb(base, chars.count, Int(flags), &error)
        }
        guard let root else { throw JSONError(error, in: buffer) }
        defer { json_decref(root) }
        return JSONValue(copying: root)
    }
}

extension JSONValue {
    /// A copy of a Jansson tree, which the caller keeps and releases.
    fileprivate init(copying json: UnsafeMutablePointer<json_t>) {
        switch json.pointee.type {
        case JSON_OBJECT:
            var members: [JSONObject.Member] = []
            members.reserveCapacity(json_object_size(json))
            // Jansson's iterator follows the order of insertion, which is the order of the text.
            var iterator = json_object_iter(json)
            while let current = iterator {
                if let key = json_object_iter_key(current), let value = json_object_iter_value(current) {
                    let name = String(copying: key, count: json_object_iter_key_len(current))
                    members.append(JSONObject.Member(name, JSONValue(copying: value)))
                }
                iterator = json_object_iter_next(json, current)
            }
            self = .object(JSONObject(members))
        case JSON_ARRAY:
            self = .array(
                (0..<json_array_size(json)).compactMap { json_array_get(json, $0).map(JSONValue.init(copying:)) })
        case JSON_STRING:
            self = .string(json_string_value(json).map { String(copying: $0, count: json_string_length(json)) } ?? "")
        case JSON_INTEGER: self = .integer(json_integer_value(json))
        case JSON_REAL: self = .number(json_real_value(json))
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        default: self = .null
        }
    }
}

extension String {
    fileprivate init(copying chars: UnsafePointer<CChar>, count: Int) {
        self = chars.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }
}

extension JSONError {
    /// What Jansson said, in our terms.
    fileprivate init(_ error: json_error_t, in buffer: UnsafeBufferPointer<UInt8>) {
        let bytes = withUnsafeBytes(of: error.text) { Array($0) }
        // `json_error_code()` reads the same byte; its name is that of its enum, so Swift cannot call it.
        let code = UInt32(bytes[bytes.count - 1])
        let said = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        let (reason, text) = JSONError.words(code: code, said: said)
        self.init(reason, text, behind: Int(error.position), of: buffer.span)
    }

    private static func words(code: UInt32, said: String) -> (Reason, String) {
        switch code {
        case json_error_premature_end_of_input.rawValue: (.unexpectedEnd, "unexpected end of text")
        case json_error_end_of_input_expected.rawValue: (.trailingBytes, "something follows the value")
        case json_error_duplicate_key.rawValue: (.duplicateKey, said)
        case json_error_numeric_overflow.rawValue: (.numberOutOfRange, said)
        case json_error_invalid_utf8.rawValue: (.invalidUTF8, "not UTF-8: \(said)")
        case json_error_null_character.rawValue, json_error_null_byte_in_key.rawValue:
            (.nulCharacter, "\\u0000 is not allowed")
        case json_error_out_of_memory.rawValue: (.outOfMemory, "out of memory")
        default: (.syntax, said)
        }
    }
}
