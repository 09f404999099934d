internal import BeatCore
internal import ControlAPI
internal import EventLoop

/// The turn's time on both clocks. The difference is kept, so that an instant is told alike in every answer, until
/// the wall clock is seen to have been set.
struct Clocks {
    private(set) var now = Instant(nanoseconds: MonotonicClock.nanoseconds())
    private(set) var jumps = LabelTally<ClockDirection>()
    /// Wall milliseconds at monotonic zero.
    private var offset: Int64
    private var dateSecond: Int64 = -1
    private var dateText = ""
    /// What slewing and rounding may move the clocks apart before the difference is taken anew.
    private static let tolerated: Int64 = 50
    /// A difference that somebody made.
    private static let jump: Int64 = 1000

    init() { offset = WallClock.milliseconds() - now.nanoseconds / 1_000_000 }

    /// Reads both clocks, once a turn.
    mutating func read() {
        now = Instant(nanoseconds: MonotonicClock.nanoseconds())
        let apart = WallClock.milliseconds() - now.nanoseconds / 1_000_000 - offset
        guard abs(apart) > Self.tolerated else { return }
        offset += apart
        if abs(apart) >= Self.jump { jumps[apart > 0 ? .forward : .backward] += 1 }
    }

    /// The wall clock at monotonic zero, in milliseconds: what tells stored times from instants.
    var zeroMilliseconds: Int64 { offset }

    var wall: WallTime { WallTime(milliseconds: now.nanoseconds / 1_000_000 + offset) }

    /// The `Date` of answers, made once a second.
    mutating func httpDate() -> String {
        let second = wall.milliseconds / 1000
        if second != dateSecond {
            dateSecond = second
            dateText = wall.httpDate
        }
        return dateText
    }
}
