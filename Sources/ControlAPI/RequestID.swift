/// Names a request in problem documents, in the log and in `X-Request-Id`. Few requests are ever named, so the text is
/// made when it is asked for.
public enum RequestID: Sendable, ExpressibleByStringLiteral {
    /// What the client sent.
    case given(String)
    /// A number that no other request of any process has.
    case number(UInt64)

    /// An id that is known.
    public init(stringLiteral text: String) { self = .given(text) }

    /// The id as text: a number has 16 hexadecimal digits.
    public var text: String {
        switch self {
        case .given(let text): return text
        case .number(let number):
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
    }
}
