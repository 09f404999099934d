internal import BeatCore

/// Which events a client wants.
struct EventFilter: Sendable {
    /// None: all kinds.
    private let kinds: [Event.Kind]
    private let beats: BeatFilter

    /// The filter of a query: `type=KIND,KIND`, and the fields that name instances.
    init(_ query: Query) throws(Problem) {
        beats = try BeatFilter(query)
        var kinds: [Event.Kind] = []
        for name in query[.type]?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
            guard let kind = Event.Kind(rawValue: String(name)) else {
                let names = Event.Kind.allCases.map(\.rawValue)
                let hint = NearestName.suggestion(for: String(name), among: names)
                throw .query([
                    .init(
                        "type",
                        "must be of \(names.joined(separator: ", ")), got \(NameRules.quoted(String(name)))\(hint)")
                ])
            }
            kinds.append(kind)
        }
        self.kinds = kinds
    }

    /// What happens to a server or to all of beatd concerns every registration.
    func matches(_ event: Event) -> Bool {
        guard kinds.isEmpty || kinds.contains(event.kind) else { return false }
        switch event.subject {
        case .registration(_, let key, _): return beats.matches(key)
        case .server, .process: return true
        }
    }
}
