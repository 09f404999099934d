/// Every limit of the core, each with the reason for its number.
public enum Limits {
    /// A setting may lower it; beyond a million, one process with one loop is the wrong tool.
    public static let registrations = 1_000_000
    /// Nacos clusters have three to seven nodes; metrics keep sixteen names apart.
    public static let servers = 16
    /// Beats closer together than this only heat servers (nacos.md §1.3 suggests it).
    public static let periodMin = Duration.milliseconds(500)
    /// Above it no lease makes sense.
    public static let periodMax = Duration.seconds(60)
    /// The largest interval taken from a server: twice the default lease is a mistake of an operator.
    public static let serverIntervalMax = Duration.seconds(30)
    /// Nacos itself refuses metadata whose keys and values are longer together (nacos.md §2.9), in UTF-16 units.
    public static let metadataLength = 1024
    /// More keys than anyone reads; bounds the work for one document.
    public static let metadataKeys = 64
    /// Same bounds for labels.
    public static let labelKeys = 64
    /// Beats begun in one turn, so that the rest of the turn is reached: twice what a million at 5 s need in 10 ms.
    public static let beatsPerTurn = 4096
    /// Requests that may wait for Nacos at the same time; more are answered as if their wait was over.
    public static let waiters = 1024
    /// The longest `?wait=` of a write.
    public static let waitMax = Duration.seconds(60)
    /// A failing registration is critical after this long without an accepted beat: two default periods.
    public static let criticalAge = Duration.seconds(10)
    /// How long a write waits for the disk before it is answered with 503: clients are promised an answer in a second.
    public static let storageWait = Duration.milliseconds(800)
    /// How often a database that failed is opened anew: space comes back within seconds, and each try costs little.
    public static let storageRetry = Duration.seconds(1)
    /// Restored registrations up to this number are beaten at once: 10 000 a second is what a server takes in passing.
    public static let restoredAtOnce = 5_000
    /// Over how long these are spread: with the start itself it stays below a second.
    public static let restoreSpread = Duration.milliseconds(500)
    /// What a restart may have taken: beats that fell due in that time are made up for first.
    public static let restoreDowntime = Duration.seconds(2)
    /// How often a refused registration is offered again: an upgraded server may take it.
    public static let rejectedRetry = Duration.seconds(60)
    /// How much longer than an instance's delete time-out its deletion is tried: servers sweep every 5 s.
    public static let leaseSlack = Duration.seconds(6)
    /// Between two logins, so that a wrong password never spins (nacos.md §5.3).
    public static let loginSpacing = Duration.seconds(5)
    /// Failures in a row after which a server is quarantined.
    public static let failuresUntilQuarantine = 3
    /// How often a quarantined server is asked: 1 in the normal rate of 20 registrations at 20 s.
    public static let probeInterval = Duration.seconds(1)
    /// Failed beats in a row, with a server that does answer, after which the instance is registered again
    /// (alibaba/nacos#9959: `service not found` for an hour).
    public static let failuresUntilReregister = 3
    /// Characters kept of a server's text.
    public static let detailLength = 200
    /// Registrations on the coarse grid of phases; beyond them the load is dense enough for the fine one.
    public static let coarsePhases = 20_000
}
