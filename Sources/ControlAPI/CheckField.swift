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

    /// Those that say what is looked at: a check has exactly one.
    static let targets: [CheckField] = [.http, .tcp, .pid, .ttl, .exec]

    static let names = allCases.map(\.rawValue)
}
