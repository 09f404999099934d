import CLibevent
import Glibc

/// A child process in a group of its own, watched by the loop: its output is collected, its end is told. Loop-confined.
///
/// Standard input is empty; standard output and standard error are one pipe. Whatever of its group still runs when it
/// ends is killed with it, so that it leaves nothing behind.
public final class SpawnedProcess: LoopResource {
    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        /// It returned this status.
        case exited(Int32)
        /// This signal ended it.
        case signalled(Int32)
        /// Somebody else has taken its status.
        case unknown
    }

    /// What it wrote, up to the limit.
    public private(set) var output: [UInt8] = []
    private let loop: EventLoop
    private let pid: pid_t
    private let watch: Int32
    private let pipe: Int32
    private let outputMax: Int
    private var exitEvent: OpaquePointer?
    private var outputEvent: OpaquePointer?
    private var onEnd: ((Ending) -> Void)?
    private var hasEnded = false
    private var isClosed = false
    /// Read from the pipe in one pass: a process that writes without end must not hold the loop.
    private static let readMax = 4096

    /// How long `close` waits for a killed process to be dead: it takes less than a millisecond, and a process that
    /// ends must not wait for one that cannot die.
    private static let deathMilliseconds: Int32 = 100

    /// Starts `arguments[0]`, an absolute path, with `environment` (`NAME=value`). Of its output the first `outputMax`
    /// bytes are kept, the rest is thrown away. `onEnd` comes once, in a pass of the loop; then it is closed.
    public init(
        _ loop: EventLoop, arguments: [String], environment: [String], outputMax: Int,
        onEnd: @escaping (Ending) -> Void
    ) throws(EventLoopError) {
        loop.assertOnLoopThread()
        precondition(!arguments.isEmpty, "a process needs a program")
        let ends = try Self.openPipe()
        defer { Glibc.close(ends.write) }
        do throws(EventLoopError) {
            pid = try Self.spawn(arguments, environment, output: ends.write)
        } catch {
            Glibc.close(ends.read)
            throw error
        }
        watch = beatd_pidfd_open(pid)
        guard watch >= 0 else {
            let reason = errno
            Glibc.kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
            Glibc.close(ends.read)
            throw .refused(call: "pidfd_open", errno: reason)
        }
        _ = fcntl(watch, F_SETFD, FD_CLOEXEC)
        self.loop = loop
        self.outputMax = outputMax
        self.onEnd = onEnd
        pipe = ends.read
        let context = CallbackContext.begin(self)
        exitEvent = loop.makeEvent(watch, EV_READ, context: context) { _, _, context in
            CallbackContext.resource(context, as: SpawnedProcess.self).exited()
        }
        outputEvent = loop.makeEvent(pipe, EV_READ | EV_PERSIST, context: context) { _, _, context in
            CallbackContext.resource(context, as: SpawnedProcess.self).readOutput()
        }
        guard event_add(exitEvent, nil) == 0, event_add(outputEvent, nil) == 0 else {
            let reason = errno
            close()
            throw .refused(call: "event_add", errno: reason)
        }
    }

    /// Ends it and everything of its group at once (SIGKILL); `onEnd` follows.
    public func kill() {
        loop.assertOnLoopThread()
        // A group's number stays taken until its leader is reaped.
        if !hasEnded { Glibc.kill(-pid, SIGKILL) }
    }

    /// Ends it without a word. Idempotent.
    public func close() {
        loop.assertOnLoopThread()
        guard !isClosed else { return }
        isClosed = true
        onEnd = nil
        if !hasEnded { endGroup() }
        hasEnded = true
        event_del(exitEvent)
        event_del(outputEvent)
        loop.retire(self)
    }

    func free() {
        if let exitEvent { event_free(exitEvent) }
        if let outputEvent { event_free(outputEvent) }
        Glibc.close(watch)
        Glibc.close(pipe)
    }

    // MARK: events

    private func exited() {
        // Before the leader is reaped, so that the group's number is still its own.
        Glibc.kill(-pid, SIGKILL)
        var status: Int32 = 0
        let reaped = waitpid(pid, &status, WNOHANG)
        hasEnded = true
        while output.count < outputMax, readOnce() > 0 {}
        let ending: Ending = reaped == pid ? Self.ending(status) : .unknown
        let tell = onEnd
        close()
        tell?(ending)
    }

    private func readOutput() {
        if readOnce() == 0 { event_del(outputEvent) }
    }

    /// The bytes read; 0 at the end, below 0 when there is nothing now.
    private func readOnce() -> Int {
        var buffer = [UInt8](repeating: 0, count: Self.readMax)
        let count = read(pipe, &buffer, buffer.count)
        if count > 0 { output += buffer[..<min(count, outputMax - output.count)] }
        return count
    }

    // MARK: the system

    private static func openPipe() throws(EventLoopError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw .refused(call: "pipe", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String], output: Int32
    ) throws(EventLoopError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // As in a fresh shell: beatd ignores SIGPIPE, a program that it starts must not.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var pid: pid_t = 0
        let result = withCStrings(arguments) { argumentList in
            withCStrings(environment) { variables in
                posix_spawn(&pid, arguments[0], &actions, &attributes, argumentList, variables)
            }
        }
        guard result == 0 else { throw .refused(call: "posix_spawn", errno: result) }
        return pid
    }

    /// Kills the group and reaps its leader, which dies within a moment; one in the middle of a system call that cannot
    /// be interrupted is left to whoever reaps orphans.
    private func endGroup() {
        Glibc.kill(-pid, SIGKILL)
        var death = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
        poll(&death, 1, Self.deathMilliseconds)
        waitpid(pid, nil, WNOHANG)
    }

    /// What WIFEXITED and its like say (wait(2)); macros cannot be called from here.
    private static func ending(_ status: Int32) -> Ending {
        status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
    }
}

@available(*, unavailable)
extension SpawnedProcess: Sendable {}

/// Calls `body` with the strings as C wants them: a list that ends with NULL.
private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}
