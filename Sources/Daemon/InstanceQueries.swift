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
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    private var wasted = 0
    /// Below it, an arena is not worth tidying.
    private static let wasteMin = 1 << 20

    /// Calls `body` with the query of the registration in `slot`, encoding it when the slot has a new one.
    mutating func with(_ slot: Int32, _ core: borrowing BeatReactor, _ body: (Span<UInt8>) -> Void) {
        let position = Int(slot)
        while entries.count <= position { entries.append(Entry()) }
        let epoch = core.epoch(of: slot)
        if entries[position].epoch != epoch { encode(core.key(of: slot), epoch: epoch, at: position) }
        let entry = entries[position]
        body(arena.span.extracting(entry.offset..<(entry.offset + Int(entry.length))))
    }

    private mutating func encode(_ key: InstanceKey, epoch: UInt32, at position: Int) {
        let query = NacosRequestEncoder.instanceQuery(key)
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
