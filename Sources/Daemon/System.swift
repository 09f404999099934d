internal import BeatCore
internal import EventLoop
import Glibc

/// The few things asked of the file system before the loop turns.
enum FileSystem {
    /// Makes the folder that a path lies in, with those above it; false with `errno` when it cannot be.
    static func makeFolder(of path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return true }
        let folder = String(path[..<slash])
        var status = stat()
        if stat(folder, &status) == 0 { return true }
        guard makeFolder(of: folder) else { return false }
        return mkdir(folder, 0o755) == 0 || errno == EEXIST
    }
}

/// Looks host names up. It blocks: only for the start, before the loop turns.
enum HostLookup {
    static func first(_ host: String, port: UInt16) -> SocketAddress? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                found.pointee.ai_addr, found.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
        else { return nil }
        let numeric = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return SocketAddress(host: numeric, port: port)
    }
}
