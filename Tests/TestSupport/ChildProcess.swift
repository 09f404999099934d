import Glibc

/// A program that a test has started, with its output caught.
///
/// Started by `posix_spawn`, standard input empty, signals as in a fresh shell. Its output is read only inside ``pump(for:)`` and what calls it, so
/// a child that writes more than a pipe holds (64 KiB) waits until then. Not thread-safe: for the thread that made it.
/// When it is released, a child that still runs is killed and reaped.
public final class ChildProcess {
    /// How a child ended.
    public enum Ending: Equatable, Sendable {
        /// It returned this status.
        case exited(Int32)
        /// This signal ended it.
        case signalled(Int32)
    }

    /// The process's id; that of nobody, or of a stranger, once ``ending`` is set.
    public let pid: Int32
    /// What it has written to standard output so far.
    public private(set) var output: [UInt8] = []
    /// What it has written to standard error so far.
    public private(set) var errors: [UInt8] = []
    /// How it ended; nil while it is not known to have ended.
    public private(set) var ending: Ending?

    private var outputPipe: Int32
    private var errorPipe: Int32

    /// Starts `arguments[0]`, an absolute path or a name looked up in PATH.
    /// - Parameters:
    ///   - environment: the whole environment of the child; nil for this process's own.
    ///   - directory: the child's working directory; nil for this process's own.
    public init(
        _ arguments: [String], environment: [String: String]? = nil, directory: String? = nil
    ) throws(SystemError) {
        precondition(!arguments.isEmpty, "a child needs a program")
        let out = try Pipe()
        let err = try Pipe()
        outputPipe = out.readEnd
        errorPipe = err.readEnd

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, out.writeEnd, 1)
        posix_spawn_file_actions_adddup2(&actions, err.writeEnd, 2)

        // Tests run on threads that block most signals, and a child would inherit that: TERM could not end it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // Swift's Glibc has no file action for the working directory; env(1) replaces itself, so the pid is the child's.
        let command = directory.map { ["/usr/bin/env", "--chdir=\($0)"] + arguments } ?? arguments
        var child: pid_t = 0
        var words = command.map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        let code: Int32
        if let environment {
            var settings = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
            settings.append(nil)
            code = posix_spawnp(&child, command[0], &actions, &attributes, words, settings)
            settings.forEach { free($0) }
        } else {
            code = posix_spawnp(&child, command[0], &actions, &attributes, words, environ)
        }
        close(out.writeEnd)
        close(err.writeEnd)
        pid = child
        guard code == 0 else {
            ending = .exited(127)
            throw SystemError("posix_spawn", arguments[0], code: code)
        }
    }

    deinit {
        if ending == nil {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        if outputPipe >= 0 { close(outputPipe) }
        if errorPipe >= 0 { close(errorPipe) }
    }

    /// Sends a signal, unless the child has ended.
    public func signal(_ number: Int32) {
        reap()
        if ending == nil { kill(pid, number) }
    }

    /// Waits until the child has ended and its output is read to the end; nil when that takes longer than `limit`.
    public func wait(within limit: Duration = .seconds(10)) throws(SystemError) -> Ending? {
        let ended = try eventually(
            within: limit, pump: { () throws(SystemError) in try pump(for: .milliseconds(10)) },
            { () throws(SystemError) in ending != nil })
        guard ended else { return nil }
        // What it wrote last may still be in the pipes; a grandchild that holds them open is not waited for.
        while try readAvailable(waiting: 0) {}
        return ending
    }

    /// Waits until the text occurs in what the child writes; false when the child ends, or `limit` passes, without it.
    public func waitForOutput(_ text: String, within limit: Duration = .seconds(10)) throws(SystemError) -> Bool {
        let found = { self.outputText.contains(text) || self.errorText.contains(text) }
        _ = try eventually(
            within: limit, pump: { () throws(SystemError) in try pump(for: .milliseconds(10)) },
            { () throws(SystemError) in found() || ending != nil })
        while try readAvailable(waiting: 0) {}
        return found()
    }

    /// Standard output as text.
    public var outputText: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    public var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// Takes what the child has written, and notes its end. Returns when something came, at the latest after `limit`.
    public func pump(for limit: Duration) throws(SystemError) {
        let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        _ = try readAvailable(waiting: Int32(clamping: milliseconds))
        reap()
    }

    private func reap() {
        guard ending == nil else { return }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return }
        // The layout of a wait status, as in <bits/waitstatus.h>, whose macros Swift does not see.
        let signalNumber = status & 0x7F
        ending = signalNumber == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signalNumber)
    }

    /// Reads once from each pipe that has something; false when neither had.
    private func readAvailable(waiting milliseconds: Int32) throws(SystemError) -> Bool {
        // A negative descriptor is one that poll(2) leaves out.
        var waiting = [
            pollfd(fd: outputPipe, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errorPipe, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&waiting, 2, milliseconds) > 0 else { return false }
        if waiting[0].revents != 0, try !appendAvailable(outputPipe, to: &output, "standard output") {
            close(outputPipe)
            outputPipe = -1
        }
        if waiting[1].revents != 0, try !appendAvailable(errorPipe, to: &errors, "standard error") {
            close(errorPipe)
            errorPipe = -1
        }
        return true
    }
}

@available(*, unavailable)
extension ChildProcess: Sendable {}

private struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SystemError("pipe") }
        // Swift's Glibc has no pipe2, so a child started on another thread between these calls inherits the ends. That
        // delays the end of file, which nothing here waits for.
        for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { throw SystemError("fcntl") }
        readEnd = ends[0]
        writeEnd = ends[1]
    }
}
