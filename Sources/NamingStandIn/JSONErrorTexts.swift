import JSON

/// The words of r-nacos' JSON library, as far as they were recorded.
enum Serde {
    static func describe(_ error: JSONError) -> String {
        let what = if case .unexpectedEnd = error.reason { "EOF while parsing a value" } else { "expected value" }
        return "\(what) at line \(error.line) column \(error.column)"
    }
}

/// The words of the servers' JSON library, as far as they were recorded.
enum Jackson {
    static func source(_ text: String, isHidden: Bool) -> String {
        isHidden
            ? "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
            : "Source: (String)\"\(text)\""
    }

    static func describe(_ error: JSONError, in text: String, isHidden: Bool) -> String {
        let source = source(text, isHidden: isHidden)
        guard case .unexpectedEnd = error.reason else {
            return "Unexpected character\n at [\(source); line: \(error.line), column: \(error.column)]"
        }
        let what =
            endsInFieldName(text)
            ? "Unexpected end-of-input in field name" : "Unexpected end-of-input within/between Object entries"
        return "\(what)\n at [\(source); line: 1, column: \(text.unicodeScalars.count + 1)]"
    }

    /// Whether the text breaks off inside a string that follows `{` or `,`.
    private static func endsInFieldName(_ text: String) -> Bool {
        var isInString = false
        var isEscaped = false
        var before: UInt8 = 0
        var opener: UInt8 = 0
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
            } else if isInString, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                if !isInString { opener = before }
                isInString.toggle()
            }
            if !isInString, byte > 0x20 { before = byte }
        }
        return isInString && (opener == UInt8(ascii: "{") || opener == UInt8(ascii: ","))
    }
}
