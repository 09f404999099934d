import Glibc
import TestSupport

/// `beatd serve --embedded-naming` as a process of its own on free ports, for commands that name the default ones.
final class RunningBeatd {
    struct NotUp: Error, CustomStringConvertible {
        let description: String
    }

    private let process: ChildProcess
    private let apiPort: UInt16
    private let namingPort: UInt16
    private let socket: String

    /// Starts it with its socket in `folder`, and returns when it listens.
    init(in folder: String) throws {
        var log = ""
        // A port that was free may be taken by the time it is bound.
        for _ in 0..<5 {
            let (api, naming) = (try freeLoopbackPort(), try freeLoopbackPort())
            let process = try ChildProcess(
                [
                    try Self.binary(), "serve", "--embedded-naming", "--data-dir", "memory", "--listen",
                    "127.0.0.1:\(api)", "--nacos-servers", "127.0.0.1:\(naming)", "--socket", "\(folder)/api.sock",
                ], environment: Self.environment)
            if try process.waitForOutput("process.up") {
                (self.process, apiPort, namingPort, socket) = (process, api, naming, "\(folder)/api.sock")
                return
            }
            log = process.errorText
        }
        throw NotUp(description: "beatd did not start: \(log)")
    }

    /// Runs a command that names the default addresses, and gives what it prints in terms of these.
    func output(of command: String) throws -> String {
        let here = command.replacing(":8090", with: ":\(apiPort)").replacing(":8848", with: ":\(namingPort)")
            .replacing(".beatd/api.sock", with: socket)
        let shell = try ChildProcess(["/bin/sh", "-c", here], environment: Self.environment)
        guard try shell.wait(within: .seconds(30)) != nil else { return "no end within 30 s" }
        return (shell.outputText + shell.errorText).replacing(":\(apiPort)", with: ":8090")
            .replacing(":\(namingPort)", with: ":8848").replacing(socket, with: ".beatd/api.sock")
    }

    /// Lets time pass by listening to the daemon, so that its log never fills the pipe.
    func listen() throws { try process.pump(for: .milliseconds(100)) }

    /// Asks it to end, as ^C does; the status it exits with, nil when it does not within its shutdown time-out.
    func interrupt() throws -> ChildProcess.Ending? {
        process.signal(SIGINT)
        return try process.wait(within: .seconds(15))
    }

    /// Only what curl and the daemon need: no `BEATD_…` of whoever runs the tests, no proxy.
    private static let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]

    /// Beside the tests, whatever build folder they are in.
    private static func binary() throws -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { throw SystemError("readlink") }
        let tests = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beatd = tests.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/beatd"
        guard fileExists(beatd) else { throw NotUp(description: "there is no \(beatd) beside the tests") }
        return beatd
    }
}

@available(*, unavailable)
extension RunningBeatd: Sendable {}
