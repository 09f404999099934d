/// When each registration is to be looked at next: a timing wheel (Varghese & Lauck, scheme 6) of 10 ms slots.
///
/// Entries are small integers (places in the table); each hangs in at most one slot, in a doubly linked list of
/// indexes. Scheduling, moving and popping are O(1), whatever the number of entries. Slots are numbered by *ticks*,
/// whole slots since the wheel's epoch; a bitmap of the slots in use finds the next one.
struct TimingWheel {
    /// The length of a slot. Periods and phases are whole slots, so that lateness is work and never rounding.
    static let slotNanoseconds: Int64 = 10_000_000
    /// 81.92 s: longer than the longest period and every back-off, so that one level is enough. What is further
    /// away is looked at once in between.
    static let slotCount = 8192
    private static let none: Int32 = -1
    private static let unscheduled: Int64 = -1

    private struct Link {
        var next: Int32
        var previous: Int32
        var tick: Int64
    }

    private var heads = [Int32](repeating: none, count: slotCount)
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    private var links: [Link] = []
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
        while links.count < count {
            links.append(Link(next: Self.none, previous: Self.none, tick: Self.unscheduled))
        }
    }

    /// Hangs an entry in the slot of `tick`, taking it out of the one it was in. What is past is due at once; what
    /// is beyond the wheel's reach is popped early, at its end.
    mutating func schedule(_ entry: Int32, at tick: Int64) {
        cancel(entry)
        let reachable = min(max(tick, cursor), cursor + Int64(Self.slotCount) - 1)
        let slot = Int(reachable % Int64(Self.slotCount))
        let head = heads[slot]
        links[Int(entry)] = Link(next: head, previous: Self.none, tick: reachable)
        if head != Self.none { links[Int(head)].previous = entry }
        heads[slot] = entry
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
    }

    /// Takes an entry out; nothing happens when it hangs nowhere.
    mutating func cancel(_ entry: Int32) {
        let link = links[Int(entry)]
        guard link.tick != Self.unscheduled else { return }
        let slot = Int(link.tick % Int64(Self.slotCount))
        if link.previous == Self.none {
            heads[slot] = link.next
            if link.next == Self.none { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
        } else {
            links[Int(link.previous)].next = link.next
        }
        if link.next != Self.none { links[Int(link.next)].previous = link.previous }
        links[Int(entry)].tick = Self.unscheduled
    }

    /// True when the entry hangs in a slot.
    func isScheduled(_ entry: Int32) -> Bool { links[Int(entry)].tick != Self.unscheduled }

    /// Takes out one entry that is due at `tick` or before, the oldest slots first; nil when there is none.
    mutating func popDue(at tick: Int64) -> Int32? {
        guard let first = nextTick, first <= tick else {
            cursor = max(cursor, tick)
            return nil
        }
        cursor = first
        let entry = heads[Int(first % Int64(Self.slotCount))]
        cancel(entry)
        return entry
    }

    /// Calls `body` with the next entries of the earliest slot, without taking them out.
    func peek(_ count: Int, _ body: (Int32) -> Void) {
        guard let first = nextTick else { return }
        var entry = heads[Int(first % Int64(Self.slotCount))]
        for _ in 0..<count where entry != Self.none {
            body(entry)
            entry = links[Int(entry)].next
        }
    }

    /// The earliest tick at which an entry hangs.
    var nextTick: Int64? {
        let start = Int(cursor % Int64(Self.slotCount))
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
