/// When to log in to Nacos. The shell holds credentials and token; the core decides the moments (nacos.md §5.3).
struct Login {
    /// Where the login stands.
    private enum State {
        /// No credentials are configured; never left.
        case unused
        /// Entered at the start; leaves to `asking`. Nothing is sent before the first login has ended.
        case wanted
        /// One login for all is under way; leaves to `done` or `failed`.
        case asking
        /// Entered with a token (renewed at `renewAt`) or with the word that none is needed (nil).
        case done(renewAt: Instant?)
        /// Entered when a login failed; the old token, if there is one, is used on.
        case failed(retryAt: Instant)
    }

    private var state: State
    private var lastAttempt: Instant?
    /// What the last failed login said.
    private(set) var failure: String?
    /// When the token ends; nil without one.
    private(set) var expiresAt: Instant?
    private var hasSucceeded = false

    init(isConfigured: Bool) { state = isConfigured ? .wanted : .unused }

    /// True until the first login has ended.
    var isBlocking: Bool {
        switch state {
        case .wanted, .asking: expiresAt == nil && failure == nil
        case .unused, .done, .failed: false
        }
    }

    /// As people see it; nil when no credentials are configured.
    var view: LoginView? {
        if case .unused = state { return nil }
        let shown: LoginView.State = failure != nil ? .failing : hasSucceeded ? .ok : .never
        var next = nextDeadline
        if case .wanted = state { next = nil }
        return LoginView(state: shown, lastError: failure, expiresAt: expiresAt, nextAttemptAt: next)
    }

    /// True while a login is under way.
    var isAsking: Bool {
        if case .asking = state { return true }
        return false
    }

    /// When a login is due; nil for none.
    var nextDeadline: Instant? {
        switch state {
        case .unused, .asking: nil
        case .wanted: Instant(nanoseconds: 0)
        case .done(let renewAt): renewAt
        case .failed(let retryAt): retryAt
        }
    }

    /// True when the shell is to log in now; it counts as asking until `ended`.
    mutating func takeDue(at now: Instant) -> Bool {
        guard let deadline = nextDeadline, deadline <= now else { return false }
        state = .asking
        lastAttempt = now
        return true
    }

    /// A server refused the token: a login is due at once, but not sooner than `Limits.loginSpacing` after the last.
    mutating func refused(at now: Instant) {
        switch state {
        case .unused, .asking, .failed: return
        case .wanted, .done:
            let earliest = lastAttempt.map { $0 + Limits.loginSpacing } ?? now
            state = .done(renewAt: max(now, earliest))
        }
    }

    /// The shell's login ended. True when there is now a token, or none is needed.
    mutating func ended(_ outcome: LoginOutcome, at now: Instant) -> Bool {
        switch outcome {
        case .token(let ttl):
            failure = nil
            hasSucceeded = true
            expiresAt = now + ttl
            state = .done(renewAt: now + max(ttl * 9 / 10, Limits.loginSpacing))
        case .notNeeded:
            failure = nil
            hasSucceeded = true
            state = .done(renewAt: nil)
        case .failed(let text):
            failure = text
            state = .failed(retryAt: now + Limits.loginSpacing)
            return false
        }
        return true
    }
}
