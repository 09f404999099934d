/// How much a line matters. A log writes its own level and all above.
public enum LogLevel: Int, CaseIterable, Comparable, Sendable {
    case debug, info, warn, error

    /// The name in settings and in lines.
    public var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warn: "warn"
        case .error: "error"
        }
    }

    /// The level with this name.
    public init?(name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// Matters less than.
    public static func < (lhs: LogLevel, rhs: LogLevel) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// How lines look.
public enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object a line, for collectors.
    case json
    /// `key=value` pairs, for both.
    case logfmt
    /// Time, level and message, then pairs, for people.
    case text
}

/// A value of a field.
public enum LogValue: Equatable, Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A string written as a literal.
    public init(stringLiteral value: String) { self = .string(value) }

    /// An integer written as a literal.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// A boolean written as a literal.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// One line of the log, before it is text (operations.md §7).
///
/// A line tells one change of state. Tokens, the values of `accessToken` and values of metadata never go in.
public struct LogRecord: Equatable, Sendable {
    /// A field beside the fixed ones.
    public struct Field: Equatable, Sendable {
        /// The key, `[a-z_]+`, by convention the name of the metric label or document field.
        public let name: String
        /// The value.
        public let value: LogValue
    }

    /// How much it matters.
    public var level: LogLevel
    /// What happened, in constant words: what varies goes into fields, so that lines can be grouped.
    public var message: String
    /// A constant slug, `server.down`; repeats of one slug are rationed.
    public var event: String
    /// The registration's id.
    public var beat: String?
    /// The Nacos server, `host:port`.
    public var server: String?
    /// The code a peer answered with.
    public var code: Int?
    /// How long it took.
    public var duration: Duration?
    /// What went wrong, as the system or a peer said it.
    public var error: String?
    /// More, in this order.
    public var fields: [Field]

    /// A record from its parts; `fields` keep the order of the literal.
    public init(
        _ level: LogLevel, _ message: String, event: String, beat: String? = nil, server: String? = nil,
        code: Int? = nil, duration: Duration? = nil, error: String? = nil,
        fields: KeyValuePairs<String, LogValue> = [:]
    ) {
        self.level = level
        self.message = message
        self.event = event
        self.beat = beat
        self.server = server
        self.code = code
        self.duration = duration
        self.error = error
        self.fields = fields.map { Field(name: $0.key, value: $0.value) }
    }
}
