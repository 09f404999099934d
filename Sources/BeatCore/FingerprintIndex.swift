/// From a key's fingerprint to its place in the table: open addressing with linear probing, 4 bytes a place.
///
/// The fingerprints themselves stay in the table and are asked for by closure, which the compiler inlines.
struct FingerprintIndex {
    private static let vacant: Int32 = -1
    private var places = [Int32](repeating: vacant, count: 16)
    private var count = 0

    /// The slot whose fingerprint this is.
    func find(_ fingerprint: UInt64, fingerprintOf: (Int32) -> UInt64) -> Int32? {
        var position = home(of: fingerprint)
        while places[position] != Self.vacant {
            if fingerprintOf(places[position]) == fingerprint { return places[position] }
            position = (position + 1) & (places.count - 1)
        }
        return nil
    }

    /// Adds a slot whose fingerprint is not in the index yet.
    mutating func insert(_ slot: Int32, fingerprintOf: (Int32) -> UInt64) {
        // At two thirds full, probes are still short.
        if (count + 1) * 3 > places.count * 2 { grow(to: places.count * 2, fingerprintOf: fingerprintOf) }
        place(slot, fingerprint: fingerprintOf(slot))
        count += 1
    }

    /// Makes room for so many, so that it need not grow on the way there.
    mutating func reserve(_ count: Int, fingerprintOf: (Int32) -> UInt64) {
        var size = places.count
        while count * 3 > size * 2 { size *= 2 }
        if size > places.count { grow(to: size, fingerprintOf: fingerprintOf) }
    }

    /// Takes a fingerprint out, closing the gap behind it so that no probe ends early.
    mutating func remove(_ fingerprint: UInt64, fingerprintOf: (Int32) -> UInt64) {
        let mask = places.count - 1
        var gap = home(of: fingerprint)
        while places[gap] != Self.vacant, fingerprintOf(places[gap]) != fingerprint { gap = (gap + 1) & mask }
        guard places[gap] != Self.vacant else { return }
        var position = gap
        while true {
            position = (position + 1) & mask
            guard places[position] != Self.vacant else { break }
            let wanted = home(of: fingerprintOf(places[position]))
            let distanceToGap = (position - gap) & mask
            let distanceToHome = (position - wanted) & mask
            guard distanceToHome >= distanceToGap else { continue }
            places[gap] = places[position]
            gap = position
        }
        places[gap] = Self.vacant
        count -= 1
    }

    private func home(of fingerprint: UInt64) -> Int { Int(truncatingIfNeeded: fingerprint) & (places.count - 1) }

    private mutating func place(_ slot: Int32, fingerprint: UInt64) {
        var position = home(of: fingerprint)
        while places[position] != Self.vacant { position = (position + 1) & (places.count - 1) }
        places[position] = slot
    }

    private mutating func grow(to size: Int, fingerprintOf: (Int32) -> UInt64) {
        let old = places
        places = Array(repeating: Self.vacant, count: size)
        for slot in old where slot != Self.vacant { place(slot, fingerprint: fingerprintOf(slot)) }
    }
}
