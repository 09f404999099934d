internal import HTTPWire

/// Decides whether a client may do what a request asks for (control-api.md §1).
struct Admission: Sendable {
    /// What TCP listeners serve.
    private let hosts: HTTPHostNames
    private let tokens: Tokens

    init(_ configuration: ControlAPI.Configuration) {
        let names = configuration.allowedHosts + configuration.ownAddresses
        hosts = HTTPHostNames(["localhost"] + names.compactMap { HTTPHost(Admission.bracketed($0))?.name })
        tokens = configuration.tokens
    }

    /// An address list names IPv6 addresses bare, a Host field in brackets.
    private static func bracketed(_ address: String) -> String {
        AddressRules.isIPv6(address) ? "[\(address)]" : address
    }

    /// A page of another host may resolve its own name to our address; it cannot send a Host that is ours.
    func requireKnownHost(_ request: HTTPRequest, _ client: Client) throws(Problem) {
        switch client.listener {
        case .unixSocket: return
        case .tcp, .ops: break
        }
        // HTTP/1.0 has no Host; browsers do not speak it, so nothing is lost by letting it in.
        let isKnown = request.target.authority.map { hosts.contains($0.utf8.span) }
        guard !(isKnown ?? request.fields.withValue(of: "Host") { hosts.contains($0) } ?? true) else { return }
        let authority = request.target.authority ?? request.fields["Host"] ?? ""
        throw Problem(
            .hostNotAllowed, "the host \(NameRules.quoted(authority)) is not served here; add it to --allowed-hosts")
    }

    /// What the route's rights ask of this client.
    func require(_ rights: Route.Rights, _ request: HTTPRequest, _ client: Client) throws(Problem) {
        if rights == .write { try requireSameSite(request) }
        switch client.listener {
        case .unixSocket, .ops: return
        case .tcp(let loopback):
            switch rights {
            case .open: return
            case .read: if tokens.read != nil { try requireToken(request, toWrite: false) }
            case .write:
                if !loopback || tokens.readWrite != nil || tokens.read != nil {
                    try requireToken(request, toWrite: true)
                }
            }
        }
    }

    /// Whether it is known who asks: through the unix socket, or by a token that may write.
    func isNamed(_ request: HTTPRequest, _ client: Client) -> Bool {
        switch client.listener {
        case .unixSocket: return true
        case .tcp: return (try? requireToken(request, toWrite: true)) != nil
        case .ops: return false
        }
    }

    private func requireSameSite(_ request: HTTPRequest) throws(Problem) {
        if let site = request.fields["Sec-Fetch-Site"], site != "same-origin", site != "none" {
            throw Problem(.crossSite, "Sec-Fetch-Site is \(NameRules.quoted(site))")
        }
        if let origin = request.fields["Origin"] {
            let authority = request.target.authority ?? request.fields["Host"]
            guard let authority, let host = HTTPHost(authority), host == Admission.host(ofOrigin: origin) else {
                throw Problem(.crossSite, "Origin \(NameRules.quoted(origin)) is not the host that is asked")
            }
        }
    }

    /// `scheme://host[:port]`; `null` and everything else has none.
    private static func host(ofOrigin origin: String) -> HTTPHost? {
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            return HTTPHost(String(origin.dropFirst(scheme.count)))
        }
        return nil
    }

    private func requireToken(_ request: HTTPRequest, toWrite: Bool) throws(Problem) {
        guard let given = bearer(request) else {
            throw unauthorized("Authorization: Bearer with the content of the token file is needed", challenge: "")
        }
        // Both are compared whatever the first says, so that time tells nothing.
        let mayWrite = tokens.readWrite.map { constantTimeEquals($0, given) } ?? false
        let mayRead = tokens.read.map { constantTimeEquals($0, given) } ?? false
        guard mayWrite || mayRead else {
            throw unauthorized("the token is not valid", challenge: " error=\"invalid_token\"")
        }
        if toWrite, !mayWrite { throw Problem(.forbidden, "this token may read, not write") }
    }

    private func unauthorized(_ detail: String, challenge: String) -> Problem {
        Problem(.unauthorized, detail, fields: ["WWW-Authenticate": "Bearer\(challenge)"])
    }

    /// The token of `Authorization: Bearer …` (RFC 6750 §2.1); the scheme's letter case does not count.
    private func bearer(_ request: HTTPRequest) -> String? {
        guard let field = request.fields["Authorization"] else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }

    /// Takes as long for any two texts of these lengths, so that a token cannot be guessed byte by byte.
    private func constantTimeEquals(_ secret: String, _ given: String) -> Bool {
        let secret = Array(secret.utf8)
        let given = Array(given.utf8)
        var difference = secret.count ^ given.count
        for index in 0..<given.count { difference |= Int(given[index] ^ secret[index % secret.count]) }
        return difference == 0
    }
}
