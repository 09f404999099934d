/// What came of the bytes handed to a request parser.
public struct HTTPParseStep: Equatable, Sendable {
    /// So many bytes at the front are used up; the rest must be there again at the next call.
    public var consumed: Int
    /// What happened.
    public var event: HTTPRequestEvent

    /// A step from its parts.
    public init(consumed: Int, event: HTTPRequestEvent) {
        self.consumed = consumed
        self.event = event
    }
}

/// What a request parser has found.
public enum HTTPRequestEvent: Equatable, Sendable {
    /// Nothing further can be said until more bytes have come.
    case needsMore
    /// The head is complete, its body has not begun, and the client waits for `100 Continue` before it sends it.
    case expectsContinue
    /// A whole request. If the connection does not stay open, this is the last one; what comes behind is discarded.
    case request(HTTPRequest, keepsOpen: Bool)
    /// To be answered and the connection closed; what comes behind is discarded. The answer to a HEAD request has
    /// no body.
    case refused(HTTPRefusal, toHead: Bool)
}

/// Reads the requests of one connection (RFC 9112, server role), strictly: what two readers could read differently is
/// refused.
///
/// Hand it everything in the connection's input buffer, drop what it consumed, act on the event, and repeat until it
/// needs more. It never keeps a view of the bytes. The verdict is the same however the bytes were cut into pieces.
public struct HTTPRequestParser: Sendable {
    /// What the parser is in the middle of; deadlines depend on it.
    public enum Phase: Equatable, Sendable {
        /// Between requests: nothing of the next one has come.
        case idle
        /// Part of a head has come.
        case head
        /// The head is complete, and so many bytes of its body have come.
        case body(received: Int)
        /// Behind the last request or a refusal; everything is discarded.
        case ended
    }

    private enum State: Sendable {
        /// Entered at the start and behind each request; leaves to `body` or `ended`, or begins anew.
        case head(HeadScanner, skippedBlankLine: Bool)
        /// Entered when a head announces a body; leaves to `head` or `ended`.
        case body(HTTPRequest, BodyReader, [UInt8], keepsOpen: Bool, bodyLimit: Int)
        /// Entered behind the last request or a refusal.
        case ended
    }

    private let limits: HTTPLimits
    private let bodyLimit: (@Sendable (HTTPRequest) -> Int)?
    private var state = State.head(HeadScanner(), skippedBlankLine: false)

    /// A parser for a new connection.
    ///
    /// `bodyLimit` says, in bytes, how long the body of a request may be whose head has come and whose body is still
    /// empty; without it `limits.bodyBytes` holds for all.
    public init(limits: HTTPLimits = .request, bodyLimit: (@Sendable (HTTPRequest) -> Int)? = nil) {
        self.limits = limits
        self.bodyLimit = bodyLimit
    }

    /// What the parser is in the middle of.
    public var phase: Phase {
        switch state {
        case .head(let scanner, _): scanner.position == 0 ? .idle : .head
        case .body(_, _, let body, _, _): .body(received: body.count)
        case .ended: .ended
        }
    }

    /// Goes on with `bytes`: all that came and was not consumed so far.
    public mutating func parse(_ bytes: Span<UInt8>) -> HTTPParseStep {
        var position = 0
        do throws(HTTPRefusal) {
            switch state {
            case .head(let scanner, let skippedBlankLine):
                return try parseHead(bytes, scanner: scanner, skippedBlankLine: skippedBlankLine)
            case .body(let request, let reader, let body, let keepsOpen, let bodyLimit):
                state = .ended
                let event = try readBody(
                    bytes, at: &position, behind: body, of: request, with: reader, keepsOpen: keepsOpen,
                    bodyLimit: bodyLimit)
                return HTTPParseStep(consumed: position, event: event)
            case .ended:
                return HTTPParseStep(consumed: bytes.count, event: .needsMore)
            }
        } catch {
            let toHead =
                switch state {
                case .head(let scanner, _): HTTPRequestParser.isHead(bytes, fresh: scanner.position == 0)
                case .body, .ended: false
                }
            state = .ended
            return HTTPParseStep(consumed: bytes.count, event: .refused(error, toHead: toHead))
        }
    }
}

extension HTTPRequestParser {
    /// Whether a refused head is that of a HEAD request. A blank line may stand before one that is new.
    private static func isHead(_ bytes: Span<UInt8>, fresh: Bool) -> Bool {
        let start = fresh && bytes.count > 2 && bytes[0] == ASCII.carriageReturn ? 2 : 0
        return bytes.count >= start + 5 && bytes.extracting(start..<start + 5).matches("HEAD ")
    }

    private mutating func parseHead(
        _ bytes: Span<UInt8>, scanner: HeadScanner, skippedBlankLine: Bool
    ) throws(HTTPRefusal) -> HTTPParseStep {
        var scanner = scanner
        var skipped = 0
        if scanner.position == 0, bytes.count > 0, !ASCIISet.token.contains(bytes[0]) {
            // One blank line before a request line is passed over, for old clients end a body with one (RFC 9112 §2.2).
            guard bytes[0] == ASCII.carriageReturn, !skippedBlankLine else {
                throw .malformed(bytes[0] == ASCII.lineFeed ? .bareLineFeed : .requestLine)
            }
            guard bytes.count > 1 else { return HTTPParseStep(consumed: 0, event: .needsMore) }
            guard bytes[1] == ASCII.lineFeed else { throw .malformed(.bareCarriageReturn) }
            state = .head(scanner, skippedBlankLine: true)
            skipped = 2
            if bytes.count > 2, !ASCIISet.token.contains(bytes[2]) { throw .malformed(.requestLine) }
        }
        let rest = bytes.extracting(skipped..<bytes.count)
        let found: Int?
        do throws(HeadFault) {
            found = try scanner.findEnd(
                in: rest, startLineBytes: limits.targetBytes + RequestHead.lineBytesBesideTarget, limits: limits)
        } catch {
            throw HTTPRefusal(error, limits: limits)
        }
        guard let end = found else {
            state = .head(scanner, skippedBlankLine: skippedBlankLine || skipped > 0)
            return HTTPParseStep(consumed: skipped, event: .needsMore)
        }
        let head = try RequestHead(rest, end: end, lines: scanner.lines, limits: limits)
        var position = skipped + end
        let event = try begin(head, bytes, at: &position)
        return HTTPParseStep(consumed: position, event: event)
    }

    /// Decides what follows a complete head.
    private mutating func begin(
        _ head: RequestHead, _ bytes: Span<UInt8>, at position: inout Int
    ) throws(HTTPRefusal) -> HTTPRequestEvent {
        let request = head.request
        let keepsOpen = head.keepsOpen
        let reader: BodyReader
        let limit: Int
        var body: [UInt8] = []
        switch head.body {
        case .none:
            return finish(request, keepsOpen: keepsOpen)
        case .length(let length):
            limit = bodyLimit?(request) ?? limits.bodyBytes
            guard length <= limit else { throw .bodyTooLarge(limit: limit) }
            body.reserveCapacity(min(length, HTTPLimits.announcedBodyBytes))
            reader = .fixed(length, limits: limits)
        case .chunked:
            limit = bodyLimit?(request) ?? limits.bodyBytes
            reader = .chunked(limit: limit, limits: limits)
        }
        if head.expectsContinue, position == bytes.count {
            state = .body(request, reader, body, keepsOpen: keepsOpen, bodyLimit: limit)
            return .expectsContinue
        }
        return try readBody(
            bytes, at: &position, behind: body, of: request, with: reader, keepsOpen: keepsOpen, bodyLimit: limit)
    }

    /// Goes on with a body behind what came of it.
    private mutating func readBody(
        _ bytes: Span<UInt8>, at position: inout Int, behind body: consuming [UInt8], of request: HTTPRequest,
        with reader: BodyReader, keepsOpen: Bool, bodyLimit: Int
    ) throws(HTTPRefusal) -> HTTPRequestEvent {
        var reader = reader
        let isComplete: Bool
        do throws(BodyFault) {
            isComplete = try reader.read(bytes, at: &position, into: &body)
        } catch {
            throw HTTPRefusal(error, bodyLimit: bodyLimit, limits: limits)
        }
        guard isComplete else {
            state = .body(request, reader, body, keepsOpen: keepsOpen, bodyLimit: bodyLimit)
            return .needsMore
        }
        let whole = HTTPRequest(
            request.method, request.target, version: request.version, fields: request.fields, body: body)
        return finish(whole, keepsOpen: keepsOpen)
    }

    private mutating func finish(_ request: HTTPRequest, keepsOpen: Bool) -> HTTPRequestEvent {
        state = keepsOpen ? .head(HeadScanner(), skippedBlankLine: false) : .ended
        return .request(request, keepsOpen: keepsOpen)
    }
}
