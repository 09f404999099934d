/// All registrations: dense arrays indexed by slot, no object each. This is the classic `dom2Beat`, with
/// tombstones in it until Nacos has confirmed.
struct RegistrationTable {
    /// The part of a registration that only its document and its requests need.
    struct Record {
        var namespace: UInt32 = 0
        var group: UInt32 = 0
        var service: UInt32 = 0
        var cluster: UInt32 = 0
        var ip = ""
        var metadata = StringMap()
        var labels = StringMap()
        var weight = 1.0
        var rev: UInt64 = 0
        /// The change counter when the place was taken.
        var serial: UInt64 = 0
        var createdAt = Row.never
        var updatedAt = Row.never
        var port: UInt16 = 0
        /// Milliseconds; 0: none was given.
        var explicitPeriod: UInt16 = 0
        var deregisterOnExit = true
        var onUnhealthy = OnUnhealthy.stop
        /// Whether `checkLists` has an entry.
        var hasChecks = false
        var source = RegistrationSource.api
    }

    private(set) var records: [Record] = []
    var rows: [Row] = []
    private var free: [Int32] = []
    /// Places in use, tombstones included.
    var count: Int { rows.count - free.count }
    private var index = FingerprintIndex()
    private var names = Interner()
    /// The checks of the registrations that have any.
    private var checkLists: [Int32: [Check]] = [:]
    var chosenIDs = ChosenIDs()
    /// How addresses were chosen, of the registrations whose were.
    private(set) var ipRules: [Int32: String] = [:]
    /// Registrations whose state has changed since it was asked, some of them more than once.
    private(set) var moved: [Int32] = []
    private var counts = [Int](repeating: 0, count: RegistrationState.allCases.count)

    /// Registrations in a state.
    func count(of state: RegistrationState) -> Int { counts[Int(state.rawValue)] }

    /// The one place where a registration's state changes, so that the counts stay in step.
    mutating func move(_ slot: Int32, to state: RegistrationState) {
        let old = rows[Int(slot)].state
        guard old != state else { return }
        counts[Int(old.rawValue)] -= 1
        counts[Int(state.rawValue)] += 1
        rows[Int(slot)].state = state
        moved.append(slot)
    }

    /// Those whose state has changed, which are forgotten.
    mutating func takeMoved() -> [Int32] {
        defer { moved.removeAll(keepingCapacity: moved.count < 4096) }
        return moved
    }

    func find(_ fingerprint: UInt64) -> Int32? {
        rows.withUnsafeBufferPointer { rows in
            index.find(fingerprint) { rows[Int($0)].fingerprint }
        }
    }

    func handle(_ slot: Int32) -> RegistrationHandle {
        RegistrationHandle(slot: slot, epoch: rows[Int(slot)].epoch)
    }

    /// Reads from the beginning, the middle and the end of a row.
    func fetch(_ slot: Int32) -> UInt32 {
        let position = Int(slot)
        return rows[position].epoch &+ UInt32(truncatingIfNeeded: rows[position].nextDue)
            &+ UInt32(truncatingIfNeeded: rows[position].lastBeat.latency)
    }

    /// The slot of a handle whose registration is still there.
    func slot(_ handle: RegistrationHandle) -> Int32? {
        guard rows.indices.contains(Int(handle.slot)) else { return nil }
        let row = rows[Int(handle.slot)]
        return row.epoch == handle.epoch && row.stage != .vacant ? handle.slot : nil
    }

    /// Takes a place for a new registration in state `pending`.
    mutating func insert(_ document: RegistrationDocument, fingerprint: UInt64, rev: UInt64, at now: Instant) -> Int32 {
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = Int32(rows.count)
            rows.append(Row())
            records.append(Record())
        }
        let position = Int(slot)
        rows[position] = Row(fingerprint: fingerprint, epoch: rows[position].epoch &+ 1, generation: 1, stage: .kept)
        counts[Int(RegistrationState.pending.rawValue)] += 1
        let key = document.key
        rows[position].distroHash = Distro.hash(ip: key.ip, port: key.port)
        let neighbour = max(position - 1, 0)
        records[position] = Record(
            namespace: names.retain(key.namespaceId, like: records[neighbour].namespace),
            group: names.retain(key.groupName, like: records[neighbour].group),
            service: names.retain(key.serviceName, like: records[neighbour].service),
            cluster: names.retain(key.clusterName, like: records[neighbour].cluster), ip: key.ip,
            serial: rev, createdAt: now, port: key.port)
        set(document, of: slot, rev: rev, at: now)
        rows.withUnsafeBufferPointer { rows in
            index.insert(slot) { rows[Int($0)].fingerprint }
        }
        return slot
    }

    /// Replaces the changeable part of a document.
    mutating func set(_ document: RegistrationDocument, of slot: Int32, rev: UInt64, at now: Instant) {
        let position = Int(slot)
        precondition(records[position].ip == document.key.ip, "a registration's key does not change")
        records[position].metadata = document.metadata
        records[position].labels = document.labels
        records[position].weight = document.weight
        records[position].rev = rev
        records[position].updatedAt = now
        records[position].explicitPeriod = UInt16(clamping: document.period?.wholeMilliseconds ?? 0)
        rows[position].enabled = document.enabled
        records[position].deregisterOnExit = document.deregisterOnExit
        records[position].onUnhealthy = document.onUnhealthy
        if records[position].hasChecks || !document.checks.isEmpty {
            checkLists[slot] = document.checks.isEmpty ? nil : document.checks
            records[position].hasChecks = !document.checks.isEmpty
        }
        records[position].source = document.source
        if document.ipRule != nil || !ipRules.isEmpty { ipRules[slot] = document.ipRule }
    }

    /// The registration begins anew in its place: a tombstone was posted again.
    mutating func markCreated(_ slot: Int32, at now: Instant) { records[Int(slot)].createdAt = now }

    /// Makes room for so many in one piece.
    mutating func reserve(_ count: Int) {
        rows.reserveCapacity(count)
        records.reserveCapacity(count)
        rows.withUnsafeBufferPointer { rows in
            index.reserve(count) { rows[Int($0)].fingerprint }
        }
    }

    /// The registration is one of an earlier process.
    mutating func markRestored(_ slot: Int32, serial: UInt64, updatedAt: Instant) {
        records[Int(slot)].serial = serial
        records[Int(slot)].updatedAt = updatedAt
    }

    /// Gives a place back.
    mutating func remove(_ slot: Int32) {
        let position = Int(slot)
        let record = records[position]
        rows.withUnsafeBufferPointer { rows in
            index.remove(rows[position].fingerprint) { rows[Int($0)].fingerprint }
        }
        for name in [record.namespace, record.group, record.service, record.cluster] { names.release(name) }
        counts[Int(rows[position].state.rawValue)] -= 1
        if record.hasChecks { checkLists[slot] = nil }
        chosenIDs.set(nil, of: slot)
        if !ipRules.isEmpty { ipRules[slot] = nil }
        records[position] = Record()
        rows[position] = Row(epoch: rows[position].epoch)
        free.append(slot)
    }

    func checks(_ slot: Int32) -> [Check] {
        records[Int(slot)].hasChecks ? checkLists[slot] ?? [] : []
    }

    func key(_ slot: Int32) -> InstanceKey {
        let record = records[Int(slot)]
        return InstanceKey(
            namespaceId: names[record.namespace], groupName: names[record.group], serviceName: names[record.service],
            clusterName: names[record.cluster], ip: record.ip, port: record.port)
    }

    func document(_ slot: Int32) -> RegistrationDocument {
        let record = records[Int(slot)]
        return RegistrationDocument(
            key: key(slot), weight: record.weight, enabled: rows[Int(slot)].enabled, metadata: record.metadata,
            period: record.explicitPeriod == 0 ? nil : .milliseconds(Int64(record.explicitPeriod)),
            checks: checks(slot), onUnhealthy: record.onUnhealthy, deregisterOnExit: record.deregisterOnExit,
            labels: record.labels, source: record.source, ipRule: ipRules.isEmpty ? nil : ipRules[slot])
    }
}
