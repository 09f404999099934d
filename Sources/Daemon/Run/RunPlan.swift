internal import EventLoop
import Glibc

/// What `beatd run` does about its child and its instance, as a value: inputs with `now` in, effects out.
///
/// The instance leaves Nacos before the child is told to stop, and soon after the child has ended by itself.
struct RunPlan {
    /// What has happened.
    enum Input: Equatable {
        /// The child ended.
        case childEnded(ChildEnd)
        /// beatd got a signal.
        case signalled(Int32)
        /// The instance is gone from Nacos, or was given up.
        case deregistered
        /// `nextDeadline` has come.
        case tick
    }

    /// What is to be done.
    enum Effect: Equatable {
        /// Take the instance away; `deregistered` is to follow within the shutdown time-out.
        case deregister
        /// Do not wait for Nacos any longer.
        case giveUp
        /// Send the child a signal.
        case forward(Int32)
    }

    private enum Child: Equatable {
        /// Runs and is wanted.
        case running
        /// Is to get this signal when the instance is gone.
        case waiting(Int32)
        /// The instance is gone; consumers are given time to notice.
        case settling(Int32, until: Int64)
        /// Was told to stop.
        case stopping(killAt: Int64)
        /// Was killed.
        case killed
        case ended(ChildEnd)
    }

    private enum Instance { case kept, leaving, gone }

    private let settle: Int64
    private let stopTimeout: Int64
    private var child = Child.running
    private var instance = Instance.kept

    /// Both times in nanoseconds.
    init(settle: Int64, stopTimeout: Int64) {
        self.settle = settle
        self.stopTimeout = stopTimeout
    }

    /// The status to end with, once nothing is left to do.
    var exitStatus: Int32? {
        guard case .ended(let end) = child, instance == .gone else { return nil }
        return end.shellStatus
    }

    /// When `tick` is wanted, in nanoseconds of the monotonic clock.
    var nextDeadline: Int64? {
        switch child {
        case .settling(_, let until): until
        case .stopping(let killAt): killAt
        case .running, .waiting, .killed, .ended: nil
        }
    }

    mutating func handle(_ input: Input, at now: Int64) -> [Effect] {
        switch input {
        case .childEnded(let end):
            child = .ended(end)
            return takeAway()
        case .signalled(let signal): return signal == SIGTERM || signal == SIGINT ? stop(signal, at: now) : pass(signal)
        case .deregistered:
            instance = .gone
            guard case .waiting(let signal) = child else { return [] }
            guard settle > 0 else { return tell(signal, at: now) }
            child = .settling(signal, until: now + settle)
            return []
        case .tick: return tick(at: now)
        }
    }

    private mutating func tick(at now: Int64) -> [Effect] {
        switch child {
        case .settling(let signal, let until) where until <= now: return tell(signal, at: now)
        case .stopping(let killAt) where killAt <= now: return end()
        case .running, .waiting, .settling, .stopping, .killed, .ended: return []
        }
    }

    /// Each further request to stop skips what the one before waits for.
    private mutating func stop(_ signal: Int32, at now: Int64) -> [Effect] {
        switch child {
        case .running:
            child = .waiting(signal)
            // The instance may be gone already only when the child is.
            return takeAway()
        case .waiting, .settling: return tell(signal, at: now)
        case .stopping: return end()
        case .killed, .ended: return instance == .leaving ? [.giveUp] : []
        }
    }

    private mutating func tell(_ signal: Int32, at now: Int64) -> [Effect] {
        child = .stopping(killAt: now + stopTimeout)
        return [.forward(signal)]
    }

    private mutating func end() -> [Effect] {
        child = .killed
        return [.forward(SIGKILL)]
    }

    private func pass(_ signal: Int32) -> [Effect] {
        if case .ended = child { return [] }
        return [.forward(signal)]
    }

    private mutating func takeAway() -> [Effect] {
        guard instance == .kept else { return [] }
        instance = .leaving
        return [.deregister]
    }
}
