/// A small map of strings that keeps the order of its keys, for metadata and labels.
///
/// Two maps are equal when they hold the same pairs in any order: JSON objects have none.
public struct StringMap: Sendable, ExpressibleByDictionaryLiteral {
    /// One key with its value.
    public struct Entry: Hashable, Sendable {
        /// The name.
        public var key: String
        /// What stands under it.
        public var value: String
    }

    /// The pairs in the order they were first set.
    public private(set) var entries: [Entry] = []

    /// An empty map.
    public init() {}

    /// A map from literal pairs; of a repeated key the last value counts.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// True when it holds nothing.
    public var isEmpty: Bool { entries.isEmpty }

    /// The value of a key; setting nil removes it.
    public subscript(_ key: String) -> String? {
        get { entries.first { $0.key == key }?.value }
        set {
            let position = entries.firstIndex { $0.key == key }
            switch (position, newValue) {
            case (let position?, let value?): entries[position].value = value
            case (let position?, nil): entries.remove(at: position)
            case (nil, let value?): entries.append(Entry(key: key, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension StringMap: Equatable {
    /// Equal when both hold the same pairs, in any order.
    public static func == (lhs: StringMap, rhs: StringMap) -> Bool {
        lhs.entries == rhs.entries
            || (lhs.entries.count == rhs.entries.count && Set(lhs.entries) == Set(rhs.entries))
    }
}
