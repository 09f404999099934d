internal import BeatCore
internal import ControlAPI
internal import EventLoop
internal import HTTPWire
internal import NacosWire

/// User name and password for Nacos.
struct NacosCredentials {
    var username: String
    var password: SecretText
}

/// Finds out what the servers speak, and logs in, as the core asks for it; the outcomes go back to the core.
/// Loop-confined.
final class NacosAccess {
    private let loop: EventLoop
    private let configuration: NacosClient.Configuration
    private unowned let client: NacosClient
    private let credentials: NacosCredentials?
    /// Probes under way, by server.
    private var probes: [ServerIndex: DialectProbe] = [:]
    /// Servers to probe whose names are being looked up, and until when that is waited for.
    private var unresolved: [ServerIndex: Instant] = [:]
    /// A login waits until then for the first name to be looked up.
    private var loginDeadline: Instant?
    private var calls: [UInt64: HTTPCall] = [:]
    private var nextCall: UInt64 = 0
    private var isLoggedIn = false

    init(
        _ loop: EventLoop, _ configuration: NacosClient.Configuration, _ credentials: NacosCredentials?,
        _ client: NacosClient
    ) {
        self.loop = loop
        self.configuration = configuration
        self.credentials = credentials
        self.client = client
    }

    // MARK: probes

    /// Asks a server for its dialect; `Input.probed` follows.
    func probe(_ server: ServerIndex) {
        let probe = DialectProbe(isLoggedIn: isLoggedIn)
        probes[server] = probe
        guard client.address(of: server) != nil else {
            unresolved[server] = client.readClock() + configuration.connectTimeout
            return
        }
        ask(server, probe)
    }

    /// The name of a server has an address now.
    func resolved(_ server: ServerIndex) {
        if loginDeadline != nil, client.address(of: server) != nil { beginLogin() }
        guard unresolved.removeValue(forKey: server) != nil, let probe = probes[server] else { return }
        ask(server, probe)
    }

    /// Gives up the probes whose server's name is not known in time.
    func expire(at now: Instant) {
        if let loginDeadline, loginDeadline <= now { beginLogin() }
        for (server, deadline) in unresolved where deadline <= now {
            unresolved[server] = nil
            endProbe(server, .failed("its name is not resolved"))
        }
    }

    /// When `expire` has something to do.
    var nextDeadline: Instant? { unresolved.values.reduce(loginDeadline) { $0.earlier($1) } }

    private func ask(_ server: ServerIndex, _ probe: DialectProbe) {
        var bytes: [UInt8] = []
        let signature = client.signature(groupedServiceName: probe.request.serviceName)
        client.encoder(of: server).appendProbe(probe.request, signature: signature, to: &bytes)
        call(.probe, server, bytes) { [unowned self] in self.probeAnswered(server, $0) }
    }

    private func probeAnswered(_ server: ServerIndex, _ result: Result<HTTPResponse, HTTPCallError>) {
        guard var probe = probes[server] else { return }
        switch result {
        case .failure(let error): endProbe(server, .failed(error.text))
        case .success(let response):
            guard let verdict = probe.receive(response) else {
                probes[server] = probe
                return ask(server, probe)
            }
            endProbe(server, outcome(of: verdict))
        }
    }

    private func outcome(of verdict: ProbeVerdict) -> ProbeOutcome {
        switch verdict {
        case .found(let found):
            .found(found.dialect, version: found.version, upsertsOnBeat: found.needsFullBeats)
        case .needsLogin where credentials != nil: .needsLogin
        case .needsLogin: .failed("it wants a login: set --nacos-username and --nacos-password-file")
        case .unavailable(let status, let detail): .failed("\(status) \(detail)")
        case .notNacos(let detail): .failed(detail)
        }
    }

    private func endProbe(_ server: ServerIndex, _ outcome: ProbeOutcome) {
        probes[server] = nil
        client.report(.probed(server, outcome))
    }

    // MARK: lists

    /// Looks for an instance at a node; `Input.verified` follows.
    func verify(_ reading: InstanceReading) {
        var bytes: [UInt8] = []
        let signature = client.signature(groupedServiceName: reading.key.groupedServiceName)
        let encoder = client.encoder(of: reading.reader)
        let dialect = encoder.dialect
        encoder.appendReading(of: reading.key, signature: signature, to: &bytes)
        call(.list, reading.reader, bytes) { [unowned self] result in
            switch result {
            case .failure(let error): self.client.report(.verified(reading, .failed(error.text)))
            case .success(let response):
                self.client.report(.verified(reading, ReadingOutcome(response, of: reading.key, dialect)))
            }
        }
    }

    // MARK: login

    /// Logs in at the first server that answers, at the path of v3, then that of v1; `Input.loginEnded` follows.
    func logIn() {
        guard !client.hasAddress else { return beginLogin() }
        loginDeadline = client.readClock() + configuration.connectTimeout
    }

    private func beginLogin() {
        loginDeadline = nil
        logIn(from: 0, dialects: NacosRequestEncoder.loginOrder[...], failure: nil)
    }

    /// At the first server of the list whose place is not before `place`.
    private func logIn(from place: ServerIndex, dialects: ArraySlice<Dialect>, failure: String?) {
        guard let credentials, let server = client.listedServer(from: place) else {
            return client.report(.loginEnded(.failed(failure ?? "no server served a login")))
        }
        guard let dialect = dialects.first else {
            return logIn(
                from: server + 1, dialects: NacosRequestEncoder.loginOrder[...],
                failure: failure ?? "no login is served there")
        }
        var bytes: [UInt8] = []
        client.encoder(of: server).appendLogin(
            dialect, username: credentials.username, password: credentials.password, to: &bytes)
        call(.login, server, bytes) { [unowned self] result in
            switch result {
            case .failure(let error):
                self.logIn(
                    from: server + 1, dialects: NacosRequestEncoder.loginOrder[...], failure: error.text)
            case .success(let response):
                self.loginAnswered(LoginReply(response), server, rest: dialects.dropFirst())
            }
        }
    }

    private func loginAnswered(_ reply: LoginReply, _ server: ServerIndex, rest: ArraySlice<Dialect>) {
        switch reply {
        case .token(let token, let ttl):
            isLoggedIn = true
            client.setToken(token)
            client.report(.loginEnded(.token(ttl: ttl)))
        case .noAuthentication: client.report(.loginEnded(.notNeeded))
        case .notServed(let status):
            logIn(from: server, dialects: rest, failure: "\(status): the login path is not served")
        case .refused(let status, let detail):
            // 3.x answers a login at a path that it does not know with 500, so the other path is tried too.
            logIn(from: server, dialects: rest, failure: "\(status) \(detail)")
        }
    }

    // MARK: calls

    private func call(
        _ operation: NacosMetrics.Operation, _ server: ServerIndex, _ bytes: [UInt8],
        _ onEnd: @escaping (Result<HTTPResponse, HTTPCallError>) -> Void
    ) {
        guard let address = client.address(of: server) else {
            return onEnd(.failure(HTTPCallError(text: "its name is not resolved")))
        }
        let number = nextCall
        nextCall += 1
        let begin = client.readClock()
        let deadline = begin + configuration.requestTimeout
        calls[number] = HTTPCall(
            loop, to: address, by: client.transport(of: server), sending: bytes, deadline: deadline.nanoseconds
        ) { [unowned self] result in
            self.calls[number] = nil
            var status: Int?
            switch result {
            case .success(let response): status = response.status
            case .failure(let error): if !error.wasConnected { self.client.cannotConnect(server, to: address) }
            }
            self.client.record(operation, status: status, since: begin)
            onEnd(result)
        }
    }

    func close() {
        for call in calls.values { call.cancel() }
        calls = [:]
    }
}
