internal import BeatCore
public import HTTPWire

/// Requests to this API by method, route template and status. Labels come from fixed sets, whatever clients send.
public struct HTTPMetrics: Sendable {
    /// One combination of labels.
    struct Key: Hashable, Sendable {
        /// Place in `Route.templates`; one above the last for paths that belong to none.
        var template: Int
        var method: HTTPMethod
        var status: Int
    }

    /// Label `route` of requests whose path belongs to no route.
    static let unmatched = "unmatched"

    /// What was counted under a template and a method: few statuses, which are looked at one by one.
    fileprivate struct Line {
        var statuses: [Int] = []
        var durations: [BucketHistogram] = []
    }

    /// By `HTTPMetrics.place`.
    private var lines = [Line](repeating: Line(), count: (Route.templates.count + 1) * HTTPMetrics.methods.count)

    /// The values of label `method`, those that clients send most first.
    private static let methods: [HTTPMethod] = [.get, .post, .put, .delete, .patch, .head, .options, .other("other")]

    /// No request yet; what the routes answer when all is well is there from the start.
    public init() {
        for key in HTTPMetrics.documented where key.status < 300 {
            let place = HTTPMetrics.place(key.template, key.method)
            _ = lines[place].position(of: key.status)
        }
    }

    /// Counts a request that was answered after so many nanoseconds. `route` is that of its `Handling`, nil also for
    /// what the parser refused.
    public mutating func record(_ route: Route?, _ method: HTTPMethod, status: Int, nanoseconds: Int64) {
        let template = route?.templatePlace ?? Route.templates.count
        let place = HTTPMetrics.place(template, method)
        let position = lines[place].position(of: status)
        lines[place].durations[position].record(nanoseconds)
    }

    /// Any token may be a method; all that are not known count as one.
    private static func place(_ template: Int, _ method: HTTPMethod) -> Int {
        template * methods.count + (methods.firstIndex(of: method) ?? methods.count - 1)
    }

    /// What was counted, in a fixed order, with what the routes may answer.
    var requests: [(key: Key, count: UInt64)] {
        let counted = histograms
        let others = Set(HTTPMetrics.documented).subtracting(counted.map(\.key))
        return (counted.map { ($0.key, $0.histogram.count) } + others.map { ($0, 0) })
            .sorted { HTTPMetrics.precedes($0.key, $1.key) }
    }

    /// How long the requests took, in a fixed order.
    var histograms: [(key: Key, histogram: BucketHistogram)] {
        lines.indices.flatMap { place in
            zip(lines[place].statuses, lines[place].durations).map { status, histogram in
                let (template, method) = place.quotientAndRemainder(dividingBy: HTTPMetrics.methods.count)
                return (Key(template: template, method: HTTPMetrics.methods[method], status: status), histogram)
            }
        }.sorted { HTTPMetrics.precedes($0.key, $1.key) }
    }

    /// What the routes say that they answer.
    private static let documented: [Key] = Route.table.flatMap { route in
        route.statuses.map { Key(template: route.templatePlace, method: route.method, status: $0) }
    }

    private static func precedes(_ one: Key, _ other: Key) -> Bool {
        (one.template, one.method.name, one.status) < (other.template, other.method.name, other.status)
    }
}

extension HTTPMetrics.Line {
    /// Where a status is; it comes in when it was not there.
    fileprivate mutating func position(of status: Int) -> Int {
        if let position = statuses.firstIndex(of: status) { return position }
        statuses.append(status)
        durations.append(BucketHistogram(bounds: MetricBuckets.http))
        return statuses.count - 1
    }
}

extension HTTPMetrics.Key {
    /// The values of `method`, `route` and `code`.
    var labels: [String] {
        [
            method.name, template < Route.templates.count ? Route.templates[template] : HTTPMetrics.unmatched,
            String(status),
        ]
    }
}
