import CLibevent
import Glibc

/// Where a socket listens or connects: numeric only, names are for a resolver.
public enum SocketAddress: Hashable, Sendable {
    /// IPv4: the address with its first octet highest (127.0.0.1 is 0x7f000001).
    case v4(UInt32, port: UInt16)
    /// IPv6: the address as two halves, most significant first. `scope` is an interface index for link-local
    /// addresses, else 0.
    case v6(high: UInt64, low: UInt64, scope: UInt32, port: UInt16)
    /// A unix domain socket; an empty path is a peer without a name, as clients of such sockets are.
    case unix(path: String)

    /// The longest path of a unix socket in bytes: `sun_path` has 108, one of them ends the string (unix(7)).
    public static let unixPathMax = 107

    /// From "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80" (interface by number) or the absolute path of a unix socket.
    /// nil for anything else.
    public init?(parsing text: String) {
        if text.hasPrefix("/") {
            guard text.utf8.count <= Self.unixPathMax, !text.utf8.contains(0) else { return nil }
            self = .unix(path: text)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = Self.decimal(text[text.index(after: colon)...], as: UInt16.self)
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.count > 2 else { return nil }
            self.init(ipv6: host.dropFirst().dropLast(), port: port)
        } else {
            self.init(ipv4: host, port: port)
        }
    }

    /// From a numeric IPv4 or IPv6 address without brackets, and a port. nil for anything else.
    public init?(host: String, port: UInt16) {
        if host.contains(":") {
            self.init(ipv6: host[...], port: port)
        } else {
            self.init(ipv4: host[...], port: port)
        }
    }

    /// The port; nil for a unix socket.
    public var port: UInt16? {
        switch self {
        case .v4(_, let port): port
        case .v6(_, _, _, let port): port
        case .unix: nil
        }
    }

    /// The numeric address without port and brackets; nil for a unix socket.
    public var host: String? {
        switch self {
        case .v4(let address, _):
            return [24, 16, 8, 0].map { String((address >> $0) & 0xff) }.joined(separator: ".")
        case .v6(let high, let low, let scope, _):
            var address = Self.in6(high: high, low: low)
            var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            inet_ntop(AF_INET6, &address, &buffer, socklen_t(INET6_ADDRSTRLEN))
            let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            return scope == 0 ? text : "\(text)%\(scope)"
        case .unix:
            return nil
        }
    }

    private init?(ipv4 host: Substring, port: UInt16) {
        var address = in_addr()
        guard inet_pton(AF_INET, String(host), &address) == 1 else { return nil }
        self = .v4(UInt32(bigEndian: address.s_addr), port: port)
    }

    private init?(ipv6 host: Substring, port: UInt16) {
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var scope: UInt32 = 0
        if parts.count == 2 {
            guard let number = Self.decimal(parts[1], as: UInt32.self) else { return nil }
            scope = number
        }
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(parts[0]), &address) == 1 else { return nil }
        let (high, low) = Self.halves(address)
        self = .v6(high: high, low: low, scope: scope, port: port)
    }

    /// Digits only: `Int("+80")` would take a sign.
    private static func decimal<Number: FixedWidthInteger>(_ text: Substring, as: Number.Type) -> Number? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Number(text)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The form that `init(parsing:)` reads; "unix" for a peer without a name.
    public var description: String {
        switch self {
        case .v4(_, let port): "\(host ?? ""):\(port)"
        case .v6(_, _, _, let port): "[\(host ?? "")]:\(port)"
        case .unix(let path): path.isEmpty ? "unix" : path
        }
    }
}

extension SocketAddress {
    /// AF_INET, AF_INET6 or AF_UNIX.
    var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// From what the kernel filled in; another family becomes a unix address without a name.
    init(_ storage: sockaddr_storage, length: socklen_t) {
        self = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return .v4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                let (high, low) = Self.halves(address.sin6_addr)
                return .v6(
                    high: high, low: low, scope: address.sin6_scope_id, port: UInt16(bigEndian: address.sin6_port))
            default:
                let path = bytes[..<min(Int(length), bytes.count)].dropFirst(MemoryLayout<sa_family_t>.size)
                return .unix(path: String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
            }
        }
    }

    /// Calls `body` with the address as `bind` and `connect` want it.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        var length = socklen_t(0)
        withUnsafeMutableBytes(of: &storage) { bytes in
            switch self {
            case .v4(let address, let port):
                var form = sockaddr_in()
                form.sin_family = sa_family_t(AF_INET)
                form.sin_port = port.bigEndian
                form.sin_addr.s_addr = address.bigEndian
                bytes.storeBytes(of: form, as: sockaddr_in.self)
                length = socklen_t(MemoryLayout<sockaddr_in>.size)
            case .v6(let high, let low, let scope, let port):
                var form = sockaddr_in6()
                form.sin6_family = sa_family_t(AF_INET6)
                form.sin6_port = port.bigEndian
                form.sin6_addr = Self.in6(high: high, low: low)
                form.sin6_scope_id = scope
                bytes.storeBytes(of: form, as: sockaddr_in6.self)
                length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            case .unix(let path):
                precondition(path.utf8.count <= Self.unixPathMax, "the path of a unix socket is too long: \(path)")
                bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                bytes[MemoryLayout<sa_family_t>.size...].copyBytes(from: Array(path.utf8))
                length = socklen_t(MemoryLayout<sockaddr_un>.size)
            }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    private static func in6(high: UInt64, low: UInt64) -> in6_addr {
        var address = in6_addr()
        withUnsafeMutableBytes(of: &address) { bytes in
            bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    private static func halves(_ address: in6_addr) -> (high: UInt64, low: UInt64) {
        withUnsafeBytes(of: address) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }
}
