import Glibc

/// A TCP port on 127.0.0.1 that was free a moment ago.
///
/// Another process may take it before the test does; where the program under test can be told port 0, do that.
public func freeLoopbackPort() throws(SystemError) -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed: String? = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            if bind(descriptor, generic, length) != 0 { return "bind" }
            return getsockname(descriptor, generic, &length) == 0 ? nil : "getsockname"
        }
    }
    if let failed { throw SystemError(failed) }
    return UInt16(bigEndian: address.sin_port)
}
