internal import EventLoop
import Glibc
internal import JSON

/// The built-in naming server as a process of its own, so that what it costs is not counted. Loop-confined.
final class BuiltInServer {
    private let process: SpawnedProcess
    private let hasEnded: Flag

    private final class Flag { var isSet = false }

    /// Starts it; nil when it does not come up within `patience`.
    static func start(_ loop: EventLoop, _ alarm: LoopTimer) throws(EventLoopError) -> (BuiltInServer, ServerAddress)? {
        let ended = Flag()
        let process = try SpawnedProcess(
            loop,
            arguments: ["/proc/self/exe", "naming", "--listen", "127.0.0.1:0", "--log-format", "json"],
            environment: [], outputMax: outputMax, onEnd: { _ in ended.isSet = true })
        let server = BuiltInServer(process, ended)
        let end = MonotonicClock.nanoseconds() + patience
        while !ended.isSet, MonotonicClock.nanoseconds() < end {
            if let address = address(in: process.output) { return (server, address) }
            alarm.arm(at: end)
            loop.runOnce(waiting: true)
        }
        server.close()
        return nil
    }

    private init(_ process: SpawnedProcess, _ hasEnded: Flag) {
        self.process = process
        self.hasEnded = hasEnded
    }

    /// Ends it at once: it keeps nothing.
    func close() {
        if !hasEnded.isSet { process.close() }
    }

    /// A process starts in a few milliseconds; a machine that needs more than this measures nothing.
    private static let patience: Int64 = 10_000_000_000
    private static let outputMax = 64 << 10

    /// What its first line of log says, once it is there.
    static func address(in output: [UInt8]) -> ServerAddress? {
        for line in output.split(separator: UInt8(ascii: "\n")) {
            guard let value = try? JSONParser.parse(Array(line)), value["event"]?.text == "naming.up",
                let text = value["listen"]?.text, let colon = text.lastIndex(of: ":"),
                let port = UInt16(text[text.index(after: colon)...])
            else { continue }
            return ServerAddress(name: text, host: "127.0.0.1", port: port)
        }
        return nil
    }
}
