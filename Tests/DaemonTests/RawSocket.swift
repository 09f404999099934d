import Glibc
import TestSupport
import Testing

@testable import EventLoop

/// A socket outside of the loop, which sends any bytes and keeps all that comes back.
final class RawSocket {
    /// Bytes taken at once; small, so that a slow reader is one.
    private static let piece = 16 << 10

    private var descriptor: Int32
    private(set) var received: [UInt8] = []
    /// The other side has closed; `isReset`: without a farewell.
    private(set) var isEnded = false
    private(set) var isReset = false

    /// Connects; the kernel of the listener takes the connection by itself.
    init(_ address: SocketAddress, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        let status = address.withSockaddr { Glibc.connect(descriptor, $0, $1) }
        try #require(status == 0, "connect to \(address): \(errno)")
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close() }

    /// Sends what the kernel takes; how many bytes that were.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        max(0, bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Says that no more is sent.
    func closeSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Takes what has come.
    func receive() {
        while !isEnded, receiveOnce() {}
    }

    /// Takes one piece; false when there is none.
    @discardableResult
    func receiveOnce() -> Bool {
        var piece = [UInt8](repeating: 0, count: RawSocket.piece)
        let count = recv(descriptor, &piece, piece.count, 0)
        if count > 0 {
            received += piece[..<count]
            return true
        }
        if count == 0 || errno != EAGAIN {
            isEnded = true
            isReset = count < 0
        }
        return false
    }

    /// Drops what has come.
    func forget() { received.removeAll() }

    /// Closes; `abruptly`: with a reset.
    func close(abruptly: Bool = false) {
        guard descriptor >= 0 else { return }
        if abruptly {
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        }
        Glibc.close(descriptor)
        descriptor = -1
    }

    var text: String { String(decoding: received, as: UTF8.self) }
}
