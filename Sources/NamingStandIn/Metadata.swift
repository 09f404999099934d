import JSON

/// The metadata of an instance: names and texts in the order they came. Nacos keeps nulls on 2.x.
struct Metadata: Equatable {
    struct Entry: Equatable {
        var key: String
        var value: String?
    }

    /// The keys that steer timers (nacos.md §1.3).
    enum Timer: String {
        case interval = "preserved.heart.beat.interval"
        case timeout = "preserved.heart.beat.timeout"
        case deletion = "preserved.ip.delete.timeout"

        /// Milliseconds.
        var standard: Int64 {
            switch self {
            case .interval: 5000
            case .timeout: 15_000
            case .deletion: 30_000
            }
        }
    }

    private(set) var entries: [Entry] = []

    init() {}

    /// What the `metadata` parameter says: a JSON object of scalars, else `k=v,k2=v2`; nil when it is neither.
    init?(parameter text: String) {
        if case .object(let object)? = try? JSONParser.parse(Array(text.utf8)), let parsed = Metadata(object) {
            self = parsed
            return
        }
        for pair in text.split(separator: ",", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            set(String(parts[0]), String(parts[1]))
        }
    }

    /// Scalars become texts, as Jackson coerces them; nil when there is an array or an object among them.
    init?(_ object: JSONObject) {
        for member in object.members {
            switch member.value {
            case .null: set(member.key, nil)
            case .bool(let value): set(member.key, value ? "true" : "false")
            case .integer(let value): set(member.key, String(value))
            case .number(let value): set(member.key, String(value))
            case .string(let value): set(member.key, value)
            case .array, .object: return nil
            }
        }
    }

    /// r-nacos: what is not made of texts alone is no metadata at all.
    init(textsOnly text: String) {
        if case .object(let object)? = try? JSONParser.parse(Array(text.utf8)) {
            self = Metadata(textsOnly: object)
        } else {
            self = Metadata(parameter: text) ?? Metadata()
        }
    }

    init(textsOnly object: JSONObject) {
        for member in object.members {
            guard case .string(let value) = member.value else {
                entries = []
                return
            }
            set(member.key, value)
        }
    }

    var isEmpty: Bool { entries.isEmpty }

    subscript(_ key: String) -> String? {
        entries.first { $0.key == key }?.value
    }

    /// The characters of all keys and values, in UTF-16 units as Java counts.
    var length: Int {
        entries.reduce(0) { $0 + $1.key.utf16.count + ($1.value?.utf16.count ?? 0) }
    }

    mutating func set(_ key: String, _ value: String?) {
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = value
        } else {
            entries.append(Entry(key: key, value: value))
        }
    }

    /// Adds the other's entries over its own.
    mutating func merge(_ other: Metadata) {
        for entry in other.entries { set(entry.key, entry.value) }
    }

    /// A timer in ms; nil when the key is absent.
    func timer(_ timer: Timer, _ rule: NamingProfile.TimerNumber) -> Int64? {
        guard let text = self[timer.rawValue] else { return nil }
        switch rule {
        case .integerElseZero: return Int64(text) ?? 0
        case .digitsElseDefault:
            let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return isNumber ? Int64(text) ?? timer.standard : timer.standard
        }
    }

    /// The timer as lists show it: every profile shows the default for what is no number.
    func shown(_ timer: Timer) -> Int64 {
        self.timer(timer, .digitsElseDefault) ?? timer.standard
    }
}

extension Metadata {
    /// Entries in the order of a server's answers.
    func ordered(_ order: NamingProfile.MetadataOrder) -> [Entry] {
        switch order {
        case .insertion: entries
        case .javaHashMap:
            // Stored in a map of the standard size, copied to one made for that many entries.
            Metadata.hashMapOrder(
                Metadata.hashMapOrder(entries, capacity: 16), capacity: Metadata.capacity(for: entries.count))
        }
    }

    /// `java.util.HashMap` walks its buckets; within one, the order is that of insertion.
    private static func hashMapOrder(_ entries: [Entry], capacity: Int) -> [Entry] {
        var size = capacity
        while entries.count * 4 > size * 3 { size *= 2 }
        let buckets = entries.map { bucket($0.key, size) }
        return entries.indices.sorted { (buckets[$0], $0) < (buckets[$1], $1) }.map { entries[$0] }
    }

    private static func capacity(for count: Int) -> Int {
        var size = 1
        while size < count { size *= 2 }
        return size
    }

    private static func bucket(_ key: String, _ size: Int) -> Int {
        let hash = key.utf16.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
        return Int((hash ^ hash >> 16) & UInt32(size - 1))
    }

    /// Appends the JSON object.
    func write(
        _ order: NamingProfile.MetadataOrder, withNulls: Bool, escapesPlanes: Bool = true, to out: inout [UInt8]
    ) {
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        for entry in ordered(order) where withNulls || entry.value != nil {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            out.append(jsonString: entry.key, escapesPlanes: escapesPlanes)
            out.append(UInt8(ascii: ":"))
            if let value = entry.value {
                out.append(jsonString: value, escapesPlanes: escapesPlanes)
            } else {
                out.append(text: "null")
            }
        }
        out.append(UInt8(ascii: "}"))
    }
}
