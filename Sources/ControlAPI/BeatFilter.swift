internal import BeatCore
internal import HTTPWire

/// Which registrations a query asks for.
struct BeatFilter: Equatable, Sendable {
    private(set) var serviceName: String?
    private(set) var groupName: String?
    private(set) var namespaceId: String?
    private(set) var clusterName: String?
    private(set) var ip: String?
    private(set) var port: UInt16?
    private(set) var state: RegistrationState?
    private(set) var labels: [FormPair]
    /// Lower-case.
    private(set) var q: String?

    /// The filter of a query; `group@@service` is split as in a registration.
    init(_ query: Query) throws(Problem) {
        let name = query[.serviceName].map(GroupedName.split)
        serviceName = name?.service
        groupName = query[.groupName] ?? name?.group
        namespaceId = query[.namespaceId]
        clusterName = query[.clusterName]
        ip = query[.ip]
        port = try query.integer(.port, in: 1...65535).map { UInt16($0) }
        labels = query.labels
        q = query[.q].map { $0.lowercased() }
        if let given = query[.groupName], let group = name?.group, given != group {
            throw .query([.init("groupName", "contradicts serviceName, which says \(NameRules.quoted(group))")])
        }
        state = try BeatFilter.state(query[.state])
    }

    private static func state(_ text: String?) throws(Problem) -> RegistrationState? {
        guard let text else { return nil }
        if let state = RegistrationState.allCases.first(where: { "\($0.label)" == text }) { return state }
        let names = RegistrationState.allCases.map { "\($0.label)" }
        let hint = NearestName.suggestion(for: text, among: names)
        throw .query([.init("state", "must be one of \(names.joined(separator: ", "))\(hint)")])
    }

    /// Whether every registration matches.
    var isEmpty: Bool {
        self == BeatFilter()
    }

    private init() { labels = [] }

    /// The one key that can match, when the filter gives all of its parts.
    var wholeKey: InstanceKey? {
        guard let serviceName, let groupName, let namespaceId, let clusterName, let ip, let port else { return nil }
        return InstanceKey(
            namespaceId: namespaceId, groupName: groupName, serviceName: serviceName, clusterName: clusterName,
            ip: ip, port: port)
    }

    /// The key that the filter names when what it leaves out has its default; nil without a service, ip and port.
    func keyWithDefaults(_ namespaceId: String) -> InstanceKey? {
        guard let serviceName, let ip, let port else { return nil }
        return InstanceKey(
            namespaceId: self.namespaceId ?? namespaceId, groupName: groupName ?? "DEFAULT_GROUP",
            serviceName: serviceName, clusterName: clusterName ?? "DEFAULT", ip: ip, port: port)
    }

    /// The same for equal filters in every process: a `continue` token belongs to one filter.
    var hash: UInt64 {
        var hash = FNV1a.offset
        func mix(_ text: String?) {
            // No UTF-8 holds these bytes, so parts cannot run into each other.
            hash = FNV1a.hash(CollectionOfOne<UInt8>(text == nil ? 0xfe : 0xff), from: hash)
            hash = FNV1a.hash((text ?? "").utf8, from: hash)
        }
        for text in [serviceName, groupName, namespaceId, clusterName, ip, port.map { String($0) }, q] { mix(text) }
        mix(state.map { "\($0.label)" })
        for label in labels.sorted(by: { $0.name < $1.name }) {
            mix(label.name)
            mix(label.value)
        }
        return hash
    }

    /// Whether an instance is one of those that the filter names; state, labels and `q` are not looked at.
    func matches(_ key: InstanceKey) -> Bool {
        if let port, port != key.port { return false }
        if let serviceName, serviceName != key.serviceName { return false }
        if let ip, ip != key.ip { return false }
        if let groupName, groupName != key.groupName { return false }
        if let namespaceId, namespaceId != key.namespaceId { return false }
        if let clusterName, clusterName != key.clusterName { return false }
        return true
    }

    func matches(_ view: RegistrationView) -> Bool {
        guard matches(view.document.key) else { return false }
        if let state, state != view.state { return false }
        for label in labels where view.document.labels[label.name] != label.value { return false }
        guard let q else { return true }
        return BeatFilter.contains(q, in: view)
    }

    private static func contains(_ needle: String, in view: RegistrationView) -> Bool {
        let document = view.document
        for text in [view.id, document.key.serviceName, document.key.groupName, document.key.ip]
        where contains(needle, in: text) {
            return true
        }
        for map in [document.metadata, document.labels] {
            for entry in map.entries
            where contains(needle, in: entry.key) || contains(needle, in: entry.value) {
                return true
            }
        }
        return false
    }

    /// `needle` is lower-case.
    static func contains(_ needle: String, in text: String) -> Bool {
        let needle = needle.utf8.span
        let text = text.utf8.allSatisfy({ $0 < 0x80 }) ? text : text.lowercased()
        let bytes = text.utf8.span
        guard needle.count <= bytes.count else { return false }
        for start in 0...(bytes.count - needle.count) {
            var length = 0
            while length < needle.count, lowercased(bytes[start + length]) == needle[length] { length += 1 }
            if length == needle.count { return true }
        }
        return false
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
