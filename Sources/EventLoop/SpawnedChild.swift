import CProcess
import Glibc

/// How a process ended.
public enum ChildEnd: Equatable, Sendable {
    /// It returned from `main`, or called `exit`, with this status.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)

    /// The status as a shell tells it: 128 + n after signal n.
    public var shellStatus: Int32 {
        switch self {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        }
    }
}

/// A program that was started as a child of this process, on the same standard streams.
///
/// It gets SIGTERM when the thread that started it dies. Whoever starts children calls `reap` upon SIGCHLD.
public struct SpawnedChild: Equatable, Sendable {
    /// Why a program could not be started.
    public struct Failure: Error, Equatable, Sendable {
        /// What the system said of fork or exec: ENOENT when there is no such program, EACCES when it may not be run.
        public let errno: Int32
    }

    /// Its process id.
    public let pid: Int32

    /// Starts `command`, the program first, found in PATH; `environment` is all that it gets, as `NAME=value`.
    public static func start(_ command: [String], environment: [String]) throws(Failure) -> SpawnedChild {
        precondition(!command.isEmpty, "a command needs at least its name")
        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        let pid = beatd_start(arguments, variables)
        guard pid > 0 else { throw Failure(errno: Glibc.errno) }
        return SpawnedChild(pid: pid)
    }

    /// Sends it a signal. It must not have been reaped: its number may be another's by then.
    public func send(_ signal: Int32) { kill(pid, signal) }

    /// Takes the children that have ended, orphans that process 1 inherits among them; does not block.
    public static func reap() -> [(pid: Int32, end: ChildEnd)] {
        var ended: [(pid: Int32, end: ChildEnd)] = []
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, WNOHANG)
            if pid < 0, errno == EINTR { continue }
            guard pid > 0 else { return ended }
            // waitpid(2): the low seven bits are the signal, the byte above them the exit status.
            let signal = status & 0x7f
            ended.append((pid, signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)))
        }
    }
}
