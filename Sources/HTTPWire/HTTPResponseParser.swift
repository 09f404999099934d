/// What came of the bytes handed to a response parser.
public struct HTTPResponseStep: Equatable, Sendable {
    /// So many bytes at the front are used up; the rest must be there again at the next call.
    public var consumed: Int
    /// What happened.
    public var event: HTTPResponseEvent

    /// A step from its parts.
    public init(consumed: Int, event: HTTPResponseEvent) {
        self.consumed = consumed
        self.event = event
    }
}

/// What a response parser has found.
public enum HTTPResponseEvent: Equatable, Sendable {
    /// Nothing further can be said until more bytes have come or the connection has ended.
    case needsMore
    /// A whole final response. If the connection does not stay open, this is the last one.
    case response(HTTPResponse, keepsOpen: Bool)
}

/// Reads the responses of one connection (RFC 9112, client role).
///
/// Takes what Nacos servers and the proxies before them send (nacos.md §10.4: no reason phrase, chunks, HTTP/1.0),
/// passes over interim responses, and refuses whatever would let one response run into the next. Content codings are
/// left to the caller. Use it as `HTTPRequestParser`; after an error it throws the same one again.
public struct HTTPResponseParser: Sendable {
    private enum State: Sendable {
        /// Entered at the start and behind each response; leaves to `body`, `ended` or `failed`, or begins anew.
        case head(HeadScanner, interim: Int)
        /// Entered when a head announces a body; leaves to `head`, `ended` or `failed`.
        case body(HTTPResponse, BodyReader, keepsOpen: Bool)
        /// Entered behind the last response; everything is discarded.
        case ended
        /// Entered with the first error.
        case failed(HTTPResponseError)
    }

    private let limits: HTTPLimits
    private var state = State.head(HeadScanner(), interim: 0)

    /// A parser for a new connection.
    public init(limits: HTTPLimits = .response) {
        self.limits = limits
    }

    /// Whether nothing of a next response has come: a connection that ends now has lost none in part.
    public var isIdle: Bool {
        switch state {
        case .head(let scanner, let interim): scanner.position == 0 && interim == 0
        case .ended: true
        case .body, .failed: false
        }
    }

    /// Goes on with `bytes`: all that came and was not consumed so far. `toHead` says that the next response to end
    /// answers a HEAD request and has no body.
    public mutating func parse(
        _ bytes: Span<UInt8>, toHead: Bool = false
    ) throws(HTTPResponseError) -> HTTPResponseStep {
        var position = 0
        do throws(HTTPResponseError) {
            switch state {
            case .head(let scanner, let interim):
                return try parseHead(bytes, scanner: scanner, interim: interim, toHead: toHead)
            case .body(let response, let reader, let keepsOpen):
                state = .ended
                let event = try readBody(bytes, at: &position, of: response, with: reader, keepsOpen: keepsOpen)
                return HTTPResponseStep(consumed: position, event: event)
            case .ended:
                return HTTPResponseStep(consumed: bytes.count, event: .needsMore)
            case .failed(let error):
                throw error
            }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// Says that the connection has ended: the response whose body ends with it, or nil when none was begun.
    public mutating func finish() throws(HTTPResponseError) -> HTTPResponse? {
        let last = state
        switch last {
        case .body(let response, let reader, _) where reader.endsWithConnection:
            state = .ended
            return response
        case .head where isIdle:
            state = .ended
            return nil
        case .ended:
            return nil
        case .head, .body:
            state = .failed(.truncated)
            throw .truncated
        case .failed(let error):
            throw error
        }
    }
}

extension HTTPResponseParser {
    private mutating func parseHead(
        _ bytes: Span<UInt8>, scanner: HeadScanner, interim: Int, toHead: Bool
    ) throws(HTTPResponseError) -> HTTPResponseStep {
        var scanner = scanner
        var interim = interim
        var start = 0
        while true {
            let rest = bytes.extracting(start..<bytes.count)
            guard rest.count == 0 || rest[0] == UInt8(ascii: "H") else { throw .statusLine }
            let found: Int?
            do throws(HeadFault) {
                found = try scanner.findEnd(in: rest, startLineBytes: limits.headBytes, limits: limits)
            } catch {
                throw HTTPResponseError(error)
            }
            guard let end = found else {
                state = .head(scanner, interim: interim)
                return HTTPResponseStep(consumed: start, event: .needsMore)
            }
            let head = try ResponseHead(rest, end: end, lines: scanner.lines, toHead: toHead, limits: limits)
            start += end
            if head.isInterim {
                guard interim < HTTPLimits.interimResponses else { throw .tooManyInterimResponses }
                interim += 1
                scanner = HeadScanner()
                continue
            }
            let event = try begin(head, bytes, at: &start)
            return HTTPResponseStep(consumed: start, event: event)
        }
    }

    private mutating func begin(
        _ head: consuming ResponseHead, _ bytes: Span<UInt8>, at position: inout Int
    ) throws(HTTPResponseError) -> HTTPResponseEvent {
        let keepsOpen = head.keepsOpen
        let reader: BodyReader
        switch head.body {
        case .none:
            return finish(head.response, keepsOpen: keepsOpen)
        case .length(let length):
            guard length <= limits.bodyBytes else { throw .bodyTooLarge }
            head.response.body.reserveCapacity(min(length, HTTPLimits.announcedBodyBytes))
            reader = .fixed(length, limits: limits)
        case .chunked:
            reader = .chunked(limit: limits.bodyBytes, limits: limits)
        case .untilClose:
            reader = .untilClose(limit: limits.bodyBytes, limits: limits)
        }
        return try readBody(bytes, at: &position, of: head.response, with: reader, keepsOpen: keepsOpen)
    }

    private mutating func readBody(
        _ bytes: Span<UInt8>, at position: inout Int, of response: consuming HTTPResponse, with reader: BodyReader,
        keepsOpen: Bool
    ) throws(HTTPResponseError) -> HTTPResponseEvent {
        var reader = reader
        let isComplete: Bool
        do throws(BodyFault) {
            isComplete = try reader.read(bytes, at: &position, into: &response.body)
        } catch {
            throw HTTPResponseError(error)
        }
        guard isComplete else {
            state = .body(response, reader, keepsOpen: keepsOpen)
            return .needsMore
        }
        return finish(response, keepsOpen: keepsOpen)
    }

    private mutating func finish(_ response: consuming HTTPResponse, keepsOpen: Bool) -> HTTPResponseEvent {
        state = keepsOpen ? .head(HeadScanner(), interim: 0) : .ended
        return .response(response, keepsOpen: keepsOpen)
    }
}
