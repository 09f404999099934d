@testable import BeatCore

/// What is to happen, by time. Events of one instant come in the order that chance gave them.
struct EventQueue<Event> {
    private struct Entry {
        var at: Instant
        var order: UInt64
        var event: Event
    }

    /// The next event is the last entry.
    private var entries: [Entry] = []

    /// When the next event is due.
    var next: Instant? { entries.last?.at }

    mutating func add(_ event: Event, at: Instant, order: UInt64) {
        var position = entries.count
        while position > 0, (entries[position - 1].at, entries[position - 1].order) < (at, order) { position -= 1 }
        entries.insert(Entry(at: at, order: order, event: event), at: position)
    }

    mutating func pop(notAfter now: Instant) -> Event? {
        guard let next, next <= now else { return nil }
        return entries.popLast()?.event
    }

    /// Takes out the events that match, in the order in which they would have come.
    mutating func remove(where matches: (Event) -> Bool) -> [(at: Instant, event: Event)] {
        let taken = entries.filter { matches($0.event) }
        entries.removeAll { matches($0.event) }
        return taken.reversed().map { ($0.at, $0.event) }
    }
}
