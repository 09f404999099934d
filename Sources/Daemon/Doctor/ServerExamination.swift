internal import BeatCore
internal import EventLoop
internal import HTTPWire
internal import NacosWire

/// Whether a Nacos server can be used, step by step: its name, a connection, a login, what it speaks, its clock. What it
/// asks changes nothing there. Loop-confined.
final class ServerExamination {
    private let loop: EventLoop
    private let server: ServerAddress
    private let configuration: NacosClient.Configuration
    private let credentials: NacosCredentials?
    private var encoder: NacosRequestEncoder
    private var address: SocketAddress?
    private(set) var findings: [Finding] = []

    init(
        _ loop: EventLoop, _ server: ServerAddress, _ configuration: NacosClient.Configuration,
        _ credentials: NacosCredentials?
    ) {
        self.loop = loop
        self.server = server
        self.configuration = configuration
        self.credentials = credentials
        encoder = NacosRequestEncoder(
            host: server.name, contextPath: configuration.contextPath, version: configuration.version)
    }

    func run() {
        guard resolve() else { return }
        let isLoggedIn: Bool
        if let credentials {
            guard let result = logIn(credentials) else { return }
            isLoggedIn = result
        } else {
            isLoggedIn = false
        }
        probe(isLoggedIn)
    }

    private func note(_ mark: Finding.Mark, _ what: String, _ detail: String, _ fix: String = "") {
        findings.append(Finding(mark: mark, subject: "\(what) \(server.name)", detail: detail, fix: fix))
    }

    private func resolve() -> Bool {
        let isNumeric = !server.addresses.isEmpty
        let found = isNumeric ? server.addresses : HostLookup.addresses(of: server.host, port: server.port)
        guard let first = found.first else {
            note(.fail, "dns", "no address", "look at the name, and at /etc/resolv.conf")
            return false
        }
        if !isNumeric { note(.ok, "dns", found.compactMap(\.host).joined(separator: " ")) }
        address = first
        return true
    }

    /// Whether a token goes with what follows; nil when there is no use in going on.
    private func logIn(_ credentials: NacosCredentials) -> Bool? {
        var failure = "no login is served"
        for dialect in NacosRequestEncoder.loginOrder {
            var bytes: [UInt8] = []
            encoder.appendLogin(dialect, username: credentials.username, password: credentials.password, to: &bytes)
            guard let response = ask(bytes) else { return nil }
            switch LoginReply(response) {
            case .token(let token, let ttl):
                encoder.setToken(token)
                note(.ok, "login", "\(credentials.username), for \(DurationText.text(ttl))")
                return true
            case .noAuthentication:
                note(.ok, "login", "not wanted there")
                return false
            case .notServed(let status): failure = "\(status): the login path is not served"
            case .refused(let status, let detail): failure = "\(status) \(detail)"
            }
        }
        note(.fail, "login", failure, "look at --nacos-username and --nacos-password-file")
        return nil
    }

    private func probe(_ isLoggedIn: Bool) {
        var probe = DialectProbe(isLoggedIn: isLoggedIn)
        while true {
            var bytes: [UInt8] = []
            encoder.appendProbe(probe.request, to: &bytes)
            guard let response = ask(bytes) else { return }
            let verdict = probe.receive(response)
            switch verdict {
            case nil: continue
            case .found(let found):
                note(
                    .ok, "dialect",
                    "\(found.dialect.rawValue), \(found.product.rawValue) \(found.version ?? "of unknown version")")
                compareClock(response)
                return askAsClient(found.dialect)
            case .needsLogin(let status, let detail):
                note(.fail, "dialect", "\(status) \(detail)", "set --nacos-username and --nacos-password-file")
            case .unavailable(let status, let detail):
                note(.fail, "dialect", "\(status) \(detail)", "the server is not well: look at its log")
            case .notNacos(let detail):
                note(.fail, "dialect", "no Nacos: \(detail)", "look at the port and at --nacos-context-path")
            }
            return compareClock(response)
        }
    }

    /// What a server is may be told to everybody; whether instances may be asked for, only an instance list tells.
    private func askAsClient(_ dialect: Dialect) {
        var bytes: [UInt8] = []
        encoder.appendProbe(dialect == .v3 ? .instancesV3 : .instancesV1, to: &bytes)
        guard let response = ask(bytes), response.status == 401 || response.status == 403 else { return }
        note(
            .fail, "login", "\(response.status): instances may not be asked for",
            credentials == nil
                ? "set --nacos-username and --nacos-password-file" : "give this user the right to read and write")
    }

    private func compareClock(_ response: HTTPResponse) {
        guard let date = response.fields["Date"], let offset = ClockOffset.seconds(of: date, at: Clocks().wall) else {
            return note(.ok, "clock", "the server does not tell its time")
        }
        guard abs(offset) > ClockOffset.tolerated else { return note(.ok, "clock", "the same as here") }
        note(
            .warn, "clock", "\(abs(offset)) s \(offset > 0 ? "ahead of" : "behind") ours",
            "beats do not need it, logs and signatures do: run an NTP client on both")
    }

    /// The answer; nil when there was none, which is noted. The first one tells that connections come about.
    private func ask(_ bytes: [UInt8]) -> HTTPResponse? {
        guard let address else { preconditionFailure("asked before its name was resolved") }
        let begin = MonotonicClock.nanoseconds()
        let result = HTTPCall.outcome(
            loop, to: address, by: ServerTransport(server, configuration), sending: bytes,
            within: configuration.requestTimeout)
        let what = server.usesTLS ? "tls" : "tcp"
        let isFirst = !findings.contains { $0.subject.hasPrefix(what) }
        switch result {
        case .success(let response):
            if isFirst {
                let took = Duration.nanoseconds(MonotonicClock.nanoseconds() - begin)
                note(.ok, what, "\(address) answers after \(took.wholeNanoseconds / 1_000_000) ms")
            }
            return response
        case .failure(let error):
            note(
                .fail, what, "\(address): \(error.text)",
                error.wasConnected
                    ? "the server is not well, or no HTTP server" : "look at the address, and at firewalls")
            return nil
        }
    }
}
