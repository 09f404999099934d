import CLibevent
import Glibc

/// Signals as callbacks of the loop. Loop-confined.
///
/// libevent delivers signals to one loop of a process at a time: have only one source open, on one loop.
public final class SignalSource: LoopResource {
    private let loop: EventLoop
    private var events: [OpaquePointer] = []
    private var onSignal: ((Int32) -> Void)?

    /// Takes the signals over from their default actions; `onSignal` gets the number, in a pass of the loop.
    public init(_ loop: EventLoop, signals: [Int32], onSignal: @escaping (Int32) -> Void) throws(EventLoopError) {
        loop.assertOnLoopThread()
        self.loop = loop
        self.onSignal = onSignal
        let context = CallbackContext.begin(self)
        for signal in signals {
            let event = loop.makeEvent(signal, EV_SIGNAL | EV_PERSIST, context: context) { signal, _, context in
                CallbackContext.resource(context, as: SignalSource.self).onSignal?(signal)
            }
            events.append(event)
            guard event_add(event, nil) == 0 else {
                let reason = errno
                close()
                throw .refused(call: "event_add for signal \(signal)", errno: reason)
            }
        }
    }

    /// Gives the signals their former actions back. Idempotent, also inside `onSignal`.
    public func close() {
        guard onSignal != nil else { return }
        onSignal = nil
        for event in events { event_del(event) }
        loop.retire(self)
    }

    func free() {
        for event in events { event_free(event) }
    }

    /// Makes writing to a closed socket or pipe an error (EPIPE) instead of the end of the process. Call it first in
    /// `main`: streams send with `writev`, which has no flag for it.
    public static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}

@available(*, unavailable)
extension SignalSource: Sendable {}
