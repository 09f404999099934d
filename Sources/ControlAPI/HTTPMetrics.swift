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

    private var durations: [Key: BucketHistogram] = [:]

    /// No request yet; what the routes answer when all is well is there from the start.
    public init() {
        for key in HTTPMetrics.documented where key.status < 300 {
            durations[key] = BucketHistogram(bounds: MetricBuckets.http)
        }
    }

    /// Counts a request that was answered. `route` is that of its `Handling`, nil also for what the parser refused.
    public mutating func record(_ route: Route?, _ method: HTTPMethod, status: Int, duration: Duration) {
        let key = Key(
            template: route.flatMap { Route.templates.firstIndex(of: $0.template) } ?? Route.templates.count,
            method: HTTPMetrics.known(method), status: status)
        durations[key, default: BucketHistogram(bounds: MetricBuckets.http)].record(duration.wholeNanoseconds)
    }

    /// What was counted, in a fixed order, with what the routes may answer.
    var requests: [(key: Key, count: UInt64)] {
        Set(HTTPMetrics.documented).union(durations.keys).sorted(by: HTTPMetrics.precedes)
            .map { ($0, durations[$0]?.count ?? 0) }
    }

    /// How long the requests took, in a fixed order.
    var histograms: [(key: Key, histogram: BucketHistogram)] {
        durations.keys.sorted(by: HTTPMetrics.precedes).compactMap { key in durations[key].map { (key, $0) } }
    }

    /// What the routes say that they answer.
    private static let documented: [Key] = Route.table.flatMap { route in
        let template = Route.templates.firstIndex(of: route.template) ?? Route.templates.count
        return route.statuses.map { Key(template: template, method: route.method, status: $0) }
    }

    /// Any token may be a method; all that are not known count as one.
    private static func known(_ method: HTTPMethod) -> HTTPMethod {
        if case .other = method { return .other("other") }
        return method
    }

    private static func precedes(_ one: Key, _ other: Key) -> Bool {
        (one.template, one.method.name, one.status) < (other.template, other.method.name, other.status)
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
