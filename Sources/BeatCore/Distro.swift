/// Which node of a Nacos cluster is responsible for an instance (nacos.md §4.6).
public enum Distro {
    /// Java's `String.hashCode`: a polynomial of 31 over the UTF-16 units, wrapped to 32 bits.
    public static func javaHash(_ text: String) -> Int32 {
        // Only a bridged string, which Linux has not, has no storage to lend.
        let hash: Int32?? = text.utf8.withContiguousStorageIfAvailable { bytes in
            var hash: Int32 = 0
            for byte in bytes {
                guard byte < 0x80 else { return nil }
                hash = hash &* 31 &+ Int32(byte)
            }
            return hash
        }
        return (hash ?? nil) ?? javaHash(units: text.utf16)
    }

    private static func javaHash(units: String.UTF16View) -> Int32 {
        var hash: Int32 = 0
        for unit in units { hash = hash &* 31 &+ Int32(unit) }
        return hash
    }

    /// The hash of `ip:port`, without putting that together.
    static func hash(ip: String, port: UInt16) -> Int32 {
        var hash = javaHash(ip) &* 31 &+ Int32(UInt8(ascii: ":"))
        var divisor: UInt16 = 10_000
        while divisor > 1, port < divisor { divisor /= 10 }
        while divisor > 0 {
            hash = hash &* 31 &+ Int32(UInt8(ascii: "0")) &+ Int32(port / divisor % 10)
            divisor /= 10
        }
        return hash
    }

    /// The place of the responsible node among `members` healthy ones, sorted as `ip:port` text.
    public static func index(of hash: Int32, members: Int) -> Int {
        let spread = abs(Int64(hash) % Int64(Int32.max))
        return Int(spread % Int64(members))
    }
}
