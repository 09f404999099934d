import CLibevent
import Glibc

/// The input and output of a plain stream, read and written by itself when libevent says that it can be.
///
/// A bufferevent would ask the kernel how much there is before each read, and keep its bytes in chains: a fifth of what
/// a beat costs. Here a read goes to memory that all streams of a loop share, so that an idle connection holds none;
/// what the owner leaves of it is kept until more comes.
struct PlainBuffers {
    private let descriptor: Int32
    /// Set by `start`; nil before.
    private var readable: OpaquePointer?
    private var writable: OpaquePointer?

    /// The unconsumed input: in the loop's memory within a callback, else in `own`.
    private var first: UnsafeMutableRawPointer?
    private(set) var inputCount = 0
    private var own: UnsafeMutableRawPointer?
    private var ownCapacity = 0
    private var isShared = false

    /// What was written, of which the first `sent` bytes have left.
    private var output: [UInt8] = []
    private var sent = 0

    /// What a read has brought.
    enum Received {
        case bytes
        case nothing
        case end
        case failed(Int32)
    }

    /// Works on a non-blocking descriptor (-1 when there is none), which the caller still closes.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Calls the stream behind `context` back from now on.
    mutating func start(_ loop: EventLoop, context: UnsafeMutableRawPointer) {
        readable = loop.makeEvent(descriptor, EV_READ | EV_PERSIST, context: context) { _, _, context in
            CallbackContext.resource(context, as: Stream.self).becameReadable()
        }
        writable = loop.makeEvent(descriptor, EV_WRITE | EV_PERSIST, context: context) { _, _, context in
            CallbackContext.resource(context, as: Stream.self).becameWritable()
        }
    }

    /// No callback comes any more.
    func stop() {
        event_del(readable)
        event_del(writable)
    }

    mutating func free() {
        if let readable { event_free(readable) }
        if let writable { event_free(writable) }
        giveBack()
    }

    /// Reads from now on, or rests. False when the kernel refused (no memory for epoll).
    func setReading(_ on: Bool) -> Bool { (on ? event_add(readable, nil) : event_del(readable)) == 0 }

    /// Tells when the kernel takes output again, or no longer. False when the kernel refused.
    func setSending(_ on: Bool) -> Bool { (on ? event_add(writable, nil) : event_del(writable)) == 0 }

    // MARK: input

    /// Reads once, `StreamLimits.readMin` beyond `inputMax` at most: with what the owner takes by the byte at the limit,
    /// reads are not as short. `shared` has room for `StreamLimits.readMax`. Behind it and what the owner does upon it
    /// comes `keepRest`.
    mutating func receive(into shared: UnsafeMutableRawPointer, inputMax: Int) -> Received {
        var room = min(StreamLimits.readMax, inputMax + StreamLimits.readMin - inputCount)
        guard room > 0 else { return .nothing }
        let target: UnsafeMutableRawPointer
        if inputCount == 0 {
            target = shared
        } else {
            room = min(room, reserveBehindRest())
            guard let first else { preconditionFailure("\(inputCount) bytes of input are nowhere") }
            target = first + inputCount
        }
        let count = recv(descriptor, target, room, 0)
        let reason = errno
        guard count > 0 else {
            if count == 0 { return .end }
            return reason == EAGAIN || reason == EINTR ? .nothing : .failed(reason)
        }
        if inputCount == 0 {
            first = shared
            isShared = true
        }
        inputCount += count
        return .bytes
    }

    /// Behind a callback: what is left in the loop's memory is kept in the stream's own.
    mutating func keepRest() {
        guard isShared else { return }
        isShared = false
        guard inputCount > 0, let rest = first else { return }
        if ownCapacity < inputCount { allocate(inputCount) }
        own?.copyMemory(from: rest, byteCount: inputCount)
        first = own
    }

    /// All input in one piece; valid until the next call that changes it.
    var input: UnsafeBufferPointer<UInt8> {
        guard let first, inputCount > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: first.assumingMemoryBound(to: UInt8.self), count: inputCount)
    }

    /// Forgets the first bytes of the input.
    mutating func consume(_ count: Int) {
        first = first.map { $0 + count }
        inputCount -= count
        if inputCount == 0, ownCapacity > StreamLimits.inputKept { giveBack() }
    }

    /// Makes room behind a rest in `own`; how much there is.
    private mutating func reserveBehindRest() -> Int {
        guard let base = own, let rest = first else { return 0 }
        let room = ownCapacity - (rest - base) - inputCount
        guard room < StreamLimits.readMin else { return room }
        if ownCapacity - inputCount >= StreamLimits.readMin {
            base.copyMemory(from: rest, byteCount: inputCount)
            first = base
        } else {
            let capacity = 2 * inputCount + StreamLimits.readMin
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
            larger.copyMemory(from: rest, byteCount: inputCount)
            base.deallocate()
            (own, ownCapacity, first) = (larger, capacity, larger)
        }
        return ownCapacity - inputCount
    }

    private mutating func allocate(_ capacity: Int) {
        giveBack()
        own = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
        ownCapacity = capacity
    }

    private mutating func giveBack() {
        own?.deallocate()
        own = nil
        ownCapacity = 0
    }

    // MARK: output

    /// Bytes that were written and not yet taken by the kernel.
    var outputCount: Int { output.count - sent }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        output.append(contentsOf: bytes)
    }

    /// Gives the kernel what it takes of the output, in one call.
    mutating func send() -> Stream.Sent {
        let taken = output.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
            return Glibc.send(
                descriptor, rest.baseAddress, min(rest.count, StreamLimits.writeMax), Int32(MSG_NOSIGNAL))
        }
        let reason = errno
        guard taken >= 0 else { return reason == EAGAIN || reason == EINTR ? .partly : .failed(reason) }
        sent += taken
        guard sent == output.count else {
            // What has left is dropped when it is most of it, so that each byte is moved once at most.
            if sent > output.count / 2 { dropSent() }
            return .partly
        }
        output.removeAll(keepingCapacity: output.capacity <= StreamLimits.outputKept)
        sent = 0
        return .everything
    }

    /// Gives the kernel what it takes of bytes that are in front of all output; how many it took. What is wrong, a `send`
    /// tells of the rest.
    func send(atOnce bytes: UnsafeRawBufferPointer) -> Int {
        max(0, Glibc.send(descriptor, bytes.baseAddress, min(bytes.count, StreamLimits.writeMax), Int32(MSG_NOSIGNAL)))
    }

    private mutating func dropSent() {
        output.removeFirst(sent)
        sent = 0
    }
}
