import CLibevent
import Glibc

/// A libevent loop that its owner turns by hand, one pass at a time.
///
/// The loop and everything made on it are confined to the thread that made the loop; debug builds assert it. What is
/// open on a loop keeps the loop alive and is kept alive by it, until it is closed. Nothing is freed inside a
/// callback: closing only marks, and the loop frees after the pass.
public final class EventLoop {
    /// The libevent base; not locked, since only one thread comes here.
    let base: OpaquePointer
    /// Where streams read to, one after the other.
    let shared = UnsafeMutableRawPointer.allocate(byteCount: StreamLimits.readMax, alignment: 64)
    private let thread = pthread_self()
    private var closed: [any LoopResource] = []
    private var unsent: [Stream] = []
    private var isInPass = false

    /// A loop on epoll for the calling thread.
    public init() throws(EventLoopError) {
        guard let config = event_config_new() else {
            throw .refused(call: "event_config_new", errno: ENOMEM)
        }
        defer { event_config_free(config) }
        // No environment variable may choose another backend: the timer needs edge-triggered events.
        event_config_set_flag(config, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue | EVENT_BASE_FLAG_IGNORE_ENV.rawValue))
        event_config_require_features(config, Int32(EV_FEATURE_ET.rawValue))
        errno = 0
        guard let base = event_base_new_with_config(config) else {
            throw .refused(call: "event_base_new_with_config", errno: errno)
        }
        self.base = base
    }

    deinit {
        event_base_free(base)
        shared.deallocate()
    }

    /// One pass: sends what was written since the last one, waits for events (or not), runs their callbacks, then
    /// frees what was closed.
    ///
    /// With `waiting` it returns after at least one callback, which may be that output was sent.
    public func runOnce(waiting: Bool) {
        assertOnLoopThread()
        precondition(!isInPass, "runOnce was called from a callback of the loop")
        freeClosed()
        isInPass = true
        let hasToldOwner = sendUnsent()
        // What an owner did upon it waits for its turn.
        let mayWait = waiting && unsent.isEmpty && !hasToldOwner
        event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | (mayWait ? 0 : EVLOOP_NONBLOCK))
        isInPass = false
        freeClosed()
    }

    /// Frees what was closed outside a pass and closes its descriptors. Has no effect inside a callback, where the
    /// pass itself does it when it ends.
    public func freeClosed() {
        assertOnLoopThread()
        guard !isInPass else { return }
        while !closed.isEmpty {
            // What was written to them last has nowhere to go; kept, they would keep the loop, which keeps them.
            unsent.removeAll { $0.isClosed }
            // Freeing may drop an owner whose deinit closes more.
            let batch = closed
            closed = []
            for resource in batch {
                resource.free()
                CallbackContext.end(resource)
            }
        }
    }

    /// The version of the libevent that runs, such as "2.1.12-stable".
    public static var libeventVersion: String {
        String(cString: event_get_version())
    }

    /// Hands a closed resource over to be freed after the pass.
    func retire(_ resource: any LoopResource) {
        assertOnLoopThread()
        closed.append(resource)
    }

    /// Has the stream's output sent when the next pass begins, so that all writes of a turn leave in one `writev`.
    func sendSoon(_ stream: Stream) {
        unsent.append(stream)
    }

    /// A new event with its context; it is not added yet. `descriptor` is -1 for timers and a signal for EV_SIGNAL.
    func makeEvent(
        _ descriptor: Int32, _ kinds: Int32, context: UnsafeMutableRawPointer,
        callback: @escaping @convention(c) (Int32, Int16, UnsafeMutableRawPointer?) -> Void
    ) -> OpaquePointer {
        guard let event = event_new(base, descriptor, Int16(kinds), callback, context) else {
            preconditionFailure("event_new(\(descriptor), \(kinds)) failed: out of memory")
        }
        return event
    }

    /// Stops debug builds that use a loop-confined object on another thread.
    @inline(__always)
    func assertOnLoopThread() {
        assert(pthread_equal(thread, pthread_self()) != 0, "used outside the thread of its loop")
    }

    /// True when an owner was told of something.
    private func sendUnsent() -> Bool {
        guard !unsent.isEmpty else { return false }
        // What callbacks write while this goes on leaves in the next pass: the work of one pass stays bounded.
        var batch: [Stream] = []
        swap(&batch, &unsent)
        var hasToldOwner = false
        for stream in batch where stream.sendOutput() { hasToldOwner = true }
        if unsent.isEmpty {
            batch.removeAll(keepingCapacity: true)
            swap(&batch, &unsent)
        }
        return hasToldOwner
    }
}

@available(*, unavailable)
extension EventLoop: Sendable {}
