/// Bytes that HTTP gives a meaning to.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let percent: UInt8 = 0x25
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let question: UInt8 = 0x3F
    static let openBracket: UInt8 = 0x5B
    static let closeBracket: UInt8 = 0x5D

    /// The byte with an upper-case letter made lower-case; all others as they are.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

    /// 0…15, or nil when the byte is no hexadecimal digit.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- zero }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }
}

/// A set of ASCII characters as two words, so that a look-up needs no table and no memory access.
struct ASCIISet: Sendable {
    let low: UInt64
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && (word &>> UInt64(byte & 63)) & 1 == 1
    }

    /// `tchar` of RFC 9110 §5.6.2: field names and methods.
    static let token = ASCIISet(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)

    /// What may stand in a request target: visible ASCII without `" # < > \`.
    ///
    /// RFC 3986 also leaves out `[ ] ^ ` { | }`, but the WHATWG URL rules that browsers follow send them raw in a
    /// query, and they cannot be mistaken for framing.
    static let target = ASCIISet(low: 0xaFFF_FFF2_0000_0000, high: 0x7fff_ffff_efff_ffff)

    /// `reg-name` of RFC 3986 §3.2.2.
    static let hostName = ASCIISet(low: 0x2bff_7ff2_0000_0000, high: 0x47ff_fffe_87ff_fffe)

    /// The inside of the brackets around an IPv6 address.
    static let ipv6 = ASCIISet(low: 0x07ff_4000_0000_0000, high: 0x0000_007e_0000_007e)
}
