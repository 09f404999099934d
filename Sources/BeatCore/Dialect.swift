/// The forms of the naming API that beatd speaks. Never v2: no cluster routes it (nacos.md §3.2).
public enum Dialect: String, Sendable, CaseIterable {
    /// `/v1/ns/instance`, of Nacos 1.x to 3.1 and r-nacos.
    case v1
    /// `/v3/client/ns/instance`, of Nacos 3.0 and later.
    case v3
}

/// How the dialect of a server is chosen (`--dialect`).
public enum DialectChoice: Equatable, Sendable {
    /// By asking each server (nacos.md §3.4), again when it says that it does not serve the API, and after an outage.
    case auto
    /// By the user.
    case forced(Dialect)
}

/// What asking a server for its dialect brought.
public enum ProbeOutcome: Equatable, Sendable {
    /// It speaks this one. `version` as it says; `upsertsOnBeat` is true for r-nacos, which makes an instance of any
    /// beat and so must get full ones (nacos.md §3.5).
    case found(Dialect, version: String?, upsertsOnBeat: Bool)
    /// It tells nothing without a login.
    case needsLogin
    /// It did not answer, or is no Nacos.
    case failed(String)
}

/// How a login ended.
public enum LoginOutcome: Equatable, Sendable {
    /// The shell holds a token that is good for so long.
    case token(ttl: Duration)
    /// The servers want none.
    case notNeeded
    /// Refused, or nobody answered: in words, without the credentials.
    case failed(String)
}
