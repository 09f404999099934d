/// Where registrations are kept.
public enum DataDirectory: Equatable, Sendable {
    /// Nowhere: a restart forgets them.
    case memory
    /// In this folder, which is made when it is not there.
    case folder(String)
}

/// A secret with the file it came from; it shows itself as `<set>`.
public struct Secret: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The secret itself.
    public let text: String
    /// Where to read it again; nil when it came from the environment.
    public let file: String?

    /// A secret, and the file it came from.
    public init(text: String, file: String? = nil) {
        self.text = text
        self.file = file
    }

    /// `<set>`.
    public var description: String { "<set>" }
    /// Nothing: `dump` looks here.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What `beatd serve` was told, checked. Ranges are those of `SettingsTable`.
public struct Settings: Equatable, Sendable {
    /// Without repetitions, in the order given; none only with `nacosServerListURL`, when nobody gave any.
    public var nacosServers: [NacosEndpoint]
    /// Where the list of servers is read from; nil: nowhere.
    public var nacosServerListURL: ServerListURL?
    /// `/nacos`, or empty.
    public var nacosContextPath: String
    /// For registrations that name none.
    public var nacosNamespace: String
    /// Who logs in to Nacos; nil: nobody.
    public var nacosUsername: String?
    /// What that user logs in with.
    public var nacosPassword: Secret?
    /// Whose secret key signs the requests to Nacos; nil: nobody's.
    public var nacosAccessKey: String?
    /// What signs them.
    public var nacosSecretKey: Secret?
    /// The path of the certificates that `https://` servers are trusted by, in PEM; nil: those of the system.
    public var nacosTLSCA: String?
    /// The path of the certificate that such a server is shown, in PEM.
    public var nacosTLSCertificate: String?
    /// The path of its private key, in PEM.
    public var nacosTLSKey: String?
    /// `auto`, `v1` or `v3`.
    public var dialect: String
    /// Per attempt.
    public var connectTimeout: Duration
    /// Per attempt.
    public var requestTimeout: Duration
    /// Kept open to each Nacos server.
    public var connectionsPerServer: Int
    /// Beats in flight on one connection.
    public var pipelineDepth: Int
    /// Nil: no TCP listener.
    public var listen: ListenAddress?
    /// The path of the unix socket; nil: none.
    public var socket: String?
    /// Nil: no read-only listener.
    public var opsListen: ListenAddress?
    /// What a bearer must show to write, from other machines and from this one.
    public var token: Secret?
    /// What a bearer must show to read.
    public var readToken: Secret?
    /// Host names in lower case, without ports.
    public var allowedHosts: [String]
    /// Where registrations are kept.
    public var dataDirectory: DataDirectory
    /// The `ip` of registrations without one.
    public var defaultIP: String?
    /// More are refused.
    public var maxRegistrations: Int
    /// Writes a second and client address; nil: any number.
    public var writeRate: Int?
    /// Whether the API takes `exec` checks.
    public var allowExec: Bool
    /// The end of the process, deregistrations included.
    public var shutdownTimeout: Duration
    /// The least that is logged.
    public var logLevel: LogLevel
    /// Nil: text on a terminal, else JSON.
    public var logFormat: LogFormat?
    /// Whether the built-in naming server runs on the first of `nacosServers`.
    public var embeddedNaming: Bool
    /// The path of the configuration file.
    public var config: String?
    /// The folder of declared registrations.
    public var configDirectory: String?
}

/// What `beatd naming` was told.
public struct NamingSettings: Equatable, Sendable {
    /// Where it listens.
    public var listen: ListenAddress
    /// The server it behaves like, a name of `NamingProfile`.
    public var profile: String
    /// The least that is logged.
    public var logLevel: LogLevel
    /// Nil: text on a terminal, else JSON.
    public var logFormat: LogFormat?
}

/// Settings with what there is to say about them.
public struct LoadedSettings: Equatable, Sendable {
    /// A row of `GET /v1/config`.
    public struct Entry: Equatable, Sendable {
        /// The name in the table.
        public let name: String
        /// The effective text, `<set>` for a secret; empty: not set.
        public let value: String
        /// Where it came from.
        public let source: SettingsSource
    }

    /// The settings.
    public let settings: Settings
    /// All rows, in the order of the table.
    public let entries: [Entry]
    /// What should be told in the log, though it stops nothing.
    public let warnings: [String]
    /// The registrations that files declare.
    public let declared: DeclaredBeats
}
