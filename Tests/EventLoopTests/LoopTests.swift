import EventLoop
import Glibc
import Testing

@Suite struct LoopTests {
    @Test func theTimerNeverFiresEarly() throws {
        let runner = try LoopRunner()
        var firedAt: Int64 = 0
        let timer = try LoopTimer(runner.loop) { firedAt = MonotonicClock.nanoseconds() }
        var lateness: [Int64] = []
        for round in 0..<100 {
            let due = MonotonicClock.nanoseconds() + Int64(round % 7) * 500_000 + 100_000
            firedAt = 0
            timer.arm(at: due)
            try runner.run(until: { firedAt != 0 })
            #expect(firedAt >= due)
            lateness.append(firedAt - due)
        }
        lateness.sort()
        print("timer: lateness median \(lateness[50] / 1_000) µs, largest of 100 \(lateness[99] / 1_000) µs")
        timer.close()
        runner.close()
    }

    @Test func theTimerFiresOncePerArming() throws {
        let runner = try LoopRunner()
        var count = 0
        let timer = try LoopTimer(runner.loop) { count += 1 }
        timer.arm(at: 1)
        try runner.run(until: { count == 1 })
        runner.settle()
        #expect(count == 1)
        timer.arm(at: 1)
        try runner.run(until: { count == 2 })
        timer.arm(at: 0)
        try runner.run(until: { count == 3 })
        timer.arm(at: MonotonicClock.nanoseconds() - 1)
        timer.disarm()
        runner.settle()
        #expect(count == 3)
        let due = MonotonicClock.nanoseconds() + 10_000_000
        timer.arm(at: 1)
        timer.arm(at: due)
        try runner.run(until: { count == 4 })
        #expect(MonotonicClock.nanoseconds() >= due)
        timer.close()
        timer.close()
        timer.arm(at: 1)
        runner.settle()
        #expect(count == 4)
        runner.close()
    }

    @Test func anExpiryOnItsWayIsForgottenWhenTheTimerMoves() throws {
        let runner = try LoopRunner()
        var fired: [String] = []
        var timers: [LoopTimer] = []
        let later = MonotonicClock.nanoseconds() + 20_000_000
        // Both have expired when the pass begins; whichever comes first moves the other.
        for name in ["a", "b"] {
            timers.append(
                try LoopTimer(runner.loop) {
                    fired.append(name)
                    guard fired.count == 1 else { return }
                    timers[name == "a" ? 1 : 0].arm(at: later)
                })
        }
        for timer in timers { timer.arm(at: 1) }
        try runner.run(until: { !fired.isEmpty })
        runner.loop.runOnce(waiting: false)
        #expect(fired.count == 1 || MonotonicClock.nanoseconds() >= later)
        try runner.run(until: { fired.count == 2 })
        #expect(MonotonicClock.nanoseconds() >= later)
        for timer in timers { timer.close() }
        timers = []
        runner.close()
    }

    @Test func aTimerMayCloseItself() throws {
        let runner = try LoopRunner()
        var timer: LoopTimer?
        var count = 0
        timer = try LoopTimer(runner.loop) {
            count += 1
            timer?.close()
            timer = nil
        }
        timer?.arm(at: 1)
        try runner.run(until: { count == 1 })
        runner.settle()
        #expect(count == 1)
        runner.close()
    }

    @Test func theLoopLivesAsLongAsSomethingIsOpenOnIt() throws {
        weak var observed: EventLoop?
        do {
            let loop = try EventLoop()
            observed = loop
            let timer = try LoopTimer(loop) {}
            #expect(observed != nil)
            timer.close()
            loop.freeClosed()
        }
        #expect(observed == nil)
    }

    @Test func aLoopFreedRightAfterAStreamLeaksNothing() throws {
        // bufferevent_free only ends in the next pass; here there is none. AddressSanitizer sees whether it leaks.
        let loop = try EventLoop()
        let server = try TestServer(loop)
        let client = Stream(
            loop, connectingTo: try server.address, timeoutNanoseconds: 1_000_000_000, limits: .forTests)
        client.write([1, 2, 3])
        client.close()
        server.close()
        loop.freeClosed()
    }

    @Test func theClocksAgreeWithTheSystem() {
        let before = MonotonicClock.nanoseconds()
        #expect(MonotonicClock.nanoseconds() >= before)
        #expect(abs(WallClock.milliseconds() - Int64(time(nil)) * 1_000) < 2_000)
        #expect(EventLoop.libeventVersion.hasPrefix("2.1."))
    }

    /// In a process of its own: libevent gives signals to one loop of a process.
    @Test func signalsComeInAPassAndGoBackWhenClosed() async {
        await #expect(processExitsWith: .signal(SIGUSR1)) {
            let runner = try LoopRunner()
            var seen: [Int32] = []
            let source = try SignalSource(runner.loop, signals: [SIGUSR1, SIGTERM, SIGHUP]) { seen.append($0) }
            kill(getpid(), SIGTERM)
            try runner.run(until: { seen == [SIGTERM] })
            kill(getpid(), SIGHUP)
            kill(getpid(), SIGUSR1)
            try runner.run(until: { seen.count == 3 })
            #expect(seen.sorted() == [SIGTERM, SIGHUP, SIGUSR1].sorted())
            kill(getpid(), SIGPIPE)
            guard seen.count == 3 else { return }
            source.close()
            source.close()
            runner.loop.freeClosed()
            kill(getpid(), SIGUSR1)
            // This thread has signals blocked, as all of libdispatch's: another one takes it, in its own time.
            try runner.run(untilMoment: MonotonicClock.nanoseconds() + 10_000_000_000)
            runner.close()
        }
    }

    /// In a process of its own: the handler is one for all.
    @Test func libeventSpeaksToTheHandler() async {
        await #expect(processExitsWith: .success) {
            let lines = Locked<[String]>([])
            LibeventLog.setHandler { severity, text in
                lines.withLock { $0.append("\(severity): \(text)") }
            }
            let runner = try LoopRunner()
            let other = try LoopRunner()
            // Two loops with signals are what libevent warns of.
            let first = try SignalSource(runner.loop, signals: [SIGUSR1]) { _ in }
            let second = try SignalSource(other.loop, signals: [SIGUSR2]) { _ in }
            let seen = lines.withLock { $0 }
            #expect(seen.count == 1)
            #expect(seen.first?.hasPrefix("warning: Added a signal to event base") == true)
            first.close()
            second.close()
            runner.close()
            other.close()
        }
    }
}
