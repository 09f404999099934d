extension Span<UInt8> {
    /// Whether these bytes are `text`, letter case included.
    @inline(__always)
    func matches(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for index in 0..<count where self[index] != wanted[index] { return false }
            return true
        }
    }

    /// Whether these bytes are `text`, which is lower-case, without looking at letter case.
    @inline(__always)
    func matchesIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for index in 0..<count where ASCII.lowercased(self[index]) != wanted[index] { return false }
            return true
        }
    }

    /// These bytes as text; what is not UTF-8 becomes U+FFFD.
    @inline(__always)
    func text() -> String {
        withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    @inline(__always)
    func contains(_ wanted: UInt8) -> Bool {
        for index in 0..<count where self[index] == wanted { return true }
        return false
    }

    /// Whether every byte is in the set.
    @inline(__always)
    func allIn(_ set: ASCIISet) -> Bool {
        for index in 0..<count where !set.contains(self[index]) { return false }
        return true
    }

    /// The range without leading and trailing blanks and tabs.
    @inline(__always)
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, ASCII.isBlank(self[start]) { start &+= 1 }
        while end > start, ASCII.isBlank(self[end &- 1]) { end &-= 1 }
        return start..<end
    }

    /// The first byte below 0x20 or equal to 0x7F within `position..<end`, or `end`.
    ///
    /// Eight bytes at a time: this loop sees every byte of every head.
    @inline(__always)
    func firstControl(from position: Int, to end: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let raw = bytes
        var index = position
        while index &+ 8 <= end {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let below = (word &- ones &* 0x20) & ~word
            let delete = word ^ (ones &* 0x7F)
            let found = (below | ((delete &- ones) & ~delete)) & highs
            if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end {
            let byte = self[index]
            if byte < 0x20 || byte == 0x7F { return index }
            index &+= 1
        }
        return end
    }
}

extension [UInt8] {
    /// Adds the bytes of a span at the end.
    @inline(__always)
    package mutating func append(_ span: Span<UInt8>) {
        span.withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    /// Adds ASCII text at the end.
    @inline(__always)
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Adds a number in decimal without building a string.
    package mutating func append(decimal value: Int) {
        precondition(value >= 0, "no negative number belongs on the wire: \(value)")
        append(addingCapacity: 19) { (out: inout OutputSpan<UInt8>) in
            var digits = InlineArray<19, UInt8>(repeating: 0)
            var first = digits.count
            var rest = value
            repeat {
                first -= 1
                digits[first] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            for place in first..<digits.count { out.append(digits[place]) }
        }
    }

    /// Adds a number in lower-case hexadecimal without leading zeros.
    mutating func append(hexadecimal value: Int) {
        precondition(value >= 0, "no negative number belongs on the wire: \(value)")
        var shift = Swift.max(0, (Int.bitWidth - value.leadingZeroBitCount - 1) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
            append(digit < 10 ? ASCII.zero + digit : 0x61 + digit - 10)
            shift -= 4
        }
    }
}
