/// What the nodes of a cluster take one another for, as a value (nacos.md §4.6, §11.3).
struct ClusterView {
    /// How a node is.
    enum Condition: Equatable {
        case up
        /// Nobody listens there; ns since when.
        case dead(since: Int64)
        /// It takes connections and says nothing; ns since when.
        case hung(since: Int64)
        /// It is up again, and the others do not know it yet; ns since when.
        case rejoining(since: Int64)
    }

    /// What a node does with a v1 write.
    enum Decision: Equatable {
        case here
        case relay(Int)
        /// The owner's port is closed.
        case refused(Int)
        /// The owner does not answer.
        case unanswered
        /// The nodes do not agree on who owns it.
        case disagreement
    }

    /// `ip:port` of the nodes.
    let addresses: [String]
    let windows: NamingCluster.Windows
    private(set) var conditions: [Condition]
    /// The nodes as they are counted: by the text of their address.
    private let order: [Int]

    init(addresses: [String], windows: NamingCluster.Windows) {
        self.addresses = addresses
        self.windows = windows
        conditions = addresses.map { _ in .up }
        order = addresses.indices.sorted { addresses[$0] < addresses[$1] }
    }

    mutating func set(_ node: Int, _ condition: Condition) {
        conditions[node] = condition
    }

    /// `String.hashCode` of Java.
    static func javaHash(_ text: String) -> Int32 {
        text.utf16.reduce(0) { $0 &* 31 &+ Int32($1) }
    }

    /// Which of `count` sorted members a tag belongs to.
    static func index(of tag: String, among count: Int) -> Int {
        Int((Int64(javaHash(tag)) % 2_147_483_647).magnitude % UInt64(count))
    }

    /// The node that owns a tag, in the eyes of the living.
    func owner(of tag: String, at now: Int64) -> Int {
        let members = order.filter { isMember($0, at: now) }
        // Without any member nobody is there to ask.
        return members.isEmpty ? order[0] : members[ClusterView.index(of: tag, among: members.count)]
    }

    func decision(at node: Int, _ tag: String, at now: Int64) -> Decision {
        let owner = owner(of: tag, at: now)
        if owner == node { return .here }
        if conditions.contains(where: { isRejoining($0, at: now) }) { return .disagreement }
        return switch conditions[owner] {
        case .up, .rejoining: .relay(owner)
        case .dead: .refused(owner)
        case .hung: .unanswered
        }
    }

    private func isRejoining(_ condition: Condition, at now: Int64) -> Bool {
        guard case .rejoining(let since) = condition else { return false }
        return now - since < windows.rejoinMilliseconds * 1_000_000
    }

    /// Whether the others still count on it.
    private func isMember(_ node: Int, at now: Int64) -> Bool {
        switch conditions[node] {
        case .up, .rejoining: true
        case .dead(let since): now - since < windows.deadMilliseconds * 1_000_000
        case .hung(let since): now - since < windows.hungMilliseconds * 1_000_000
        }
    }

    func isAnswering(_ node: Int) -> Bool {
        switch conditions[node] {
        case .up, .rejoining: true
        case .dead, .hung: false
        }
    }
}
