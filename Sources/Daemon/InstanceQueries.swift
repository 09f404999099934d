internal import BeatCore
internal import NacosWire

/// The part of a light beat's target that differs between registrations, encoded once for each and kept in one arena
/// beside the core's table, by slot.
///
/// Its beginning, all before the address, is that of every instance of a service and cluster, and longer than the rest:
/// it is kept once for each of them, up to `beginningsMax`. The query of a registration in a service with others is
/// 25 bytes instead of 100.
struct InstanceQueries {
    private struct Entry {
        var offset = 0
        var length: Int32 = 0
        /// The use of the slot that this was encoded for; 0 for none.
        var epoch: UInt32 = 0
        var dialect = Dialect.v1
        /// Which of `beginnings` stands before it; 0 is the empty one.
        var beginning: UInt16 = 0
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    private var wasted = 0
    /// Makes the reads of `fetch` count as used.
    private var fetched: UInt8 = 0
    private var beginnings: [[UInt8]] = [[]]
    private var beginningNumbers: [[UInt8]: UInt16] = [:]
    /// A megabyte at most, of names that may be gone again; more services than that have few instances each.
    private static let beginningsMax = 4096
    /// What follows the last parameter that instances of a service share.
    private static let addressMark = Array("&ip=".utf8)
    /// As many as the processor fetches at the same time, and some.
    private static let fetchAhead = 32
    /// Below it, an arena is not worth tidying.
    private static let wasteMin = 1 << 20

    /// Appends the query of the exchange's registration in its dialect, encoding it when it is another one.
    mutating func append(_ exchange: Exchange, _ core: borrowing BeatReactor, to output: inout [UInt8]) {
        let position = Int(exchange.slot)
        while entries.count <= position { entries.append(Entry()) }
        let epoch = core.epoch(of: exchange.slot)
        if entries[position].epoch != epoch || entries[position].dialect != exchange.dialect {
            encode(core.key(of: exchange.slot), exchange.dialect, epoch: epoch, at: position)
        }
        let entry = entries[position]
        output.append(contentsOf: beginnings[Int(entry.beginning)])
        arena.withUnsafeBufferPointer {
            output.append(contentsOf: $0[entry.offset..<(entry.offset + Int(entry.length))])
        }
    }

    /// Reads something of each query that is written next, so that the processor fetches them from memory at the same
    /// time (see `BeatReactor.fetchRows`). How many those are.
    mutating func fetch(_ queue: borrowing RingBuffer<Outgoing>, _ core: borrowing BeatReactor) -> Int {
        let count = min(queue.count, Self.fetchAhead)
        // First where they are, then what is there: the second needs the first.
        for index in 0..<count {
            guard let outgoing = queue[index] else { continue }
            fetched &+= UInt8(truncatingIfNeeded: entry(outgoing)?.length ?? 0)
            fetched &+= UInt8(truncatingIfNeeded: core.epoch(of: outgoing.exchange.slot))
        }
        for index in 0..<count {
            guard let offset = entry(queue[index])?.offset, offset < arena.count else { continue }
            fetched &+= arena[offset]
        }
        return count
    }

    private func entry(_ outgoing: Outgoing?) -> Entry? {
        guard let outgoing, Int(outgoing.exchange.slot) < entries.count else { return nil }
        return entries[Int(outgoing.exchange.slot)]
    }

    /// The number of the beginning of a query, and what is left of it.
    private mutating func split(_ query: [UInt8]) -> (beginning: UInt16, rest: ArraySlice<UInt8>) {
        let mark = Self.addressMark
        guard let cut = query.indices.first(where: { query[$0...].starts(with: mark) }) else { return (0, query[...]) }
        let text = Array(query[..<cut])
        if let number = beginningNumbers[text] { return (number, query[cut...]) }
        guard beginnings.count <= Self.beginningsMax else { return (0, query[...]) }
        let number = UInt16(beginnings.count)
        beginnings.append(text)
        beginningNumbers[text] = number
        return (number, query[cut...])
    }

    private mutating func encode(_ key: InstanceKey, _ dialect: Dialect, epoch: UInt32, at position: Int) {
        let (beginning, query) = split(NacosRequestEncoder.instanceQuery(key, dialect: dialect))
        let room = Int(entries[position].length)
        if query.count <= room {
            let offset = entries[position].offset
            arena.replaceSubrange(offset..<(offset + query.count), with: query)
            wasted += room - query.count
        } else {
            wasted += room
            entries[position].offset = arena.count
            arena.append(contentsOf: query)
        }
        entries[position].length = Int32(query.count)
        entries[position].beginning = beginning
        entries[position].epoch = epoch
        entries[position].dialect = dialect
        if wasted > Self.wasteMin, wasted > arena.count / 2 { tidy() }
    }

    private mutating func tidy() {
        var tidied: [UInt8] = []
        tidied.reserveCapacity(arena.count - wasted)
        for position in entries.indices {
            let entry = entries[position]
            entries[position].offset = tidied.count
            tidied.append(contentsOf: arena[entry.offset..<(entry.offset + Int(entry.length))])
        }
        arena = tidied
        wasted = 0
    }
}
