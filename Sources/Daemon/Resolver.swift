internal import BeatCore
internal import EventLoop

/// Keeps the addresses of names fresh, on a thread of its own, because `getaddrinfo` blocks.
///
/// Each name is looked up at once and every 30 s; an answer without addresses changes nothing, so that the last good
/// one stays. Loop-confined.
final class Resolver {
    /// Who a name belongs to.
    enum Subject: Hashable, Sendable {
        case server(ServerIndex)
        /// The address server of `--nacos-server-list-url`.
        case serverList
    }

    /// A name that is to be looked up.
    struct Name: Equatable, Sendable {
        var subject: Subject
        var host: String
        var port: UInt16
    }

    /// What came of it.
    struct Answer: Sendable {
        var name: Name
        var addresses: [SocketAddress]
    }

    /// Finds the addresses of a host; it may block. Called on the resolver's thread.
    typealias LookUp = @Sendable (_ host: String, _ port: UInt16) -> [SocketAddress]

    private struct Entry {
        var name: Name
        /// It had an address once.
        var isResolved = false
        /// When it is looked up next; nil while it is being looked up.
        var nextAt: Instant?
    }

    /// How long an answer is used before it is asked for again (design: new address within its TTL and 5 s; the C
    /// library does not tell the TTL).
    static let refresh = Duration.seconds(30)
    /// A name without any address yet is asked for more often.
    static let retry = Duration.seconds(2)
    /// Lookups under way: each subject's, and that of the subject that had its place before.
    private static let outstandingMax = 2 * (Limits.serverPlaces + 1)

    private var entries: [Subject: Entry] = [:]
    private let refresh: Duration
    private let mailbox: Mailbox<Answer>
    private let thread: HelperThread<Name>
    private var outstanding = 0
    /// Lookups that brought an address, and those that brought none.
    private(set) var successes: UInt64 = 0
    private(set) var failures: UInt64 = 0

    /// Begins to look these names up.
    init(
        _ loop: EventLoop, _ names: [Name], refresh: Duration = Resolver.refresh,
        lookUp: @escaping LookUp = { HostLookup.addresses(of: $0, port: $1) }
    ) throws(EventLoopError) {
        self.refresh = refresh
        let mailbox = try Mailbox<Answer>(loop, capacity: Self.outstandingMax)
        self.mailbox = mailbox
        let sender = mailbox.sender
        thread = try HelperThread(name: "beatd-dns", capacity: Self.outstandingMax) { names in
            for name in names { _ = sender.post(Answer(name: name, addresses: lookUp(name.host, name.port))) }
        }
        for name in names { add(name) }
    }

    /// Looks a name up from now on; it takes the place of the subject's former one.
    func add(_ name: Name) {
        guard entries[name.subject]?.name != name else { return }
        entries[name.subject] = Entry(name: name, nextAt: Instant(nanoseconds: 0))
        lookUpDue(at: Instant(nanoseconds: 0))
    }

    /// Looks it up no longer.
    func remove(_ subject: Subject) { entries[subject] = nil }

    /// When a name is to be looked up next.
    var nextDeadline: Instant? { entries.values.reduce(nil) { $0.earlier($1.nextAt) } }

    private func lookUpDue(at now: Instant) {
        for (subject, entry) in entries {
            guard let due = entry.nextAt, due <= now else { continue }
            if outstanding < Self.outstandingMax, thread.post(entry.name) {
                outstanding += 1
                entries[subject]?.nextAt = nil
            } else {
                entries[subject]?.nextAt = now + Self.retry
            }
        }
    }

    /// True while an answer is to come.
    var isLookingUp: Bool { outstanding > 0 }

    /// Answers that came since the last turn; begins the lookups that are due.
    func turn(at now: Instant) -> [Answer] {
        var good: [Answer] = []
        for answer in mailbox.drain() {
            outstanding -= 1
            if answer.addresses.isEmpty { failures += 1 } else { successes += 1 }
            let subject = answer.name.subject
            guard var entry = entries[subject], entry.name == answer.name else { continue }
            if !answer.addresses.isEmpty {
                entry.isResolved = true
                good.append(answer)
            }
            entry.nextAt = now + (entry.isResolved ? refresh : Self.retry)
            entries[subject] = entry
        }
        lookUpDue(at: now)
        return good
    }

    /// Ends the thread, unless a lookup is under way: the process does not wait for name servers to exit.
    func close() {
        mailbox.close()
        if outstanding == 0 { thread.stop() } else { thread.abandon() }
    }
}
