import EventLoop
import Glibc
import Testing

@Suite struct ThreadTests {
    @Test func fourThreadsPostTenThousandMessages() throws {
        let runner = try LoopRunner()
        let mailbox = try Mailbox<Int>(runner.loop, capacity: 10_000)
        let sender = mailbox.sender
        let threads = try (0..<4).map { number in
            try HelperThread<Int>(name: "poster \(number)", capacity: 1) { starts in
                for start in starts {
                    for offset in 0..<2_500 where !sender.post(start + offset) { preconditionFailure("full") }
                }
            }
        }
        for (number, thread) in threads.enumerated() { #expect(thread.post(number * 2_500)) }
        var received: [Int] = []
        try runner.run(until: {
            received += mailbox.drain()
            return received.count == 10_000
        })
        #expect(received.sorted() == Array(0..<10_000))
        for number in 0..<4 {
            let own = received.filter { $0 / 2_500 == number }
            #expect(own == own.sorted())
        }
        for thread in threads { thread.stop() }
        mailbox.close()
        runner.close()
    }

    @Test func aPostWakesTheLoopEveryTime() throws {
        let runner = try LoopRunner()
        let mailbox = try Mailbox<Int>(runner.loop, capacity: 10)
        let sender = mailbox.sender
        let thread = try HelperThread<Int>(name: "echo", capacity: 1) { jobs in
            for job in jobs where !sender.post(job) { preconditionFailure("full") }
        }
        for round in 0..<1_000 {
            #expect(thread.post(round))
            var received: [Int] = []
            try runner.run(until: {
                received = mailbox.drain()
                return !received.isEmpty
            })
            #expect(received == [round])
        }
        thread.stop()
        mailbox.close()
        runner.close()
    }

    @Test func aFullOrClosedMailboxTakesNothing() throws {
        let runner = try LoopRunner()
        let mailbox = try Mailbox<String>(runner.loop, capacity: 2)
        let sender = mailbox.sender
        #expect([sender.post("a"), sender.post("b"), sender.post("c")] == [true, true, false])
        #expect(mailbox.drain() == ["a", "b"])
        #expect(sender.post("d"))
        mailbox.close()
        mailbox.close()
        #expect(!sender.post("e"))
        #expect(mailbox.drain() == [])
        runner.close()
    }

    @Test func aLockedValueCountsRight() throws {
        let counter = Locked(0)
        let threads = try (0..<4).map { number in
            try HelperThread<Int>(name: "count \(number)", capacity: 1) { jobs in
                for _ in 0..<(jobs.first ?? 0) { counter.withLock { $0 += 1 } }
            }
        }
        for thread in threads { #expect(thread.post(5_000)) }
        for thread in threads { thread.stop() }
        #expect(counter.withLock { $0 } == 20_000)
    }

    @Test func aThrowingBodyUnlocks() {
        struct Refusal: Error {}
        let value = Locked(1)
        #expect(throws: Refusal.self) {
            try value.withLock { value throws(Refusal) in
                value = 2
                throw Refusal()
            }
        }
        #expect(value.withLock { $0 } == 2)
    }

    @Test func aHelperFinishesItsJobsAndThenTakesNone() throws {
        let done = Locked<[Int]>([])
        let gate = Locked(false)
        let name = Locked("")
        let thread = try HelperThread<Int>(name: "a name that is too long", capacity: 3) { jobs in
            gate.wait { $0 ? () : nil }
            name.withLock { $0 = threadName() }
            done.withLock { $0 += jobs }
        }
        #expect(thread.post(1))
        // The thread may or may not have taken the first job already: three more are sure to fill its queue.
        let accepted = [thread.post(2), thread.post(3), thread.post(4), thread.post(5)].filter { $0 }.count
        #expect(accepted == 2 || accepted == 3)
        gate.change { $0 = true }
        thread.stop()
        thread.stop()
        #expect(!thread.post(9))
        #expect(done.withLock { $0 } == Array(1...accepted + 1))
        #expect(name.withLock { $0 } == "a name that is ")
    }
}

/// What the kernel calls the calling thread.
private func threadName() -> String {
    var buffer = [UInt8](repeating: 0, count: 64)
    let file = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let count = read(file, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count - 1)], as: UTF8.self)
}
