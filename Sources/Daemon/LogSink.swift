import Glibc

/// A bounded ring of lines between the loop and a descriptor that may block. Loop-confined.
package final class LogSink {
    /// What waits for a slow reader: some 1 000 lines, minutes of a calm log (operations.md §7).
    package static let capacity = 256 * 1024

    /// Lines that were lost, because the ring was full or the reader gone.
    package private(set) var dropped = 0

    private let output: LogOutput
    private var ring = [UInt8](repeating: 0, count: LogSink.capacity)
    private var start = 0
    private var count = 0

    /// A ring in front of `output`.
    package init(_ output: consuming LogOutput) {
        self.output = output
    }

    /// Whether lines wait for their reader.
    package var isEmpty: Bool { count == 0 }

    /// Bytes that fit now.
    package var room: Int { LogSink.capacity - count }

    /// Takes a whole line, or drops it and counts when it does not fit.
    @discardableResult
    package func append(_ line: [UInt8]) -> Bool {
        guard line.count <= room else {
            dropped += 1
            return false
        }
        let end = (start + count) % LogSink.capacity
        let first = min(line.count, LogSink.capacity - end)
        ring.replaceSubrange(end..<(end + first), with: line[..<first])
        ring.replaceSubrange(0..<(line.count - first), with: line[first...])
        count += line.count
        return true
    }

    /// Writes what the reader takes now.
    package func flush() {
        while count > 0 {
            let end = min(start + count, LogSink.capacity)
            let outcome = ring.withUnsafeBytes { output.write(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            switch outcome {
            case .wrote(let written):
                start = (start + written) % LogSink.capacity
                count -= written
            case .wouldBlock:
                return
            case .failed:
                dropAll()
            }
        }
    }

    /// Writes what is left, waiting for the reader in all about `milliseconds`; for the end of the process.
    package func finish(milliseconds: Int32) {
        flush()
        // A reader that takes little at a time wakes us often: as many waits as there are pages in the ring.
        var waits = LogSink.capacity / 4096
        while count > 0, waits > 0 {
            output.wait(milliseconds: max(1, milliseconds / Int32(LogSink.capacity / 4096)))
            flush()
            waits -= 1
        }
    }

    private func dropAll() {
        for offset in 0..<count where ring[(start + offset) % LogSink.capacity] == 0x0A { dropped += 1 }
        start = 0
        count = 0
    }
}

@available(*, unavailable)
extension LogSink: Sendable {}
