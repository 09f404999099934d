/// How long to wait before an attempt is made again, when no other server is left to ask.
enum Backoff {
    /// After the first wait the server is either back or will be a while; the quarantine keeps the cost of asking low.
    static let first = Duration.milliseconds(500)
    static let further = Duration.milliseconds(1500)
    /// Between two attempts while the cluster is in trouble, which lasts 4 to 17 s (nacos.md §4.6): twice a period is
    /// soon enough, and what is left of a cluster is not asked more than three times as often.
    static let clusterTrouble = Duration.seconds(2)

    /// The wait before the attempt that follows `waits` earlier waits of the same work.
    static func wait(after waits: UInt8) -> Duration { waits == 0 ? first : further }
}
