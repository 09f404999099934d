public import BeatCore

/// Which node of a cluster owns an instance (nacos.md §4.6). In v3 a request must go to the owner, because the other
/// nodes neither know the instance nor pass the request on (nacos.md §3.3).
public enum Distro {
    /// `String.hashCode` of Java: the polynomial in 31 over UTF-16, in 32 bits that wrap.
    public static func javaHash(_ text: String) -> Int32 {
        var hash: Int32 = 0
        for unit in text.utf16 { hash = hash &* 31 &+ Int32(unit) }
        return hash
    }

    /// By what Nacos from 2.0 on chooses the owner of an instance: `ip:port`, an IPv6 address without brackets. (1.x
    /// chooses by the grouped service name, and relays whatever comes to another node.)
    public static func tag(of key: InstanceKey) -> String { "\(key.ip):\(key.port)" }

    /// Which of `members` answers for `tag`, as an index into `members` in the order given; nil when there is none.
    ///
    /// `members` are the healthy nodes as they name themselves to each other, `ip:port`, each once: Nacos sorts them
    /// as text and takes the hash modulo their number.
    public static func responsibleIndex(tag: String, members: [String]) -> Int? {
        guard !members.isEmpty else { return nil }
        let sorted = members.indices.sorted { members[$0].utf8.lexicographicallyPrecedes(members[$1].utf8) }
        let place = abs(Int(javaHash(tag) % Int32.max)) % members.count
        return sorted[place]
    }
}
