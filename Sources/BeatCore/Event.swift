/// A change that somebody may follow (control-api.md §3, 16). None per beat: only what makes things other than they were.
public struct Event: Equatable, Sendable {
    /// What has happened; the raw values are part of the API.
    public enum Kind: String, CaseIterable, Sendable {
        /// A registration is new here; Nacos has not accepted it yet.
        case registered
        /// Its document or its state is another one, and no other kind says how; or Nacos accepted a change of it.
        case updated
        /// It is removed here, and beaten no more; Nacos may not have confirmed yet.
        case removed
        /// Its beats begin to fail, or have failed for so long that it is critical.
        case beatFailed = "beat.failed"
        /// A beat is accepted again.
        case beatRecovered = "beat.recovered"
        /// One of its checks fails from now on.
        case checkFailing = "check.failing"
        /// One of its checks passes from now on, be it with a warning.
        case checkPassing = "check.passing"
        /// A server is quarantined.
        case serverDown = "server.down"
        /// A server answers again.
        case serverUp = "server.up"
        /// A person holds a registration out, or the whole sidecar.
        case maintenanceOn = "maintenance.on"
        /// That is over.
        case maintenanceOff = "maintenance.off"
        /// Settings and files were read again.
        case reloaded
    }

    /// What it has happened to.
    public enum Subject: Equatable, Sendable {
        /// One registration, with the state that it is in since.
        case registration(id: String, key: InstanceKey, state: RegistrationState)
        /// A Nacos server by its name in the list.
        case server(name: String)
        /// All of beatd.
        case process
    }

    /// What has happened.
    public var kind: Kind
    /// The change counter of the registrations by then.
    public var rev: UInt64
    /// What it has happened to.
    public var subject: Subject
    /// Why, in words; for a registration why it is in its state, where nothing else is to be said.
    public var reason: String

    /// An event from its parts.
    public init(_ kind: Kind, rev: UInt64, _ subject: Subject, reason: String) {
        self.kind = kind
        self.rev = rev
        self.subject = subject
        self.reason = reason
    }
}
