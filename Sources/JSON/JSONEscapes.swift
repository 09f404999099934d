/// What must not stand in a JSON string as it is (RFC 8259 §7).
enum JSONEscapes {
    @inline(__always)
    static func isNeeded(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether one of eight bytes must be escaped: the highest bit of such a byte, or of one above it, is set.
    @inline(__always)
    static func areNeeded(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- ones &* 0x20) & ~word
        let found = control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        return found & (ones &* 0x80) != 0
    }
}

extension StaticString {
    @inline(__always)
    var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

/// Writing at a place that moves along; that there is room is the caller's business.
extension UnsafeMutablePointer<UInt8> {
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        pointee = byte
        self += 1
    }

    @inline(__always)
    mutating func put(word: UInt64) {
        UnsafeMutableRawPointer(self).storeBytes(of: word.littleEndian, as: UInt64.self)
        self += 8
    }

    /// Most texts have 4 to 16 bytes: two words that overlap are quicker there than a call of `memcpy`.
    @inline(__always)
    mutating func put(_ text: UnsafeBufferPointer<UInt8>) {
        guard let start = text.baseAddress else { return }
        let source = UnsafeRawPointer(start)
        switch text.count {
        case 8...16:
            copy(UInt64.self, from: source, at: 0)
            copy(UInt64.self, from: source, at: text.count &- 8)
        case 4..<8:
            copy(UInt32.self, from: source, at: 0)
            copy(UInt32.self, from: source, at: text.count &- 4)
        case 0..<4: for index in 0..<text.count { self[index] = start[index] }
        default: update(from: start, count: text.count)
        }
        self += text.count
    }

    @inline(__always)
    private func copy<Word: BitwiseCopyable>(_ word: Word.Type, from source: UnsafeRawPointer, at offset: Int) {
        let value = source.loadUnaligned(fromByteOffset: offset, as: word)
        UnsafeMutableRawPointer(self).storeBytes(of: value, toByteOffset: offset, as: word)
    }

    @inline(__always)
    mutating func put(decimal value: UInt64) {
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = value
        var place = digits
        repeat {
            place -= 1
            self[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while place > 0
        self += digits
    }

    /// Puts text that needs no escapes. Else false, and what was put is of no use.
    @inline(__always)
    mutating func putUnescaped(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = text.baseAddress else { return true }
        let source = UnsafeRawPointer(start)
        let target = UnsafeMutableRawPointer(self)
        var index = 0
        while index &+ 8 <= text.count {
            let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if JSONEscapes.areNeeded(word) { return false }
            target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        if index < text.count, text.count >= 8 {
            // The last eight, some of them once more.
            index = text.count &- 8
            let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if JSONEscapes.areNeeded(word) { return false }
            target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
        } else {
            while index < text.count {
                let byte = start[index]
                if JSONEscapes.isNeeded(byte) { return false }
                self[index] = byte
                index &+= 1
            }
        }
        self += text.count
        return true
    }
}
