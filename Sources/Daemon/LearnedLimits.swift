/// What a server has shown of how it keeps connections: how many requests one takes, and how long an idle one may be
/// trusted.
struct LearnedLimits {
    private(set) var requests = NacosClientLimits.requestsPerConnection
    /// Nanoseconds.
    private(set) var idle = NacosClientLimits.idle

    /// A connection is open behind the answer that was thought its last: the server has no such limit.
    mutating func survived(_ answers: Int) {
        if answers >= requests { requests = min(requests * 2, 1 << 40) }
    }

    /// The server closed a connection behind its n-th answer.
    mutating func closedBehind(_ answers: Int) {
        if answers > 0 { requests = min(requests, answers) }
    }

    /// A connection stands that was idle for longer than was trusted: the next one may be trusted as long.
    mutating func stands(idle age: Int64) { idle = min(age, NacosClientLimits.idleMax) }

    /// The server closed a connection that was idle for so long.
    mutating func closed(idle age: Int64) {
        if age > 1_000_000_000 { idle = min(idle, age - 500_000_000) }
    }

    /// How much room a connection has that is not nearly used up.
    var fresh: Int { requests / NacosClientLimits.successorShare }
}

/// How many beats may be in flight on one connection to a server: the setting, and more while it answers as many at
/// once as one alone.
struct LearnedDepth {
    private let setting: Int
    private(set) var beats: Int

    init(_ setting: Int) {
        self.setting = setting
        beats = setting
    }

    /// A connection has no request left without an answer, `nanoseconds` after the first of `count` was written.
    ///
    /// A setting of 1 means that nothing is pipelined, and stays.
    mutating func answered(_ count: Int, nanoseconds: Int64) {
        if nanoseconds > NacosClientLimits.slowWrite {
            beats = max(setting, beats / 2)
        } else if count >= beats, setting > 1, nanoseconds <= NacosClientLimits.quickWrite {
            beats = min(beats * 2, setting * NacosClientLimits.deepening)
        }
    }
}
