internal import BeatCore
internal import EventLoop

/// How a connection to one Nacos server is made: plainly, or for an `https://` server with TLS.
struct ServerTransport {
    private let tls: TLSContext?
    /// The host of the settings: what the server's certificate must be for.
    private let serverName: String
    private let timeout: Int64

    init(_ server: ServerAddress, _ configuration: NacosClient.Configuration) {
        precondition(!server.usesTLS || configuration.tls != nil, "no TLS context for https://\(server.name)")
        tls = server.usesTLS ? configuration.tls : nil
        serverName = server.host
        timeout = configuration.connectTimeout.wholeNanoseconds
    }

    /// Without TLS, to what is no Nacos server.
    init(plainWithin connectTimeout: Duration) {
        tls = nil
        serverName = ""
        timeout = connectTimeout.wholeNanoseconds
    }

    var usesTLS: Bool { tls != nil }

    /// Begins to connect; the time-out is for connection and handshake together.
    func connect(_ loop: EventLoop, to address: SocketAddress) -> Stream {
        let limits = StreamLimits(inputMax: NacosClientLimits.inputMax, outputMax: NacosClientLimits.outputMax)
        guard let tls else {
            return Stream(loop, connectingTo: address, timeoutNanoseconds: timeout, limits: limits)
        }
        return Stream(
            loop, connectingTo: address, tls: tls, serverName: serverName, timeoutNanoseconds: timeout, limits: limits)
    }
}

extension StreamEnd {
    /// Why TLS broke, for the log and `lastError`; nil when the stream ended otherwise.
    var tlsDetail: String? {
        switch self {
        case .tlsFailed(let reason): "TLS: \(reason)"
        case .eof, .failed, .connectTimedOut, .deadlinePassed, .outputLimitExceeded, .finished: nil
        }
    }
}
