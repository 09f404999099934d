import BeatCore

/// From the text of a setting to its value. Pure; each complaint says what to write.
package enum SettingsSyntax {
    /// `sun_path` holds 108 bytes with the NUL (unix(7)).
    private static let socketPathMax = 107
    /// What the field `ip` of a registration may be long (control-api.md §2).
    private static let ipMax = 128

    package static func duration(_ text: String, in range: ClosedRange<Duration>) throws(SettingsComplaint) -> Duration
    {
        guard let duration = DurationText.parse(text) else {
            throw SettingsComplaint("must be a duration such as 250ms, 5s, 10m or 1h, got \"\(text)\"")
        }
        guard range.contains(duration) else {
            let limits = "\(DurationText.text(range.lowerBound))…\(DurationText.text(range.upperBound))"
            throw SettingsComplaint("must be a duration of \(limits), got \"\(text)\"")
        }
        return duration
    }

    package static func integer(_ text: String, in range: ClosedRange<Int>) throws(SettingsComplaint) -> Int {
        guard !text.hasPrefix("+"), let number = Int(text), range.contains(number) else {
            throw SettingsComplaint(
                "must be an integer of \(range.lowerBound)…\(range.upperBound), got \"\(text)\"")
        }
        return number
    }

    package static func boolean(_ text: String) throws(SettingsComplaint) -> Bool {
        switch text {
        case "true", "on": return true
        case "false", "off": return false
        default: throw SettingsComplaint("must be true or false, got \"\(text)\"")
        }
    }

    package static func choice(_ text: String, of names: [String]) throws(SettingsComplaint) -> String {
        guard names.contains(text) else {
            throw SettingsComplaint("must be one of \(names.joined(separator: ", ")), got \"\(text)\"")
        }
        return text
    }

    /// Stands between the pairs of a repeated flag: no argument of a process can hold it.
    static let pairSeparator = "\0"

    /// The pairs of a repeated flag, in their order.
    static func pairs(_ text: String) throws(SettingsComplaint) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for pair in text.split(separator: Character(pairSeparator)) {
            guard let equals = pair.firstIndex(of: "="), equals > pair.startIndex else {
                throw SettingsComplaint("must be key=value, got \"\(pair)\"")
            }
            pairs.append((String(pair[..<equals]), String(pair[pair.index(after: equals)...])))
        }
        return pairs
    }

    package static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { SettingsAddress.trimmed($0) }.filter { !$0.isEmpty }
    }

    /// Host names, in lower case, as a Host field names them without its port.
    package static func hosts(_ text: String) throws(SettingsComplaint) -> [String] {
        var hosts: [String] = []
        for entry in list(text) {
            let host = entry.hasPrefix("[") && entry.hasSuffix("]") ? String(entry.dropFirst().dropLast()) : entry
            guard SettingsAddress.isHost(host) else {
                throw SettingsComplaint("must list host names without ports between commas, got \"\(entry)\"")
            }
            hosts.append(host.lowercased())
        }
        return hosts
    }

    /// One leading slash, none at the end; `/` and nothing are no path (nacos.md §6).
    package static func contextPath(_ text: String) throws(SettingsComplaint) -> String {
        let parts = text.split(separator: "/")
        guard parts.allSatisfy({ $0 != "." && $0 != ".." && $0.utf8.allSatisfy(isPathByte) }) else {
            throw SettingsComplaint("must be a path such as /nacos, of letters, digits and -._~, got \"\(text)\"")
        }
        return parts.map { "/\($0)" }.joined()
    }

    /// control-api.md §2: `[\w-]{1,64}`.
    package static func namespace(_ text: String) throws(SettingsComplaint) -> String {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ isWordByte($0) || $0 == UInt8(ascii: "-") })
        else { throw SettingsComplaint("must be 1…64 letters, digits, _ and -, got \"\(text)\"") }
        return text
    }

    /// A user or an access key that Nacos could know: visible, and short enough to be a mistake when it is not.
    package static func username(_ text: String) throws(SettingsComplaint) -> String {
        guard text.utf8.count <= 128, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw SettingsComplaint("must be 1…128 bytes without white space")
        }
        return text
    }

    package static func ip(_ text: String) throws(SettingsComplaint) -> String {
        guard SettingsAddress.isHost(text), text.utf8.count <= ipMax, text != "auto" else {
            throw SettingsComplaint("must be an IP address or a host name, got \"\(text)\"")
        }
        return text
    }

    package static func socketPath(_ text: String) throws(SettingsComplaint) -> String {
        guard text.utf8.count <= socketPathMax else {
            throw SettingsComplaint("must be a path of at most \(socketPathMax) bytes, got \(text.utf8.count)")
        }
        return try path(text)
    }

    package static func path(_ text: String) throws(SettingsComplaint) -> String {
        guard !text.utf8.contains(0) else { throw SettingsComplaint("must be a path, got one with a NUL byte") }
        return text
    }

    /// The secret in a file's bytes, without white space at its end: what a header field can carry (RFC 9110 §5.5).
    package static func secret(_ bytes: [UInt8]) throws(SettingsComplaint) -> String {
        let text = bytes.reversed().drop { $0 == 0x20 || (0x09...0x0D).contains($0) }.reversed()
        guard !text.isEmpty else { throw SettingsComplaint("must hold a secret, but is empty") }
        guard text.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw SettingsComplaint("must hold one line of visible ASCII without spaces")
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// RFC 3986 §2.3, unreserved.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
    }
}
