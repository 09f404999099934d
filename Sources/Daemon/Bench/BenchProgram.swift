internal import BeatCore
internal import ControlAPI
internal import EventLoop
import Glibc
internal import NacosWire

/// `beatd bench`: how many beats the servers take, and what they cost, by a daemon with instances that nobody needs.
///
/// It registers them in a service of its own, measures, and takes everything away again, whatever ended it.
final class BenchProgram {
    /// How it ended, beside the exit codes of all commands.
    private static let failed: Int32 = 1
    /// Instances that wait for Nacos at a time, so that none waits longer than a request may.
    private static let pendingMax = 1000
    /// Registers and deregisters that the slowest server that is worth measuring takes in a second.
    private static let slowestRate = 500
    /// For what does not depend on the number of instances.
    private static let patience = Duration.seconds(30)
    private static let second: Int64 = 1_000_000_000

    private let settings: BenchSettings
    private let daemon: Daemon
    private let servers: String
    private let alarm: LoopTimer
    private let serviceName: String
    private let isTerminal = CommandLineOutput.isErrorTerminal
    private var begun = 0
    /// ^C, TERM: no more is measured.
    private var isStopped = false
    private var nextLine: Int64 = 0

    static func run(_ settings: BenchSettings) -> Int32 {
        let service = settings.service.settings
        let log = Log(level: service.logLevel, format: service.logFormat)
        defer { log.finish() }
        let tls: TLSContext?
        do throws(TLSError) { tls = try service.tlsContext() } catch {
            log.cannotStart(error.description)
            return Program.Exit.configuration
        }
        do throws(EventLoopError) {
            let loop = try EventLoop()
            LibeventLines.collect()
            let alarm = try LoopTimer(loop, onFire: {})
            defer {
                alarm.close()
                loop.freeClosed()
            }
            let ending = patience + .seconds(settings.registrations / slowestRate)
            var configuration = ServeProgram.configuration(service, tls, stores: false, log)
            configuration.shutdownTimeout = max(service.shutdownTimeout, ending)
            var builtIn: BuiltInServer?
            if settings.usesBuiltInServer {
                guard let (server, address) = try BuiltInServer.start(loop, alarm) else {
                    log.cannotStart("the built-in naming server does not start; name others with --nacos-servers")
                    return Program.Exit.broken
                }
                builtIn = server
                configuration.servers = [address]
            }
            defer { builtIn?.close() }
            let daemon = try Daemon(configuration, loop: loop, log: log)
            return try BenchProgram(settings, daemon, alarm).measure(loop, log)
        } catch {
            log.cannotStart(error.description)
            guard case .addressInUse = error else { return Program.Exit.broken }
            return Program.Exit.addressInUse
        }
    }

    private init(_ settings: BenchSettings, _ daemon: Daemon, _ alarm: LoopTimer) {
        self.settings = settings
        self.daemon = daemon
        self.alarm = alarm
        servers =
            daemon.configuration.servers.map(\.name).joined(separator: ", ")
            + (settings.usesBuiltInServer ? " (built in)" : "")
        serviceName = "beatd-bench-\(getpid())"
    }

    private func measure(_ loop: EventLoop, _ log: Log) throws(EventLoopError) -> Int32 {
        let signals = try SignalSource(loop, signals: [SIGTERM, SIGINT, SIGQUIT, SIGHUP]) { [self] _ in
            // The second one does not wait for the servers.
            if isStopped { daemon.stop() }
            isStopped = true
        }
        defer {
            signals.close()
            daemon.close()
        }
        var report: BenchReport?
        var isWell = register(log)
        if isWell, !isStopped {
            let measured = beat(log)
            isWell = measured.failures == 0
            report = measured
        }
        let (removed, left) = takeAway(log)
        if isTerminal { CommandLineOutput.error("") }
        report?.removed = removed
        report?.left = left
        if let report {
            CommandLineOutput.line(report.text)
        } else {
            CommandLineOutput.error("nothing was measured; \(removed) instances removed, \(left) left to expire")
        }
        if let status = daemon.exitStatus, status != Program.Exit.ok { return status }
        return isWell && left == 0 ? Program.Exit.ok : Self.failed
    }

    // MARK: the three parts

    /// Registers all and awaits the first beat of each; false when that does not come about, which it tells.
    private func register(_ log: Log) -> Bool {
        let until = now + (Self.patience + .seconds(settings.registrations / Self.slowestRate)).wholeNanoseconds
        while !isStopped, !areAllBeaten, now < until {
            let room = Self.pendingMax - daemon.core.count(of: .pending)
            let end = min(settings.registrations, begun + max(0, room))
            if begun < end {
                let first = daemon.newTokens(end - begun)
                daemon.handle((begun..<end).map { input($0, RequestToken(first.number + UInt64($0 - begun))) })
                begun = end
            }
            turn(log, until: until) { "registering: \(daemon.core.count(of: .beating)) of \(settings.registrations)" }
        }
        if isStopped || areAllBeaten { return true }
        let trouble = daemon.core.serverViews().compactMap { server in
            server.lastError.map { "\(server.name): \($0)" }
        }
        CommandLineOutput.error(
            "only \(daemon.core.count(of: .beating)) of \(settings.registrations) instances were accepted in time"
                + (trouble.isEmpty ? "" : "; \(trouble.joined(separator: "; "))"))
        return false
    }

    private var areAllBeaten: Bool {
        begun == settings.registrations && daemon.core.count(of: .beating) == begun
            && daemon.core.counters.beats[.ok] >= UInt64(begun)
    }

    private func beat(_ log: Log) -> BenchReport {
        daemon.core.beginTimings()
        let begin = reading
        let until = now + settings.length.wholeNanoseconds
        while !isStopped, now < until { turn(log, until: until) { line(since: begin) } }
        let at = Instant(nanoseconds: now).nanoseconds
        let timings = daemon.core.timings
        return BenchReport(
            servers: servers, registrations: settings.registrations, period: settings.period, from: begin, to: reading,
            latency: timings.latency.window(.fiveMinutes, at: at),
            lateness: timings.lateness.window(.fiveMinutes, at: at))
    }

    /// Ends as `serve` does: every instance is deregistered.
    private func takeAway(_ log: Log) -> (removed: UInt64, left: Int) {
        let before = daemon.core.counters.deregistrations[.ok]
        // Asked to stop twice, it has stopped already.
        if daemon.exitStatus == nil, !daemon.isDraining { daemon.stop() }
        while daemon.exitStatus == nil {
            turn(log, until: .max) { "removing: \(daemon.core.tombstones) left" }
        }
        return (daemon.core.counters.deregistrations[.ok] - before, daemon.core.tombstones)
    }

    // MARK: pieces

    private var now: Int64 { MonotonicClock.nanoseconds() }

    private var reading: BenchReport.Reading {
        let counters = daemon.core.counters
        return BenchReport.Reading(
            outcomes: BeatOutcome.allCases.map { counters.beats[$0] }, skipped: counters.skipped[.inFlight],
            cpuSeconds: ProcessStatistics.cpuSeconds(), at: Instant(nanoseconds: now))
    }

    /// An instance in the addresses that are set aside for benchmarks (RFC 2544), 198.18.0.0/15.
    private func input(_ number: Int, _ token: RequestToken) -> Input {
        let ip = "198.\(18 + number >> 16 & 1).\(number >> 8 & 255).\(number & 255)"
        let key = InstanceKey(
            namespaceId: settings.service.settings.nacosNamespace, serviceName: serviceName, ip: ip,
            port: UInt16(1024 + number >> 17))
        return .register(RegistrationDocument(key: key, period: settings.period), token, RegisterOptions())
    }

    /// A turn of the daemon, which ends at `until` or for the next line at the latest.
    private func turn(_ log: Log, until: Int64, _ line: () -> String) {
        if now >= nextLine {
            isTerminal ? CommandLineOutput.progress(line()) : CommandLineOutput.error(line())
            nextLine = now + (isTerminal ? Self.second : 10 * Self.second)
        }
        alarm.arm(at: min(until, nextLine))
        daemon.turn(waiting: true)
        LibeventLines.write(to: daemon.write)
        log.flush()
    }

    private func line(since begin: BenchReport.Reading) -> String {
        let seconds = Double(now - begin.at.nanoseconds) / 1e9
        let counters = daemon.core.counters
        let beats = counters.beats[.ok] - begin.count(.ok)
        let failures = BeatOutcome.allCases.filter { $0 != .ok }.reduce(UInt64(0)) {
            $0 + counters.beats[$1] - begin.count($1)
        }
        let late = daemon.core.timings.lateness.window(.oneMinute, at: now).quantile(0.99) ?? 0
        return "\(BenchReport.fixed(seconds, 0)) s: \(beats) beats, "
            + "\(BenchReport.fixed(seconds > 0 ? Double(beats) / seconds : 0, 0)) a second, \(failures) failed, "
            + "late p99 \(BenchReport.fixed(Double(late) / 1e6, 2)) ms"
    }
}
