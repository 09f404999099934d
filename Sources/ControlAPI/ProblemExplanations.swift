extension ProblemType {
    /// What it means and what to do about it, in plain words: the page at `/problems/{slug}`.
    var explanation: String {
        switch self {
        case .validation: Explanation.validation
        case .tooManyRegistrations: Explanation.tooManyRegistrations
        case .malformedJSON: Explanation.malformedJSON
        case .malformedRequest: Explanation.malformedRequest
        case .notFound: Explanation.notFound
        case .keyConflict: Explanation.keyConflict
        case .preconditionFailed: Explanation.preconditionFailed
        case .unsupportedMediaType: Explanation.unsupportedMediaType
        case .gone: Explanation.gone
        case .hostNotAllowed: Explanation.hostNotAllowed
        case .crossSite: Explanation.crossSite
        case .unauthorized: Explanation.unauthorized
        case .forbidden: Explanation.forbidden
        case .methodNotAllowed: Explanation.methodNotAllowed
        case .tooLarge: Explanation.tooLarge
        case .headersTooLarge: Explanation.headersTooLarge
        case .uriTooLong: Explanation.uriTooLong
        case .timeout: Explanation.timeout
        case .tooManyConnections: Explanation.tooManyConnections
        case .tooManyStreams: Explanation.tooManyStreams
        case .rateLimited: Explanation.rateLimited
        case .storageUnavailable: Explanation.storageUnavailable
        case .draining: Explanation.draining
        case .nacosUnreachable: Explanation.nacosUnreachable
        case .nacosRejected: Explanation.nacosRejected
        case .internal: Explanation.`internal`
        }
    }
}

private enum Explanation {
    static let validation =
        "The body is JSON, but not a registration that beatd can keep. Each entry of `errors` names one field by "
        + "its JSON pointer and says what would be right. Nothing was changed. Correct the fields and send "
        + "the request again."

    static let tooManyRegistrations =
        "beatd keeps as many registrations as its setting `--max-registrations` allows. Remove some, or raise "
        + "the setting. Changes of existing registrations are still accepted."

    static let malformedJSON =
        "The body could not be read as JSON (RFC 8259): the grammar is broken, a key stands twice, a number is "
        + "out of range, the text is not UTF-8, or it is nested more than 16 deep. `detail` says where. "
        + "Nothing was changed."

    static let malformedRequest =
        "The request is not HTTP as RFC 9112 wants it, or has a query parameter that this path does not know or "
        + "whose value is wrong. `detail` and `errors` say which. Nothing was changed."

    static let notFound =
        "There is no such path, registration, metric or problem. A registration that was deleted is gone as "
        + "soon as Nacos has confirmed it. `GET /v1/beats` lists what there is; `?missing_ok=true` makes "
        + "deleting something missing a success."

    static let keyConflict =
        "The request contradicts what is registered: an `id` that belongs to another address, an address that is "
        + "registered under another id (the problem's `id`), a deletion by query that matches several "
        + "registrations, or a renewal where there is no `ttl` check. Name the registration by its id, delete what "
        + "is in the way, narrow the query, or add `all=true`."

    static let preconditionFailed =
        "`If-Match` or `If-None-Match` was given and does not hold: the registration was changed meanwhile, "
        + "exists already, or is missing. Read it again and decide anew. Nothing was changed."

    static let unsupportedMediaType =
        "Bodies must be `Content-Type: application/json`, in UTF-8 and not compressed. curl's `--json` sets "
        + "the right type; `-d` alone does not."

    static let gone =
        "The `continue` token is from an earlier run of beatd and cannot be gone on from. Begin the list anew."

    static let hostNotAllowed =
        "On TCP, beatd serves only requests whose Host is one of its own addresses, `localhost`, or listed in "
        + "`--allowed-hosts`, so that a web page cannot reach it by a name of its own. Use one of those "
        + "names, add yours to the setting, or use the unix socket."

    static let crossSite =
        "The request came from a web page of another site (`Sec-Fetch-Site` or `Origin` says so) and would have "
        + "changed something. Programs do not send these fields."

    static let unauthorized =
        "This listener wants a token: `Authorization: Bearer …` with the content of the token file. The unix "
        + "socket needs none, its file mode decides."

    static let forbidden =
        "The token given may read but not write, or the request asks for something that is switched off. "
        + "`detail` says which."

    static let methodNotAllowed =
        "The path exists but does not take this method, or the method is not known at all. The field `Allow` "
        + "lists those that it takes. Methods are case-sensitive: `get` is not GET."

    static let tooLarge =
        "The body is longer than is read for this path: 64 KiB for one registration, 1 MiB for a batch, 8 MiB for an "
        + "import through the unix socket or with a token, else 1 MiB. Look for what does not belong in it, or send "
        + "it in parts."

    static let headersTooLarge =
        "The header fields are longer than 8 KiB together, or there are more than 64. Programs need a handful; a browser "
        + "may carry large cookies of another service on the same host."

    static let uriTooLong =
        "The request target is longer than 4 KiB. A filter with the longest legal names is shorter; send fewer "
        + "`label.KEY` filters at once."

    static let timeout =
        "The request did not come in whole within its time (5 s for the head, 10 s for the body). Send it "
        + "faster, or look at the network."

    static let tooManyConnections =
        "More connections are open than beatd serves. Close idle ones, use one connection for several "
        + "requests, and try again after `Retry-After`."

    static let tooManyStreams =
        "More event streams are open than beatd serves. No path of this version opens one, so this version "
        + "never answers so."

    static let rateLimited =
        "This client address writes faster than `--write-rate` allows. Try again after `Retry-After`; the unix "
        + "socket has no such limit."

    static let storageUnavailable =
        "The change could not be made durable: the disk is full, fails, or does not answer. It may have been made or "
        + "not, but never half; send it again. Beats go on, and beatd recovers by itself: try again after `Retry-After`."

    static let draining =
        "beatd is shutting down and takes no changes any more. Try again after `Retry-After`, when its "
        + "successor runs."

    static let nacosUnreachable =
        "No Nacos server answered. This version answers such writes with 202 and goes on trying, so it never "
        + "answers so; `GET /v1/status` shows the servers."

    static let nacosRejected =
        "With `?wait=` the answer waits for Nacos, and Nacos refused the instance: `detail` holds its words. "
        + "The registration is kept here and offered again once a minute; change it or delete it."

    static let `internal` =
        "Something in beatd went wrong. The log has a line with the same `requestId`; send it along when you report "
        + "this. The request may be repeated."
}
