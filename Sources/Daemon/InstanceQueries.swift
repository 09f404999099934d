internal import BeatCore
internal import NacosWire

/// The part of a light beat's target that differs between registrations, encoded once for each and kept beside the
/// core's table, by slot.
///
/// Its beginning, all before the address, is that of every instance of a service and cluster, and longer than the rest:
/// it is kept once for each of them, up to `beginningsMax`. What is left of an IPv4 instance is at most 30 bytes and lies
/// in its entry, so that a beat waits for memory once; longer ones lie in an arena.
struct InstanceQueries {
    private typealias Text = (UInt64, UInt64, UInt64, UInt64)

    private struct Entry {
        /// The rest itself, or where it begins in the arena and how long it is.
        var text: Text = (0, 0, 0, 0)
        /// The use of the slot that this was encoded for; 0 for none.
        var epoch: UInt32 = 0
        /// Which of `beginnings` stands before it; 0 is the empty one.
        var beginning: UInt16 = 0
        /// Of the rest; `elsewhere` when it lies in the arena.
        var length: UInt8 = 0
        var dialect = Dialect.v1

        static let elsewhere: UInt8 = .max
        /// Where it lies in the arena; empty when it does not.
        var place: Range<Int> {
            length == Self.elsewhere ? Int(text.0)..<Int(text.0 &+ text.1) : 0..<0
        }
    }

    /// Bytes that are hashed in one piece; an array hashes one after the other, which is half of all that encoding takes.
    private struct Beginning: Hashable {
        let bytes: [UInt8]

        func hash(into hasher: inout Hasher) {
            bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    private var arena: [UInt8] = []
    private var entries: [Entry] = []
    private var wasted = 0
    /// Makes the reads of `fetch` count as used.
    private var fetched: UInt8 = 0
    private var beginnings: [[UInt8]] = [[]]
    private var beginningNumbers: [Beginning: UInt16] = [:]
    /// The query that was joined last.
    private(set) var joined: [UInt8] = []
    /// A megabyte at most, of names that may be gone again; more services than that have few instances each.
    private static let beginningsMax = 4096
    /// As many as the processor fetches at the same time, and some.
    private static let fetchAhead = 32
    /// Below it, an arena is not worth tidying.
    private static let wasteMin = 1 << 20

    /// Appends a beat without a body, of the exchange's registration.
    mutating func appendBeat(
        _ exchange: Exchange, _ core: borrowing BeatReactor, _ frame: LightBeatFrame, _ signature: RequestSignature?,
        to output: inout [UInt8]
    ) {
        withQuery(exchange, core) { frame.append(($0, $1), exchange.dialect, signature, to: &output) }
    }

    /// Calls `body` with both parts of the query of the exchange's registration in its dialect, encoded now when it is
    /// another one.
    @inline(__always)
    private mutating func withQuery(
        _ exchange: Exchange, _ core: borrowing BeatReactor,
        _ body: (_ beginning: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> Void
    ) {
        let position = Int(exchange.slot)
        while entries.count <= position { entries.append(Entry()) }
        if entries[position].epoch != exchange.epoch || entries[position].dialect != exchange.dialect {
            encode(core.key(of: exchange.slot), exchange.dialect, epoch: exchange.epoch, at: position)
        }
        let length = entries[position].length
        beginnings[Int(entries[position].beginning)].withUnsafeBytes { beginning in
            guard length != Entry.elsewhere else {
                let place = entries[position].place
                return arena.withUnsafeBytes { body(beginning, UnsafeRawBufferPointer(rebasing: $0[place])) }
            }
            withUnsafeBytes(of: &entries[position].text) {
                body(beginning, UnsafeRawBufferPointer(rebasing: $0[..<Int(length)]))
            }
        }
    }

    /// Puts the query of the exchange's registration in its dialect into `joined`, whose room is kept.
    mutating func join(_ exchange: Exchange, _ core: borrowing BeatReactor) {
        var query = joined
        joined = []
        query.removeAll(keepingCapacity: true)
        withQuery(exchange, core) { beginning, rest in
            query.append(contentsOf: beginning)
            query.append(contentsOf: rest)
        }
        joined = query
    }

    /// Reads something of each query that is written next, so that the processor fetches them from memory at the same
    /// time (see `BeatReactor.fetchRows`). How many those are.
    mutating func fetch(_ queue: borrowing RingBuffer<Outgoing>) -> Int {
        let count = min(queue.count, Self.fetchAhead)
        for index in 0..<count {
            guard let slot = queue[index]?.exchange.slot, Int(slot) < entries.count else { continue }
            // An entry may lie on two lines of the cache.
            fetched &+= UInt8(truncatingIfNeeded: entries[Int(slot)].text.0) &+ entries[Int(slot)].length
        }
        return count
    }

    /// The number of a beginning; nil when there are too many.
    private mutating func number(of bytes: [UInt8]) -> UInt16? {
        let beginning = Beginning(bytes: bytes)
        if let number = beginningNumbers[beginning] { return number }
        guard beginnings.count <= Self.beginningsMax else { return nil }
        let number = UInt16(beginnings.count)
        beginnings.append(bytes)
        beginningNumbers[beginning] = number
        return number
    }

    private mutating func encode(_ key: InstanceKey, _ dialect: Dialect, epoch: UInt32, at position: Int) {
        var query: [UInt8] = []
        NacosRequestEncoder.appendServiceQuery(key, dialect: dialect, to: &query)
        let beginning = number(of: query)
        if beginning != nil { query.removeAll(keepingCapacity: true) }
        NacosRequestEncoder.appendAddressQuery(key, to: &query)
        wasted += entries[position].place.count
        entries[position].epoch = epoch
        entries[position].dialect = dialect
        entries[position].beginning = beginning ?? 0
        if query.count <= MemoryLayout<Text>.size {
            entries[position].length = UInt8(query.count)
            withUnsafeMutableBytes(of: &entries[position].text) { $0.copyBytes(from: query) }
        } else {
            entries[position].length = Entry.elsewhere
            entries[position].text = (UInt64(arena.count), UInt64(query.count), 0, 0)
            arena.append(contentsOf: query)
        }
        if wasted > Self.wasteMin, wasted > arena.count / 2 { tidy() }
    }

    private mutating func tidy() {
        var tidied: [UInt8] = []
        tidied.reserveCapacity(arena.count - wasted)
        for position in entries.indices where entries[position].length == Entry.elsewhere {
            let start = UInt64(tidied.count)
            tidied.append(contentsOf: arena[entries[position].place])
            entries[position].text.0 = start
        }
        arena = tidied
        wasted = 0
    }
}
