internal import BeatCore
internal import EventLoop
import Glibc

/// `beatd run`: one program as a child, and its instance in Nacos for as long as it lives.
final class RunProgram {
    private let daemon: Daemon
    private let loop: EventLoop
    private let child: SpawnedChild
    private let signals: ArrivedSignals
    private let timer: LoopTimer
    private var plan: RunPlan
    private var isDaemonClosed = false

    /// Passed on to the child as they come, beside TERM and INT, which first take the instance away.
    private static let passedOn = [SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGWINCH]

    static func run(_ settings: RunSettings) -> Int32 {
        let service = settings.service.settings
        let log = Log(level: service.logLevel, format: service.logFormat)
        defer { log.finish() }
        let tls: TLSContext?
        do throws(TLSError) {
            tls = try service.tlsContext()
        } catch {
            log.cannotStart(error.description)
            return Program.Exit.configuration
        }
        do throws(EventLoopError) {
            let loop = try EventLoop()
            LibeventLines.collect()
            let timer = try LoopTimer(loop, onFire: {})
            // Before the child, which may end or be asked to before the next line runs.
            let signals = ArrivedSignals()
            let source = try SignalSource(loop, signals: [SIGTERM, SIGINT, SIGCHLD] + passedOn) {
                signals.numbers.append($0)
            }
            let daemon = try Daemon(ServeProgram.configuration(service, tls, stores: false, log), loop: loop, log: log)
            defer {
                source.close()
                timer.close()
                loop.freeClosed()
            }
            return start(settings, daemon, log) { child in
                RunProgram(settings, daemon, loop, child, signals, timer).keep(settings, log)
            }
        } catch {
            log.cannotStart(error.description)
            guard case .addressInUse = error else { return Program.Exit.broken }
            return Program.Exit.addressInUse
        }
    }

    /// Starts the child, last of all, so that no failure leaves one behind.
    private static func start(
        _ settings: RunSettings, _ daemon: Daemon, _ log: Log, then keep: (SpawnedChild) -> Int32
    ) -> Int32 {
        do throws(SpawnedChild.Failure) {
            return keep(
                try SpawnedChild.start(
                    settings.command, environment: environment(socket: daemon.configuration.socketPath)))
        } catch {
            daemon.close()
            log.cannotStart("\(settings.command[0]): \(SystemError.text(error.errno))")
            return error.errno == ENOENT ? Program.Exit.notFound : Program.Exit.notExecutable
        }
    }

    private init(
        _ settings: RunSettings, _ daemon: Daemon, _ loop: EventLoop, _ child: SpawnedChild,
        _ signals: ArrivedSignals, _ timer: LoopTimer
    ) {
        self.daemon = daemon
        self.loop = loop
        self.child = child
        self.signals = signals
        self.timer = timer
        plan = RunPlan(
            settle: settings.settle.wholeNanoseconds, stopTimeout: settings.stopTimeout.wholeNanoseconds)
    }

    /// Turns until the child is gone and its instance with it; the child's status.
    private func keep(_ settings: RunSettings, _ log: Log) -> Int32 {
        for warning in settings.service.warnings {
            daemon.write(LogRecord(.warn, "configuration warning", event: "config.warning", error: warning))
        }
        // What its checks say comes before Nacos hears of it.
        daemon.register(settings.document)
        while true {
            if let status = plan.exitStatus {
                closeDaemon()
                return status
            }
            if let deadline = plan.nextDeadline { timer.arm(at: deadline) } else { timer.disarm() }
            if isDaemonClosed {
                loop.runOnce(waiting: true)
            } else {
                daemon.turn(waiting: true)
                LibeventLines.write(to: daemon.write)
            }
            takeInputs()
            log.flush()
        }
    }

    private func takeInputs() {
        let arrived = signals.take()
        if arrived.contains(SIGCHLD) { reap() }
        for signal in arrived where signal != SIGCHLD { handle(.signalled(signal)) }
        if daemon.exitStatus != nil, !isDaemonClosed {
            closeDaemon()
            handle(.deregistered)
        }
        if let deadline = plan.nextDeadline, deadline <= MonotonicClock.nanoseconds() { handle(.tick) }
    }

    private func reap() {
        for (pid, end) in SpawnedChild.reap() where pid == child.pid { handle(.childEnded(end)) }
    }

    private func handle(_ input: RunPlan.Input) {
        for effect in plan.handle(input, at: MonotonicClock.nanoseconds()) {
            switch effect {
            // A second call does not wait.
            case .deregister, .giveUp: daemon.stop()
            case .forward(let signal): child.send(signal)
            }
        }
    }

    private func closeDaemon() {
        guard !isDaemonClosed else { return }
        isDaemonClosed = true
        daemon.close()
    }

    /// What the child gets: all that beatd has but secrets, and where to reach it.
    private static func environment(socket: String?) -> [String] {
        var variables = Program.environment()
        for name in SettingsTable.rows.compactMap(\.secretEnvironment) { variables[name] = nil }
        if let socket { variables["BEATD_SOCKET"] = socket }
        return variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}

/// The signals that came since they were last looked at.
private final class ArrivedSignals {
    var numbers: [Int32] = []

    func take() -> [Int32] {
        defer { numbers.removeAll(keepingCapacity: true) }
        return numbers
    }
}

@available(*, unavailable)
extension RunProgram: Sendable {}

extension Daemon {
    /// Registers an instance that nobody asked for over the API.
    func register(_ document: RegistrationDocument) {
        handle(.register(document, newTokens(1), RegisterOptions()))
    }
}
