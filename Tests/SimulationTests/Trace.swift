@testable import BeatCore

/// What happened in a run: the last events in words, and a digest of all.
struct Trace {
    enum Event {
        case input(Input)
        case effect(Effect)
        case written(Exchange)
        case arrived(Exchange)
        case fault(FakeCluster.Fault, server: Int)
        case wiped
        case interval(Int64?)
        case stalled(Duration)
    }

    private static let kept = 30
    private var events: [(at: Instant, event: Event)] = []
    private var position = 0
    private let start: Instant
    /// FNV-1a over all events as text; nil when it was not asked for, because text is slow.
    private(set) var digest: UInt64?
    /// Events so far.
    private(set) var count = 0

    init(start: Instant, digesting: Bool) {
        self.start = start
        digest = digesting ? 0xcbf2_9ce4_8422_2325 : nil
        events.reserveCapacity(Self.kept)
    }

    mutating func add(_ event: Event, at now: Instant) {
        count += 1
        if let digest {
            var hash = digest
            for byte in "\(now.nanoseconds) \(event)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            self.digest = hash
        }
        if events.count < Self.kept {
            events.append((now, event))
        } else {
            events[position] = (now, event)
            position = (position + 1) % Self.kept
        }
    }

    /// The last events, one a line, oldest first.
    var text: String {
        (events[position...] + events[..<position]).map { entry in
            let milliseconds = Double((entry.at - start).wholeNanoseconds / 1000) / 1000
            return "  \(milliseconds) ms  \(entry.event)"
        }.joined(separator: "\n")
    }
}
