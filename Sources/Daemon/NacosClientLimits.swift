internal import HTTPWire

/// Every limit of the Nacos client, each with the reason for its number.
enum NacosClientLimits {
    /// For the list of servers: sixteen of the longest names with comments are below 8 KiB; heads as those of Nacos.
    static let serverList = HTTPLimits(headBytes: 16 << 10, fieldCount: 64, targetBytes: 0, bodyBytes: 64 << 10)
    /// Beats put on one idle connection in one write before the next connection is used (performance.md: 4 save a
    /// third of the cost at small numbers).
    static let beatsPerWrite = 4
    /// How far a pool may grow beyond its setting while every connection is full: slow servers are better served by
    /// more connections than by late beats. 8 × 16 = 128.
    static let growth = 16
    /// How far a connection may be pipelined beyond the setting at a server that answers quickly: a write costs as
    /// much as ten beats (docs/performance.md), and 4 × 16 = 64 are taken in one by every server of nacos.md §10.
    static let deepening = 4
    /// Answers to all that a connection had in flight within this, nanoseconds, are quick: more may be. A Nacos of four
    /// cores takes 5 ms for 16 (nacos.md §10), and is better served by more connections.
    static let quickWrite: Int64 = 2_000_000
    /// Later than this, nanoseconds, fewer may be again.
    static let slowWrite: Int64 = 20_000_000
    /// How many connections a pool of this setting has at most: grown, and a fourth more for those that are nearly used
    /// up and have their successors beside them.
    static func connectionsMax(_ setting: Int) -> Int { setting * growth * (successorShare + 1) / successorShare }
    /// How long a beat waits for room before the pool grows: the bursts of a million registrations are over sooner, and
    /// a beat is not late by it (reliability.md, P4).
    static let waitForGrowth = Duration.milliseconds(5)
    /// An answer that took as long makes the server be used unpipelined: a beat that a node hands on to a hung one takes
    /// 2.0 s (nacos.md §4.6), and no other answer of a server that is well takes half of that.
    static let slowAnswer: Int64 = 1_500_000_000
    /// How long a server is used unpipelined after a slow answer or trouble of its cluster: the longest such trouble
    /// lasts 17 s (nacos.md §11.3).
    static let unpipelined = Duration.seconds(30)
    /// While an exchange waits longer than this, no other is written behind one, if the pool can grow: the server may be
    /// slow, or hang. Above the way to the far side of the earth and back.
    static let stuck: Int64 = 400_000_000
    /// A deadline noticed later than this, nanoseconds, says that this process was held up: timers are 10 ms late, and
    /// the longest turn that was seen under attack is half of it.
    static let heldUp: Int64 = 200_000_000
    /// How long answers are looked for that came while this process was held up.
    static let heldUpGrace = Duration.milliseconds(50)
    /// In how many turns they are looked for at least, however long those take: the one in which that was noticed, and
    /// the next one, which reads what all connections have.
    static let heldUpTurns = 2
    /// How long an exchange that waited behind one that timed out is tried again at the same server: one that is well
    /// answers in a fraction, and the beat still has time for another server.
    static let secondChance = Duration.milliseconds(500)
    /// Registers and deregisters, each alone on a connection, get one more of them for every so much that they wait:
    /// none is needed at a near server, many at a far one.
    static let waitPerConnection = Duration.milliseconds(10)
    /// How many request time-outs a register may wait for a connection: a flood of them is served in turn.
    static let registerPatience: Int64 = 3
    /// A connection with less room than this share of its limit has its successor opened: connecting takes a round trip.
    static let successorShare = 4
    /// Tomcat closes a connection with its 100th answer (nacos.md §10.1); what survives that has no such limit.
    static let requestsPerConnection = 100
    /// r-nacos closes an idle connection after 4.5 s (nacos.md §10.1).
    static let idle: Int64 = 4_000_000_000
    /// Connections above the setting end when they are idle for so long.
    static let surplus: Int64 = 5_000_000_000
    /// Connections kept idle longer than this are closed: Tomcat does it after 60 s.
    static let idleMax: Int64 = 55_000_000_000
    /// How often one exchange may be sent again because its connection ended without a byte of an answer.
    static let resends: UInt8 = 2
    /// For how long no connection is opened to a TLS server that ended one before its first answer, or did not come
    /// through the handshake: a refusal of our certificate is a handshake's work for both sides, and stays one. Half of
    /// what the core waits before it asks a server that is down again.
    static let tlsRest = Duration.milliseconds(500)
    /// Bytes of answers waiting on one connection: sixteen of the largest sane beat answers.
    static let inputMax = 256 << 10
    /// Bytes of requests waiting on one connection: sixty-four of the largest, whose metadata is 1024 characters.
    static let outputMax = 1 << 20
}
