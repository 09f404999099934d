/// Where a list goes on: opaque text for clients, `base64url(version, epoch, slot, filter, checksum)`.
struct ContinueToken: Equatable, Sendable {
    /// Of the process that made it.
    var epoch: UInt64
    /// The slot to go on from.
    var slot: Int32
    /// Of the filter that it belongs to.
    var filter: UInt64

    private static let version: UInt8 = 1
    private static let length = 1 + 8 + 4 + 8 + 4

    var text: String {
        var bytes: [UInt8] = [ContinueToken.version]
        ContinueToken.append(epoch, to: &bytes)
        ContinueToken.append(UInt32(bitPattern: slot), to: &bytes)
        ContinueToken.append(filter, to: &bytes)
        ContinueToken.append(UInt32(truncatingIfNeeded: FNV1a.hash(bytes)), to: &bytes)
        return Base64URL.encode(bytes)
    }

    init(epoch: UInt64, slot: Int32, filter: UInt64) {
        self.epoch = epoch
        self.slot = slot
        self.filter = filter
    }

    /// The token in this text; nil when it is none.
    init?(_ text: String) {
        guard let bytes = Base64URL.decode(text), bytes.count == ContinueToken.length,
            bytes[0] == ContinueToken.version
        else { return nil }
        let checksum = UInt32(ContinueToken.integer(bytes[21...]))
        guard checksum == UInt32(truncatingIfNeeded: FNV1a.hash(bytes[..<21])) else { return nil }
        epoch = ContinueToken.integer(bytes[1..<9])
        slot = Int32(bitPattern: UInt32(ContinueToken.integer(bytes[9..<13])))
        filter = ContinueToken.integer(bytes[13..<21])
        guard slot >= 0 else { return nil }
    }

    private static func append(_ value: some FixedWidthInteger & UnsignedInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// base64 that needs no escaping in a query, without padding (RFC 4648 §5).
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << (6 - count) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes; nil when a character is none of the alphabet or bits are left over that are not 0.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= (1 << count) - 1
            }
        }
        return bits == 0 && count < 6 ? bytes : nil
    }
}
