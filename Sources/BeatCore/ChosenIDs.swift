/// The ids that clients chose with PUT. All other registrations have the id of their key, and are not in here.
struct ChosenIDs {
    private var slots: [String: Int32] = [:]
    private var ids: [Int32: String] = [:]

    /// True when nobody chose any.
    var isEmpty: Bool { ids.isEmpty }

    /// The slot whose registration chose this id.
    func slot(of id: String) -> Int32? { slots[id] }

    /// The id that was chosen for this slot's registration; nil: it has that of its key.
    func id(of slot: Int32) -> String? { ids[slot] }

    /// Sets or takes away a slot's chosen id. No other slot may have it.
    mutating func set(_ id: String?, of slot: Int32) {
        if let old = ids.removeValue(forKey: slot) { slots[old] = nil }
        guard let id else { return }
        precondition(slots[id] == nil, "the id \(id) of slot \(slot) is that of slot \(slots[id] ?? -1)")
        ids[slot] = id
        slots[id] = slot
    }
}

extension RegistrationTable {
    /// The id of the registration in a slot.
    func id(_ slot: Int32) -> String {
        chosenIDs.id(of: slot) ?? RegistrationID.text(of: rows[Int(slot)].fingerprint)
    }

    /// The registration with this id, tombstones included: who chose it, else whose key has it.
    func find(id: String) -> Int32? {
        if let slot = chosenIDs.slot(of: id) { return slot }
        guard let fingerprint = RegistrationID.fingerprint(of: id), let slot = find(fingerprint),
            chosenIDs.id(of: slot) == nil
        else { return nil }
        return slot
    }
}
