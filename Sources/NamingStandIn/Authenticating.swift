import HTTPWire

/// Who may log in, and the tokens that were given out.
public struct Authentication: Equatable, Sendable {
    /// Passwords by user name; empty: nobody is asked for a token.
    public var users: [String: String]
    /// How long a token lasts, in s; nil for the profile's time.
    public var tokenLife: Int64?
    /// When each token ends, ns.
    private var tokens: [String: Int64] = [:]
    private var lastToken = 0

    /// Users by name with their passwords.
    public init(users: [String: String] = [:], tokenLife: Int64? = nil) {
        self.users = users
        self.tokenLife = tokenLife
    }

    /// Ends every token, as a restart or another secret does.
    public mutating func forgetTokens() {
        tokens = [:]
    }

    var isOn: Bool { !users.isEmpty }

    mutating func makeToken(at now: Int64, life: Int64) -> String {
        lastToken += 1
        let token = "stand-in.token.\(lastToken)"
        tokens = tokens.filter { $0.value > now - Authentication.memory }
        tokens[token] = now + life * 1_000_000_000
        return token
    }

    /// An ended token is told from an unknown one for an hour, ns: a test of expiry sees it, and the table stays small.
    private static let memory: Int64 = 3_600_000_000_000

    /// When it ends, ns; nil when it was never given out.
    func end(of token: String) -> Int64? { tokens[token] }

    func knows(_ user: String, _ password: String) -> Bool { users[user] == password }
}

extension NamingServer {
    /// Whether the endpoint asks for a token.
    func isGuarded(_ endpoint: Endpoint) -> Bool {
        switch (endpoint.api, endpoint.route) {
        case (.admin, .one), (.admin, .list), (.admin, .distro): true
        case (.admin, _): false
        case (_, .setSwitch): authentication.isOn
        case (_, let route): authentication.isOn && route.isAboutInstances
        }
    }

    /// Whether a request may pass as far as its fields say; the fast path asks this.
    func hasGoodBearer(_ request: HTTPRequest, at now: Int64) -> Bool {
        guard authentication.isOn else { return true }
        guard let token = NamingServer.bearer(request), let end = authentication.end(of: token) else { return false }
        return now < end
    }

    mutating func authenticate(_ request: HTTPRequest, _ call: Call) throws(Refusal) {
        guard authentication.isOn || call.api == .admin else { return }
        do throws(Refusal) {
            try checkToken(request, call)
        } catch {
            counters.forbidden += 1
            throw error
        }
    }

    private func checkToken(_ request: HTTPRequest, _ call: Call) throws(Refusal) {
        let rules = profile.login
        let field = rules.takesTokenField ? request.fields["accessToken"] : nil
        if let token = NamingServer.bearer(request) ?? field ?? token(request, call) {
            guard let end = authentication.end(of: token) else { throw .container(403, rules.badToken) }
            if call.now >= end { throw .container(403, rules.expiredToken) }
            return
        }
        if rules.takesPassword, let user = call.parameters.value("username"),
            authentication.knows(user, call.parameters.value("password") ?? "")
        {
            return
        }
        throw .container(403, rules.unknownUser)
    }

    /// The parameter, in query or form, whether or not the handler reads the form.
    private func token(_ request: HTTPRequest, _ call: Call) -> String? {
        call.parameters.value("accessToken") ?? Parameters(request, readsBody: true).value("accessToken")
    }

    private static func bearer(_ request: HTTPRequest) -> String? {
        guard let field = request.fields["Authorization"], field.hasPrefix("Bearer ") else { return nil }
        return String(field.dropFirst("Bearer ".count))
    }

    // MARK: login

    mutating func login(_ call: Call) throws(Refusal) -> NamingAnswer {
        do throws(Refusal) {
            let answer = try grant(call)
            counters.logins += 1
            return answer
        } catch {
            counters.refusedLogins += 1
            throw error
        }
    }

    private mutating func grant(_ call: Call) throws(Refusal) -> NamingAnswer {
        let rules = profile.login
        guard let user = call.parameters.value("username") else { throw missing("username", call) }
        guard let password = call.parameters.value("password") else { throw missing("password", call) }
        let life = authentication.tokenLife ?? rules.tokenLife
        if rules.failures == .rnacos, !authentication.isOn {
            let text = "{\"accessToken\":\"AUTH_DISABLED\",\"tokenTtl\":\(life),\"globalAdmin\":true}"
            return call.context.json(200, Array(text.utf8))
        }
        guard let known = authentication.users[user] else { throw unknownUser(user, call) }
        guard known == password else { throw wrongPassword(call) }
        let token = authentication.makeToken(at: call.now, life: life)
        var body: [UInt8] = []
        body.append(text: "{\"accessToken\":\"\(token)\",\"tokenTtl\":\(life)")
        body.append(text: ",\"globalAdmin\":\(rules.isAdministrator),\"username\":")
        body.append(jsonString: user)
        body.append(UInt8(ascii: "}"))
        var answer = call.context.json(200, body)
        if rules.setsCookie { answer.extraFields.append(.session) }
        answer.extraFields.append(NamingAnswer.ExtraField(name: "Authorization", value: "Bearer \(token)"))
        return answer
    }

    private func missing(_ name: String, _ call: Call) -> Refusal {
        let text = { (quote: String) in
            "Required request parameter \(quote)\(name)\(quote) for method parameter type String is not present"
        }
        return switch (profile.login.failures, call.api) {
        case (.nacos1, _): .text(500, text("'"))
        case (.nacos2, _): .text(500, "caused: \(text("&#39;"));")
        case (.nacos3, .v3): .container(500, "No message available")
        case (.nacos3, _): .container(400, "Required parameter '\(name)' is not present.")
        case (.rnacos, _): .text(403, "unknown user!")
        }
    }

    private func unknownUser(_ user: String, _ call: Call) -> Refusal {
        switch (profile.login.failures, call.api) {
        case (.nacos1, _), (.rnacos, _): .login(403, "unknown user!")
        case (.nacos2, _): .login(500, "caused: User \(user) not found;")
        case (.nacos3, .v3): .accessDenied
        case (.nacos3, _): .container(500, "Handle API Compatibility failed, please see log for detail.")
        }
    }

    private func wrongPassword(_ call: Call) -> Refusal {
        switch (profile.login.failures, call.api) {
        case (.nacos1, _), (.rnacos, _): .login(403, "unknown user!")
        case (.nacos2, _): .login(403, "user not found!")
        case (.nacos3, .v3): .container(500, "No message available")
        case (.nacos3, _): .container(500, "Handle API Compatibility failed, please see log for detail.")
        }
    }
}
