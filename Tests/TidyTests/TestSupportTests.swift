import TestSupport
import Testing

/// The helpers that other tests rely on.
@Suite struct TestSupportTests {
    @Test func rootHoldsThePackage() {
        #expect(fileExists("\(repositoryRoot)/Package.swift"))
    }

    @Test func eventuallyPumpsUntilTrue() {
        var turns = 0
        #expect(eventually(pump: { turns += 1 }) { turns == 3 })
        #expect(turns == 3)
    }

    @Test func eventuallyGivesUp() {
        #expect(!eventually(within: .milliseconds(20)) { false })
    }

    @Test func temporaryDirectoryGoes() throws {
        let path = try withTemporaryDirectory { folder in
            let bytes = [UInt8](repeating: 7, count: 200_000)
            try writeFile("\(folder)/a", bytes)
            #expect(try readFile("\(folder)/a") == bytes)
            #expect(filesBelow(folder) == ["a"])
            return folder
        }
        #expect(!fileExists(path))
    }

    @Test func missingFileIsAnError() {
        #expect(throws: SystemError("open", "/nowhere", code: 2)) { try readFile("/nowhere") }
        #expect(SystemError("open", "/nowhere", code: 2).description == "open /nowhere: No such file or directory")
    }

    @Test func childIsWatchedToItsEnd() throws {
        let child = try ChildProcess(
            ["/bin/sh", "-c", "echo \"$WORD\" in $(pwd); echo no >&2; exit 3"],
            environment: ["WORD": "here", "PATH": "/usr/bin:/bin"], directory: "/usr")
        #expect(try child.wait() == .exited(3))
        #expect(child.outputText == "here in /usr\n")
        #expect(child.errorText == "no\n")
    }

    @Test func childMayWriteMoreThanAPipeHolds() throws {
        let child = try ChildProcess(["/usr/bin/head", "-c", "300000", "/dev/zero"])
        #expect(try child.wait() == .exited(0))
        #expect(child.output.count == 300_000)
    }

    @Test func childIsHeardWhileItRuns() throws {
        let child = try ChildProcess(["/bin/sh", "-c", "echo up; exec tail -f /dev/null"])
        #expect(try child.waitForOutput("up\n"))
        #expect(child.ending == nil)
        child.signal(15)
        #expect(try child.wait() == .signalled(15))
    }

    @Test func childThatRunsIsNotTakenForEnded() throws {
        let child = try ChildProcess(["/usr/bin/tail", "-f", "/dev/null"])
        #expect(try child.wait(within: .milliseconds(30)) == nil)
        child.signal(9)
        #expect(try child.wait() == .signalled(9))
    }

    @Test func unknownProgramIsAnError() {
        #expect(throws: SystemError("posix_spawn", "/no/such/program", code: 2)) {
            try ChildProcess(["/no/such/program"])
        }
    }

    @Test func portsAreFree() throws {
        #expect(try freeLoopbackPort() > 1023)
    }
}
