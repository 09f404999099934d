// Which registrations there are, without the work of a whole view.
extension BeatReactor {
    /// The first registration (tombstones left out) at `slot` or behind it, and where to go on; nil at the end.
    public func nextKept(from slot: Int32) -> (key: InstanceKey, id: String, next: Int32)? {
        var position = max(slot, 0)
        while position < slotEnd {
            switch table.rows[Int(position)].stage {
            case .vacant, .leaving: position += 1
            case .kept, .refused: return (table.key(position), table.id(position), position + 1)
            }
        }
        return nil
    }

    /// The id of a registration, tombstones included; nil when the handle is stale.
    public func id(of handle: RegistrationHandle) -> String? { table.slot(handle).map { table.id($0) } }
}
