internal import BeatCore
internal import HTTPWire
internal import JSON

/// What bounds one page of the list.
enum PageLimits {
    /// Items when the client does not say, and at most.
    static let itemsDefault = 100
    static let itemsMax = 1000
    /// Rows of the table that one request looks at, so that a filter which matches little does not keep others waiting:
    /// 1.5 to 4 ms. Then the page is short and has a `continue`.
    static let rows = 10_000
    /// Bytes of items after which a page ends: half of what a connection may have waiting.
    static let bytes = 512 << 10
}

/// A page of the list under way.
struct PageWork: Sendable {
    enum Total: Sendable {
        case notAsked
        case known(Int)
        case counting(Int, from: Int32)
    }

    let filter: BeatFilter
    let limit: Int
    let etag: EntityTag?
    let request: HTTPRequest
    let pretty: Bool
    /// As they were at the begin: with the tag of then, a client that asks again sees what has changed since.
    let rev: UInt64
    let dom2BeatSize: Int
    var total: Total
    /// Where it goes on.
    var slot: Int32
    var rows = 0
    var items = 0
    /// The items, with commas between them.
    var bytes: [UInt8] = []
    /// Whether the page is full or at its end, and where the next one begins, if there is one.
    var end: End?

    enum End: Sendable {
        case last
        case next(Int32)
    }

    /// Appends an item as it is to be in the answer.
    mutating func append(_ write: (inout JSONWriter) -> Void) {
        if items > 0 { bytes.append(UInt8(ascii: ",")) }
        items += 1
        guard pretty else { return JSONWriter.append(to: &bytes, write) }
        var writer = JSONWriter()
        write(&writer)
        bytes += Array("\n    ".utf8)
        bytes += JSONPretty.pretty(writer.finish(), level: 2)
    }
}

extension ControlAPI {
    /// One portion; the answer when it was the last one.
    func step(_ page: inout PageWork, core: borrowing BeatReactor, context: Context) -> HTTPResponse? {
        guard let end = page.end else {
            page.end = write(&page, core: core, context: context)
            return nil
        }
        if case .counting(let count, let slot) = page.total {
            page.total = self.count(count, page.filter, from: slot, core: core)
            return nil
        }
        return response(page, end)
    }

    /// Writes the items of a portion; returns where the page ends, nil when it goes on.
    private func write(_ page: inout PageWork, core: borrowing BeatReactor, context: Context) -> PageWork.End? {
        let registrationWriter = RegistrationWriter(context: context, servers: core.serverNames())
        var written = 0
        for _ in 0..<GatherLimits.matched {
            guard let (view, next) = core.nextRegistration(from: page.slot) else { return .last }
            if page.rows == PageLimits.rows { return .next(page.slot) }
            page.rows += 1
            if page.filter.matches(view) {
                // One more than fits: there is a next page, and it begins here.
                if page.items == page.limit || page.bytes.count >= PageLimits.bytes { return .next(page.slot) }
                if written == GatherLimits.items {
                    page.rows -= 1
                    return nil
                }
                page.append { registrationWriter.write(view, to: &$0) }
                written += 1
            }
            page.slot = next
        }
        return nil
    }

    /// Counts on, how many match on all pages.
    private func count(
        _ count: Int, _ filter: BeatFilter, from start: Int32, core: borrowing BeatReactor
    ) -> PageWork.Total {
        var (count, slot) = (count, start)
        for _ in 0..<GatherLimits.matched {
            guard let (view, next) = core.nextRegistration(from: slot) else { return .known(count) }
            if filter.matches(view) { count += 1 }
            slot = next
        }
        return .counting(count, from: slot)
    }

    private func response(_ page: PageWork, _ end: PageWork.End) -> HTTPResponse {
        // As `JSONPretty` has it, without going over all items at once.
        let (line, space) = page.pretty ? ("\n  ", " ") : ("", "")
        var body = Array("{\(line)\"items\":\(space)[".utf8)
        body.reserveCapacity(page.bytes.count + 256)
        body += page.bytes
        if page.items > 0 { body += Array(line.utf8) }
        func append(_ name: String, _ value: String) {
            body += Array(",\(line)\"\(name)\":\(space)\(value)".utf8)
        }
        body.append(UInt8(ascii: "]"))
        append("rev", "\(page.rev)")
        append("dom2BeatSize", "\(page.dom2BeatSize)")
        if case .known(let total) = page.total { append("total", "\(total)") }
        var fields = HTTPFields()
        if case .next(let slot) = end {
            let token = ContinueToken(epoch: configuration.epoch, slot: slot, filter: page.filter.hash).text
            append("continue", "\"\(token)\"")
            fields.append("Link", "<\(linkTarget(page.request, token))>; rel=\"next\"")
        }
        body += Array(page.pretty ? "\n}".utf8 : "}".utf8)
        return .body(200, .json, body, etag: page.etag, fields: fields)
    }

    /// The target of the next page: this request's with another `continue`.
    private func linkTarget(_ request: HTTPRequest, _ token: String) -> String {
        var pieces = (request.target.query ?? "").split(separator: "&").map { String($0) }
        pieces.removeAll { $0.hasPrefix("continue=") }
        pieces.append("continue=\(token)")
        return "\(request.target.path)?\(pieces.joined(separator: "&"))"
    }
}
