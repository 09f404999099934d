import CLibevent
import Glibc

/// The descriptor of a listening socket, and for a unix socket the file that must go with it.
struct ListeningSocket {
    let descriptor: Int32
    /// The address it really has: the port is known even when 0 was asked for.
    let address: SocketAddress
    /// The socket's file as it was made, so that a successor's file is not removed in its place.
    private let file: FileIdentity?

    /// Binds and listens. A socket file that nobody listens on any more is replaced.
    static func open(_ address: SocketAddress, backlog: Int32, unixMode: UInt32) throws(EventLoopError) -> Self {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw .refused(call: "socket", errno: errno) }
        do throws(EventLoopError) {
            return try bound(descriptor, address, backlog, unixMode)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Closes the socket and removes its file.
    func closeAndRemove() {
        close(descriptor)
        guard case .unix(let path) = address, let file, FileIdentity(path) == file else { return }
        unlink(path)
    }

    private static func bound(
        _ descriptor: Int32, _ address: SocketAddress, _ backlog: Int32, _ unixMode: UInt32
    ) throws(EventLoopError) -> Self {
        var file: FileIdentity?
        switch address {
        case .v4:
            SocketOption.enable(SO_REUSEADDR, SOL_SOCKET, on: descriptor)
            try bind(descriptor, address)
        case .v6:
            SocketOption.enable(SO_REUSEADDR, SOL_SOCKET, on: descriptor)
            // [::] and 0.0.0.0 are two listeners everywhere, whatever the system's default is.
            SocketOption.enable(IPV6_V6ONLY, Int32(IPPROTO_IPV6), on: descriptor)
            try bind(descriptor, address)
        case .unix(let path):
            // The mode of the socket itself is what bind gives the file (less the umask), so that there is no moment
            // in which others may connect.
            fchmod(descriptor, unixMode)
            try removeStaleFile(path, address)
            try bind(descriptor, address)
            guard chmod(path, unixMode) == 0 else { throw .refused(call: "chmod", errno: errno) }
            file = FileIdentity(path)
        }
        guard listen(descriptor, backlog) == 0 else { throw failure("listen", address) }
        return ListeningSocket(descriptor: descriptor, address: localAddress(descriptor) ?? address, file: file)
    }

    private static func bind(_ descriptor: Int32, _ address: SocketAddress) throws(EventLoopError) {
        let result = address.withSockaddr { Glibc.bind(descriptor, $0, $1) }
        guard result == 0 else { throw failure("bind", address) }
    }

    private static func failure(_ call: String, _ address: SocketAddress) -> EventLoopError {
        let reason = errno
        return reason == EADDRINUSE ? .addressInUse(address) : .refused(call: "\(call) \(address)", errno: reason)
    }

    /// A socket file outlives its process; connecting tells whether anybody is behind it.
    private static func removeStaleFile(_ path: String, _ address: SocketAddress) throws(EventLoopError) {
        guard let file = FileIdentity(path) else { return }
        guard file.isSocket else { throw .addressInUse(address) }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .refused(call: "socket", errno: errno) }
        defer { close(probe) }
        let result = address.withSockaddr { connect(probe, $0, $1) }
        guard result != 0, errno == ECONNREFUSED else { throw .addressInUse(address) }
        unlink(path)
    }

    private static func localAddress(_ descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? SocketAddress(storage, length: length) : nil
    }
}

/// Which file a path names at the moment.
private struct FileIdentity: Equatable {
    private let device: dev_t
    private let inode: ino_t
    let isSocket: Bool

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = status.st_dev
        inode = status.st_ino
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
    }
}

/// Socket options that are a number, or on or off.
enum SocketOption {
    /// Switches the option on. It only fails for descriptors that are no such sockets.
    static func enable(_ option: Int32, _ level: Int32, on descriptor: Int32) {
        set(option, level, 1, on: descriptor)
    }

    /// Gives the option a value; as `enable`.
    static func set(_ option: Int32, _ level: Int32, _ value: Int32, on descriptor: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
