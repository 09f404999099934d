/// What the header fields of one message say about where it ends and whether its connection stays open.
///
/// Only collects; what is refused differs between requests and responses.
struct FramingFields: Sendable {
    /// `Content-Length` (RFC 9112 §6.2).
    enum Length: Equatable, Sendable {
        case absent
        /// The same number in all fields, `Int.max` for what is larger than that.
        case bytes(Int)
        /// Not a plain number.
        case malformed
        /// Two fields that contradict each other.
        case contradictory
    }

    /// `Transfer-Encoding` (RFC 9112 §6.1), all its fields taken together.
    enum Coding: Equatable, Sendable {
        case absent
        case chunked
        /// Others, and `chunked` as the last: the end could be found, the content not be understood.
        case othersThenChunked
        /// `chunked` is not the last, or stands twice: nobody can tell where the body ends.
        case unframed
    }

    /// `Expect` (RFC 9110 §10.1.1).
    enum Expectation: Sendable { case absent, `continue`, other }

    private(set) var length = Length.absent
    private(set) var lengthFields = 0
    private(set) var coding = Coding.absent
    private(set) var expectation = Expectation.absent
    private(set) var saysClose = false
    private(set) var saysKeepAlive = false
    private(set) var hosts = 0
    /// The last Host is `host[:port]`.
    private(set) var hostIsValid = false

    @inline(__always)
    mutating func note(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        switch name.count {
        case 4 where name.matchesIgnoringCase("host"):
            hosts += 1
            hostIsValid = HTTPHost.split(value) != nil
        case 6 where name.matchesIgnoringCase("expect"):
            noteExpectation(value)
        case 10 where name.matchesIgnoringCase("connection"):
            noteConnection(value)
        case 14 where name.matchesIgnoringCase("content-length"):
            noteLength(value)
        case 17 where name.matchesIgnoringCase("transfer-encoding"):
            noteCoding(value)
        default:
            break
        }
    }

    private mutating func noteExpectation(_ value: Span<UInt8>) {
        expectation =
            expectation != .other && value.matchesIgnoringCase("100-continue") ? .continue : .other
    }

    private mutating func noteConnection(_ value: Span<UInt8>) {
        value.forEachListed { option in
            if option.matchesIgnoringCase("close") { saysClose = true }
            if option.matchesIgnoringCase("keep-alive") { saysKeepAlive = true }
        }
    }

    private mutating func noteLength(_ value: Span<UInt8>) {
        lengthFields += 1
        guard let bytes = FramingFields.decimal(value) else {
            length = .malformed
            return
        }
        switch length {
        case .absent: length = .bytes(bytes)
        case .bytes(let former) where former != bytes: length = .contradictory
        case .bytes, .malformed, .contradictory: break
        }
    }

    private mutating func noteCoding(_ value: Span<UInt8>) {
        var listed = 0
        value.forEachListed { item in
            listed += 1
            let isChunked = item.matchesIgnoringCase("chunked")
            coding =
                switch coding {
                case .absent: isChunked ? .chunked : .unframed
                case .chunked, .othersThenChunked: .unframed
                case .unframed: isChunked && !chunkedSeen ? .othersThenChunked : .unframed
                }
            if isChunked { chunkedSeen = true }
        }
        if listed == 0 { coding = .unframed }
    }

    private var chunkedSeen = false

    /// `1*DIGIT` and nothing else; `Int.max` when the number is larger.
    private static func decimal(_ value: Span<UInt8>) -> Int? {
        guard value.count > 0 else { return nil }
        var total = 0
        for index in 0..<value.count {
            guard ASCII.isDigit(value[index]) else { return nil }
            let (tens, tensOverflow) = total.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = tens.addingReportingOverflow(Int(value[index] - ASCII.zero))
            total = tensOverflow || sumOverflow ? Int.max : sum
        }
        return total
    }
}

extension FramingFields {
    /// Whether the connection may carry a further message (RFC 9112 §9.3).
    func keepsOpen(_ version: HTTPVersion) -> Bool {
        switch version {
        case .http11: !saysClose
        case .http10: saysKeepAlive && !saysClose
        }
    }
}

extension Span<UInt8> {
    /// Calls `body` with each element of a comma-separated list; empty elements are passed over (RFC 9110 §5.6.1).
    func forEachListed(_ body: (Span<UInt8>) -> Void) {
        var start = 0
        while start <= count {
            var end = start
            while end < count, self[end] != ASCII.comma { end += 1 }
            let element = trimmed(start..<end)
            if !element.isEmpty { body(extracting(element)) }
            start = end + 1
        }
    }
}
