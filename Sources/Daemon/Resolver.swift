internal import BeatCore
internal import EventLoop

/// Keeps the addresses of named Nacos servers fresh, on a thread of its own, because `getaddrinfo` blocks.
///
/// Names are looked up at the start and every 30 s; an answer without addresses changes nothing, so that the last good
/// one stays. The thread is made only when there are names. Loop-confined.
final class Resolver {
    /// A name that is to be looked up.
    struct Name: Sendable {
        var server: ServerIndex
        var host: String
        var port: UInt16
    }

    /// What came of it.
    struct Answer: Sendable {
        var server: ServerIndex
        var addresses: [SocketAddress]
    }

    /// How long an answer is used before it is asked for again (design: new address within its TTL and 5 s; the C
    /// library does not tell the TTL).
    static let refresh = Duration.seconds(30)
    /// While a name has no address at all, it is asked for more often.
    static let retry = Duration.seconds(2)

    private let names: [Name]
    private let mailbox: Mailbox<Answer>
    private let thread: HelperThread<Name>
    private var resolved: Set<ServerIndex> = []
    private var outstanding = 0
    private(set) var nextDeadline: Instant?
    /// Lookups that brought an address, and those that brought none.
    private(set) var successes: UInt64 = 0
    private(set) var failures: UInt64 = 0

    /// Begins to look the names up at once; nil when there are none.
    init?(_ loop: EventLoop, _ names: [Name]) throws(EventLoopError) {
        guard !names.isEmpty else { return nil }
        self.names = names
        let mailbox = try Mailbox<Answer>(loop, capacity: names.count * 2)
        self.mailbox = mailbox
        let sender = mailbox.sender
        thread = try HelperThread(name: "beatd-dns", capacity: names.count) { names in
            for name in names {
                let addresses = HostLookup.addresses(of: name.host, port: name.port)
                _ = sender.post(Answer(server: name.server, addresses: addresses))
            }
        }
        lookUp()
    }

    private func lookUp() {
        for name in names where thread.post(name) { outstanding += 1 }
        nextDeadline = nil
    }

    /// Answers that came since the last turn; begins the next round when it is time.
    func turn(at now: Instant) -> [Answer] {
        if let nextDeadline, nextDeadline <= now { lookUp() }
        let answers = mailbox.drain()
        for answer in answers {
            outstanding -= 1
            if answer.addresses.isEmpty {
                failures += 1
            } else {
                successes += 1
                resolved.insert(answer.server)
            }
        }
        if outstanding == 0, nextDeadline == nil {
            nextDeadline = now + (resolved.count == names.count ? Self.refresh : Self.retry)
        }
        return answers.filter { !$0.addresses.isEmpty }
    }

    /// Ends the thread, unless a lookup is under way: the process does not wait for name servers to exit.
    func close() {
        mailbox.close()
        if outstanding == 0 { thread.stop() } else { thread.abandon() }
    }
}
