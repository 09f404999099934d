/// When each registration is to be looked at next: a timing wheel (Varghese & Lauck, scheme 6) of 5 ms slots.
///
/// Entries are small integers (places in the table); each hangs in at most one slot, which is an array of them, so that
/// those that come next can be read ahead: a list would be a wait for memory at each entry. Scheduling, moving and
/// popping are O(1), whatever the number of entries; the one that came last into a slot leaves it first. Slots are
/// numbered by *ticks*, whole slots since the wheel's epoch; a bitmap of the slots in use finds the next one.
struct TimingWheel {
    /// The length of a slot: what a million registrations have in one takes a millisecond or two. Periods and phases are
    /// whole slots, so that lateness is work and never rounding.
    static let slotNanoseconds: Int64 = 5_000_000
    /// 81.92 s: longer than the longest period and every back-off, so that one level is enough. What is further
    /// away is looked at once in between.
    static let slotCount = 16_384
    private static let unscheduled: Int32 = -1

    /// Where an entry hangs.
    private struct Place {
        var slot = unscheduled
        /// Within the slot.
        var index: Int32 = 0
    }

    private var slots = [[Int32]](repeating: [], count: slotCount)
    /// Arrays of slots that are empty again: as many slots are in use at a time as there are arrays.
    private var spare: [[Int32]] = []
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    private var places: [Place] = []
    /// No entry hangs at an earlier tick.
    private var cursor: Int64 = 0
    private let epoch: Instant

    /// A wheel whose ticks count from `epoch`, at `now`.
    init(epoch: Instant, at now: Instant) {
        self.epoch = epoch
        cursor = tick(at: now)
    }

    init(epoch: Instant) { self.init(epoch: epoch, at: epoch) }

    /// The tick whose slot holds this instant.
    func tick(at instant: Instant) -> Int64 {
        (instant.nanoseconds - epoch.nanoseconds) / Self.slotNanoseconds
    }

    /// The first tick that begins at this instant or later.
    func tick(notBefore instant: Instant) -> Int64 {
        (instant.nanoseconds - epoch.nanoseconds + Self.slotNanoseconds - 1) / Self.slotNanoseconds
    }

    /// When a slot begins: what hangs in it is due from then on.
    func begin(of tick: Int64) -> Instant {
        Instant(nanoseconds: epoch.nanoseconds + tick * Self.slotNanoseconds)
    }

    /// Makes room for entries below `count`.
    mutating func grow(to count: Int) {
        while places.count < count { places.append(Place()) }
    }

    /// Hangs an entry in the slot of `tick`, taking it out of the one it was in. What is past is due at once; what
    /// is beyond the wheel's reach is popped early, at its end.
    mutating func schedule(_ entry: Int32, at tick: Int64) {
        cancel(entry)
        let reachable = min(max(tick, cursor), cursor + Int64(Self.slotCount) - 1)
        let slot = Int(reachable % Int64(Self.slotCount))
        if slots[slot].isEmpty {
            if let array = spare.popLast() { slots[slot] = array }
            occupied[slot >> 6] |= 1 << UInt64(slot & 63)
        }
        places[Int(entry)] = Place(slot: Int32(slot), index: Int32(slots[slot].count))
        slots[slot].append(entry)
    }

    /// Takes an entry out; nothing happens when it hangs nowhere.
    mutating func cancel(_ entry: Int32) {
        let place = places[Int(entry)]
        guard place.slot != Self.unscheduled else { return }
        let last = removeLast(of: Int(place.slot))
        guard last != entry else { return }
        // The last one takes its place.
        slots[Int(place.slot)][Int(place.index)] = last
        places[Int(last)] = place
        places[Int(entry)].slot = Self.unscheduled
    }

    private mutating func removeLast(of slot: Int) -> Int32 {
        let entry = slots[slot].removeLast()
        places[Int(entry)].slot = Self.unscheduled
        if slots[slot].isEmpty {
            occupied[slot >> 6] &= ~(1 << UInt64(slot & 63))
            spare.append([])
            swap(&spare[spare.count - 1], &slots[slot])
        }
        return entry
    }

    /// True when the entry hangs in a slot.
    func isScheduled(_ entry: Int32) -> Bool { places[Int(entry)].slot != Self.unscheduled }

    /// Takes out one entry that is due at `tick` or before, the oldest slots first; nil when there is none.
    mutating func popDue(at tick: Int64) -> Int32? {
        guard let first = nextTick, first <= tick else {
            cursor = max(cursor, tick)
            return nil
        }
        cursor = first
        return removeLast(of: Int(first % Int64(Self.slotCount)))
    }

    /// Calls `body` with the entries of the earliest slot that are popped next, without taking them out. Reads where each
    /// hangs; the sum of that and of what `body` gives makes all reads count as used.
    func peek(_ count: Int, _ body: (Int32) -> UInt32) -> UInt32 {
        guard let first = nextTick else { return 0 }
        var sum: UInt32 = 0
        for entry in slots[Int(first % Int64(Self.slotCount))].suffix(count) {
            sum &+= body(entry) &+ UInt32(truncatingIfNeeded: places[Int(entry)].index)
        }
        return sum
    }

    /// The earliest tick at which an entry hangs.
    var nextTick: Int64? {
        let start = Int(cursor % Int64(Self.slotCount))
        // A burst is one slot.
        if occupied[start >> 6] & (1 << UInt64(start & 63)) != 0 { return cursor }
        let words = occupied.count
        // The first word is looked at twice: its bits from `start` on first, those before it last.
        for step in 0...words {
            let word = ((start >> 6) + step) % words
            var bits = occupied[word]
            if step == 0 { bits &= ~0 << UInt64(start & 63) }
            if step == words { bits &= ~(~0 << UInt64(start & 63)) }
            guard bits != 0 else { continue }
            let slot = word << 6 + bits.trailingZeroBitCount
            return cursor + Int64((slot - start + Self.slotCount) % Self.slotCount)
        }
        return nil
    }
}
