internal import BeatCore
internal import EventLoop
import Glibc
internal import NamingStandIn

/// `beatd naming`: the built-in naming server as a process.
enum NamingProgram {
    static func run(_ settings: NamingSettings) -> Int32 {
        let log = Log(level: settings.logLevel, format: settings.logFormat)
        defer { log.finish() }
        guard let profile = NamingProfile.Name(rawValue: settings.profile).map(NamingProfile.named),
            let address = SocketAddress(host: settings.listen.host, port: settings.listen.port)
        else { preconditionFailure("settings were checked: \(settings)") }
        do throws(EventLoopError) {
            let loop = try EventLoop()
            LibeventLines.collect()
            let naming = try NamingStandIn(loop: loop, address: address, profile: profile)
            var isEnding = false
            let signals = try SignalSource(loop, signals: [SIGTERM, SIGINT, SIGQUIT, SIGHUP]) { signal in
                isEnding = signal != SIGHUP
            }
            log.writeNow(
                LogRecord(
                    .info, "naming server is up", event: "naming.up",
                    fields: [
                        "listen": .string(naming.localAddress.description), "profile": .string(settings.profile),
                    ]))
            while !isEnding {
                LibeventLines.write(to: log.writeNow)
                log.flush()
                loop.runOnce(waiting: true)
            }
            signals.close()
            naming.close()
            loop.freeClosed()
            return Program.Exit.ok
        } catch {
            log.cannotStart("\(error)")
            switch error {
            case .addressInUse: return Program.Exit.addressInUse
            case .refused: return Program.Exit.broken
            }
        }
    }
}
