import BeatCore
import Glibc

/// Where to listen: an IP address and a port.
public struct ListenAddress: Equatable, Sendable {
    /// An IPv4 or IPv6 address, without brackets.
    public let host: String
    /// 0 = any.
    public let port: UInt16

    /// An address from its parts, which are not looked at.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:8090`, `[::1]:8090`.
    public var text: String { SettingsAddress.joined(host, port) }

    /// Whether only this machine can reach it: 127.0.0.0/8 and ::1, also as ::ffff:127.0.0.1.
    public var isLoopback: Bool { SettingsAddress.isLoopback(host) }
}

/// A Nacos server as the settings name it.
public struct NacosEndpoint: Hashable, Sendable {
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 1…65535.
    public let port: UInt16
    /// Whether it was written as `https://…`.
    public let usesTLS: Bool

    /// An endpoint from its parts, which are not looked at.
    public init(host: String, port: UInt16, usesTLS: Bool = false) {
        self.host = host
        self.port = port
        self.usesTLS = usesTLS
    }

    /// `host:port`, `[v6]:port`.
    public var text: String { SettingsAddress.joined(host, port) }
}

/// Addresses in the text of settings. Pure.
package enum SettingsAddress {
    /// Nacos' port where a server is written without scheme and port (nacos.md §6).
    private static let nacosPort: UInt16 = 8848

    /// An address to listen on. `localhost` is taken for 127.0.0.1; other names are not looked up.
    package static func listen(_ text: String) throws(SettingsComplaint) -> ListenAddress {
        guard let (host, port) = split(text), let port, let number = UInt16(digits: port) else {
            throw SettingsComplaint("must be address:port, such as 127.0.0.1:8090 or [::1]:8090, got \"\(text)\"")
        }
        let address = host == "localhost" ? "127.0.0.1" : host
        guard bytes(of: address) != nil else {
            throw SettingsComplaint(
                "must begin with an IP address, such as 127.0.0.1, or 0.0.0.0 for all, got \"\(text)\"")
        }
        return ListenAddress(host: address, port: number)
    }

    /// Nacos servers between commas or semicolons, as its clients take them (nacos.md §6); one that is named twice counts
    /// once. Without a scheme the port defaults to 8848, with one to that of the scheme.
    package static func servers(_ text: String) throws(SettingsComplaint) -> [NacosEndpoint] {
        var endpoints: [NacosEndpoint] = []
        for part in text.split(whereSeparator: { $0 == "," || $0 == ";" }) {
            let entry = trimmed(part)
            if entry.isEmpty { continue }
            let endpoint = try server(entry)
            if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
        }
        guard !endpoints.isEmpty else {
            throw SettingsComplaint("must name at least one server, such as 10.0.0.1:8848, got \"\(text)\"")
        }
        guard endpoints.count <= Limits.servers else {
            throw SettingsComplaint("must name at most \(Limits.servers) servers, got \(endpoints.count)")
        }
        return endpoints
    }

    /// One server, without the commas.
    static func server(_ entry: String) throws(SettingsComplaint) -> NacosEndpoint {
        var rest = entry[...]
        var defaultPort = nacosPort
        var usesTLS = false
        if let (scheme, behind) = splitScheme(entry) {
            switch scheme {
            case "http": defaultPort = 80
            case "https": (defaultPort, usesTLS) = (443, true)
            default: throw SettingsComplaint("knows http:// and https://, not \(scheme)://, in \"\(entry)\"")
            }
            rest = behind.last == "/" ? behind.dropLast() : behind
            guard !rest.contains(where: { $0 == "/" }) else {
                throw SettingsComplaint("takes no path; put that of \"\(entry)\" into --nacos-context-path")
            }
        }
        guard let (host, portText) = split(String(rest)), isHost(host) else {
            throw SettingsComplaint(
                "must list host, host:port, [v6]:port or http://host:port between commas, got \"\(entry)\"")
        }
        guard let portText else { return NacosEndpoint(host: host, port: defaultPort, usesTLS: usesTLS) }
        guard let port = UInt16(digits: portText), port > 0 else {
            throw SettingsComplaint("must have ports of 1…65535, got \"\(entry)\"")
        }
        return NacosEndpoint(host: host, port: port, usesTLS: usesTLS)
    }

    /// The scheme in lower case and what stands behind `://`, nil without one.
    static func splitScheme(_ entry: String) -> (scheme: String, rest: Substring)? {
        guard let colon = entry.firstIndex(of: ":"), entry[colon...].hasPrefix("://") else { return nil }
        return (entry[..<colon].lowercased(), entry[colon...].dropFirst("://".count))
    }

    /// Host and, if there is one, what stands behind its colon; nil when brackets or colons do not fit. IPv6 addresses
    /// need brackets, which are taken off.
    private static func split(_ text: String) -> (host: String, port: String?)? {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<end])
            guard host.contains(where: { $0 == ":" }), bytes(of: host) != nil else { return nil }
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            return rest.hasPrefix(":") ? (host, String(rest.dropFirst())) : nil
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return (text, nil)
        case 2: return (String(parts[0]), String(parts[1]))
        default: return nil
        }
    }

    /// Whether it can be a host: an IP address, or a name of letters, digits, `.`, `-` and `_`, 253 bytes at most
    /// (RFC 1035 §2.3.4).
    package static func isHost(_ text: String) -> Bool {
        if bytes(of: text) != nil { return true }
        return !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    /// The 4 or 16 bytes of an IP address, nil for anything else.
    private static func bytes(of host: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, host, &bytes) == 1 { return Array(bytes[..<4]) }
        return inet_pton(AF_INET6, host, &bytes) == 1 ? bytes : nil
    }

    static func isLoopback(_ host: String) -> Bool {
        guard let bytes = bytes(of: host) else { return false }
        if bytes.count == 4 { return bytes[0] == 127 }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        if bytes.starts(with: mapped) { return bytes[12] == 127 }
        return bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    fileprivate static func joined(_ host: String, _ port: UInt16) -> String {
        host.contains(where: { $0 == ":" }) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Without spaces and tabs at both ends.
    package static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
        let front = text.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(front[...last])
    }
}

extension UInt16 {
    /// A port as digits only: no sign, as Swift's own initialiser takes one.
    fileprivate init?(digits: String) {
        guard digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
        self.init(digits)
    }
}
