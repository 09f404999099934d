import EventLoop
import Glibc
import Testing

@Suite("Processes of the loop")
struct SpawnedProcessTests {
    private func run(_ script: String, outputMax: Int = 4096) throws -> (ending: SpawnedProcess.Ending, output: String)
    {
        let runner = try LoopRunner()
        defer { runner.close() }
        var ending: SpawnedProcess.Ending?
        let process = try SpawnedProcess(
            runner.loop, arguments: ["/bin/sh", "-c", script], environment: ["A=b"], outputMax: outputMax
        ) { ending = $0 }
        try runner.run(until: { ending != nil })
        return (try #require(ending), String(decoding: process.output, as: UTF8.self))
    }

    @Test("exit status, signal, output and environment")
    func endings() throws {
        #expect(try run("exit 7").ending == .exited(7))
        #expect(try run("kill -9 $$").ending == .signalled(SIGKILL))
        #expect(try run("echo $A; echo two >&2").output == "b\ntwo\n")
        #expect(try run("read x; echo $?").output == "1\n")
    }

    @Test("of much output the first part is kept, and the writer is not held up")
    func muchOutput() throws {
        let result = try run(
            "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done",
            outputMax: 100)
        #expect(result.ending == .exited(0))
        #expect(result.output.utf8.count == 100)
    }

    @Test("SIGPIPE, which beatd ignores, is not ignored by the child")
    func signals() throws {
        #expect(try run("kill -PIPE $$; echo alive") == (.signalled(SIGPIPE), ""))
    }

    @Test("kill ends the whole group; close does so without a word")
    func killing() throws {
        let runner = try LoopRunner()
        defer { runner.close() }
        var endings: [SpawnedProcess.Ending] = []
        func start() throws -> SpawnedProcess {
            try SpawnedProcess(
                runner.loop, arguments: ["/bin/sh", "-c", "cat /dev/zero > /dev/null & echo $!; wait"],
                environment: [], outputMax: 100
            ) { endings.append($0) }
        }
        func child(of process: SpawnedProcess) throws -> Int32 {
            try runner.run(until: { process.output.last == UInt8(ascii: "\n") })
            return try #require(Int32(String(decoding: process.output.dropLast(), as: UTF8.self)))
        }
        let first = try start()
        let grandchild = try child(of: first)
        #expect(isRunning(grandchild))
        first.kill()
        try runner.run(until: { !endings.isEmpty })
        #expect(endings == [.signalled(SIGKILL)])
        while isRunning(grandchild) { sched_yield() }

        let second = try start()
        let other = try child(of: second)
        second.close()
        second.close()
        while isRunning(other) { sched_yield() }
        runner.settle()
        #expect(endings.count == 1)
    }

    @Test("a program that is not there is refused")
    func missing() throws {
        let runner = try LoopRunner()
        defer { runner.close() }
        for _ in 0..<10 {
            #expect(throws: EventLoopError.refused(call: "posix_spawn", errno: ENOENT)) {
                try SpawnedProcess(
                    runner.loop, arguments: ["/no/such/program"], environment: [], outputMax: 1, onEnd: { _ in })
            }
        }
    }

    /// Neither gone nor a zombie that init has not reaped yet.
    private func isRunning(_ pid: Int32) -> Bool {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 && !String(decoding: bytes[..<count], as: UTF8.self).contains(") Z ")
    }
}
