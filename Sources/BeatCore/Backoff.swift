/// How long to wait before an attempt is made again, when no other server is left to ask.
enum Backoff {
    /// After the first wait the server is either back or will be a while; the quarantine keeps the cost of asking low.
    static let first = Duration.milliseconds(500)
    static let further = Duration.milliseconds(1500)

    /// The wait before the attempt that follows `waits` earlier waits of the same work.
    static func wait(after waits: UInt8) -> Duration { waits == 0 ? first : further }
}
