/// Why the parser refuses a request. Its connection is closed behind the answer, for nobody knows where a further
/// request would begin (RFC 9112 §2.2, §6.3).
public enum HTTPRefusal: Error, Equatable, Sendable {
    /// 400: not HTTP/1.1, or framed in a way that two readers could read differently.
    case malformed(HTTPMalformation)
    /// 413: the body is, or says it will be, longer than `limit` bytes.
    case bodyTooLarge(limit: Int)
    /// 414: the target is longer than `limit` bytes.
    case targetTooLong(limit: Int)
    /// 417: an expectation other than `100-continue`.
    case expectationFailed
    /// 431: the head, or the trailer of a chunked body, is longer than `limit` bytes.
    case headTooLarge(limit: Int)
    /// 431: more than `limit` fields.
    case tooManyFields(limit: Int)
    /// 501: a method longer than any that is registered.
    case methodTooLong
    /// 501: a transfer coding before `chunked`.
    case unsupportedTransferCoding
    /// 505: a version other than 1.0 and 1.1.
    case unsupportedVersion

    /// The status that answers it.
    public var status: Int {
        switch self {
        case .malformed: 400
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .expectationFailed: 417
        case .headTooLarge, .tooManyFields: 431
        case .methodTooLong, .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        }
    }

    /// The slug of its problem type (control-api.md §3 "Errors").
    public var slug: String {
        switch self {
        case .malformed, .expectationFailed, .unsupportedTransferCoding, .unsupportedVersion: "malformed-request"
        case .bodyTooLarge: "too-large"
        case .targetTooLong: "uri-too-long"
        case .headTooLarge, .tooManyFields: "headers-too-large"
        case .methodTooLong: "method-not-allowed"
        }
    }

    /// One sentence for a person.
    public var detail: String {
        switch self {
        case .malformed(let malformation): malformation.detail
        case .bodyTooLarge(let limit): "The body is longer than \(limit) bytes."
        case .targetTooLong(let limit): "The request target is longer than \(limit) bytes."
        case .expectationFailed: "The only expectation that can be met is 100-continue."
        case .headTooLarge(let limit): "The header section is longer than \(limit) bytes."
        case .tooManyFields(let limit): "There are more than \(limit) header fields."
        case .methodTooLong: "The method is longer than any that is known."
        case .unsupportedTransferCoding: "The only transfer coding that is understood is chunked."
        case .unsupportedVersion: "The versions that are spoken are HTTP/1.1 and HTTP/1.0."
        }
    }
}

/// What is wrong with a request that is refused with 400.
public enum HTTPMalformation: Equatable, Sendable {
    case controlByte, bareCarriageReturn, bareLineFeed
    case requestLine, target
    case foldedField, emptyFieldName, blankBeforeColon, fieldName, fieldWithoutColon
    case noHost, repeatedHost, host
    case contentLength, repeatedContentLength, contentLengthAndTransferEncoding
    case transferEncoding, transferEncodingInHTTP10
    case bodyOfHead
    case chunkSize, chunkLineTooLong, chunkEnd

    /// One sentence for a person.
    public var detail: String {
        switch self {
        case .controlByte: "There is a control character in the header section or in a chunk-size line."
        case .bareCarriageReturn: "There is a carriage return without a line feed behind it."
        case .bareLineFeed: "There is a line that ends with a line feed alone instead of CRLF."
        case .requestLine: "The first line is not of the form METHOD target HTTP/1.1."
        case .target: "The request target is neither a path nor an http URL, or has characters that need escaping."
        case .foldedField: "A header line begins with a blank; folded fields are obsolete."
        case .emptyFieldName: "A header field has no name."
        case .blankBeforeColon: "There is a blank between a field name and its colon."
        case .fieldName: "A header field name has characters that are not allowed."
        case .fieldWithoutColon: "A header line has no colon."
        case .noHost: "There is no Host field."
        case .repeatedHost: "There is more than one Host field."
        case .host: "The Host field is not of the form host or host:port."
        case .contentLength: "Content-Length is not a plain number."
        case .repeatedContentLength: "There is more than one Content-Length field."
        case .contentLengthAndTransferEncoding: "There are both Content-Length and Transfer-Encoding."
        case .transferEncoding: "Transfer-Encoding does not end with chunked, so the body has no known end."
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding."
        case .bodyOfHead: "A HEAD request must not have a body."
        case .chunkSize: "A chunk size is not a plain hexadecimal number."
        case .chunkLineTooLong: "A chunk-size line is too long."
        case .chunkEnd: "A chunk does not end where its size says."
        }
    }
}

extension HTTPMalformation {
    init(_ fault: LineFault) {
        switch fault {
        case .controlByte: self = .controlByte
        case .bareCarriageReturn: self = .bareCarriageReturn
        case .bareLineFeed: self = .bareLineFeed
        }
    }

    init(_ fault: FieldFault) {
        switch fault {
        case .folded: self = .foldedField
        case .emptyName: self = .emptyFieldName
        case .blankBeforeColon: self = .blankBeforeColon
        case .badName: self = .fieldName
        case .noColon: self = .fieldWithoutColon
        }
    }
}

extension HTTPRefusal {
    init(_ fault: HeadFault, limits: HTTPLimits) {
        switch fault {
        case .line(let fault): self = .malformed(HTTPMalformation(fault))
        case .startLineTooLong: self = .targetTooLong(limit: limits.targetBytes)
        case .headTooLarge: self = .headTooLarge(limit: limits.headBytes)
        case .tooManyFields: self = .tooManyFields(limit: limits.fieldCount)
        }
    }

    init(_ fault: BodyFault, bodyLimit: Int, limits: HTTPLimits) {
        switch fault {
        case .line(let fault): self = .malformed(HTTPMalformation(fault))
        case .badChunkSize: self = .malformed(.chunkSize)
        case .chunkLineTooLong: self = .malformed(.chunkLineTooLong)
        case .badChunkEnd: self = .malformed(.chunkEnd)
        case .tooLarge: self = .bodyTooLarge(limit: bodyLimit)
        case .trailer(let fault): self = .malformed(HTTPMalformation(fault))
        case .trailerTooLarge: self = .headTooLarge(limit: limits.headBytes)
        }
    }
}
