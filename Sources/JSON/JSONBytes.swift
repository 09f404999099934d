/// Bytes that grow at their end. An array would check at each addition whether somebody else holds it.
struct JSONBytes: ~Copyable {
    /// An object, which malloc has at hand; memory that is asked for by a pointer is aligned, which takes four times as
    /// long.
    private var memory: ManagedBuffer<Void, UInt8>
    private var start: UnsafeMutablePointer<UInt8>
    private var next: UnsafeMutablePointer<UInt8>
    private var end: UnsafeMutablePointer<UInt8>

    /// No bytes, with room for so many, 1….
    init(reserving capacity: Int) {
        memory = ManagedBuffer<Void, UInt8>.create(minimumCapacity: capacity) { _ in }
        start = memory.withUnsafeMutablePointerToElements { $0 }
        next = start
        end = start + capacity
    }

    var count: Int { next - start }

    /// Calls `body` with all of them.
    func withAll(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        withExtendedLifetime(memory) { body(UnsafeBufferPointer(start: start, count: count)) }
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if next == end { grow(by: 1) }
        next.pointee = byte
        next += 1
    }

    mutating func append(contentsOf text: UnsafeBufferPointer<UInt8>) {
        append(atMost: text.count) { out in
            if let source = text.baseAddress { out.update(from: source, count: text.count) }
            return text.count
        }
    }

    mutating func append(contentsOf text: String.UTF8View) {
        for byte in text { append(byte) }
    }

    /// Makes room for at most `most` bytes, of which `body` writes some and answers how many.
    @inline(__always)
    mutating func append(atMost most: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        if end - next < most { grow(by: most) }
        next += body(next)
    }

    /// The same, for callers that take no pointers.
    @inline(__always)
    mutating func append(atMost most: Int, into body: (inout OutputSpan<UInt8>) -> Void) {
        append(atMost: most) { out in
            let room = UnsafeMutableBufferPointer(start: out, count: most)
            var span = OutputSpan(buffer: room, initializedCount: 0)
            body(&span)
            return span.finalize(for: room)
        }
    }

    /// As an array, with room for the newline that ends most documents.
    func array() -> [UInt8] {
        var array: [UInt8] = []
        array.reserveCapacity(count + 1)
        withAll { array.append(contentsOf: $0) }
        return array
    }

    private mutating func grow(by more: Int) {
        let held = count
        let capacity = max(2 * (end - start), held + more)
        let larger = ManagedBuffer<Void, UInt8>.create(minimumCapacity: capacity) { _ in }
        let first = larger.withUnsafeMutablePointerToElements { $0 }
        first.update(from: start, count: held)
        memory = larger
        start = first
        next = first + held
        end = first + capacity
    }
}
