import TestSupport

@testable import BeatCore

/// The servers as the shell knows them: which node of the cluster has which place, and which are in the list.
struct NodeList {
    /// The nodes by place, and whether the place is in the list.
    private var places: [(node: Int, isListed: Bool)]

    init(listed: Int) { places = (0..<listed).map { ($0, true) } }

    static func name(_ node: Int) -> String { "10.1.0.\(node):8848" }

    /// The node that an exchange goes to.
    func node(at place: ServerIndex) -> Int { places[Int(place)].node }

    func isListed(_ place: ServerIndex) -> Bool { places[Int(place)].isListed }

    /// Performs `addServer`; false when that place is another server's, or no place.
    mutating func add(_ name: String, at place: ServerIndex, among nodes: Int) -> Bool {
        guard let node = (0..<nodes).first(where: { NodeList.name($0) == name }), Int(place) <= places.count,
            !places.contains(where: { $0.isListed && $0.node == node })
        else { return false }
        if Int(place) == places.count { places.append((node, false)) }
        guard !places[Int(place)].isListed else { return false }
        places[Int(place)] = (node, true)
        return true
    }

    /// Performs `retireServer`; false when it was not in the list.
    mutating func retire(_ place: ServerIndex) -> Bool {
        guard isListed(place) else { return false }
        places[Int(place)].isListed = false
        return true
    }

    /// The names that are in the list, sorted.
    var names: [String] { places.filter(\.isListed).map { NodeList.name($0.node) }.sorted() }
}

// The list of servers changes.
extension Simulation {
    /// The address server says something else, or nonsense.
    func changeList() {
        let all = cluster.faults.indices.map { NodeList.name($0) }
        guard plan.singleFault || random.next(below: 5) > 0 else {
            feed(.serverListChanged(random.next(below: 2) == 0 ? [] : (0...Limits.servers).map { "n\($0):1" }))
            return
        }
        // With one server that is ill there must be another one to ask.
        let least = plan.singleFault ? 2 : 1
        var left = all
        var list: [String] = []
        for _ in 0..<(least + random.next(below: all.count - least + 1)) {
            list.append(left.remove(at: random.next(below: left.count)))
        }
        feed(.serverListChanged(list))
        check(nodes.names == list.sorted(), "asked for \(list), the shell has \(nodes.names)")
    }

    /// What the core said of the list.
    func addServer(_ name: String, at place: ServerIndex) {
        let others = outstanding.filter { $0.exchange.server == place && NodeList.name(nodes.node(at: place)) != name }
        check(others.isEmpty, "\(name) gets a place where \(others) are in flight")
        check(nodes.add(name, at: place, among: cluster.faults.count), "\(name) cannot be added at \(place)")
    }

    func retireServer(_ place: ServerIndex) { check(nodes.retire(place), "\(place) is retired twice") }

    /// The core's view is the shell's.
    func checkServers() {
        let views = reactor.serverViews()
        check(views.map(\.name).sorted() == nodes.names, "\(views.map(\.name)) in the list, not \(nodes.names)")
        for view in views {
            check(nodes.isListed(view.index), "place \(view.index) is not in the list")
            check(NodeList.name(nodes.node(at: view.index)) == view.name, "\(view.name) is not at \(view.index)")
        }
    }
}
