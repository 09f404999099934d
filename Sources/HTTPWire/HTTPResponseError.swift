/// Why the bytes of a peer are no response. Its connection is of no further use.
public enum HTTPResponseError: Error, Hashable, Sendable {
    /// Not `HTTP/1.x nnn reason`, a status outside 100…599, or a 101 that nobody asked for.
    case statusLine
    /// A version other than 1.0 and 1.1.
    case unsupportedVersion
    /// A line ends without CRLF, or there is a control character in the head.
    case headLine
    /// A header or trailer line is no field.
    case field
    /// The head, or the trailer of a chunked body, exceeds its limits.
    case headTooLarge
    /// The body is, or says it will be, longer than its limit.
    case bodyTooLarge
    /// `Content-Length` is no number, or there are two different ones.
    case contentLength
    /// Both `Content-Length` and `Transfer-Encoding` (RFC 9112 §6.3).
    case contentLengthAndTransferEncoding
    /// A transfer coding other than `chunked`, or any in HTTP/1.0.
    case transferEncoding
    /// A chunk-size line is no size, or a chunk does not end where its size says.
    case chunk
    /// More interim responses than anybody sends.
    case tooManyInterimResponses
    /// The connection ended in the middle of a response.
    case truncated
}

extension HTTPResponseError {
    init(_ fault: HeadFault) {
        switch fault {
        case .line: self = .headLine
        case .startLineTooLong, .headTooLarge, .tooManyFields: self = .headTooLarge
        }
    }

    init(_ fault: BodyFault) {
        switch fault {
        case .line, .badChunkSize, .chunkLineTooLong, .badChunkEnd: self = .chunk
        case .tooLarge: self = .bodyTooLarge
        case .trailer: self = .field
        case .trailerTooLarge: self = .headTooLarge
        }
    }
}
