/// One look at what another node of a cluster lists, to see whether a registration came to the node that owns it: one
/// that did not exists only where it was made (nacos.md §3.3, §4.6).
public struct InstanceReading: Equatable, Sendable {
    /// Whose instance.
    public var registration: RegistrationHandle
    /// As it was when Nacos accepted it.
    public var generation: UInt32
    /// What to look for.
    public var key: InstanceKey
    /// The node at which it was registered.
    public var server: ServerIndex
    /// The node whose list is read.
    public var reader: ServerIndex
}

/// What a reading brought.
public enum ReadingOutcome: Equatable, Sendable {
    /// The other node lists the instance.
    case listed
    /// It answered, and does not.
    case missing
    /// It did not answer, or with something else.
    case failed(String)
}

/// Which registrations are looked for at another node, and when: a sample, never each one.
struct Verification {
    struct Check {
        var registration: RegistrationHandle
        var generation: UInt32
        var server: ServerIndex
        /// It was missing before.
        var isSecond: Bool
        var at: Instant
    }

    /// What waits for its time, one for each server at most.
    private(set) var planned: [Check] = []
    /// Readings without an answer yet.
    private var underWay: [(reading: InstanceReading, isSecond: Bool)] = []
    /// The servers that were well when the last sample was taken, a bit each.
    private var well: UInt32 = 0
    /// No new sample before this, by server, while the same servers are well.
    private var restUntil: [ServerIndex: Instant] = [:]

    /// The places of servers that are being read, or asked about, a bit each.
    var places: UInt32 {
        underWay.reduce(0) { $0 | 1 << UInt32($1.reading.server) | 1 << UInt32($1.reading.reader) }
    }

    mutating func began(_ reading: InstanceReading, isSecond: Bool) { underWay.append((reading, isSecond)) }

    /// The reading has its answer. True when the instance had been missing before.
    mutating func ended(_ reading: InstanceReading) -> Bool {
        guard let place = underWay.firstIndex(where: { $0.reading == reading }) else { return false }
        return underWay.remove(at: place).isSecond
    }

    /// These places are those of other servers from now on.
    mutating func forget(_ places: [ServerIndex]) {
        planned.removeAll { places.contains($0.server) }
        for place in places { restUntil[place] = nil }
    }

    var nextDeadline: Instant? { planned.reduce(nil) { $0.earlier($1.at) } }

    /// A server accepted a registration: it is looked for soon, unless the server had its turn lately and the same
    /// servers are `well` as then: who owns what depends on that.
    mutating func sample(
        _ registration: RegistrationHandle, _ generation: UInt32, _ server: ServerIndex, well: UInt32, at now: Instant
    ) {
        if well != self.well {
            self.well = well
            restUntil = [:]
        }
        guard restUntil[server].map({ $0 <= now }) ?? true else { return }
        restUntil[server] = now + Limits.verifySpacing
        planned.removeAll { $0.server == server }
        planned.append(
            Check(
                registration: registration, generation: generation, server: server, isSecond: false,
                at: now + Limits.verifyDelay))
    }

    /// What is to be looked for now.
    mutating func takeDue(at now: Instant) -> [Check] {
        guard let next = nextDeadline, next <= now else { return [] }
        let due = planned.filter { $0.at <= now }
        planned.removeAll { $0.at <= now }
        return due
    }

    /// An instance was missing for the first time: it is looked for again when the cluster has had its time.
    mutating func lookAgain(_ reading: InstanceReading, at now: Instant) {
        planned.removeAll { $0.server == reading.server }
        planned.append(
            Check(
                registration: reading.registration, generation: reading.generation, server: reading.server,
                isSecond: true, at: now + Limits.verifyAgain))
    }
}
