internal import BeatCore
internal import EventLoop

/// The addresses of the names in checks, looked up on a thread of their own, because `getaddrinfo` blocks. A name that
/// hangs keeps its last addresses; others behind it wait, and checks of theirs may fail meanwhile. Loop-confined.
final class CheckNames {
    private struct Entry {
        var addresses: [SocketAddress] = []
        var askedAt: Instant?
        var isAsking = false
    }

    private struct Answer: Sendable {
        var host: String
        var addresses: [SocketAddress]
    }

    private let mailbox: Mailbox<Answer>
    private let thread: HelperThread<String>
    private var entries: [String: Entry] = [:]
    private var outstanding = 0

    /// Starts the thread.
    init(_ loop: EventLoop) throws(EventLoopError) {
        let mailbox = try Mailbox<Answer>(loop, capacity: CheckLimits.names)
        self.mailbox = mailbox
        let sender = mailbox.sender
        thread = try HelperThread(name: "beatd-checkdns", capacity: CheckLimits.names) { hosts in
            for host in hosts {
                _ = sender.post(Answer(host: host, addresses: HostLookup.addresses(of: host, port: 0)))
            }
        }
    }

    /// The addresses of a name as far as they are known, and whether an answer is on its way.
    func addresses(of host: String, at now: Instant) -> (known: [SocketAddress], isAsking: Bool) {
        if entries.count >= CheckLimits.names, entries[host] == nil {
            entries = entries.filter { $0.value.isAsking }
        }
        var entry = entries[host] ?? Entry()
        let isStale =
            entry.askedAt.map {
                now - $0 >= (entry.addresses.isEmpty ? CheckLimits.nameRetry : CheckLimits.nameRefresh)
            } ?? true
        if isStale, !entry.isAsking, thread.post(host) {
            entry.isAsking = true
            entry.askedAt = now
            outstanding += 1
        }
        entries[host] = entry
        return (entry.addresses, entry.isAsking)
    }

    /// Takes what was answered since the last turn; the names.
    func turn() -> Set<String> {
        var answered: Set<String> = []
        for answer in mailbox.drain() {
            outstanding -= 1
            answered.insert(answer.host)
            entries[answer.host]?.isAsking = false
            if !answer.addresses.isEmpty { entries[answer.host]?.addresses = answer.addresses }
        }
        return answered
    }

    /// Ends the thread, unless a lookup is under way: the process does not wait for name servers to exit.
    func close() {
        mailbox.close()
        if outstanding == 0 { thread.stop() } else { thread.abandon() }
    }
}
