/// On which ticks a registration beats: its phase, a hash of the key within the period.
///
/// The load is flat whatever the order of registrations, and the same key has the same phase in every process.
enum Phase {
    /// 50 ms: each wake-up of the process serves several beats, which is what a beat costs at small numbers.
    static let coarseGrid: Int64 = 10

    /// The grid for a registration with this period in a table of this size: 50, 25, 10 or 5 ms, in slots.
    ///
    /// The coarsest with which no more than `Limits.beatsPerBurst` fall due at once, if the others have periods like this
    /// one: fewer wake the process for little, and of more the last are late.
    static func grid(registrations: Int, periodTicks: Int64) -> Int64 {
        let most = Limits.beatsPerBurst * periodTicks
        let registrations = Int64(registrations)
        if registrations * coarseGrid <= most { return coarseGrid }
        if registrations * 5 <= most { return 5 }
        return registrations * 2 <= most ? 2 : 1
    }

    /// The first tick after `tick` on which a key with this fingerprint beats.
    static func next(after tick: Int64, fingerprint: UInt64, periodTicks: Int64, grid: Int64) -> Int64 {
        // The phase on the finest grid, so that a change of the grid moves nothing by more than a step of it.
        let fine = Int64(fingerprint % UInt64(periodTicks))
        let phase = fine - fine % grid
        let begin = tick - tick % periodTicks + phase
        return begin > tick ? begin : begin + periodTicks
    }
}

/// The time between beats, in whole ticks.
enum Period {
    /// Whole slots, rounded down: a little early is safe, late is not.
    static func ticks(_ period: Duration) -> UInt16 {
        let bounded = min(max(period, Limits.periodMin), Limits.periodMax)
        return UInt16(bounded.wholeNanoseconds / TimingWheel.slotNanoseconds)
    }

    static func duration(ticks: UInt16) -> Duration { .nanoseconds(Int64(ticks) * TimingWheel.slotNanoseconds) }

    /// What becomes of a server's `clientBeatInterval` (nacos.md §4.3).
    enum Directed: Equatable {
        /// Beat with this period.
        case use(Duration)
        /// The server gave none; the registration's own period counts.
        case own
        /// No interval that anyone means: the own period counts, and it is worth counting.
        case bad
    }

    /// A larger interval than this is a mistake, not a wish: the lease would be over ten times.
    private static let absurd = Duration.seconds(300)

    /// Clamped to 500 ms … 30 s, and to two thirds of the instance's own time-outs, so that one lost beat does not
    /// cost the instance; what the client itself asked for is never shortened.
    static func directed(_ milliseconds: Int64?, for document: RegistrationDocument) -> Directed {
        guard let milliseconds, milliseconds != 0 else { return .own }
        guard milliseconds > 0, milliseconds <= absurd.wholeMilliseconds else { return .bad }
        let asked = Duration.milliseconds(milliseconds)
        let timeouts = min(
            PreservedMetadata.timeout(in: document.metadata), PreservedMetadata.deleteTimeout(in: document.metadata))
        let ceiling = min(Limits.serverIntervalMax, max(document.requestedPeriod, timeouts * 2 / 3))
        return .use(min(max(asked, Limits.periodMin), ceiling))
    }
}
