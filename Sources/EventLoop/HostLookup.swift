import Glibc

/// Looks host names up with the C library's resolver. It blocks, for seconds when name servers do not answer: call it on
/// a helper thread.
public enum HostLookup {
    /// Addresses kept of one answer: a name with more is a mistake.
    private static let addressesMax = 16

    /// The addresses of a host, in the order of the system's preference (RFC 6724), A and AAAA; empty when there are
    /// none or nobody answers. Any thread.
    public static func addresses(of host: String, port: UInt16) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [SocketAddress] = []
        var entry = first
        while let info = entry?.pointee, found.count < addressesMax {
            if let address = numeric(info, port: port), !found.contains(address) { found.append(address) }
            entry = info.ai_next
        }
        return found
    }

    private static func numeric(_ info: addrinfo, port: UInt16) -> SocketAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = getnameinfo(
            info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard result == 0 else { return nil }
        let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return SocketAddress(host: name, port: port)
    }
}
