/// Every limit of the event streams, each with the reason for its number.
public enum EventLimits {
    /// Streams at one time: they hold connections for ever, and an eighth of those of a listener leaves room for the rest.
    public static let streams = 32
    /// Events that are kept for those who come back: some minutes of a bad day, and 2 MB.
    public static let kept = 4096
    /// A sign of life this often: proxies and NATs forget what is silent for half a minute and more.
    public static let keepalive = Duration.seconds(15)
    /// Events looked at for one piece, whether the client wants them or not: 0.1 ms of work.
    static let lookedAtOnce = 256
    /// Bytes after which a piece ends: what a socket buffer takes.
    public static let pieceBytes = 32 << 10
    /// How long a client that was refused stays away. Streams end seldom.
    static let retrySeconds = 15
    /// How long a browser waits before it comes back, in milliseconds.
    static let reconnectMilliseconds = 2000
}
