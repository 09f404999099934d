/// The rule for `ip`: an IPv4 address, an IPv6 address or a host name (control-api.md §2).
enum AddressRules {
    /// Whether the text says how an address is to be chosen, and is none itself.
    static func isRule(_ text: String) -> Bool { text == "auto" || text.hasPrefix("auto:") }

    /// What is wrong with an address or a rule, in words that name the fix, or nil. What a rule means is the shell's
    /// matter.
    static func faultOfAddressOrRule(_ text: String) -> String? {
        // What most are.
        if isIPv4(text) { return nil }
        guard isRule(text) else { return fault(text) }
        let length = text.utf16.count
        return length > NameRules.ipLength ? "must be at most \(NameRules.ipLength) characters, got \(length)" : nil
    }

    /// What is wrong with a rule, or nil.
    static func faultOfRule(_ text: String) -> String? {
        isRule(text) ? faultOfAddressOrRule(text) : "must be auto, auto:INTERFACE or auto:NETWORK/BITS"
    }

    /// What is wrong, in words that name the fix, or nil.
    static func fault(_ ip: String) -> String? {
        if ip.isEmpty { return "must not be empty" }
        if isRule(ip) { return "says how an address is chosen, and is none" }
        let length = ip.utf16.count
        if length > NameRules.ipLength { return "must be at most \(NameRules.ipLength) characters, got \(length)" }
        if ip.hasPrefix("["), ip.hasSuffix("]") { return "must be an IPv6 address without brackets" }
        if ip.utf8.contains(UInt8(ascii: ":")) {
            return isIPv6(ip) ? nil : "is no IPv6 address; a port has a field of its own, a zone is not allowed"
        }
        if ip.utf8.allSatisfy({ NameRules.isDigit($0) || $0 == UInt8(ascii: ".") }) {
            return isIPv4(ip) ? nil : "is no IPv4 address: four numbers 0…255 without leading zeros"
        }
        return isHostName(ip) ? nil : "must be an IPv4 address, an IPv6 address or a host name"
    }

    /// Four decimal numbers 0…255 without leading zeros (RFC 3986 §3.2.2).
    static func isIPv4(_ text: some StringProtocol) -> Bool {
        var parts = 1
        var digits = 0
        var value = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                guard digits > 0 else { return false }
                parts += 1
                (digits, value) = (0, 0)
            } else {
                guard NameRules.isDigit(byte), digits == 0 || value > 0 else { return false }
                digits += 1
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
                guard value <= 255 else { return false }
            }
        }
        return parts == 4 && digits > 0
    }

    /// The text forms of RFC 4291 §2.2, without a zone.
    static func isIPv6(_ text: String) -> Bool {
        let halves = splitAtDoubleColon(text)
        guard let halves else { return false }
        guard let front = groups(halves.front, mayEndWithIPv4: halves.back == nil) else { return false }
        guard let backText = halves.back else { return front == 8 }
        guard let back = groups(backText, mayEndWithIPv4: true) else { return false }
        return front + back <= 7
    }

    /// The parts around `::`; `back` is nil without one. Nil when there are two.
    private static func splitAtDoubleColon(_ text: String) -> (front: Substring, back: Substring?)? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                let back = text[text.index(after: next)...]
                // ":::" and a second "::" are both refused by what follows: an empty group.
                return (text[..<index], back)
            }
            index = next
        }
        return (text[...], nil)
    }

    /// How many 16-bit groups these are; nil when one of them is none.
    private static func groups(_ text: Substring, mayEndWithIPv4: Bool) -> Int? {
        if text.isEmpty { return 0 }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        for (position, part) in parts.enumerated() {
            if mayEndWithIPv4, position == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard isIPv4(part) else { return nil }
                count += 2
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit) else { return nil }
                count += 1
            }
        }
        return count
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        NameRules.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }

    /// Labels of letters, digits, `-` and `_`, which service names in compose files have (RFC 1123 §2.1 widened).
    static func isHostName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { NameRules.isWord($0) || $0 == UInt8(ascii: "-") }
        }
    }
}
