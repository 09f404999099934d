/// The rules for names in a registration (control-api.md §2, nacos.md §2.9). Each answers what is wrong, in words
/// that name the fix, or nil.
enum NameRules {
    /// In UTF-16 units, as Nacos counts.
    static let serviceNameLength = 512
    static let groupNameLength = 128
    static let namespaceIdLength = 64
    static let clusterNameLength = 64
    static let ipLength = 128

    static func faultOfServiceName(_ name: String) -> String? {
        if let fault = faultOfLength(name, max: serviceNameLength) { return fault }
        var (isPlain, isDoubled, before) = (true, false, UInt8(0))
        for byte in name.utf8 {
            isPlain = isPlain && 0x21...0x7e ~= byte
            isDoubled = isDoubled || byte == UInt8(ascii: "@") && before == byte
            before = byte
        }
        if isDoubled { return "must not contain @@ more than once: group@@service" }
        if name.hasPrefix("@") { return "must not begin with @" }
        if !isPlain, name.unicodeScalars.contains(where: { $0.properties.isWhitespace || isControl($0) }) {
            return "must not contain white space or control characters"
        }
        return nil
    }

    static func faultOfGroupName(_ name: String) -> String? {
        faultOf(name, max: groupNameLength, allowed: "letters, digits and _ . : -") { byte in
            isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-")
        }
    }

    static func faultOfNamespaceId(_ name: String) -> String? {
        faultOf(name, max: namespaceIdLength, allowed: "letters, digits, _ and -") { byte in
            isWord(byte) || byte == UInt8(ascii: "-")
        }
    }

    static func faultOfClusterName(_ name: String) -> String? {
        faultOf(name, max: clusterNameLength, allowed: "letters, digits and -") { byte in
            isWord(byte) && byte != UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }

    private static func faultOf(
        _ name: String, max: Int, allowed: String, _ isAllowed: (UInt8) -> Bool
    ) -> String? {
        if let fault = faultOfLength(name, max: max) { return fault }
        return name.utf8.allSatisfy(isAllowed) ? nil : "may hold \(allowed) only, got \(quoted(name))"
    }

    private static func faultOfLength(_ name: String, max: Int) -> String? {
        let length = name.utf16.count
        if length == 0 { return "must not be empty" }
        return length > max ? "must be at most \(max) characters, got \(length)" : nil
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || scalar.value == 0x7f }

    static func isWord(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || isDigit(byte) || byte == UInt8(ascii: "_")
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// How much of a client's text is repeated in a message.
    private static let quotedLength = 64

    /// The text in quotes, cut to a length that a message can bear.
    static func quoted(_ text: String) -> String {
        text.unicodeScalars.count <= quotedLength
            ? "\"\(text)\"" : "\"\(String(String.UnicodeScalarView(text.unicodeScalars.prefix(quotedLength))))…\""
    }
}
