/// A JSON document as a tree (RFC 8259 §3).
///
/// Integers and reals stay apart as they were written: `1` is `.integer(1)`, `1.0` and `1e0` are `.number(1)`.
/// Two values are equal when they would be written alike, so objects compare with the order of their keys.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent, within Int64.
    case integer(Int64)
    /// A number with a fraction or an exponent; always finite when it comes from the parser.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// What the value is, with an article, for messages: "must be a string, got \(value.typeName)".
    public var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object in the order they were written; the parser lets no key come twice.
///
/// Look-up walks the members: documents here have a handful of keys, and a caller that reads a large object walks
/// it once.
public struct JSONObject: Equatable, Sendable {
    /// One key with its value.
    public struct Member: Equatable, Sendable {
        /// The key, unescaped.
        public let key: String
        /// What stands behind the key.
        public var value: JSONValue

        /// A member from its parts.
        public init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The members, first written first.
    public private(set) var members: [Member]

    /// The object `{}`.
    public init() {
        members = []
    }

    /// An object of these members. It is a programmer error to give a key twice.
    public init(_ members: [Member]) {
        self.members = members
    }

    /// How many members there are.
    public var count: Int { members.count }

    /// The value behind a key, nil when there is none. Setting a new key appends it, setting nil removes it.
    public subscript(_ key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key, value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object written as a literal, in that order.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements.map { Member($0.0, $0.1) })
    }
}
