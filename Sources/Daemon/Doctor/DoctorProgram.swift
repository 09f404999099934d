internal import EventLoop
internal import NacosWire

/// `beatd doctor`: whether `serve` would work with these settings, and what to do when not. Registers nothing.
enum DoctorProgram {
    /// 0, or 1 when something failed.
    static func run(_ loaded: LoadedSettings) -> Int32 {
        let settings = loaded.settings
        var findings = loaded.warnings.map { Finding(mark: .warn, subject: "settings", detail: $0) }
        findings += HostExamination.findings(settings)
        do throws(EventLoopError) {
            let loop = try EventLoop()
            let tls: TLSContext?
            do throws(TLSError) { tls = try settings.tlsContext() } catch {
                findings.append(Finding(mark: .fail, subject: "tls", detail: error.description))
                return show(findings)
            }
            let log = Log(level: .error, format: .text)
            defer { log.finish() }
            var quiet = settings
            // Making the folder of the socket is the daemon's to do.
            quiet.socket = nil
            let configuration = ServeProgram.configuration(quiet, tls, stores: false, log)
            if configuration.servers.isEmpty {
                findings.append(
                    Finding(
                        mark: .warn, subject: "servers",
                        detail: "none are set; those of --nacos-server-list-url are not looked at"))
            }
            for server in configuration.servers {
                let examination = ServerExamination(loop, server, configuration.client, configuration.credentials)
                examination.run()
                findings += examination.findings
            }
            loop.freeClosed()
        } catch {
            findings.append(Finding(mark: .fail, subject: "loop", detail: "\(error)"))
        }
        return show(findings)
    }

    private static func show(_ findings: [Finding]) -> Int32 {
        CommandLineOutput.line(findings.map(\.text).joined())
        return findings.contains { $0.mark == .fail } ? 1 : Program.Exit.ok
    }
}
