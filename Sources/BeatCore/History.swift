/// The last attempts of registrations, in bounded memory.
///
/// 32 attempts of 16 bytes are 512 bytes, more than a whole registration may cost at 100 000 (400 bytes). So there are
/// `Limits.histories` rings and no more, 5.1 MB, made when they are first needed. Up to that many registrations each
/// has one. Beyond, they are crowded, and what nobody will ask about goes: only a registration with trouble among its
/// last 32 attempts has a ring, from its first failure on. Of the others the last beat in their status tells as much. In
/// an outage of more the first to fail keep theirs, so that not everyone is left with its last attempt only.
struct History {
    /// An attempt in 16 bytes.
    private struct Record {
        /// From the top: 40 bits of milliseconds since the epoch (34 years), 24 of latency in 4 µs (67 s, beyond the
        /// longest request time-out).
        var times: UInt64 = 0
        /// From the top: 24 bits of lateness in 4 µs, 16 of code, 2 of kind, 1 of dialect, 4 of outcome,
        /// 5 of the server, 12 of the detail's number, 0 for none.
        var rest: UInt64 = 0

        var detail: UInt32 { UInt32(truncatingIfNeeded: rest & 0xfff) }
    }

    private struct Ring {
        var slot: Int32
        /// Where the next attempt goes.
        var next: UInt8 = 0
        /// Attempts that are kept.
        var count: UInt8 = 0
        /// Accepted attempts since the last that was not, up to `depth`.
        var calm: UInt8 = 0

        /// Nothing but accepted attempts are kept.
        var isCalm: Bool { calm >= count }
    }

    /// Attempts kept of a registration (control-api.md §3, 11).
    static let depth = 32
    /// Rings that are made at once, 64 KB, and given back when none of them is used: growing copies nothing.
    private static let ringsPerChunk = 128
    private static let noRing: Int16 = -1
    private static let tickMicroseconds: Int64 = 4
    private static let tickMax: Int64 = 1 << 24 - 1

    private let epoch: Instant
    private let ringsMax: Int
    private var chunks: [[Record]] = []
    private var rings: [Ring] = []
    private var free: [Int16] = []
    /// The ring of each slot.
    private var ringOf: [Int16] = []
    /// Rings in use of each chunk; one without any has no memory.
    private var used: [Int] = []
    /// There are more registrations than rings. Left when a tenth of the rings is spare, so that it does not flutter.
    private var isCrowded = false
    /// Servers say the same again and again: each text is kept once.
    private var details = Interner()

    init(epoch: Instant, rings: Int = Limits.histories) {
        precondition(rings < Int16.max, "\(rings) rings cannot be numbered")
        self.epoch = epoch
        ringsMax = rings
    }

    /// Notes an attempt of the registration in a slot, one of so many.
    mutating func note(_ attempt: AttemptView, of slot: Int32, among registrations: Int) {
        noteCrowd(of: registrations)
        guard let ring = ring(of: slot, isWell: attempt.outcome == .ok) else { return }
        let place = Int(rings[ring].next)
        var record = pack(attempt)
        if !attempt.detail.isEmpty, let number = details.retain(attempt.detail, atMost: Limits.historyDetails) {
            record.rest |= UInt64(number + 1)
        }
        let (chunk, index) = position(ring, place)
        if rings[ring].count == History.depth {
            releaseDetail(of: chunks[chunk][index])
        } else {
            rings[ring].count += 1
        }
        chunks[chunk][index] = record
        rings[ring].next = UInt8((place + 1) % History.depth)
        rings[ring].calm = attempt.outcome == .ok ? min(rings[ring].calm + 1, UInt8(History.depth)) : 0
        if isCrowded, rings[ring].isCalm { forget(slot) }
    }

    /// Whether an attempt that went well of the registration in a slot, one of so many, would be kept.
    func notesCalm(_ slot: Int32, among registrations: Int) -> Bool {
        !isCrowded || registrations <= ringsMax - ringsMax / 10
            || (ringOf.indices.contains(Int(slot)) && ringOf[Int(slot)] != History.noRing)
    }

    /// The attempts of the registration in a slot, newest first; nil when none are kept of it.
    func attempts(of slot: Int32) -> [AttemptView]? {
        guard ringOf.indices.contains(Int(slot)), ringOf[Int(slot)] != History.noRing else { return nil }
        let ring = Int(ringOf[Int(slot)])
        return (1...History.depth).prefix(Int(rings[ring].count)).map { back in
            let (chunk, index) = position(ring, (Int(rings[ring].next) + History.depth - back) % History.depth)
            return unpack(chunks[chunk][index])
        }
    }

    /// The registration in a slot is gone.
    mutating func forget(_ slot: Int32) {
        guard ringOf.indices.contains(Int(slot)), ringOf[Int(slot)] != History.noRing else { return }
        let ring = Int(ringOf[Int(slot)])
        for place in 0..<Int(rings[ring].count) {
            let (chunk, index) = position(ring, place)
            releaseDetail(of: chunks[chunk][index])
        }
        ringOf[Int(slot)] = History.noRing
        free.append(Int16(ring))
        let chunk = ring / History.ringsPerChunk
        used[chunk] -= 1
        if used[chunk] == 0 { chunks[chunk] = [] }
    }

    // MARK: rings

    private mutating func ring(of slot: Int32, isWell: Bool) -> Int? {
        while ringOf.count <= Int(slot) { ringOf.append(History.noRing) }
        if ringOf[Int(slot)] != History.noRing { return Int(ringOf[Int(slot)]) }
        if isCrowded, isWell { return nil }
        let ring: Int
        if let freed = free.popLast() {
            ring = Int(freed)
        } else if rings.count < ringsMax {
            ring = rings.count
            rings.append(Ring(slot: slot))
        } else {
            return nil
        }
        let chunk = ring / History.ringsPerChunk
        if chunk == chunks.count {
            chunks.append([])
            used.append(0)
        }
        if chunks[chunk].isEmpty {
            chunks[chunk] = Array(repeating: Record(), count: History.ringsPerChunk * History.depth)
        }
        used[chunk] += 1
        rings[ring] = Ring(slot: slot)
        ringOf[Int(slot)] = Int16(ring)
        return ring
    }

    /// Gives back every ring without trouble when there get to be too many registrations: once, 10 000 are 0.1 ms.
    private mutating func noteCrowd(of registrations: Int) {
        if isCrowded {
            if registrations < ringsMax - ringsMax / 10 { isCrowded = false }
        } else if registrations > ringsMax {
            isCrowded = true
            for ring in rings.indices where owns(ring) && rings[ring].isCalm { forget(rings[ring].slot) }
        }
    }

    /// Whether a ring is in use.
    private func owns(_ ring: Int) -> Bool { ringOf[Int(rings[ring].slot)] == Int16(ring) }

    private mutating func releaseDetail(of record: Record) {
        if record.detail != 0 { details.release(record.detail - 1) }
    }

    private func position(_ ring: Int, _ place: Int) -> (chunk: Int, index: Int) {
        (ring / History.ringsPerChunk, ring % History.ringsPerChunk * History.depth + place)
    }

    // MARK: records

    private func pack(_ attempt: AttemptView) -> Record {
        let milliseconds = UInt64(clamping: (attempt.at - epoch).wholeMilliseconds)
        var rest = History.ticks(attempt.lateness)
        rest = rest << 16 | UInt64(UInt16(clamping: attempt.code))
        rest = rest << 2 | UInt64(attempt.kind.rawValue)
        rest = rest << 1 | (attempt.dialect == .v3 ? 1 : 0)
        rest = rest << 4 | UInt64(attempt.outcome.rawValue)
        rest = rest << 5 | UInt64(attempt.server)
        return Record(times: milliseconds << 24 | History.ticks(attempt.latency), rest: rest << 12)
    }

    private func unpack(_ record: Record) -> AttemptView {
        func bits(_ shift: UInt64, _ width: UInt64) -> UInt64 { record.rest >> shift & (1 << width - 1) }
        guard let kind = Exchange.Kind(rawValue: UInt8(bits(22, 2))),
            let outcome = BeatOutcome(rawValue: UInt8(bits(17, 4)))
        else { preconditionFailure("no attempt was packed as \(record)") }
        return AttemptView(
            at: epoch + .milliseconds(Int64(record.times >> 24)), kind: kind,
            dialect: bits(21, 1) == 1 ? .v3 : .v1, server: ServerIndex(bits(12, 5)), outcome: outcome,
            code: Int(bits(24, 16)), latency: History.duration(record.times & (1 << 24 - 1)),
            lateness: History.duration(bits(40, 24)), detail: record.detail == 0 ? "" : details[record.detail - 1])
    }

    private static func ticks(_ duration: Duration) -> UInt64 {
        UInt64(min(max(0, duration.wholeNanoseconds / 1000 / tickMicroseconds), tickMax))
    }

    private static func duration(_ ticks: UInt64) -> Duration { .microseconds(Int64(ticks) * tickMicroseconds) }
}
