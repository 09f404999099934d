import EventLoop
import Glibc
import Testing

/// A loop on the thread of the test, and ways to turn it until something is so.
final class LoopRunner {
    let loop: EventLoop
    private let watchdog: LoopTimer

    init() throws {
        SignalSource.ignoreBrokenPipes()
        loop = try EventLoop()
        watchdog = try LoopTimer(loop) {}
    }

    /// Turns the loop until `condition` holds. Ten seconds are for a machine that does other things; nothing here takes
    /// that long when it works.
    func run(
        until condition: () -> Bool, within seconds: Int64 = 10,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let deadline = MonotonicClock.nanoseconds() + seconds * 1_000_000_000
        watchdog.arm(at: deadline)
        while !condition() {
            loop.runOnce(waiting: true)
            // Even if it holds now: only the watchdog woke the loop up.
            try #require(MonotonicClock.nanoseconds() < deadline, "still waiting", sourceLocation: location)
        }
        watchdog.disarm()
    }

    /// Turns the loop until `nanoseconds` of the monotonic clock, whatever happens in between.
    func run(untilMoment nanoseconds: Int64) throws {
        while MonotonicClock.nanoseconds() < nanoseconds {
            watchdog.arm(at: nanoseconds)
            loop.runOnce(waiting: true)
        }
        watchdog.disarm()
    }

    /// Handles what is there without waiting; several passes, since one event may follow from another.
    func settle() {
        for _ in 0..<20 { loop.runOnce(waiting: false) }
    }

    func close() {
        watchdog.close()
        loop.freeClosed()
    }
}

/// Notes what a stream says; `react` may act inside the callback.
final class Recorder: StreamDelegate {
    enum Event: Equatable {
        case connect, read, drain
        case end(StreamEnd)
    }

    var events: [Event] = []
    var bytes: [UInt8] = []
    var react: ((Stream, Event) -> Void)?

    func streamDidConnect(_ stream: Stream) { note(stream, .connect) }

    func streamDidRead(_ stream: Stream) {
        let new = stream.withInput { span in span.withUnsafeBufferPointer { Array($0) } }
        bytes += new
        stream.consume(new.count)
        note(stream, .read)
    }

    func streamDidDrain(_ stream: Stream) { note(stream, .drain) }

    func streamDidEnd(_ stream: Stream, reason: StreamEnd) { note(stream, .end(reason)) }

    var ends: [StreamEnd] {
        events.compactMap { event in
            switch event {
            case .end(let reason): reason
            case .connect, .read, .drain: nil
            }
        }
    }

    private func note(_ stream: Stream, _ event: Event) {
        events.append(event)
        react?(stream, event)
    }
}

/// Leaves its input where it is.
final class Reluctant: StreamDelegate {
    var reads = 0
    var drains = 0
    var ends: [StreamEnd] = []
    var inputAtEnd = -1

    func streamDidConnect(_ stream: Stream) {}
    func streamDidRead(_ stream: Stream) { reads += 1 }
    func streamDidDrain(_ stream: Stream) { drains += 1 }
    func streamDidEnd(_ stream: Stream, reason: StreamEnd) {
        ends.append(reason)
        inputAtEnd = stream.inputCount
    }
}

/// A listener whose accepted streams all report to one recorder.
final class TestServer {
    let recorder = Recorder()
    private(set) var streams: [Stream] = []
    private(set) var acceptErrors: [Int32] = []
    private(set) var listener: Listener?

    init(
        _ loop: EventLoop, on address: String = "127.0.0.1:0", backlog: Int32 = Listener.defaultBacklog,
        limits: StreamLimits = .forTests
    ) throws {
        let address = try #require(SocketAddress(parsing: address))
        listener = try Listener(
            loop, on: address, backlog: backlog,
            onAccept: { [unowned self] socket in
                let stream = Stream(loop, accepted: socket, limits: limits)
                stream.delegate = recorder
                streams.append(stream)
            },
            onAcceptError: { [unowned self] in acceptErrors.append($0) })
    }

    var address: SocketAddress {
        get throws { try #require(listener).localAddress }
    }

    func closeStreams() {
        for stream in streams { stream.close() }
        streams = []
    }

    func close() {
        closeStreams()
        listener?.close()
        // What it holds may hold this server.
        recorder.react = nil
    }
}

extension StreamLimits {
    static let forTests = StreamLimits(inputMax: 64 << 10, outputMax: 1 << 20)
}

/// Echoes whatever comes.
func echo(_ recorder: Recorder) {
    recorder.react = { [unowned recorder] stream, event in
        guard event == .read else { return }
        stream.write(recorder.bytes)
        recorder.bytes = []
    }
}

/// A blocking socket of the plain kind, for peers that misbehave on purpose.
struct PlainSocket: ~Copyable {
    let descriptor: Int32

    init(connectingTo address: SocketAddress) throws {
        descriptor = try Self.connected(to: try #require(address.port))
    }

    deinit { close(descriptor) }

    private static func connected(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var form = sockaddr_in()
        form.sin_family = sa_family_t(AF_INET)
        form.sin_port = port.bigEndian
        form.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &form) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0, "connect: \(SystemError.text(errno))")
        return descriptor
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What is there now; nil when nothing is, empty at the end of the stream.
    func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    func shutdownWriting() {
        shutdown(descriptor, Int32(SHUT_WR))
    }
}

/// Holds a port of the loopback address without listening on it: who connects is refused, and nobody else gets it.
struct DeafSocket: ~Copyable {
    private let descriptor: Int32
    let address: SocketAddress

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var form = sockaddr_in()
        form.sin_family = sa_family_t(AF_INET)
        form.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let results = withUnsafeMutablePointer(to: &form) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                [bind(descriptor, $0, length), getsockname(descriptor, $0, &length)]
            }
        }
        address = .v4(0x7f00_0001, port: UInt16(bigEndian: form.sin_port))
        #expect(results == [0, 0])
    }

    deinit { close(descriptor) }
}

/// How many sockets the process has open. Not all descriptors: libdispatch opens a timerfd of its own when it likes.
func openSockets() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    // The highest descriptor that these tests could reach.
    return (0..<Int32(min(limit.rlim_cur, 65_536))).count { descriptor in
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}
