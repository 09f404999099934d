import CLibevent
import Glibc

/// The loop's end of a bounded queue that any thread posts to. Loop-confined; `sender` is the other end.
///
/// Messages do not call back: the loop wakes up, and its owner drains the mailbox at its place in the turn.
public final class Mailbox<Message: Sendable>: LoopResource {
    /// The end to post with.
    public let sender: MailboxSender<Message>
    private let loop: EventLoop
    private var event: OpaquePointer?

    /// An empty mailbox that takes up to `capacity` messages between two drains.
    public init(_ loop: EventLoop, capacity: Int) throws(EventLoopError) {
        loop.assertOnLoopThread()
        self.loop = loop
        sender = try MailboxSender(capacity: capacity)
        // Edge-triggered: each write to the eventfd is an edge, so that it need never be read.
        let event = loop.makeEvent(
            sender.wakeUp, EV_READ | EV_ET | EV_PERSIST, context: CallbackContext.begin(self)
        ) { _, _, _ in }
        self.event = event
        guard event_add(event, nil) == 0 else {
            let reason = errno
            close()
            throw .refused(call: "event_add", errno: reason)
        }
    }

    /// All messages since the last drain, each sender's in the order of its posts.
    public func drain() -> [Message] {
        loop.assertOnLoopThread()
        return sender.takeAll()
    }

    /// Drops what was not drained and takes no more. Idempotent.
    public func close() {
        loop.assertOnLoopThread()
        guard sender.closeQueue() else { return }
        event_del(event)
        loop.retire(self)
    }

    func free() {
        if let event { event_free(event) }
    }
}

@available(*, unavailable)
extension Mailbox: Sendable {}

/// The end of a mailbox for every thread.
public final class MailboxSender<Message: Sendable>: Sendable {
    private struct Queue: Sendable {
        var messages: [Message] = []
        var isOpen = true
    }

    fileprivate let wakeUp: Int32
    private let capacity: Int
    private let queue = Locked(Queue())

    fileprivate init(capacity: Int) throws(EventLoopError) {
        self.capacity = capacity
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard wakeUp >= 0 else { throw .refused(call: "eventfd", errno: errno) }
    }

    deinit {
        if wakeUp >= 0 { close(wakeUp) }
    }

    /// Leaves a message for the loop and wakes it up, which costs a system call only for the first message after a
    /// drain. False when the mailbox is full or closed: the message was not taken. Any thread.
    public func post(_ message: Message) -> Bool {
        let (taken, isFirst) = queue.withLock { queue in
            guard queue.isOpen, queue.messages.count < capacity else { return (false, false) }
            queue.messages.append(message)
            return (true, queue.messages.count == 1)
        }
        if isFirst { eventfd_write(wakeUp, 1) }
        return taken
    }

    fileprivate func takeAll() -> [Message] {
        queue.withLock { queue in
            var messages: [Message] = []
            swap(&messages, &queue.messages)
            return messages
        }
    }

    /// False when it was closed before.
    fileprivate func closeQueue() -> Bool {
        queue.withLock { queue in
            defer { queue = Queue(messages: [], isOpen: false) }
            return queue.isOpen
        }
    }
}
