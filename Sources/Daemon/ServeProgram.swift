internal import BeatCore
internal import ControlAPI
internal import EventLoop
import Glibc
internal import NacosWire
internal import NamingStandIn
internal import Storage

/// `beatd serve`: the daemon as a process.
enum ServeProgram {
    static func run(_ loaded: LoadedSettings) -> Int32 {
        let settings = loaded.settings
        let log = Log(level: settings.logLevel, format: settings.logFormat)
        defer { log.finish() }
        let tls: TLSContext?
        do throws(TLSError) {
            tls = try settings.tlsContext()
        } catch {
            // The files were good when the settings were checked.
            log.cannotStart(error.description)
            return Program.Exit.configuration
        }
        let storage: StorageStart?
        do throws(StorageError) { storage = try openStorage(settings) } catch { return refuse(error, log) }
        do throws(EventLoopError) {
            let loop = try EventLoop()
            LibeventLines.collect()
            let naming = try startNaming(settings, loop)
            let daemon: Daemon
            do throws(EventLoopError) {
                var configuration = configuration(settings, tls, stores: storage != nil, log)
                configuration.settings = loaded.reported
                daemon = try Daemon(configuration, loop: loop, log: log)
            } catch {
                naming?.close()
                loop.freeClosed()
                throw error
            }
            for warning in loaded.warnings {
                daemon.write(LogRecord(.warn, "configuration warning", event: "config.warning", error: warning))
            }
            if let storage {
                do throws(StorageError) { try daemon.restore(storage) } catch {
                    daemon.close()
                    naming?.close()
                    loop.freeClosed()
                    return refuse(error, log)
                }
            }
            return run(loaded, daemon, naming, loop, log)
        } catch {
            log.cannotStart("\(error)")
            return exitCode(error)
        }
    }

    private static func run(
        _ loaded: LoadedSettings, _ daemon: Daemon, _ naming: NamingStandIn?, _ loop: EventLoop, _ log: Log
    ) -> Int32 {
        var isReloadWanted = false
        let signals: SignalSource
        do throws(EventLoopError) {
            signals = try SignalSource(loop, signals: [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT]) { signal in
                switch signal {
                case SIGTERM, SIGINT, SIGQUIT: daemon.stop()
                case SIGUSR1: daemon.logSummary()
                default: isReloadWanted = true
                }
            }
        } catch {
            return Program.Exit.broken
        }
        daemon.readSettings = Program.readInvocation
        daemon.logStart()
        daemon.declare(loaded.declared)
        log.flush()
        CodePages.giveBack()
        while daemon.exitStatus == nil {
            daemon.turn(waiting: true)
            if isReloadWanted {
                isReloadWanted = false
                daemon.reload()
            }
            LibeventLines.write(to: daemon.write)
            log.flush()
        }
        signals.close()
        daemon.close()
        naming?.close()
        loop.freeClosed()
        return daemon.exitStatus ?? Program.Exit.ok
    }

    /// The built-in naming server on the first of the Nacos addresses, before beatd asks for it.
    private static func startNaming(_ settings: Settings, _ loop: EventLoop) throws(EventLoopError) -> NamingStandIn? {
        guard settings.embeddedNaming, let first = settings.nacosServers.first else { return nil }
        let address =
            SocketAddress(host: first.host, port: first.port)
            ?? HostLookup.addresses(of: first.host, port: first.port).first
        guard let address else {
            throw .refused(call: "--embedded-naming on \(first.text)", errno: EADDRNOTAVAIL)
        }
        return try NamingStandIn(loop: loop, address: address, profile: .nacos25)
    }

    private static func openStorage(_ settings: Settings) throws(StorageError) -> StorageStart? {
        switch settings.dataDirectory {
        case .memory: nil
        case .folder(let path): try StorageStart.open(path)
        }
    }

    /// Says why there is no start without the data folder; the exit code.
    private static func refuse(_ error: StorageError, _ log: Log) -> Int32 {
        log.cannotStart(error.description, event: "storage.open")
        switch error {
        case .folderUnusable, .inUse, .networkFileSystem, .newerSchema, .foreign, .full, .readOnly:
            return Program.Exit.storageUnusable
        case .corrupt, .locked, .failed: return Program.Exit.storageUnreadable
        }
    }

    static func configuration(
        _ settings: Settings, _ tls: TLSContext?, stores: Bool, _ log: Log
    ) -> Daemon.Configuration {
        var configuration = Daemon.Configuration()
        configuration.stores = stores
        configuration.servers = settings.nacosServers.map {
            ServerAddress(name: $0.text, host: $0.host, port: $0.port, usesTLS: $0.usesTLS)
        }
        configuration.client.tls = tls
        if let accessKey = settings.nacosAccessKey, let secretKey = settings.nacosSecretKey {
            configuration.client.signer = RequestSigner(
                accessKey: accessKey, secretKey: SecretText(secretKey.text))
        }
        configuration.serverListURL = settings.nacosServerListURL
        if let path = settings.socket {
            if FileSystem.makeFolder(of: path) {
                configuration.listeners.append(.api(.unix(path: path)))
                configuration.socketPath = path
            } else {
                log.writeNow(
                    LogRecord(
                        .warn, "no unix socket: its folder cannot be made", event: "listener.unix",
                        error: "\(path): \(SystemError.text(errno))"))
            }
        }
        for (listen, isOps) in [(settings.listen, false), (settings.opsListen, true)] {
            guard let listen, let address = SocketAddress(host: listen.host, port: listen.port) else { continue }
            configuration.listeners.append(isOps ? .ops(address) : .api(address))
        }
        configuration.client.contextPath = settings.nacosContextPath
        configuration.client.connectTimeout = settings.connectTimeout
        configuration.client.requestTimeout = settings.requestTimeout
        configuration.client.connectionsPerServer = settings.connectionsPerServer
        configuration.client.pipelineDepth = settings.pipelineDepth
        if let dialect = Dialect(rawValue: settings.dialect) { configuration.dialect = .forced(dialect) }
        if let username = settings.nacosUsername, let password = settings.nacosPassword {
            configuration.credentials = NacosCredentials(username: username, password: SecretText(password.text))
        }
        configuration.maxRegistrations = settings.maxRegistrations
        configuration.writeRate = settings.writeRate ?? 0
        configuration.shutdownTimeout = settings.shutdownTimeout
        configuration.defaultNamespace = settings.nacosNamespace
        configuration.defaultIP = settings.defaultIP
        configuration.allowsExec = settings.allowExec
        configuration.allowedHosts = settings.allowedHosts
        configuration.tokens = Tokens(readWrite: settings.token?.text, read: settings.readToken?.text)
        return configuration
    }

    private static func exitCode(_ error: EventLoopError) -> Int32 {
        switch error {
        case .addressInUse: Program.Exit.addressInUse
        case .refused: Program.Exit.broken
        }
    }
}
