public import BeatCore

/// What a request is answered against beside the core: the time, and how the process is.
public struct Context: Sendable {
    /// The turn's instant.
    public var now: Instant
    /// The wall clock at `now`; other instants are told by it. While the shell keeps the difference of the two the
    /// same between clock jumps, an instant is told alike in every answer.
    public var wall: WallTime
    /// Names the request in problem documents and in the log.
    public var requestID: RequestID
    /// When the process began.
    public var started: Instant
    /// Whether the process is ending: reads go on, writes are refused.
    public var draining: Bool
    /// Whether everything that was stored is back; before it, `/readyz` and `/startupz` answer 503.
    public var restored: Bool
    /// Whether the loop turned within the last 5 s.
    public var loopResponsive: Bool
    /// Whether the request was parked (`Handling.park`) and is to be answered now.
    public var waited: Bool
    /// Event streams that are open.
    public var openStreams: Int
    /// Why `/readyz` answers 503 for the sake of storage, in words; nil when all is well.
    public var storageProblem: String?

    /// A context from its parts.
    public init(
        now: Instant, wall: WallTime, requestID: RequestID, started: Instant, draining: Bool = false,
        restored: Bool = true, loopResponsive: Bool = true, waited: Bool = false,
        openStreams: Int = 0, storageProblem: String? = nil
    ) {
        self.now = now
        self.wall = wall
        self.requestID = requestID
        self.started = started
        self.draining = draining
        self.restored = restored
        self.loopResponsive = loopResponsive
        self.waited = waited
        self.openStreams = openStreams
        self.storageProblem = storageProblem
    }
}

extension Context {
    /// An instant of this process on the wall clock.
    func wall(_ at: Instant) -> WallTime { wall.moved(from: now, to: at) }

    /// An instant of this process on the wall clock: RFC 3339, UTC, milliseconds.
    func text(_ at: Instant) -> String { wall(at).rfc3339 }
}

extension WallTime {
    /// The wall clock at an instant, when this is what it said at another one.
    func moved(from now: Instant, to at: Instant) -> WallTime {
        // Both cut to whole milliseconds, so that an instant is told alike whenever it is told.
        WallTime(milliseconds: milliseconds - now.wholeMilliseconds + at.wholeMilliseconds)
    }
}
