/// What makes an instance one instance: the natural key of a registration.
///
/// The classic client's key (`buildKey`) lacks namespace and cluster, so that there two clusters with the same
/// address share one beat (alibaba/nacos#1470); this one holds both.
public struct InstanceKey: Hashable, Sendable {
    /// Nacos namespace id; `public` by default.
    public var namespaceId: String
    /// Group of the service; `DEFAULT_GROUP` by default.
    public var groupName: String
    /// Bare service name, without the group.
    public var serviceName: String
    /// Cluster within the service; `DEFAULT` by default.
    public var clusterName: String
    /// IPv4, IPv6 or host name.
    public var ip: String
    /// 1…65535.
    public var port: UInt16

    /// A key from its six parts, taken as they are: `ControlAPI` has checked them.
    public init(
        namespaceId: String = "public", groupName: String = "DEFAULT_GROUP", serviceName: String,
        clusterName: String = "DEFAULT", ip: String, port: UInt16
    ) {
        self.namespaceId = namespaceId
        self.groupName = groupName
        self.serviceName = serviceName
        self.clusterName = clusterName
        self.ip = ip
        self.port = port
    }

    /// `group@@service`, the form that Nacos v1 parameters and every beat's JSON carry (nacos.md §2.4).
    public var groupedServiceName: String { Self.text([groupName, "@@", serviceName]) }

    /// The classic key of `dom2Beat`, as `BeatReactor.buildKey` makes it: `group@@service#ip#port`.
    public func buildKey() -> String { Self.text([groupName, "@@", serviceName, "#", ip, "#", String(port)]) }

    /// The pieces behind each other, with room asked for once: an interpolation takes several times as long.
    @inline(__always)
    private static func text<let count: Int>(_ pieces: InlineArray<count, String>) -> String {
        var length = 0
        for index in pieces.indices { length += pieces[index].utf8.count }
        return String(unsafeUninitializedCapacity: length) { space in
            var end = 0
            for index in pieces.indices {
                end = space[end...].update(fromContentsOf: pieces[index].utf8)
            }
            return end
        }
    }

    /// A 64-bit hash of all six parts that is the same in every process and version: the id and the phase of the
    /// beat come from it. FNV-1a over the parts, each ended by a byte that UTF-8 never holds, then mixed (Murmur3's
    /// finaliser), because FNV's high bits are weak for short keys.
    public var fingerprint: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        func mix(_ part: String) {
            let isMixed: Void? = part.utf8.withContiguousStorageIfAvailable { for byte in $0 { mix(byte) } }
            if isMixed == nil { for byte in part.utf8 { mix(byte) } }
            mix(0xff)
        }
        mix(namespaceId)
        mix(groupName)
        mix(serviceName)
        mix(clusterName)
        mix(ip)
        mix(UInt8(port >> 8))
        mix(UInt8(port & 0xff))
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }

    /// The id that registrations with this key get: 13 lower-case base32 characters (RFC 4648 alphabet).
    public var id: String { RegistrationID.text(of: fingerprint) }
}

/// Ids as text: the fingerprint of the key in base32.
public enum RegistrationID {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    /// ⌈64 / 5⌉.
    static let length = 13

    /// 13 characters, most significant bits first, the last one holding four bits.
    public static func text(of fingerprint: UInt64) -> String {
        String(unsafeUninitializedCapacity: length) { buffer in
            for position in 0..<(length - 1) {
                buffer[position] = alphabet[Int((fingerprint >> UInt64(59 - 5 * position)) & 31)]
            }
            buffer[length - 1] = alphabet[Int((fingerprint & 15) << 1)]
            return length
        }
    }

    /// The fingerprint that `text` stands for; nil when no fingerprint has this text.
    public static func fingerprint(of text: String) -> UInt64? {
        let bytes = text.utf8.span
        guard bytes.count == length else { return nil }
        var value: UInt64 = 0
        for position in 0..<length {
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - UInt8(ascii: "a")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): digit = byte - UInt8(ascii: "2") + 26
            default: return nil
            }
            guard position == length - 1 else {
                value = value << 5 | UInt64(digit)
                continue
            }
            // The last one holds four bits.
            guard digit & 1 == 0 else { return nil }
            value = value << 4 | UInt64(digit >> 1)
        }
        return value
    }
}
