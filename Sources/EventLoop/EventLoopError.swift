import Glibc

/// Why a loop, a timer, a listener or a helper could not be made.
public enum EventLoopError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another socket, or a file that is no socket, has this address (EADDRINUSE).
    case addressInUse(SocketAddress)
    /// The kernel refused; `call` names the system call or the libevent function, `errno` its reason.
    case refused(call: String, errno: Int32)

    /// One line for the log, with the reason in words.
    public var description: String {
        switch self {
        case .addressInUse(let address): "\(address) is already in use"
        case .refused(let call, let errno): "\(call): \(SystemError.text(errno))"
        }
    }
}

/// The words for an `errno`.
public enum SystemError {
    /// The C library's text for the number, such as "Connection refused". Any thread.
    public static func text(_ errno: Int32) -> String {
        // Longer than any text of glibc (the longest has 50 bytes).
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
