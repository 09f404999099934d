internal import BeatCore
internal import EventLoop
internal import HTTPWire

/// Runs checks as the core asks for it; each run's outcome goes back exactly once. Nothing here waits: a target that
/// hangs costs a connection or a process until its time-out, and no other check. Loop-confined.
final class CheckRunner {
    /// A run that waits: for its turn, or for the addresses of its name.
    private struct Waiting {
        var run: CheckRun
        var check: Check
    }

    private struct Naming {
        var waiting: Waiting
        var host: String
        var deadline: Instant
    }

    private let loop: EventLoop
    private let readClock: () -> Instant
    private var connections: [CheckRun: ConnectionCheck] = [:]
    private var programs: [CheckRun: ProgramCheck] = [:]
    private var connectionQueue = RingBuffer<Waiting>()
    private var programQueue = RingBuffer<Waiting>()
    private var naming: [Naming] = []
    private var names: CheckNames?
    private var outcomes: [Input] = []

    init(_ loop: EventLoop, readClock: @escaping () -> Instant) {
        self.loop = loop
        self.readClock = readClock
    }

    /// Begins a run; `Input.checkFinished` follows.
    func start(_ run: CheckRun, _ check: Check, processStart: UInt64?) {
        let waiting = Waiting(run: run, check: check)
        switch check.target {
        case .http, .tcp:
            connectionQueue.append(waiting)
            startWaiting()
        case .exec:
            programQueue.append(waiting)
            startWaiting()
        case .pid(let pid):
            let begin = readClock()
            var outcome = ProcessCheck.outcome(of: pid, known: processStart)
            outcome.duration = readClock() - begin
            outcomes.append(.checkFinished(run, outcome))
        case .ttl: preconditionFailure("a ttl check is not run: \(run)")
        }
    }

    /// Outcomes since the last call, for the core.
    func takeOutcomes() -> [Input] {
        defer { outcomes = [] }
        return outcomes
    }

    /// When `turn` wants to be called; at once when there are outcomes.
    var nextDeadline: Instant? {
        if !outcomes.isEmpty { return readClock() }
        let programs = programs.values.lazy.filter { !$0.isDone }.map(\.deadline).min()
        let names = naming.lazy.map(\.deadline).min()
        guard let programs, let names else { return programs ?? names }
        return min(programs, names)
    }

    /// Ends programs whose time is over, and goes on where names were answered.
    func turn(at now: Instant) {
        for program in programs.values where program.deadline <= now { program.expire() }
        let answered = names?.turn() ?? []
        guard !naming.isEmpty else { return }
        var still: [Naming] = []
        let before = naming
        naming = []
        for entry in before {
            if answered.contains(entry.host) {
                connect(
                    entry.waiting, entry.host, begin: entry.deadline - entry.waiting.check.timeout, isAnswered: true)
            } else if entry.deadline <= now {
                report(
                    entry.waiting, .failing, "the name \(entry.host) has no address in time",
                    begin: entry.deadline - entry.waiting.check.timeout)
            } else {
                still.append(entry)
            }
        }
        naming += still
        startWaiting()
    }

    /// Ends everything that runs.
    func close() {
        for check in connections.values { check.cancel() }
        for program in programs.values { program.cancel() }
        connections = [:]
        programs = [:]
        names?.close()
        names = nil
    }

    // MARK: turns

    private func startWaiting() {
        while connections.count + naming.count < CheckLimits.connections, let next = connectionQueue.popFirst() {
            connect(next, address(of: next.check).host, begin: readClock(), isAnswered: false)
        }
        while programs.count < CheckLimits.processes, let next = programQueue.popFirst() { startProgram(next) }
    }

    private func address(of check: Check) -> CheckAddress {
        switch check.target {
        case .http(let url, _): url.address
        case .tcp(let address): address
        case .pid, .ttl, .exec: preconditionFailure("a \(check.kind) check connects to nothing")
        }
    }

    private func report(_ waiting: Waiting, _ result: CheckResult, _ output: String, begin: Instant) {
        outcomes.append(
            .checkFinished(waiting.run, CheckOutcome(result, output, duration: readClock() - begin)))
    }

    // MARK: connections

    /// Connects to the host's addresses, or waits for them, until one time-out after `begin`.
    private func connect(_ waiting: Waiting, _ host: String, begin: Instant, isAnswered: Bool) {
        let port = address(of: waiting.check).port
        let addresses: [SocketAddress]
        if let numeric = SocketAddress(host: host, port: port) {
            addresses = [numeric]
        } else if host == "localhost" {
            // Always loopback (RFC 6761 §6.3), so nobody is asked.
            addresses = [.v4(0x7f00_0001, port: port), .v6(high: 0, low: 1, scope: 0, port: port)]
        } else {
            guard let names = startedNames() else {
                return report(waiting, .failing, "no thread to look up names", begin: begin)
            }
            let answer = names.addresses(of: host, at: readClock())
            if answer.known.isEmpty, answer.isAsking, !isAnswered {
                naming.append(Naming(waiting: waiting, host: host, deadline: begin + waiting.check.timeout))
                return
            }
            guard !answer.known.isEmpty else {
                return report(waiting, .failing, "the name \(host) has no address", begin: begin)
            }
            addresses = answer.known.map { $0.with(port: port) }
        }
        connect(waiting, addresses, begin: begin)
    }

    private func connect(_ waiting: Waiting, _ addresses: [SocketAddress], begin: Instant) {
        let expectation: ConnectionCheck.Expectation
        switch waiting.check.target {
        case .http(let url, let expect):
            guard let request = Self.request(url) else {
                return report(waiting, .failing, "\(url.target) is no request target", begin: begin)
            }
            expectation = .status(expect, request: request)
        case .tcp: expectation = .connection
        case .pid, .ttl, .exec: preconditionFailure("a \(waiting.check.kind) check connects to nothing")
        }
        connections[waiting.run] = ConnectionCheck(
            loop, to: addresses, expectation, deadline: (begin + waiting.check.timeout).nanoseconds
        ) { [unowned self] result, output in
            self.connections[waiting.run] = nil
            self.report(waiting, result, output, begin: begin)
            self.startWaiting()
        }
    }

    private static func request(_ url: CheckURL) -> [UInt8]? {
        guard let target = HTTPTarget(url.target, method: .get) else { return nil }
        var bytes: [UInt8] = []
        HTTPRequestWriter.append(
            HTTPRequest(.get, target, fields: ["User-Agent": "beatd/\(Version.text)", "Accept": "*/*"]),
            host: url.authority, keepsOpen: false, to: &bytes)
        return bytes
    }

    private func startedNames() -> CheckNames? {
        if names == nil { names = try? CheckNames(loop) }
        return names
    }

    // MARK: programs

    private func startProgram(_ waiting: Waiting) {
        guard case .exec(let command) = waiting.check.target else {
            preconditionFailure("a \(waiting.check.kind) check starts no program")
        }
        let begin = readClock()
        do throws(EventLoopError) {
            programs[waiting.run] = try ProgramCheck(
                loop, command, timeout: waiting.check.timeout, deadline: begin + waiting.check.timeout,
                onVerdict: { [unowned self] result, output in self.report(waiting, result, output, begin: begin) },
                onGone: { [unowned self] in
                    self.programs[waiting.run] = nil
                    self.startWaiting()
                })
        } catch {
            report(waiting, .failing, "cannot be started: \(error)", begin: begin)
        }
    }
}

extension SocketAddress {
    /// The same host at another port; a unix socket has none.
    fileprivate func with(port: UInt16) -> SocketAddress {
        switch self {
        case .v4(let address, _): .v4(address, port: port)
        case .v6(let high, let low, let scope, _): .v6(high: high, low: low, scope: scope, port: port)
        case .unix: self
        }
    }
}
