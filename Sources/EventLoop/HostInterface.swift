import CLibevent
import Glibc

/// One address of one network interface of this host.
public struct HostInterface: Equatable, Sendable {
    /// The interface, such as `eth0`.
    public var name: String
    /// Its address, with port 0.
    public var address: SocketAddress
    /// Whether it is the loopback interface.
    public var isLoopback: Bool

    /// An address from its parts.
    public init(name: String, address: SocketAddress, isLoopback: Bool = false) {
        self.name = name
        self.address = address
        self.isLoopback = isLoopback
    }

    /// The addresses of the interfaces that are up, in the order of the kernel; empty when it does not say. Does not
    /// block.
    public static func all() -> [HostInterface] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: [HostInterface] = []
        var entry = first
        while let interface = entry?.pointee {
            entry = interface.ifa_next
            guard interface.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.ifa_addr,
                let numeric = SocketAddress(copying: address)
            else { continue }
            found.append(
                HostInterface(
                    name: String(cString: interface.ifa_name), address: numeric,
                    isLoopback: interface.ifa_flags & UInt32(IFF_LOOPBACK) != 0))
        }
        return found
    }
}

extension SocketAddress {
    /// The address behind a pointer of the C library; nil when it is of no internet family.
    fileprivate init?(copying address: UnsafePointer<sockaddr>) {
        let size: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: size = MemoryLayout<sockaddr_in>.size
        case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size))
        }
        self.init(storage, length: socklen_t(size))
    }
}
