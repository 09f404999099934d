/// What one stream may hold, and how long its farewell may take.
public struct StreamLimits: Equatable, Sendable {
    /// Bytes of input at which reading rests until the owner has consumed some; the last read may bring up to
    /// 4096 bytes more, on TLS up to two records (32 KiB): what has been decrypted must be taken.
    public var inputMax: Int
    /// Bytes of output waiting for the peer; more ends the stream with `outputLimitExceeded`.
    public var outputMax: Int
    /// Time that `closeAfterWriting` gives the peer to take the rest of the output.
    public var flushNanoseconds: Int64 = 5_000_000_000
    /// Time that the peer then gets to close its side. Closing while it still sends would make the kernel answer with
    /// RST, which can destroy what it has not read yet; one second covers a round trip with a lost packet.
    public var lingerNanoseconds: Int64 = 1_000_000_000

    /// Limits with the usual farewell times.
    public init(inputMax: Int, outputMax: Int) {
        self.inputMax = inputMax
        self.outputMax = outputMax
    }

    /// Bytes read in one pass: as much as a body may have, so that one busy stream cannot starve the others. (With TLS
    /// libevent 2.1 itself stops at 4096 bytes a call.)
    static let readMax = 64 << 10
    /// Room that is made behind input that was left: answers and requests are mostly shorter.
    static let readMin = 4 << 10
    /// Memory that a stream keeps without input, and without output: sixteen beats, and a document with its head. 320
    /// connections keep 2.5 MB at most.
    static let inputKept = 4 << 10
    static let outputKept = 4 << 10
    /// Bytes written in one pass: what a large socket buffer takes in one go.
    static let writeMax = 256 << 10
    /// How long an accepted connection lives while its peer acknowledges nothing, or takes nothing: longer than owners
    /// give a client for an answer (30 s), so that theirs is told first.
    static let unacknowledgedMilliseconds: Int32 = 45_000
    /// Bytes thrown away while a stream says goodbye; a peer that sends more is cut off.
    static let discardMax = 1 << 20
}

/// Why `streamDidEnd` was called.
public enum StreamEnd: Equatable, Sendable {
    /// The peer closed its side, or everything; which of the two shows only when writing. The stream still writes, and
    /// its owner must close it.
    case eof
    /// A system call failed with this errno, such as ECONNREFUSED or ECONNRESET. The stream is closed.
    case failed(Int32)
    /// TLS did not come about or broke, for the reason in words, such as "certificate has expired", "hostname
    /// mismatch" or an alert of the peer. So does a connection that ends without the peer's close_notify: what came
    /// may have been cut off by somebody else. The stream is closed.
    case tlsFailed(String)
    /// The connection, with its TLS handshake, did not come about in time. The stream is closed.
    case connectTimedOut
    /// The moment of `setDeadline` passed. Before `closeAfterWriting` nothing else happens: the owner may still answer,
    /// and must close the stream. After it the peer did not take its output in time, and the stream is closed.
    case deadlinePassed
    /// More output was written than the limits allow; the excess was dropped. The stream is closed.
    case outputLimitExceeded
    /// `closeAfterWriting` is done: the peer has been sent everything. The stream is closed.
    case finished

    /// The `tlsFailed` of a connection that ended without the peer's close_notify, after the handshake.
    public static let cutOff = StreamEnd.tlsFailed("the connection was cut off without close_notify")
}

/// What a stream tells its owner; always in a pass of the loop, never from inside a call on the stream.
public protocol StreamDelegate: AnyObject {
    /// An outgoing connection stands; with TLS the handshake is done and the peer is who it should be.
    func streamDidConnect(_ stream: Stream)
    /// There is more input than before.
    func streamDidRead(_ stream: Stream)
    /// All output that was written has been handed to the kernel; not told when `Stream.tellsOfDrain` is false.
    func streamDidDrain(_ stream: Stream)
    /// Something ended; see `StreamEnd` for what is left of the stream.
    func streamDidEnd(_ stream: Stream, reason: StreamEnd)
}
