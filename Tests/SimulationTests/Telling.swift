@testable import BeatCore

// What those who follow the events know.
extension Simulation {
    /// Takes an event; after one about all of beatd, followers read the list anew.
    func told(_ event: BeatCore.Event) {
        switch event.subject {
        case .registration(let id, let key, let state):
            check(key.id == id, "an event about \(id) with the key of \(key.id)")
            if event.kind == .removed {
                check(state == .deregistering, "removed, and \(state)")
                followed[id] = nil
            } else {
                check(
                    (event.kind == .registered) == (followed[id] == nil),
                    "\(event.kind.rawValue) of \(id), which was \(followed[id].map { "\($0)" } ?? "not there")")
                followed[id] = state
            }
        case .server: break
        case .process: readList()
        }
    }

    private func readList() {
        followed = [:]
        for (slot, row) in reactor.rows.enumerated() where row.stage == .kept || row.stage == .refused {
            followed[reactor.key(of: Int32(slot)).id] = row.state
        }
    }

    /// Followers know the state of each registration at all times.
    func checkFollowed() {
        var kept = 0
        for (slot, row) in reactor.rows.enumerated() where row.stage == .kept || row.stage == .refused {
            kept += 1
            let id = reactor.key(of: Int32(slot)).id
            check(followed[id] == row.state, "\(id) is \(row.state), told was \(String(describing: followed[id]))")
        }
        check(followed.count == kept, "\(followed.count) followed, \(kept) kept")
    }
}
