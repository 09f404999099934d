/// The kinds of problems that the API answers with (control-api.md §3 "Errors"). The slugs are part of the API.
///
/// One table: a case's title, usual status and explanation are what problem documents and `/problems/{slug}` show.
public enum ProblemType: String, CaseIterable, Sendable {
    case validation
    case tooManyRegistrations = "too-many-registrations"
    case malformedJSON = "malformed-json"
    case malformedRequest = "malformed-request"
    case notFound = "not-found"
    case keyConflict = "key-conflict"
    case preconditionFailed = "precondition-failed"
    case hostNotAllowed = "host-not-allowed"
    case crossSite = "cross-site"
    case unauthorized
    case forbidden
    case methodNotAllowed = "method-not-allowed"
    case unsupportedMediaType = "unsupported-media-type"
    case tooLarge = "too-large"
    case headersTooLarge = "headers-too-large"
    case uriTooLong = "uri-too-long"
    case timeout
    case tooManyConnections = "too-many-connections"
    case tooManyStreams = "too-many-streams"
    case rateLimited = "rate-limited"
    case storageUnavailable = "storage-unavailable"
    case draining
    case nacosUnreachable = "nacos-unreachable"
    case nacosRejected = "nacos-rejected"
    case gone
    case `internal`

    /// The last part of the problem's `type`, and of its page's path.
    public var slug: String { rawValue }

    /// The status that a problem of this kind has unless its cause says otherwise.
    public var status: Int {
        switch self {
        case .malformedJSON, .malformedRequest: 400
        case .unauthorized: 401
        case .hostNotAllowed, .crossSite, .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .timeout: 408
        case .keyConflict: 409
        case .gone: 410
        case .preconditionFailed: 412
        case .tooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .validation: 422
        case .tooManyRegistrations, .rateLimited, .tooManyStreams: 429
        case .headersTooLarge: 431
        case .internal: 500
        case .nacosRejected, .nacosUnreachable: 502
        case .tooManyConnections, .storageUnavailable, .draining: 503
        }
    }

    /// The same for every problem of this kind (RFC 9457 §3.1.3).
    public var title: String {
        switch self {
        case .validation: "Registration is not valid"
        case .tooManyRegistrations: "Too many registrations"
        case .malformedJSON: "The body is not JSON"
        case .malformedRequest: "The request is not understood"
        case .notFound: "Not found"
        case .keyConflict: "Conflict with another registration"
        case .preconditionFailed: "A precondition does not hold"
        case .hostNotAllowed: "This host name is not served"
        case .crossSite: "Writes from another site are refused"
        case .unauthorized: "A token is needed"
        case .forbidden: "Not allowed"
        case .methodNotAllowed: "Method not allowed"
        case .unsupportedMediaType: "Media type not supported"
        case .tooLarge: "Body too large"
        case .headersTooLarge: "Header fields too large"
        case .uriTooLong: "Request target too long"
        case .timeout: "The request took too long"
        case .tooManyConnections: "Too many connections"
        case .tooManyStreams: "Too many event streams"
        case .rateLimited: "Too many writes"
        case .storageUnavailable: "Storage is not available"
        case .draining: "beatd is shutting down"
        case .nacosUnreachable: "No Nacos server answers"
        case .nacosRejected: "Nacos refused the registration"
        case .gone: "No longer available"
        case .internal: "Internal error"
        }
    }
}
