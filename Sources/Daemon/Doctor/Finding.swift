/// What `beatd doctor` found of one thing.
struct Finding: Equatable {
    enum Mark: String {
        case ok, warn, fail
    }

    var mark: Mark
    /// What was looked at: `tcp 10.0.0.1:8848`.
    var subject: String
    var detail: String
    /// What to do; empty where nothing is to be done.
    var fix = ""

    /// `fail  tcp 10.0.0.1:8848: Connection refused`, and the fix on a line of its own.
    var text: String {
        let front = mark.rawValue + String(repeating: " ", count: 6 - mark.rawValue.count)
        return "\(front)\(subject): \(detail)\n" + (fix.isEmpty ? "" : "      \(fix)\n")
    }
}
