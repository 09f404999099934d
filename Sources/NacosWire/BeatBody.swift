internal import BeatCore

/// The JSON of an answer to a beat, read without a tree: one flat object of integers and booleans, in any order.
enum BeatBody {
    /// What the object in `range` means; nil when a real JSON parser must read it.
    @inline(__always)
    static func reply(_ bytes: Span<UInt8>, _ range: Range<Int>) -> NacosReply? {
        var reader = FlatObjectReader(end: range.upperBound, at: range.lowerBound)
        var answer = BeatAnswer()
        guard reader.take(UInt8(ascii: "{"), bytes) else { return nil }
        // Names seen, so that one that stands twice is left to the parser, which refuses it. Of unknown names only
        // one is let pass: two might be the same.
        var seen: UInt8 = 0
        repeat {
            guard let name = reader.name(bytes), seen & name.rawValue == 0 else { return nil }
            seen |= name.rawValue
            switch name {
            case .code:
                guard let value = reader.integer(bytes) else { return nil }
                answer.code = value
            case .clientBeatInterval:
                guard let value = reader.integer(bytes) else { return nil }
                answer.hasInterval = true
                answer.interval = value
            case .lightBeatEnabled:
                guard let value = reader.bool(bytes) else { return nil }
                answer.lightBeatEnabled = value
            case .other:
                guard reader.integer(bytes) != nil || reader.bool(bytes) != nil else { return nil }
            }
        } while reader.take(UInt8(ascii: ","), bytes)
        guard reader.take(UInt8(ascii: "}"), bytes), reader.isAtEnd(bytes) else { return nil }
        return answer.reply
    }
}

/// Steps over the tokens of a flat JSON object. Each step first passes over blanks.
private struct FlatObjectReader {
    enum Name: UInt8 {
        case code = 1
        case clientBeatInterval = 2
        case lightBeatEnabled = 4
        case other = 8
    }

    /// Behind the JSON text.
    let end: Int
    private var index: Int

    /// No number of a Nacos server is longer, and so many digits cannot overflow.
    private static let digits = 18

    init(end: Int, at start: Int) {
        self.end = end
        index = start
    }

    @inline(__always)
    private mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while index < end {
            let byte = bytes[index]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            index &+= 1
        }
    }

    @inline(__always)
    mutating func isAtEnd(_ bytes: Span<UInt8>) -> Bool {
        skipBlanks(bytes)
        return index == end
    }

    @inline(__always)
    mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        skipBlanks(bytes)
        guard index < end, bytes[index] == byte else { return false }
        index &+= 1
        return true
    }

    /// A name with the colon behind it.
    @inline(__always)
    mutating func name(_ bytes: Span<UInt8>) -> Name? {
        guard take(UInt8(ascii: "\""), bytes) else { return nil }
        let start = index
        // The longest name with its quote has 19 bytes; where fewer are left it is none of these, or not at its end.
        var name = Name.other
        if start &+ 19 <= end, bytes.word(start) == word("clientBe"),
            bytes.word(start &+ 8) == word("atInterv"), bytes.word(start &+ 11) == word("nterval\"")
        {
            name = .clientBeatInterval
            index = start &+ 19
        } else if start &+ 17 <= end, bytes.word(start) == word("lightBea"),
            bytes.word(start &+ 8) == word("tEnabled"), bytes[start &+ 16] == UInt8(ascii: "\"")
        {
            name = .lightBeatEnabled
            index = start &+ 17
        } else if bytes.starts(at: start, end, "code\"") {
            name = .code
            index = start &+ 5
        } else {
            while index < end, bytes[index] != UInt8(ascii: "\"") {
                // Escapes could spell a known name; beyond ASCII the encoding would have to be checked.
                guard bytes[index] &- 0x20 < 0x5F, bytes[index] != UInt8(ascii: "\\") else { return nil }
                index &+= 1
            }
            index &+= 1
        }
        return take(UInt8(ascii: ":"), bytes) ? name : nil
    }

    /// A JSON integer; what must follow it is looked at by the next step.
    @inline(__always)
    mutating func integer(_ bytes: Span<UInt8>) -> Int64? {
        skipBlanks(bytes)
        var start = index
        let isNegative = start < end && bytes[start] == UInt8(ascii: "-")
        if isNegative { start &+= 1 }
        var position = start
        var value: Int64 = 0
        while position < end {
            let digit = bytes[position] &- 0x30
            guard digit < 10 else { break }
            guard position &- start < FlatObjectReader.digits else { return nil }
            value = value &* 10 &+ Int64(digit)
            position &+= 1
        }
        guard position > start else { return nil }
        // `01` is no JSON, and `-0` no integer.
        guard bytes[start] != 0x30 || (position == start &+ 1 && !isNegative) else { return nil }
        index = position
        return isNegative ? -value : value
    }

    @inline(__always)
    mutating func bool(_ bytes: Span<UInt8>) -> Bool? {
        skipBlanks(bytes)
        if bytes.starts(at: index, end, "true") {
            index &+= 4
            return true
        }
        if bytes.starts(at: index, end, "false") {
            index &+= 5
            return false
        }
        return nil
    }
}

extension Span<UInt8> {
    @inline(__always)
    fileprivate func starts(at index: Int, _ end: Int, _ text: StaticString) -> Bool {
        guard index &+ text.utf8CodeUnitCount <= end else { return false }
        let wanted = text.utf8Start
        for offset in 0..<text.utf8CodeUnitCount where self[index &+ offset] != wanted[offset] { return false }
        return true
    }
}
