import Glibc
import Testing

/// Tests whose figures are times: on a machine that is busy with other things they say nothing about beatd, so they run
/// by a command of their own, `make timed`, and a plain `make test` passes them over.
enum TimedTests {
    static var areOn: Bool { getenv("BEATD_TIMED") != nil }
    static let why: Comment = "a timing claim: run it with make timed on a quiet machine"
}
