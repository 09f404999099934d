/// The head of an answer with status 200, looked at for its end and for what says where the body ends.
///
/// Eight bytes at a time: reading the answer is a third of the work that beatd does for a beat.
struct ScannedHead {
    /// Where the body ends.
    enum Framing {
        case absent
        case length(Int)
        case chunked
    }

    /// Behind the blank line.
    private(set) var end = 0
    private(set) var framing = Framing.absent
    private(set) var keepsOpen = true

    /// `HTTP/1.1 200 `; the reason phrase may be empty, and is on Nacos servers (nacos.md §10.4).
    private static let statusBytes = 13

    @inline(__always)
    mutating func scan(_ bytes: Span<UInt8>) -> Scan {
        let status = bytes.expect("HTTP/1.1 200 ", at: 0)
        guard status == .found else { return status }
        let limit = min(bytes.count, ReplyScanner.headBytes)
        // What is not at hand: more bytes, or, at the limit, patience.
        let missing: Scan = limit < bytes.count ? .unusual : .incomplete
        var lineEnd = bytes.firstControl(from: ScannedHead.statusBytes, to: limit)
        for _ in 0...ReplyScanner.headerFields {
            guard lineEnd &+ 1 < limit else {
                return lineEnd < limit && bytes[lineEnd] != 0x0D ? .unusual : missing
            }
            guard bytes[lineEnd] == 0x0D, bytes[lineEnd &+ 1] == 0x0A else { return .unusual }
            let start = lineEnd &+ 2
            let colon = bytes.firstOutsideName(from: start, to: limit)
            guard colon < limit else { return missing }
            guard bytes[colon] == UInt8(ascii: ":"), colon > start else {
                end = start &+ 2
                return bytes.expect("\r\n", at: start)
            }
            lineEnd = bytes.firstControl(from: colon &+ 1, to: limit)
            guard lineEnd < limit else { return missing }
            guard note(bytes, start..<colon, colon &+ 1..<lineEnd) else { return .unusual }
        }
        return .unusual
    }

    /// Looks at one field; false when the strict parser must.
    @inline(__always)
    private mutating func note(_ bytes: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>) -> Bool {
        let start = name.lowerBound
        switch name.count {
        case 10 where bytes.lowerWord(start) == word("connecti") && bytes.lowerWord(start &+ 2) == word("nnection"):
            return connection(bytes, value)
        case 14 where bytes.lowerWord(start) == word("content-") && bytes.lowerWord(start &+ 6) == word("t-length"):
            return contentLength(bytes, value)
        case 16 where bytes.lowerWord(start) == word("content-") && bytes.lowerWord(start &+ 8) == word("encoding"):
            return false
        case 17
        where bytes.lowerWord(start) == word("transfer") && bytes.lowerWord(start &+ 8) == word("-encodin")
            && bytes.lowerWord(start &+ 9) == word("encoding"):
            return transferEncoding(bytes, value)
        default:
            return true
        }
    }

    private mutating func connection(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        if bytes.isValue(value, "close") {
            keepsOpen = false
            return true
        }
        return bytes.isValue(value, "keep-alive")
    }

    @inline(__always)
    private mutating func contentLength(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        guard case .absent = framing else { return false }
        let start = bytes.skipBlanks(value)
        // Four digits are enough for `ReplyScanner.bodyBytes`.
        guard start < value.upperBound, value.upperBound &- start <= 4 else { return false }
        var length = 0
        for index in start..<value.upperBound {
            let digit = bytes[index] &- 0x30
            guard digit < 10 else { return false }
            length = length &* 10 &+ Int(digit)
        }
        framing = .length(length)
        return true
    }

    @inline(__always)
    private mutating func transferEncoding(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        guard case .absent = framing, bytes.isValue(value, "chunked") else { return false }
        framing = .chunked
        return true
    }
}

/// The eight bytes of `text` as they are in memory.
@inline(__always)
func word(_ text: StaticString) -> UInt64 {
    text.withUTF8Buffer { UnsafeRawBufferPointer($0).loadUnaligned(as: UInt64.self) }
}

private let ones: UInt64 = 0x0101_0101_0101_0101
private let highs: UInt64 = 0x8080_8080_8080_8080

extension Span<UInt8> {
    /// The eight bytes at `index`, the first one lowest, as `word` makes them.
    @inline(__always)
    func word(_ index: Int) -> UInt64 { bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) }

    /// `word` with letters in lower case, for bytes that are letters or `-`.
    @inline(__always)
    func lowerWord(_ index: Int) -> UInt64 { word(index) | 0x2020_2020_2020_2020 }

    /// The first byte within `position..<end` that is not visible ASCII or a blank, or `end`.
    @inline(__always)
    func firstControl(from position: Int, to end: Int) -> Int {
        var index = position
        while index &+ 8 <= end {
            let word = UInt64(littleEndian: word(index))
            // Exact up to the first hit: borrows and carries only run to the bytes behind it.
            let found = ((word &- ones &* 0x20) & ~word | word | (word &+ ones)) & highs
            if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end {
            guard self[index] &- 0x20 < 0x5F else { return index }
            index &+= 1
        }
        return end
    }

    /// The first byte within `position..<end` that is neither a letter nor `-`, or `end`.
    ///
    /// Other characters are legal in names, but rare: whoever sends them is read by the strict parser.
    @inline(__always)
    func firstOutsideName(from position: Int, to end: Int) -> Int {
        var index = position
        while index &+ 8 <= end {
            let word = UInt64(littleEndian: word(index))
            let lower = (word | ones &* 0x20) & ~highs
            let letters = (lower &+ ones &* (0x80 - 0x61)) & ~(lower &+ ones &* (0x80 - 0x7B))
            let dash = (word ^ ones &* 0x2D) & ~highs
            let dashes = ~(dash &+ ones &* 0x7F)
            let outside = (~(letters | dashes) | word) & highs
            if outside != 0 { return index &+ outside.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < end {
            guard (self[index] | 0x20) &- 0x61 < 26 || self[index] == UInt8(ascii: "-") else { return index }
            index &+= 1
        }
        return end
    }

    @inline(__always)
    func skipBlanks(_ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound, self[index] == 0x20 { index &+= 1 }
        return index
    }

    /// Whether a field value is `text`, which is lower-case, in any letter case. A blank behind it makes it another.
    @inline(__always)
    func isValue(_ value: Range<Int>, _ text: StaticString) -> Bool {
        let start = skipBlanks(value)
        guard value.upperBound &- start == text.utf8CodeUnitCount else { return false }
        let wanted = text.utf8Start
        for offset in 0..<text.utf8CodeUnitCount {
            let byte = self[start &+ offset]
            guard byte | 0x20 == wanted[offset], byte >= 0x41 || byte == wanted[offset] else { return false }
        }
        return true
    }
}
