internal import BeatCore
internal import HTTPWire
internal import JSON

/// What bounds one page of the list.
private enum PageLimits {
    /// Items when the client does not say, and at most.
    static let itemsDefault = 100
    static let itemsMax = 1000
    /// Rows of the table that one request looks at, so that a filter which matches little does not stop the beats:
    /// 1.5 to 4 ms. Then the page is short and has a `continue`.
    static let rows = 10_000
    /// Bytes of items after which a page ends: half of what a connection may have waiting, for `?pretty` adds half.
    static let bytes = 512 << 10
}

/// The longest `?wait=` of the list: what proxies let pass, and below what the server parks.
private let listWaitMax = Duration.seconds(120)

// MARK: GET /v1/beats, GET /v1/beats/{id}

extension ControlAPI {
    func readBeat(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> HTTPResponse {
        guard let handle = core.find(id: call.parameter), let view = core.view(handle) else {
            throw Problem(.notFound, "there is no registration \(NameRules.quoted(call.parameter))")
        }
        let etag = EntityTag(of: view, epoch: configuration.epoch)
        if try Preconditions(call.request.fields).isUnmodified(etag) { return .notModified(etag) }
        var writer = JSONWriter()
        RegistrationWriter(context: context, servers: core.serverNames()).write(view, to: &writer)
        return .body(200, .json, writer.finish(), pretty: call.pretty, etag: etag)
    }

    func listBeats(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> Handling {
        let filter = try BeatFilter(call.query)
        let limit = try call.query.integer(.limit, in: 1...PageLimits.itemsMax) ?? PageLimits.itemsDefault
        let asksTotal = try call.query.flag(.total)
        let start = try startSlot(call, filter)
        let wait = try call.query.duration(.wait, max: listWaitMax)
        // A state changes without a change of any document, so that no tag could tell whether its list did.
        let etag = filter.state == nil ? EntityTag(ofListAt: core.rev, epoch: configuration.epoch) : nil
        let conditions = Preconditions(call.request.fields)
        if let etag, try conditions.isUnmodified(etag) {
            guard let wait, wait > .zero, !context.waited, !context.draining else {
                return .respond(.notModified(etag), route: call.route)
            }
            return .park(until: context.now + wait, route: call.route)
        }
        if etag == nil, conditions.ifMatch != nil { throw Preconditions.failed("If-Match") }

        var writer = JSONWriter()
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        let next = writePage(filter, from: start, limit: limit, core: core, context: context, to: &writer)
        writer.endArray()
        writer.member("rev", count: core.rev)
        writer.member("dom2BeatSize", core.dom2BeatSize)
        if asksTotal { writer.member("total", try total(filter, core: core, context: context)) }
        var fields = HTTPFields()
        if let next {
            let token = ContinueToken(epoch: configuration.epoch, slot: next, filter: filter.hash).text
            writer.member("continue", token)
            fields.append("Link", "<\(linkTarget(call.request, token))>; rel=\"next\"")
        }
        writer.endObject()
        let response = HTTPResponse.body(
            200, .json, writer.finish(), pretty: call.pretty, etag: etag, fields: fields)
        return .respond(response, route: call.route)
    }

    private func startSlot(_ call: Call, _ filter: BeatFilter) throws(Problem) -> Int32 {
        guard let text = call.query[.continue] else { return 0 }
        guard let token = ContinueToken(text) else {
            throw .query([.init("continue", "is no token of this API")])
        }
        if token.epoch != configuration.epoch {
            throw Problem(.gone, "the token is from an earlier run of beatd; begin the list anew")
        }
        guard token.filter == filter.hash else {
            throw .query([.init("continue", "belongs to a list with other filters")])
        }
        return token.slot
    }

    /// Writes the items of a page; returns the slot that the next page begins at, nil when there is none.
    private func writePage(
        _ filter: BeatFilter, from start: Int32, limit: Int, core: borrowing BeatReactor, context: Context,
        to writer: inout JSONWriter
    ) -> Int32? {
        let registrationWriter = RegistrationWriter(context: context, servers: core.serverNames())
        var slot = start
        var rows = 0
        var items = 0
        while let (view, next) = core.nextRegistration(from: slot) {
            if rows == PageLimits.rows { return slot }
            rows += 1
            if filter.matches(view) {
                // One more than fits: there is a next page, and it begins here.
                if items == limit || writer.count >= PageLimits.bytes { return slot }
                registrationWriter.write(view, to: &writer)
                items += 1
            }
            slot = next
        }
        return nil
    }

    /// How many registrations match, on all pages.
    private func total(
        _ filter: BeatFilter, core: borrowing BeatReactor, context: Context
    ) throws(Problem) -> Int {
        if filter.isEmpty { return core.dom2BeatSize }
        guard core.slotEnd <= PageLimits.rows else {
            throw .query([
                .init(
                    "total",
                    "cannot be counted with a filter among more than \(PageLimits.rows) registrations; leave it out")
            ])
        }
        var count = 0
        var slot: Int32 = 0
        while let (view, next) = core.nextRegistration(from: slot) {
            if filter.matches(view) { count += 1 }
            slot = next
        }
        return count
    }

    /// The target of the next page: this request's with another `continue`.
    private func linkTarget(_ request: HTTPRequest, _ token: String) -> String {
        var pieces = (request.target.query ?? "").split(separator: "&").map { String($0) }
        pieces.removeAll { $0.hasPrefix("continue=") }
        pieces.append("continue=\(token)")
        return "\(request.target.path)?\(pieces.joined(separator: "&"))"
    }
}
