public import BeatCore

/// What a scanner has made of the bytes at the front of a connection's input.
public enum ScannedReply: Equatable, Sendable {
    /// So far it is the beginning of a plain answer; scan again when more bytes have come.
    case incomplete
    /// A whole answer of `length` bytes; what follows belongs to the next one. When the connection does not stay
    /// open, nothing does.
    case complete(length: Int, reply: NacosReply, keepsOpen: Bool)
    /// Not one of the answers that this scanner takes: hand the same bytes to an `HTTPResponseParser`, and its
    /// response to `NacosReply.init(classifying:kind:dialect:)`.
    case unusual
}

/// Reads the answers that come by the million without keeping anything of them: 200 with the JSON of a beat, with
/// `ok`, or with the envelope of v3 around success or "instance not found".
///
/// It takes nothing that the strict parser would refuse or read differently; whatever it has a doubt about is
/// `unusual`. It allocates nothing and holds no state: an incomplete answer is scanned again from its start.
public enum ReplyScanner {
    /// Heads of Nacos servers are below 512 bytes. With more than this there is a proxy with much to say in between,
    /// and the parser, which remembers how far it was, is the better reader.
    static let headBytes = 4 << 10
    /// As `headBytes`: servers send 3 to 10 fields.
    static let headerFields = 32
    /// An answer to a beat has 64 bytes.
    static let bodyBytes = 1 << 10

    /// Reads the answer at the front of `bytes`, which may hold a part of it, or others behind it, to a request of
    /// this kind in this dialect.
    public static func scan(_ bytes: Span<UInt8>, kind: Exchange.Kind, dialect: Dialect = .v1) -> ScannedReply {
        var head = ScannedHead()
        switch head.scan(bytes) {
        case .incomplete: return .incomplete
        case .unusual: return .unusual
        case .found: break
        }
        let body: Range<Int>
        let end: Int
        switch head.framing {
        case .absent:
            return .unusual
        case .length(let length):
            guard length > 0, length <= bodyBytes else { return .unusual }
            body = head.end..<head.end &+ length
            end = body.upperBound
            guard end <= bytes.count else { return .incomplete }
        case .chunked:
            var chunk = ScannedChunk()
            switch chunk.scan(bytes, from: head.end) {
            case .incomplete: return .incomplete
            case .unusual: return .unusual
            case .found: break
            }
            body = chunk.data
            end = chunk.end
        }
        let reply: NacosReply? =
            switch (dialect, kind) {
            case (.v1, .lightBeat), (.v1, .fullBeat): BeatBody.reply(bytes, body)
            case (.v1, .register), (.v1, .deregister): isOK(bytes, body) ? .ok : nil
            case (.v3, _): ResultBody.reply(bytes, body, kind)
            }
        guard let reply else { return .unusual }
        return .complete(length: end, reply: reply, keepsOpen: head.keepsOpen)
    }

    private static func isOK(_ bytes: Span<UInt8>, _ body: Range<Int>) -> Bool {
        body.count == 2 && bytes[body.lowerBound] == UInt8(ascii: "o")
            && bytes[body.lowerBound &+ 1] == UInt8(ascii: "k")
    }
}

/// How a step of the scanner ended.
enum Scan {
    case found, incomplete, unusual
}

/// A body of one chunk without extension, as Tomcat sends it: size, data, the last chunk, no trailer.
struct ScannedChunk {
    private(set) var data = 0..<0
    /// Behind the blank line that ends the body.
    private(set) var end = 0

    /// Three hexadecimal digits are enough for `ReplyScanner.bodyBytes`.
    private static let sizeDigits = 3

    @inline(__always)
    mutating func scan(_ bytes: Span<UInt8>, from start: Int) -> Scan {
        var index = start
        var size = 0
        while true {
            guard index < bytes.count else { return .incomplete }
            guard let digit = hexValue(bytes[index]) else { break }
            guard index &- start < ScannedChunk.sizeDigits else { return .unusual }
            size = size << 4 | digit
            index &+= 1
        }
        guard size > 0, size <= ReplyScanner.bodyBytes else { return .unusual }
        switch bytes.expect("\r\n", at: index) {
        case .found: index &+= 2
        case .incomplete: return .incomplete
        case .unusual: return .unusual
        }
        data = index..<index &+ size
        end = data.upperBound &+ 7
        guard data.upperBound <= bytes.count else { return .incomplete }
        return bytes.expect("\r\n0\r\n\r\n", at: data.upperBound)
    }

    @inline(__always)
    private func hexValue(_ byte: UInt8) -> Int? {
        let digit = byte &- 0x30
        if digit < 10 { return Int(digit) }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? Int(letter) + 10 : nil
    }
}

extension Span<UInt8> {
    /// Whether `text` stands at `index`: found, not so, or so as far as there are bytes.
    @inline(__always)
    func expect(_ text: StaticString, at index: Int) -> Scan {
        let start = text.utf8Start
        for offset in 0..<text.utf8CodeUnitCount {
            guard index &+ offset < count else { return .incomplete }
            guard self[index &+ offset] == start[offset] else { return .unusual }
        }
        return .found
    }
}
