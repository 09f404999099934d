import CLibevent
import Glibc

/// The process's one precise timer.
///
/// libevent's own timers look at a coarse clock and come 5 to 8 ms late; this one is a timerfd on absolute monotonic
/// time, watched edge-triggered, so that it is armed again without ever being read. Loop-confined.
public final class LoopTimer: LoopResource {
    private let loop: EventLoop
    private let descriptor: Int32
    private var event: OpaquePointer?
    private var onFire: (() -> Void)?
    /// When it is to fire; nil while disarmed.
    private var armedFor: Int64?
    private var isClosed = false

    /// A disarmed timer. `onFire` runs in a pass of the loop, once for each `arm`, never before its moment.
    public init(_ loop: EventLoop, onFire: @escaping () -> Void) throws(EventLoopError) {
        loop.assertOnLoopThread()
        let descriptor = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
        guard descriptor >= 0 else { throw .refused(call: "timerfd_create", errno: errno) }
        self.loop = loop
        self.descriptor = descriptor
        self.onFire = onFire
        let event = loop.makeEvent(descriptor, EV_READ | EV_ET | EV_PERSIST, context: CallbackContext.begin(self)) {
            _, _, context in
            CallbackContext.resource(context, as: LoopTimer.self).fire()
        }
        self.event = event
        guard event_add(event, nil) == 0 else {
            let reason = errno
            close()
            throw .refused(call: "event_add", errno: reason)
        }
    }

    /// Fires at `nanoseconds` of `MonotonicClock`, at once if that has passed; replaces what was armed before.
    public func arm(at nanoseconds: Int64) {
        loop.assertOnLoopThread()
        guard !isClosed, armedFor != nanoseconds else { return }
        armedFor = nanoseconds
        // Zero would disarm it.
        set(max(1, nanoseconds))
    }

    /// Does not fire until armed again.
    public func disarm() {
        loop.assertOnLoopThread()
        guard !isClosed, armedFor != nil else { return }
        armedFor = nil
        set(0)
    }

    /// Ends the timer; `onFire` is not called afterwards. Idempotent, also inside `onFire`.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        event_del(event)
        armedFor = nil
        onFire = nil
        loop.retire(self)
    }

    func free() {
        event_free(event)
        Glibc.close(descriptor)
    }

    private func fire() {
        // An expiry that was on its way when the timer was disarmed or moved says nothing.
        guard let due = armedFor, MonotonicClock.nanoseconds() >= due else { return }
        armedFor = nil
        onFire?()
    }

    private func set(_ nanoseconds: Int64) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        let result = timerfd_settime(descriptor, Int32(TFD_TIMER_ABSTIME), &setting, nil)
        precondition(result == 0, "timerfd_settime to \(nanoseconds) ns failed: \(SystemError.text(errno))")
    }
}

@available(*, unavailable)
extension LoopTimer: Sendable {}
