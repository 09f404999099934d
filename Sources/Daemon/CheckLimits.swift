/// Every limit of running checks, each with the reason for its number.
enum CheckLimits {
    /// Connections at a time: with the default time-out of 1 s, hanging targets still leave room for 512 looks a
    /// second; half of the usual 1024 descriptors. More wait for their turn.
    static let connections = 512
    /// Programs at a time: each is a process that others on this host pay for.
    static let processes = 32
    /// Bytes of a head that is read for its status.
    static let inputMax = 16 << 10
    /// A request line and a few fields.
    static let outputMax = 8 << 10
    /// How long the addresses of a name are used before they are asked for again, as for Nacos servers.
    static let nameRefresh = Duration.seconds(30)
    /// A name without an address is asked for again this often.
    static let nameRetry = Duration.seconds(2)
    /// Names whose addresses are kept: more than one sidecar checks.
    static let names = 1024
}
