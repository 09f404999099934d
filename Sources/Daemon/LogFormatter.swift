package import BeatCore
import JSON

/// Turns records into lines. Pure.
package enum LogFormatter {
    /// What a peer answers can be long; a line shows this much of a value, so that a line always fits the ring.
    package static let valueBytesMax = 1024

    /// Appends one line with its line feed. `suppressed` lines of the same event were left out before it.
    package static func append(
        _ record: LogRecord, as format: LogFormat, at time: WallTime, suppressed: Int, to out: inout [UInt8]
    ) {
        switch format {
        case .json: appendJSON(record, time, suppressed, to: &out)
        case .logfmt:
            out.append(contentsOf: "ts=".utf8)
            time.appendRFC3339(to: &out)
            appendPair("level", .string(record.level.name), to: &out)
            appendPair("msg", .string(record.message), to: &out)
            forEachField(record, suppressed) { appendPair($0, $1, to: &out) }
        case .text:
            time.appendRFC3339(to: &out)
            out.append(contentsOf: (" " + record.level.name.uppercased()).utf8)
            // Level names are four or five letters long; messages begin in one column.
            out.append(contentsOf: repeatElement(0x20, count: 6 - record.level.name.utf8.count))
            appendEscaped(record.message, to: &out)
            forEachField(record, suppressed) { appendPair($0, $1, to: &out) }
        }
        out.append(0x0A)
    }

    /// All fields behind the message, in the order of operations.md §7.
    private static func forEachField(_ record: LogRecord, _ suppressed: Int, _ body: (String, LogValue) -> Void) {
        body("event", .string(record.event))
        if let beat = record.beat { body("beat", .string(beat)) }
        if let server = record.server { body("server", .string(server)) }
        if let code = record.code { body("code", .integer(Int64(code))) }
        if let duration = record.duration { body("duration_seconds", .number(duration / .seconds(1))) }
        if let error = record.error { body("err", .string(error)) }
        for field in record.fields { body(field.name, field.value) }
        if suppressed > 0 { body("suppressed", .integer(Int64(suppressed))) }
    }

    private static func appendJSON(_ record: LogRecord, _ time: WallTime, _ suppressed: Int, to out: inout [UInt8]) {
        JSONWriter.append(to: &out) { json in
            json.beginObject()
            json.member("ts", time.rfc3339)
            json.member("level", record.level.name)
            json.member("msg", cut(record.message))
        }
        forEachField(record, suppressed) { name, value in
            out.append(UInt8(ascii: ","))
            JSONWriter.append(to: &out) { json in
                json.key(named: name)
                switch value {
                case .string(let text): json.string(cut(text))
                case .integer(let number): json.integer(number)
                case .number(let number): json.number(number)
                case .bool(let flag): json.bool(flag)
                }
            }
        }
        out.append(UInt8(ascii: "}"))
    }

    private static func appendPair(_ name: String, _ value: LogValue, to out: inout [UInt8]) {
        out.append(0x20)
        out.append(contentsOf: name.utf8)
        out.append(UInt8(ascii: "="))
        switch value {
        case .string(let text):
            guard needsQuotes(text) else { return appendEscaped(text, to: &out) }
            out.append(UInt8(ascii: "\""))
            appendEscaped(text, quoted: true, to: &out)
            out.append(UInt8(ascii: "\""))
        case .integer(let number): out.append(contentsOf: String(number).utf8)
        case .number(let number): out.append(contentsOf: number.description.utf8)
        case .bool(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
        }
    }

    private static func needsQuotes(_ text: String) -> Bool {
        text.isEmpty
            || text.unicodeScalars.contains { scalar in
                scalar.value <= 0x20 || scalar == "\"" || scalar == "=" || scalar == "\\" || isControl(scalar)
            }
    }

    /// No text can end a line or steer a terminal: control characters, those of C1 too, are written `\n`, `\u001b`.
    private static func appendEscaped(_ text: String, quoted: Bool = false, to out: inout [UInt8]) {
        for scalar in cut(text).unicodeScalars {
            switch scalar {
            case "\n": out.append(contentsOf: "\\n".utf8)
            case "\t": out.append(contentsOf: "\\t".utf8)
            case "\r": out.append(contentsOf: "\\r".utf8)
            case "\"" where quoted: out.append(contentsOf: "\\\"".utf8)
            case "\\" where quoted: out.append(contentsOf: "\\\\".utf8)
            case _ where isControl(scalar):
                let hex = String(scalar.value, radix: 16)
                out.append(contentsOf: "\\u".utf8)
                out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - hex.utf8.count))
                out.append(contentsOf: hex.utf8)
            default: if let bytes = UTF8.encode(scalar) { out.append(contentsOf: bytes) }
            }
        }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// The text, or its beginning with `…` when it is longer than a value may be; whole characters.
    private static func cut(_ text: String) -> String {
        guard text.utf8.count > valueBytesMax else { return text }
        let bytes = text.utf8.prefix(valueBytesMax)
        // Up to three bytes of a scalar that was cut in two.
        for drop in 0...3 {
            if let whole = String(bytes.dropLast(drop)) { return whole + "…" }
        }
        return "…"
    }
}
