internal import BeatCore
internal import ControlAPI
public import EventLoop

/// What the build is.
public enum Version {
    /// beatd's version.
    public static let text = "0.1.0"
    /// The Swift that built it.
    static let swift = "6.3"
}

extension Daemon {
    /// Everything that a daemon is started with, resolved and checked.
    public struct Configuration {
        /// One listener.
        public struct Listen {
            var address: SocketAddress
            var kind: Client.Listener

            /// A unix socket, or TCP with all rights on loopback.
            public static func api(_ address: SocketAddress) -> Listen {
                switch address {
                case .unix: Listen(address: address, kind: .unixSocket)
                case .v4, .v6: Listen(address: address, kind: .tcp(loopback: address.isLoopback))
                }
            }

            /// Read only.
            public static func ops(_ address: SocketAddress) -> Listen { Listen(address: address, kind: .ops) }
        }

        var servers: [ServerAddress] = []
        /// Where the list of servers is read from; `servers` are used until then.
        var serverListURL: ServerListURL?
        var serverListRefresh = ServerListWatch.refresh
        var nameRefresh = Resolver.refresh
        var lookUp: Resolver.LookUp = { HostLookup.addresses(of: $0, port: $1) }
        var listeners: [Listen] = []
        var client = NacosClient.Configuration(version: Version.text)
        var http = HTTPServerLimits()
        var dialect = DialectChoice.auto
        var credentials: NacosCredentials?
        var maxRegistrations = Limits.registrations
        /// Whether `Daemon.restore` will be called, and changes are stored from then on.
        var stores = false
        var writeRate = 2000
        var shutdownTimeout = Duration.seconds(10)
        var defaultNamespace = "public"
        var defaultIP: String?
        var allowsExec = false
        /// What a rule for an address comes to.
        var chooseAddress: @Sendable (String) -> AddressChoice = { AutoAddress.choice($0) }
        /// How often chosen addresses are looked at.
        var addressWatch = Duration.seconds(5)
        var allowedHosts: [String] = []
        var tokens = Tokens()
        var socketPath: String?
        /// What `/v1/config` shows.
        var settings: [ControlAPI.ReportedSetting] = []

        init() {}

        func api(epoch: UInt64, ownAddresses: [String]) -> ControlAPI.Configuration {
            var configuration = ControlAPI.Configuration(
                version: Version.text, revision: "unknown", swiftVersion: Version.swift,
                libeventVersion: EventLoop.libeventVersion, epoch: epoch,
                defaultNamespace: defaultNamespace, defaultIP: defaultIP, allowsExec: allowsExec,
                maxRegistrations: maxRegistrations,
                limits: [
                    ControlAPI.ReportedLimit("tcpConnections", http.tcpConnections),
                    ControlAPI.ReportedLimit("unixConnections", http.unixConnections),
                    ControlAPI.ReportedLimit("writesPerSecond", writeRate),
                    ControlAPI.ReportedLimit("waitingWrites", Limits.waiters),
                    ControlAPI.ReportedLimit("eventStreams", EventLimits.streams),
                    ControlAPI.ReportedLimit("eventsKept", EventLimits.kept),
                ],
                settings: settings, allowedHosts: allowedHosts, ownAddresses: ownAddresses, tokens: tokens,
                socketPath: socketPath)
            configuration.chooseAddress = chooseAddress
            return configuration
        }
    }
}

@available(*, unavailable)
extension Daemon.Configuration: Sendable {}
@available(*, unavailable)
extension Daemon.Configuration.Listen: Sendable {}

extension SocketAddress {
    /// 127.0.0.0/8 or ::1.
    var isLoopback: Bool {
        switch self {
        case .v4(let address, _): address >> 24 == 127
        case .v6(let high, let low, _, _): high == 0 && low == 1
        case .unix: false
        }
    }
}
