/// Every limit of the control API's connections, each with the reason for its number (reliability.md §2).
enum HTTPServerLimits {
    /// From the first byte of a head to its end: a person's slow link sends 8 KiB in less.
    static let head = Duration.seconds(5)
    /// From the end of the head to the end of the body.
    static let body = Duration.seconds(10)
    /// Kept-alive connections without a request.
    static let idle = Duration.seconds(60)
    /// The longest an answer may be parked: the longest `?wait=` and a margin.
    static let parked = Duration.seconds(130)
    /// Then the connection is closed, so that load spreads again over new ones.
    static let requestsPerConnection = 10_000
    /// Connections at one time; over it the one that is idle longest ends, then none is accepted.
    static let tcpConnections = 256
    /// As above: few programs share one host's socket.
    static let unixConnections = 64
    /// As above: probes and Prometheus.
    static let opsConnections = 32
    /// Bytes of input kept: a body of 64 KiB, its head, and what was pipelined behind.
    static let inputMax = 128 << 10
    /// Bytes of output kept for a client that does not read.
    static let outputMax = 8 << 20
    /// Requests answered in one turn, so that beats come in between.
    static let requestsPerTurn = 64
    /// Client addresses whose write rate is remembered; over it the fullest budgets are forgotten.
    static let rateBuckets = 4096
}
