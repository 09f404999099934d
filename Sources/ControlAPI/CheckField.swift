/// The fields of a check, in the order in which they are written (control-api.md §4).
enum CheckField: String, CaseIterable, Sendable {
    case http
    case tcp
    case pid
    case ttl
    case exec
    case expect
    case every
    case timeout
    case fall
    case rise
    case grace

    /// The name as a key that needs no escapes.
    var key: StaticString {
        switch self {
        case .http: "http"
        case .tcp: "tcp"
        case .pid: "pid"
        case .ttl: "ttl"
        case .exec: "exec"
        case .expect: "expect"
        case .every: "every"
        case .timeout: "timeout"
        case .fall: "fall"
        case .rise: "rise"
        case .grace: "grace"
        }
    }

    /// Those that say what is looked at: a check has exactly one.
    static let targets: [CheckField] = [.http, .tcp, .pid, .ttl, .exec]

    static let names = allCases.map(\.rawValue)
}
