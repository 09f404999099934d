// Reading: what the API shows.
extension BeatReactor {
    /// Forgets latency, lateness and gaps of all beats so far, for whoever measures from now on.
    public mutating func beginTimings() { timings = BeatTimings() }

    /// The keys of the registrations that this source asked for, tombstones aside. Looks at every row.
    public func keys(from source: RegistrationSource) -> [InstanceKey] {
        (0..<slotEnd).filter { slot in
            switch table.rows[Int(slot)].stage {
            case .vacant, .leaving: false
            case .kept, .refused: table.records[Int(slot)].source == source
            }
        }.map(table.key)
    }

    /// True when the address of some registration is to be watched; tombstones may be among them.
    public var hasIPRules: Bool { !table.ipRules.isEmpty }

    /// The registrations whose addresses were chosen by a rule, with it, in the order of their places.
    public func chosenAddresses() -> [(handle: RegistrationHandle, rule: String)] {
        table.ipRules.sorted { $0.key < $1.key }.filter { isWanted($0.key) }.map { (table.handle($0.key), $0.value) }
    }

    /// `dom2Beat.size()`: registrations that are kept, tombstones not counted.
    public var dom2BeatSize: Int { table.count - tombstones }

    /// Deletions that Nacos has not confirmed yet.
    public var tombstones: Int { table.count(of: .deregistering) }

    /// The registrations in a state; `.deregistering` are the tombstones.
    public func count(of state: RegistrationState) -> Int { table.count(of: state) }

    /// True after `Input.drain`.
    public var isDraining: Bool { draining }

    /// The registration with this id, tombstones included.
    public func find(id: String) -> RegistrationHandle? {
        table.find(id: id).map { table.handle($0) }
    }

    /// The registration with this key, tombstones included.
    public func find(_ key: InstanceKey) -> RegistrationHandle? {
        guard let slot = table.find(key.fingerprint), table.key(slot) == key else { return nil }
        return table.handle(slot)
    }

    /// The end of the table: no registration has a slot at or above it.
    public var slotEnd: Int32 { Int32(table.rows.count) }

    /// The servers in the order of the list.
    public func serverViews() -> [ServerView] { servers.views() }

    /// The servers' names by their places. Those that were removed are among them until their places are used anew.
    public func serverNames() -> [String] { servers.names }

    /// What an exchange is about: the document to send and the period that is kept. The slot must be that of an
    /// exchange whose reply is outstanding.
    public func subject(of exchange: Exchange) -> (document: RegistrationDocument, period: Duration) {
        let row = table.rows[Int(exchange.slot)]
        precondition(row.stage != .vacant, "exchange of a vacant slot: \(exchange)")
        var document = table.document(exchange.slot)
        if row.isHidden { document.enabled = false }
        return (document, Period.duration(ticks: row.periodTicks))
    }

    /// The key of the registration in a slot, for what the shell keeps beside the table.
    public func key(of slot: Int32) -> InstanceKey {
        table.key(slot)
    }

    /// The first registration (tombstones left out) at `slot` or behind it, and where to go on; nil at the end.
    /// Slots are stable over the life of a registration, so a walk from slot 0 sees each that stays exactly once.
    public func nextRegistration(from slot: Int32) -> (view: RegistrationView, next: Int32)? {
        var position = max(slot, 0)
        while position < slotEnd {
            switch table.rows[Int(position)].stage {
            case .vacant, .leaving: position += 1
            case .kept, .refused: return (RegistrationView(self, position), position + 1)
            }
        }
        return nil
    }

    /// A registration as it stands; nil when the handle is stale. Tombstones have state `.deregistering`.
    public func view(_ handle: RegistrationHandle) -> RegistrationView? {
        table.slot(handle).map { RegistrationView(self, $0) }
    }

    func reason(_ slot: Int32) -> String {
        if table.rows[Int(slot)].hold != .none, let reason = holdReason(slot) { return reason }
        let detail = trouble(slot)
        switch table.rows[Int(slot)].state {
        case .pending where table.rows[Int(slot)].acceptedGeneration != 0:
            return detail.map { "restored, not beaten yet: \($0)" } ?? "restored, its first beat is due"
        case .pending: return detail.map { "Nacos has not accepted it yet: \($0)" } ?? "waiting for Nacos to accept it"
        case .beating:
            if table.rows[Int(slot)].stage == .refused { return "Nacos refused the change: \(detail ?? "")" }
            if let detail, table.rows[Int(slot)].acceptedGeneration != table.rows[Int(slot)].generation {
                return "Nacos has not accepted the change yet: \(detail)"
            }
            return table.rows[Int(slot)].lastBeat.at == Row.never ? "registration accepted" : "beat accepted"
        case .degraded where table.rows[Int(slot)].lastBeat.outcome == .clusterTrouble:
            return "the Nacos cluster is in trouble, beats go on: \(detail ?? "")"
        case .degraded: return "the last beat failed: \(detail ?? "no server to ask")"
        case .critical: return "no beat accepted for more than 10 s: \(detail ?? "no server to ask")"
        case .unhealthy, .maintenance: return "held back"
        case .deregistering:
            return detail.map { "Nacos has not confirmed yet: \($0)" } ?? "waiting for Nacos to confirm"
        case .stopped: return "Nacos refused the registration: \(detail ?? "")"
        }
    }

    /// The longest time since an accepted beat among registrations that should be beating; zero without any.
    public func oldestSuccessAge(at now: Instant) -> Duration {
        now - min(now, oldestSuccess(in: 0..<slotEnd))
    }

    /// When the worst among those of the registrations in these slots that should be beating was last accepted; the
    /// distant future without any.
    public func oldestSuccess(in slots: Range<Int32>) -> Instant {
        table.rows.withUnsafeBufferPointer { rows in
            var oldest = Instant(nanoseconds: .max)
            for row in rows[Int(slots.lowerBound)..<Int(slots.upperBound)]
            where row.stage != .vacant && row.stage != .leaving && row.lastAccepted != Row.never && !row.hold.isSilent {
                oldest = min(oldest, row.lastAccepted)
            }
            return oldest
        }
    }
}

extension Instant {
    /// Nil for the mark that stands for "not yet".
    var known: Instant? { self == Row.never ? nil : self }
}
