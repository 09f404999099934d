internal import BeatCore
internal import HTTPWire
internal import JSON

/// The longest `?wait=` of the list: what proxies let pass, and below what the server parks.
private let listWaitMax = Duration.seconds(120)

/// What most documents have room in, and malloc has at hand: pieces of up to 1 032 bytes are kept by size.
private let usualDocument = 984

// MARK: GET /v1/beats, GET /v1/beats/{id}

extension ControlAPI {
    func readBeat(_ call: Call, core: borrowing BeatReactor, context: Context) throws(Problem) -> HTTPResponse {
        guard let handle = core.find(id: call.parameter), let view = core.view(handle) else {
            throw Problem(.notFound, "there is no registration \(NameRules.quoted(call.parameter))")
        }
        let etag = EntityTag(of: view, epoch: configuration.epoch)
        if try Preconditions(call.request.fields).isUnmodified(etag) { return .notModified(etag) }
        var writer = JSONWriter(reserving: usualDocument)
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

        let page = PageWork(
            filter: filter, limit: limit, etag: etag, request: call.request, pretty: call.pretty, rev: core.rev,
            dom2BeatSize: core.dom2BeatSize, total: try total(asksTotal, filter, core), slot: start)
        return .gather(GatheredAnswer(work: .page(page)), route: call.route)
    }

    /// What is known of `?total=` before anything is counted.
    private func total(
        _ isAsked: Bool, _ filter: BeatFilter, _ core: borrowing BeatReactor
    ) throws(Problem) -> PageWork.Total {
        guard isAsked else { return .notAsked }
        guard !filter.isEmpty else { return .known(core.dom2BeatSize) }
        guard core.slotEnd <= PageLimits.rows else {
            throw .query([
                .init(
                    "total",
                    "cannot be counted with a filter among more than \(PageLimits.rows) registrations; leave it out")
            ])
        }
        return .counting(0, from: 0)
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
}
