internal import BeatCore
internal import ControlAPI
internal import EventLoop
import Glibc
internal import NamingStandIn

/// The steps of `main`, each one a word there.
public enum Program {
    /// Exit codes, part of the command line's contract (control-api.md §7).
    public enum Exit {
        static let ok: Int32 = 0
        static let usage: Int32 = 64
        static let addressInUse: Int32 = 69
        static let broken: Int32 = 70
        static let storageUnusable: Int32 = 73
        static let storageUnreadable: Int32 = 74
        static let configuration: Int32 = 78
        /// As shells have it: the program is there and cannot be run, or is not there.
        static let notExecutable: Int32 = 126
        static let notFound: Int32 = 127
    }

    /// What the command line, the environment and the file ask for; ends the process when they do not hold.
    public static func invocation() -> BeatdInvocation {
        do throws(SettingsRefusal) {
            return try readInvocation()
        } catch {
            CommandLineOutput.error(error.text)
            exit(error.exitCode)
        }
    }

    /// The same, read anew.
    static func readInvocation() throws(SettingsRefusal) -> BeatdInvocation {
        try BeatdInvocation.parse(
            arguments: Array(CommandLine.arguments.dropFirst()), environment: environment(), readFile: readFile,
            listFolder: FileSystem.names)
    }

    /// Does what was asked for, and gives the exit status.
    public static func run(_ invocation: BeatdInvocation) -> Int32 {
        SignalSource.ignoreBrokenPipes()
        switch invocation {
        case .version:
            CommandLineOutput.line("beatd \(Version.text)")
            return Exit.ok
        case .help(let text):
            CommandLineOutput.line(text)
            return Exit.ok
        case .checkConfig(let loaded):
            for warning in loaded.warnings { CommandLineOutput.error("warning: \(warning)") }
            CommandLineOutput.line("the configuration is valid")
            return Exit.ok
        case .naming(let settings): return NamingProgram.run(settings)
        case .ctl(let call): return CtlProgram.run(call)
        case .bench(let settings): return BenchProgram.run(settings)
        case .doctor(let loaded): return DoctorProgram.run(loaded)
        case .health(let access): return HealthProgram.run(access)
        case .run(let settings): return RunProgram.run(settings)
        case .serve(let loaded): return ServeProgram.run(loaded)
        }
    }

    /// Ends the process.
    public static func end(_ status: Int32) -> Never { exit(status) }

    static func environment() -> [String: String] {
        var found: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { found[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return found
    }

    /// Larger than any configuration; bounds what is read of a path that names something else.
    private static let fileBytesMax = 8 << 20

    static func readFile(_ path: String) -> Result<[UInt8], SettingsFileError> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            return .failure(errno == ENOENT ? .notFound : .unreadable(SystemError.text(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(.unreadable(SystemError.text(errno))) }
            guard count > 0 else { return .success(bytes) }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= fileBytesMax else { return .failure(.unreadable("larger than 8 MiB")) }
        }
    }
}

/// Output of commands, for people and scripts. The daemon itself writes to its log only.
enum CommandLineOutput {
    /// Whether a person reads along.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a person reads what is said meanwhile.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func line(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func error(_ text: String) { write(text, to: STDERR_FILENO) }

    /// On a terminal, in place of the last text that was given here.
    static func progress(_ text: String) { write(Array("\r\u{1B}[K\(text)".utf8), to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        write(bytes, to: descriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            written += max(count, 0)
        }
    }
}
