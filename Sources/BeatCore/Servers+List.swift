/// Why a list of servers was not taken.
public enum ServerListFault: String, Sendable {
    /// It names no server.
    case empty
    /// It names more than `Limits.servers`.
    case tooLong
    /// Its new servers find no place, because too much is in flight with former ones.
    case noPlace
}

// The list: which places are in it, and which can be used anew.
//
// A place is the name of a server in exchanges, rows and effects, so it does not move while anything refers to it. A
// server that leaves the list keeps its place without being asked; the place is given to another one only when no
// exchange and no probe is under way there, and a server of the same name comes back to it.
extension Servers {
    /// What a new list changed.
    struct ListChange: Equatable {
        /// Places of servers that are new in the list.
        var added: [ServerIndex] = []
        /// Places of servers that are no longer in it.
        var removed: [ServerIndex] = []
    }

    /// True while there is no server at all.
    var isEmpty: Bool { order.isEmpty }

    func isListed(_ index: ServerIndex) -> Bool { servers[Int(index)].isListed }

    func isQuarantined(_ index: ServerIndex) -> Bool {
        if case .quarantined = servers[Int(index)].state { return true }
        return false
    }

    /// The names in the order of the list.
    var listedNames: [String] { order.map { servers[$0].name } }

    /// Takes a new list of different names; nil, and nothing is changed, when a new server finds no place. `busy` are the
    /// places with an exchange in flight, a bit each.
    mutating func setList(_ names: [String], busy: UInt32) -> ListChange? {
        guard let places = places(for: names, busy: busy) else { return nil }
        var change = ListChange()
        for place in order where !places.contains(place) {
            servers[place].isListed = false
            change.removed.append(ServerIndex(place))
        }
        for (place, name) in zip(places, names) {
            while servers.count <= place {
                servers.append(Server(name: name))
                servers[servers.count - 1].isListed = false
            }
            guard !servers[place].isListed else { continue }
            open(place, name)
            change.added.append(ServerIndex(place))
        }
        order = places
        sorted = places.sorted { servers[$0].name < servers[$1].name }
        self.names = servers.map(\.name)
        planProbes()
        return change
    }

    /// A place for each name: its own, else one that is free.
    private func places(for names: [String], busy: UInt32) -> [Int]? {
        let own = names.map { name in servers.firstIndex { $0.name == name } }
        func isFree(_ place: Int) -> Bool {
            !own.contains(place) && busy & (1 << UInt32(place)) == 0 && !servers[place].isBeingProbed
        }
        // Those that leave with this very change come last: documents go on to name them.
        let former = servers.indices.filter { !servers[$0].isListed && isFree($0) }
        let leaving = servers.indices.filter { servers[$0].isListed && isFree($0) }
        var free = (former + Array(servers.count..<Limits.serverPlaces) + leaving)[...]
        var places: [Int] = []
        for place in own {
            guard let place = place ?? free.popFirst() else { return nil }
            places.append(place)
        }
        return places
    }

    /// A server enters the list: nothing is known of it, except that a probe of it may still be under way.
    private mutating func open(_ place: Int, _ name: String) {
        var server = Server(name: name)
        if case .forced(let dialect) = choice { server.dialect = dialect }
        if servers[place].name == name {
            server.requests = servers[place].requests
            server.isBeingProbed = servers[place].isBeingProbed
        }
        servers[place] = server
    }
}
