/// Every limit of the control API's connections, each with the reason for its number (reliability.md §2).
///
/// Those that a test cannot wait for, or cannot fill, are values of a server; the rest are constants.
struct HTTPServerLimits {
    /// From the first byte of a head to its end: a person's slow link sends 8 KiB in less.
    var head = Duration.seconds(5)
    /// From the end of the head to the end of the body.
    var body = Duration.seconds(10)
    /// Kept-alive connections without a request.
    var idle = Duration.seconds(60)
    /// From an answer that the kernel did not take at once to its last byte: 1 MiB at 35 KB/s.
    var drain = Duration.seconds(30)
    /// The longest an answer may be parked: the longest `?wait=` and a margin.
    var parked = Duration.seconds(130)
    /// The same once the client has sent all it will send. Nearly always that means that it has left, and whoever only
    /// closed its sending side gets what a healthy Nacos answers well within it.
    var parkedHalfClosed = Duration.seconds(5)
    /// Then the connection is closed, so that load spreads again over new ones.
    var requestsPerConnection = 10_000
    /// Connections at one time; over it the one that is idle longest ends, then none is accepted.
    var tcpConnections = 256
    /// As above: few programs share one host's socket.
    var unixConnections = 64
    /// As above: probes and Prometheus.
    var opsConnections = 32

    /// Bytes of input kept: a body of 64 KiB, its head, and what was pipelined behind.
    static let inputMax = 128 << 10
    /// Bytes of output kept for a client that does not read: the largest answer, a page of the list printed prettily,
    /// is below 800 KiB, and no further request is read while more than `outputHeld` waits.
    static let outputMax = 1 << 20
    /// Bytes of output that may wait while a further pipelined request is answered: what a socket buffer takes.
    static let outputHeld = 64 << 10
    /// Bytes of a body up to which it is copied behind its head, so that both are handed over at once.
    static let copiedBody = 4 << 10
    /// Requests answered in one turn, so that beats come in between.
    static let requestsPerTurn = 64
    /// Time for requests in one turn, for the same reason; one that takes longer is the last of its turn.
    static let turnNanoseconds: Int64 = 2_000_000
    /// Time for batches and imports in one turn, and as much for exports.
    static let bulkNanoseconds: Int64 = 1_000_000
    /// Time for answers that are put together in portions, which may take as long as all other requests.
    static let gatherNanoseconds: Int64 = 2_000_000
    /// Time for writing events to those who follow, for the same reason.
    static let eventNanoseconds: Int64 = 1_000_000
    /// Client addresses whose write rate is remembered; over it the fullest budgets are forgotten.
    static let rateBuckets = 4096
}
