/// What is to be done at a time for the few registrations that have checks or are in maintenance. The wheel of beats
/// has one entry for each registration and knows nothing of this.
struct Agenda {
    /// What is to be done.
    enum Item: Equatable {
        /// A check is due: a run, or the end of a `ttl`.
        case check(slot: Int32, index: Int)
        /// A registration's maintenance ends.
        case maintenanceEnd(slot: Int32)
        /// The sidecar's maintenance ends.
        case sidecarMaintenanceEnd
    }

    private struct Entry {
        var item: Item
        var tick: Int64
    }

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var wheel: TimingWheel

    init(epoch: Instant) { wheel = TimingWheel(epoch: epoch) }

    /// A place for an item, which is not scheduled yet.
    mutating func add(_ item: Item) -> Int32 {
        let entry = Entry(item: item, tick: 0)
        if let place = free.popLast() {
            entries[Int(place)] = entry
            return place
        }
        entries.append(entry)
        wheel.grow(to: entries.count)
        return Int32(entries.count - 1)
    }

    /// Gives an item's place back.
    mutating func remove(_ place: Int32) {
        wheel.cancel(place)
        free.append(place)
    }

    /// Has the item come at this instant, in place of the one before.
    mutating func schedule(_ place: Int32, at instant: Instant) {
        entries[Int(place)].tick = wheel.tick(notBefore: instant)
        wheel.schedule(place, at: entries[Int(place)].tick)
    }

    mutating func cancel(_ place: Int32) { wheel.cancel(place) }

    /// Takes out one item that is due; nil when there is none.
    mutating func popDue(at now: Instant) -> Item? {
        let due = wheel.tick(at: now)
        while let place = wheel.popDue(at: due) {
            let entry = entries[Int(place)]
            if entry.tick <= due { return entry.item }
            // Beyond the wheel's reach: it is looked at once in between.
            wheel.schedule(place, at: entry.tick)
        }
        return nil
    }

    /// When the next item comes, or is looked at.
    var nextDeadline: Instant? {
        guard entries.count > free.count else { return nil }
        return wheel.nextTick.map { wheel.begin(of: $0) }
    }
}
