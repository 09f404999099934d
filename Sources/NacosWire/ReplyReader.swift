public import BeatCore

/// `ReplyScanner` for the answers of one server, with a memory of the last one.
///
/// Within a second a server answers most beats byte for byte alike, and then comparing tells what reading would, by a
/// twelfth of the instructions. r-nacos, which writes its keys in changing order, is mostly read.
public struct ReplyReader: Sendable {
    /// A whole answer that leaves the connection open; empty before the first one.
    private var last: [UInt8] = []
    private var kind = Exchange.Kind.lightBeat
    private var dialect = Dialect.v1
    private var reply = NacosReply.ok

    /// Answers to beats have 200 to 350 bytes; remembering a long one costs more than it saves.
    private static let bytesMax = 512

    /// A reader that has seen nothing.
    public init() {}

    /// As `ReplyScanner.scan`, of which it says the same of the same bytes.
    public mutating func scan(_ bytes: Span<UInt8>, kind: Exchange.Kind, dialect: Dialect) -> ScannedReply {
        if kind == self.kind, dialect == self.dialect, !last.isEmpty, bytes.begins(with: last.span) {
            return .complete(length: last.count, reply: reply, keepsOpen: true)
        }
        return read(bytes, kind: kind, dialect: dialect)
    }

    private mutating func read(_ bytes: Span<UInt8>, kind: Exchange.Kind, dialect: Dialect) -> ScannedReply {
        let scanned = ReplyScanner.scan(bytes, kind: kind, dialect: dialect)
        if case .complete(let length, let reply, keepsOpen: true) = scanned, length <= Self.bytesMax, kind.isBeat {
            last.removeAll(keepingCapacity: true)
            bytes.extracting(..<length).withUnsafeBufferPointer { last.append(contentsOf: $0) }
            (self.kind, self.dialect, self.reply) = (kind, dialect, reply)
        }
        return scanned
    }
}

extension Span<UInt8> {
    /// Whether `other` stands at the front. All of it is compared, for then the processor does it many bytes at a time.
    @inline(__always)
    func begins(with other: Span<UInt8>) -> Bool {
        guard count >= other.count else { return false }
        return withUnsafeBytes { mine in
            other.withUnsafeBytes { theirs in
                var difference: UInt64 = 0
                let words = theirs.count / 8
                for place in 0..<words {
                    difference |=
                        mine.loadUnaligned(fromByteOffset: place &* 8, as: UInt64.self)
                        ^ theirs.loadUnaligned(fromByteOffset: place &* 8, as: UInt64.self)
                }
                for index in words &* 8..<theirs.count { difference |= UInt64(mine[index] ^ theirs[index]) }
                return difference == 0
            }
        }
    }
}
