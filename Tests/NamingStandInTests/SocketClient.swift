import EventLoop
import Glibc
import NamingStandIn
import Testing

/// A stand-in on a loop of its own, turned by the test until something has happened.
final class Stage {
    let loop: EventLoop
    let standIn: NamingStandIn

    /// How long a test waits for a state: far longer than anything takes, so that only a fault reaches it.
    static let patience: Int64 = 10_000_000_000

    init(_ profile: NamingProfile = .nacos25, options: NamingStandIn.Options = NamingStandIn.Options()) throws {
        loop = try EventLoop()
        let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
        standIn = try NamingStandIn(loop: loop, address: address, profile: profile, options: options)
    }

    deinit {
        standIn.close()
        loop.freeClosed()
    }

    /// Turns the loop until the state is there; false when patience ends.
    func wait(_ isThere: () -> Bool) -> Bool {
        let end = MonotonicClock.nanoseconds() + Stage.patience
        while !isThere() {
            guard MonotonicClock.nanoseconds() < end else { return false }
            loop.runOnce(waiting: false)
            sched_yield()
        }
        return true
    }

    func connect() throws -> SocketClient {
        try SocketClient(self)
    }

    /// One request on a connection of its own.
    func ask(_ request: String, at peer: SocketAddress? = nil) throws -> String {
        let client = try SocketClient(self, at: peer)
        client.send(request)
        return client.answers(1).first ?? ""
    }
}

/// A raw socket: bytes out, bytes in.
final class SocketClient {
    private let stage: Stage
    private let descriptor: Int32
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false

    struct ConnectFailed: Error {
        let errno: Int32
    }

    init(_ stage: Stage, at peer: SocketAddress? = nil) throws {
        self.stage = stage
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = ((peer ?? stage.standIn.localAddress).port ?? 0).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let reason = errno
            Glibc.close(descriptor)
            throw ConnectFailed(errno: reason)
        }
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Fits the socket buffers in all tests.
    func send(_ text: String) {
        let bytes = Array(text.utf8)
        let sent = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #expect(sent == bytes.count)
    }

    func closeWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Takes what has come; no waiting.
    func receive() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !hasEnded {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if count == 0 || (errno != EAGAIN && errno != EINTR) { hasEnded = true }
                return
            }
            received += buffer[..<count]
        }
    }

    /// Waits for so many complete answers, or for the end.
    func answers(_ count: Int) -> [String] {
        #expect(
            stage.wait {
                receive()
                return hasEnded || messages().count >= count
            })
        return texts()
    }

    /// Waits for the end of the connection.
    func answersUntilEnd() -> [String] {
        #expect(
            stage.wait {
                receive()
                return hasEnded
            })
        return texts()
    }

    private func messages() -> [RawMessage] {
        RawMessage.all(in: received).filter { message in
            let length = message.fields.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
            return length == nil || length == message.body.count
        }
    }

    /// Status and body of each answer, and `close` between them where it says so.
    private func texts() -> [String] {
        messages().map { message in
            let closes =
                message.fields.contains { $0.name.lowercased() == "connection" && $0.value == "close" } ? " close" : ""
            let body = String(decoding: message.body, as: UTF8.self)
            return message.startLine.dropFirst(9).prefix(3) + closes + (body.isEmpty ? "" : " " + body)
        }
    }
}

/// Requests as text.
enum Wire {
    static let known = #"200 {"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}"#
    static let unknown = #"200 {"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}"#

    static func light(_ ip: String = "10.0.0.1") -> String {
        "PUT /nacos/v1/ns/instance/beat?\(Driver.svc)&ip=\(ip)&port=8080 HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    static func register(_ ip: String = "10.0.0.1", _ more: String = "") -> String {
        "POST /nacos/v1/ns/instance?\(Driver.svc)&ip=\(ip)&port=8080\(more) HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    /// v3
    static func new(_ ip: String, _ more: String = "") -> String {
        "POST /nacos/v3/client/ns/instance?serviceName=svc&ip=\(ip)&port=8080\(more) HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    static func get(_ target: String) -> String {
        "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"
    }
}
