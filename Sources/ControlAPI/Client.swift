/// Who asks: decides what may be asked for (control-api.md §1).
public struct Client: Equatable, Sendable {
    /// The listener that a connection came in on.
    public enum Listener: Equatable, Sendable {
        /// The file's mode is the authorisation.
        case unixSocket
        /// `loopback` says whether the listener itself is bound to a loopback address.
        case tcp(loopback: Bool)
        /// Read only, and only what probes and Prometheus read.
        case ops
    }

    /// Where the connection came in.
    public var listener: Listener
    /// The peer's address, for messages.
    public var peer: String

    /// A client by its listener and address.
    public init(_ listener: Listener, peer: String = "") {
        self.listener = listener
        self.peer = peer
    }
}

/// The Bearer tokens of the TCP listener. With none, a loopback listener takes everything.
public struct Tokens: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    /// May do everything.
    public var readWrite: String?
    /// May read; when it is set, reading without any token is refused too.
    public var read: String?

    /// Tokens; an empty one would let everybody in and counts as a programmer error.
    public init(readWrite: String? = nil, read: String? = nil) {
        precondition(readWrite?.isEmpty != true && read?.isEmpty != true, "an empty token")
        self.readWrite = readWrite
        self.read = read
    }

    /// Which are set, never what they are.
    public var description: String {
        "read-write \(readWrite == nil ? "not set" : "<set>"), read \(read == nil ? "not set" : "<set>")"
    }
    /// Nothing: `dump` looks here.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
