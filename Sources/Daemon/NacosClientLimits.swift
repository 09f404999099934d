/// Every limit of the Nacos client, each with the reason for its number.
enum NacosClientLimits {
    /// Beats put on one idle connection in one write before the next connection is used (performance.md: 4 save a
    /// third of the cost at small numbers).
    static let beatsPerWrite = 4
    /// How far a pool may grow beyond its setting while every connection is full: slow servers are better served by
    /// more connections than by late beats. 8 × 16 = 128.
    static let growth = 16
    /// Tomcat closes a connection with its 100th answer (nacos.md §10.1); what survives that has no such limit.
    static let requestsPerConnection = 100
    /// r-nacos closes an idle connection after 4.5 s (nacos.md §10.1).
    static let idle: Int64 = 4_000_000_000
    /// Connections kept idle longer than this are closed: Tomcat does it after 60 s.
    static let idleMax: Int64 = 55_000_000_000
    /// How often one exchange may be sent again because its connection ended without a byte of an answer.
    static let resends: UInt8 = 2
    /// Bytes of answers waiting on one connection: sixteen of the largest sane beat answers.
    static let inputMax = 256 << 10
    /// Bytes of requests waiting on one connection.
    static let outputMax = 256 << 10
}
