/// The login at Nacos as it stands.
public struct LoginView: Equatable, Sendable {
    /// Whether it works.
    public var state: State
    /// What the last login said, if it failed; without the credentials.
    public var lastError: String?
    /// When the token in use ends; nil without one.
    public var expiresAt: Instant?
    /// When beatd logs in next; nil while it does, and when no token is needed.
    public var nextAttemptAt: Instant?

    /// Whether the login works.
    public enum State: String, Sendable, CaseIterable {
        /// No login has ended yet.
        case never
        /// The last one brought a token, or the word that none is needed.
        case ok
        /// The last one failed. An older token, if there is one, is used until it ends.
        case failing
    }
}

// What people want to know when something is wrong.
extension BeatReactor {
    /// The login at Nacos; nil when no credentials are configured.
    public var loginView: LoginView? { login.view }

    /// From sent to answered, of beats to this server over the last minute.
    public func latency(of server: ServerIndex, at now: Instant) -> Histogram { servers.latency(of: server, at: now) }

    /// What the schedule asks for: one beat a period for each registration that is kept.
    public var plannedBeatsPerSecond: Double {
        table.rows.withUnsafeBufferPointer { rows in
            var rate = 0.0
            for row in rows where row.stage == .kept || row.stage == .refused {
                rate += 1e9 / Double(Int64(row.periodTicks) * TimingWheel.slotNanoseconds)
            }
            return rate
        }
    }

    /// The last attempts of a registration, newest first, at most 32; nil when the handle is stale or none are kept of it:
    /// it has had none, or there are more than `Limits.histories` registrations and this one had no trouble.
    public func history(_ handle: RegistrationHandle) -> [AttemptView]? {
        table.slot(handle).flatMap { history.attempts(of: $0) }
    }

    /// Why a registration does not get on, in the words of whoever said so; nil when nobody did.
    func trouble(_ slot: Int32) -> String? {
        let row = table.rows[Int(slot)]
        if let failure = login.failure, row.attempt.outcome == .auth || details[slot] == nil {
            return "login to Nacos failed: \(failure)"
        }
        if let detail = details[slot] { return detail }
        // It waits without having asked: what keeps its server from being asked keeps it back.
        guard case .backingOff = row.activity else { return nil }
        return servers.trouble(of: servers.home(of: row.distroHash))
    }
}
