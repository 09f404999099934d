internal import BeatCore
internal import NacosWire

/// The part of a light beat's target that differs between registrations, encoded once for each and kept in one arena
/// beside the core's table, by slot.
struct InstanceQueries {
    private struct Entry {
        var offset = 0
        var length: Int32 = 0
        /// The use of the slot that this was encoded for; 0 for none.
        var epoch: UInt32 = 0
        var dialect = Dialect.v1
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    private var wasted = 0
    /// Below it, an arena is not worth tidying.
    private static let wasteMin = 1 << 20

    /// Calls `body` with the query of the exchange's registration in its dialect, encoding it when it is another one.
    mutating func with(_ exchange: Exchange, _ core: borrowing BeatReactor, _ body: (Span<UInt8>) -> Void) {
        let position = Int(exchange.slot)
        while entries.count <= position { entries.append(Entry()) }
        let epoch = core.epoch(of: exchange.slot)
        if entries[position].epoch != epoch || entries[position].dialect != exchange.dialect {
            encode(core.key(of: exchange.slot), exchange.dialect, epoch: epoch, at: position)
        }
        let entry = entries[position]
        body(arena.span.extracting(entry.offset..<(entry.offset + Int(entry.length))))
    }

    private mutating func encode(_ key: InstanceKey, _ dialect: Dialect, epoch: UInt32, at position: Int) {
        let query = NacosRequestEncoder.instanceQuery(key, dialect: dialect)
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
