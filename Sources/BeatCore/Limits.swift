/// Every limit of the core, each with the reason for its number.
public enum Limits {
    /// A setting may lower it; beyond a million, one process with one loop is the wrong tool.
    public static let registrations = 1_000_000
    /// Nacos clusters have three to seven nodes; metrics keep sixteen names apart.
    public static let servers = 16
    /// Twice the longest list: a whole new one finds places while exchanges with the old servers are in flight.
    public static let serverPlaces = 32
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
    /// Beats that fall due at once: a burst of one to three milliseconds (docs/performance.md).
    static let beatsPerBurst: Int64 = 1250
    /// Beats begun in one turn, so that the rest of the turn is reached: twice what a million at 5 s need in 10 ms.
    public static let beatsPerTurn = 4096
    /// Beats begun in one turn while every server has its fill of them, so that it goes on at all.
    public static let beatsPerFullTurn = 64
    /// Rows read ahead of being worked on: as many as a processor fetches from memory at the same time, and some.
    public static let fetchAhead = 32
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
    /// Then they begin: a server is asked for its dialect first, and what is due before its answer comes at once, which
    /// for ten milliseconds of a million is what a turn takes anyway.
    static let restoreLead = Duration.milliseconds(10)
    /// How fast: so many phases in the time of so many. With 2 s and the default period, all are up to time when the
    /// beats of the next period begin.
    static let restorePace: (phases: Int64, time: Int64) = (5, 3)
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
    /// Registrations whose last attempts are kept: 5.1 MB at most (`History`).
    public static let histories = 10_000
    /// Different texts of servers kept with them, of 200 characters at most: 2 MB. Servers repeat themselves; one that
    /// does not is told without its words.
    static let historyDetails = 4095
    /// Between two beats of one registration that the API asks for: as for `periodMin`.
    public static let askedBeatSpacing = periodMin
    /// Beats that the API asks for within that time, and requests that wait for them.
    static let askedBeats = 256
    /// How long such a request waits: two servers that hang, one after the other, and some.
    static let askedBeatWait = Duration.seconds(8)
    /// How long after a register another node is read: reads lag writes by up to 1.3 s (nacos.md §11.1, §11.4).
    static let verifyDelay = Duration.seconds(3)
    /// How often a node's registrations are looked for, one each time: the whole cost is a list a minute and node.
    static let verifySpacing = Duration.seconds(60)
    /// After that an instance that was missing is looked for again: nodes need up to 17 s to notice one that is gone
    /// (nacos.md §11.3).
    static let verifyAgain = Duration.seconds(20)
    /// Characters kept of a server's text.
    public static let detailLength = 200
    /// Checks of one registration: more than the parts that one instance has.
    public static let checksPerRegistration = 8
    /// Characters that people read of a check's output, in bytes (control-api.md §4).
    public static let checkOutputBytes = 4096
    /// Checks closer together than this only heat their target.
    public static let checkEveryMin = Duration.milliseconds(100)
    /// What is looked at less often than once an hour decides nothing about beats every few seconds.
    public static let checkEveryMax = Duration.seconds(3600)
    /// A connection on the same host needs less than a millisecond; the wheel's slot is 10.
    public static let checkTimeoutMin = Duration.milliseconds(10)
    /// What takes longer than the longest period decides too late.
    public static let checkTimeoutMax = Duration.seconds(60)
    /// Results in a row that may be asked for: with the shortest `every` ten seconds, with the default eight minutes.
    public static let checkRowMax = 100
    /// The slowest start that anyone waits for.
    public static let checkGraceMax = Duration.seconds(3600)
    /// A program that renews by itself does so once a day at least.
    public static let checkTTLMax = Duration.seconds(86_400)
    /// First runs of a registration that Nacos knows already, after a change or a restart, are spread over this in place
    /// of `every`: until then it is held back.
    public static let lateCheckSpread = Duration.milliseconds(500)
    /// Checks begun and maintenances ended in one turn: a check costs 30 µs to begin, so this is 4 ms of a turn.
    public static let agendaPerTurn = 128
    /// A maintenance that lasts longer has no end; then none is to be given.
    public static let maintenanceMax = Duration.seconds(365 * 86_400)
    /// What a reason may say, in bytes: a line or two.
    public static let maintenanceReasonBytes = 512
    /// How often that a check's verdict is still fresh is stored, for one registration: a transaction a second at most.
    static let holdSpacing = Duration.seconds(1)
    /// What a drain does unless it is told otherwise: two lists of Nacos' clients, which poll every 10 s at the latest
    /// and are told by UDP before, and what Kubernetes gives a pod to end.
    public static let drainDefaults = DrainOptions(settle: .seconds(10), timeout: .seconds(30))
    /// The longest time that consumers need to notice: caches of minutes.
    public static let drainSettleMax = Duration.seconds(600)
    /// The longest drain: twice that.
    public static let drainTimeoutMax = Duration.seconds(1200)
    /// What is kept of a drain's time for deregistering: a server that hangs costs 3 s, and TERM goes on behind it.
    public static let drainRemoval = Duration.seconds(2)
    /// Ids that a drain's report shows.
    public static let drainLeftShown = 1000
    /// How long instances are tried to be hidden, before consumers' time begins all the same: one request time-out.
    static let drainHiding = Duration.seconds(3)
    /// How often a drain looks whether it can go on: what it looks at is in memory.
    static let drainLook = Duration.milliseconds(50)
    /// Between two looks for the same instance at a server.
    static let drainLookAgain = Duration.milliseconds(500)
    /// Instances that are looked for at once: each costs a connection.
    static let drainReadings = 8
}
