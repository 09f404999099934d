/// Appending to byte buffers without building strings.
extension [UInt8] {
    @inline(__always)
    mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }

    mutating func append(decimal value: some BinaryInteger) {
        let number = Int64(value)
        if number < 0 { append(UInt8(ascii: "-")) }
        appendDigits(number.magnitude, base: 10)
    }

    /// Lower case, without leading zeros.
    mutating func append(hexadecimal value: Int) {
        appendDigits(UInt64(value.magnitude), base: 16)
    }

    private mutating func appendDigits(_ magnitude: UInt64, base: UInt64) {
        var divisor: UInt64 = 1
        while magnitude / divisor >= base { divisor *= base }
        while divisor > 0 {
            let digit = UInt8(truncatingIfNeeded: magnitude / divisor % base)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            divisor /= base
        }
    }

    /// A JSON string as Jackson writes it: characters outside the basic plane as two escapes, unless that is unwanted,
    /// other text as UTF-8.
    mutating func append(jsonString text: String, escapesPlanes: Bool = true) {
        append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append(text: "\\\"")
            case "\\": append(text: "\\\\")
            case "\n": append(text: "\\n")
            case "\r": append(text: "\\r")
            case "\t": append(text: "\\t")
            case "\u{8}": append(text: "\\b")
            case "\u{C}": append(text: "\\f")
            default:
                if scalar.value < 0x20 {
                    appendEscape(UInt16(scalar.value))
                } else if scalar.value > 0xFFFF, escapesPlanes {
                    for unit in String(scalar).utf16 { appendEscape(unit) }
                } else {
                    append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ unit: UInt16) {
        append(text: "\\u")
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
        }
    }

    mutating func append(bool value: Bool) {
        append(text: value ? "true" : "false")
    }
}
