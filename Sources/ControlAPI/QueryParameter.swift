internal import BeatCore
internal import HTTPWire

/// Every query parameter that some route knows. The names are part of the API.
enum QueryParameter: String, CaseIterable, Sendable {
    case pretty
    case dryRun
    case wait
    case deregister
    case missingOk = "missing_ok"
    case all
    case serviceName
    case groupName
    case namespaceId
    case clusterName
    case ip
    case port
    case state
    /// `label.KEY=VALUE`, any number of them.
    case label = "label."
    case q
    case limit
    case `continue`
    case total
    case atomic
    case mode
    case type

    /// The parameters that name instances.
    static let instance: [QueryParameter] = [.serviceName, .groupName, .namespaceId, .clusterName, .ip, .port]
}

/// The query of a request, of which every parameter is known to its route and given once.
struct Query: Sendable {
    private var values: [QueryParameter: String] = [:]
    /// `label.KEY=VALUE` in the order given, by KEY.
    private(set) var labels: [FormPair] = []

    /// The parameters in `query`. Throws `malformed-request` when one is unknown, given twice or badly escaped.
    init(_ query: String?, allowed: [QueryParameter]) throws(Problem) {
        guard let query else { return }
        let pairs: [FormPair]
        do throws(EscapingError) { pairs = try FormEncoding.decode(query) } catch {
            throw Problem(.malformedRequest, "the query has an escape (%XX) that cannot be decoded")
        }
        var items: [Problem.Item] = []
        for pair in pairs {
            if let fault = take(pair, allowed) { items.append(.init(pair.name, fault)) }
        }
        if !items.isEmpty { throw .query(items) }
    }

    /// Keeps a pair, or says what is wrong with it.
    private mutating func take(_ pair: FormPair, _ allowed: [QueryParameter]) -> String? {
        let prefix = QueryParameter.label.rawValue
        if allowed.contains(.label), pair.name.hasPrefix(prefix) {
            let key = String(pair.name.dropFirst(prefix.count))
            if key.isEmpty { return "the name of the label is missing: label.KEY=VALUE" }
            if labels.contains(where: { $0.name == key }) { return "is given twice" }
            labels.append(FormPair(key, pair.value))
            return nil
        }
        guard let parameter = QueryParameter(rawValue: pair.name), parameter != .label, allowed.contains(parameter)
        else {
            return "unknown query parameter\(NearestName.suggestion(for: pair.name, among: allowed.map(\.rawValue)))"
        }
        if values[parameter] != nil { return "is given twice" }
        // A shell variable that is not set must not widen a filter.
        if pair.value.isEmpty, parameter != .pretty { return "must not be empty" }
        values[parameter] = pair.value
        return nil
    }

    /// The text of a parameter, nil when it is not given.
    subscript(_ parameter: QueryParameter) -> String? { values[parameter] }

    /// `true` or `false`; `pretty` alone means true.
    func flag(_ parameter: QueryParameter, default value: Bool = false) throws(Problem) -> Bool {
        switch values[parameter] {
        case nil: value
        case "true", "": true
        case "false": false
        case let text?:
            throw .query([.init(parameter.rawValue, "must be true or false, got \(NameRules.quoted(text))")])
        }
    }

    /// A whole number in `range`.
    func integer(_ parameter: QueryParameter, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = values[parameter] else { return nil }
        if text.utf8.allSatisfy(NameRules.isDigit), let number = Int(text), range.contains(number) { return number }
        throw .query([
            .init(
                parameter.rawValue,
                "must be \(range.lowerBound)…\(range.upperBound), got \(NameRules.quoted(text))")
        ])
    }

    /// A duration of at most `max`.
    func duration(_ parameter: QueryParameter, max: Duration) throws(Problem) -> Duration? {
        guard let text = values[parameter] else { return nil }
        if let duration = DurationText.parse(text), duration <= max { return duration }
        throw .query([
            .init(
                parameter.rawValue,
                "must be a duration of at most \(DurationText.text(max)), such as 500ms or 3s, "
                    + "got \(NameRules.quoted(text))")
        ])
    }
}
