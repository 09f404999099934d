/// The part of a registration that every beat touches: small, trivial, in one dense array.
struct Row {
    /// Where the registration stands.
    enum Stage: UInt8 {
        /// The place is free.
        case vacant
        /// Wanted, and not refused. Entered by `addBeatInfo`; leaves to `refused` by a 4xx to a register, to
        /// `leaving` by `removeBeatInfo`.
        case kept
        /// Nacos refused this generation; offered again every `Limits.rejectedRetry`. Leaves to `kept` by a change,
        /// by being posted again or by that retry, to `leaving` by `removeBeatInfo`.
        case refused
        /// A tombstone: `stopped` in the words of BeatInfo. Leaves to `vacant` when Nacos confirmed or the lease is
        /// over, to `kept` when the same key is posted again.
        case leaving
    }

    /// What is going on.
    enum Activity: Equatable {
        /// Nothing is in flight.
        case idle
        /// One exchange is with the shell. Its reply, and only its reply, ends this.
        case inFlight(Exchange.Kind, generation: UInt32, server: ServerIndex)
        /// The last attempt failed everywhere; the wheel wakes it for the next one.
        case backingOff(Exchange.Kind)
    }

    /// One piece of work with its retries.
    struct Attempt {
        /// When it was due: budget and lateness count from here.
        var due = Instant(nanoseconds: 0)
        /// Servers asked since the last wait and the last answer that was not a failure of theirs, a bit each.
        var tried: UInt32 = 0
        /// The API that the exchange in flight uses.
        var dialect = Dialect.v1
        /// Exchanges begun.
        var sends: UInt16 = 0
        /// Waits so far.
        var waits: UInt8 = 0
        /// How the last exchange ended; `connect` while no server could be asked.
        var outcome = BeatOutcome.connect
        /// Why the next exchange is another attempt.
        var retryReason = RetryReason.connect
    }

    /// The beat that ended last.
    struct LastBeat {
        var at = Row.never
        var latency: Int32 = 0  // microseconds
        var code: Int16 = 0
        var outcome = BeatOutcome.ok
        var server: ServerIndex = 0
    }

    static let never = Instant(nanoseconds: .min)
    static let noTick: Int64 = -1
    static let noServer: ServerIndex = .max
    /// Whichever server is asked: the first beat after a restart is light, so that one which lost the instance says so.
    static let anyServer: ServerIndex = .max - 1

    /// That of the key: where its phase is, and how it is found.
    var fingerprint: UInt64 = 0
    /// Rises each time the place is used anew.
    var epoch: UInt32 = 0
    var generation: UInt32 = 0
    /// The generation that Nacos accepted; 0: it has to be registered.
    var acceptedGeneration: UInt32 = 0
    var periodTicks: UInt16 = 0
    var stage = Stage.vacant
    var state = RegistrationState.pending
    /// The state that was published last.
    var told = RegistrationState.pending
    /// The server that allowed light beats, `noServer` for none, `anyServer` before the first answer after a restart.
    var lightServer = Row.noServer
    /// Java's hash of `ip:port`: which node of a cluster is responsible.
    var distroHash: Int32 = 0
    /// The dialect in which Nacos accepted it.
    var dialect: Dialect?
    /// The server that answered last.
    var server = Row.noServer
    /// Something that makes the instance at Nacos has been sent and not been taken back.
    var mayExist = false
    /// A tombstone that was posted again: the deletion comes before the registration.
    var mustDeregisterFirst = false
    /// Left to expire at Nacos, by request.
    var withoutDeregister = false
    /// How far checks or a person hold it back.
    var hold = Hold.none
    /// It is registered with `enabled=false` for that reason.
    var isHidden = false
    /// What the document says of it.
    var enabled = true
    /// Leaves the table and stays stored: the process ends, and the next one is to go on.
    var staysStored = false
    /// That Nacos accepted this generation was handed over to be stored.
    var acceptedIsStored = false
    var activity = Activity.idle
    /// Held up by trouble of the cluster. Entered by `clusterTrouble`, left by `endTrouble`.
    var isTroubled = false
    /// Failed scheduled beats in a row, those that cluster trouble cost not counted.
    var failures: UInt16 = 0
    /// The tick of the next scheduled beat; `noTick` before the first acceptance.
    var nextDue = Row.noTick
    var attempt = Attempt()
    var lastSent = Row.never
    /// Nacos accepted a beat or a register.
    var lastAccepted = Row.never
    /// Nacos accepted a beat: gaps are counted from here.
    var lastAcceptedBeat = Row.never
    var lastBeat = LastBeat()
}
