internal import HTTPWire

/// Where an address server has the list of Nacos servers.
public struct ServerListURL: Equatable, Sendable {
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 1…65535.
    public let port: UInt16
    /// Path and query as they are sent.
    let path: String
    /// What `Host` says.
    let authority: String
    /// As it was written.
    public let text: String
}

extension SettingsAddress {
    /// An address with a longer path is a mistake, and some servers take no longer one.
    private static let urlMax = 1024

    /// `http://host[:port][/path][?query]`, without user and password: the log names it.
    package static func serverListURL(_ text: String) throws(SettingsComplaint) -> ServerListURL {
        guard text.utf8.count <= urlMax, let (scheme, rest) = splitScheme(text) else {
            throw SettingsComplaint(
                "must be http://host:port/path of at most \(urlMax) bytes, got \"\(text.prefix(80))\"")
        }
        switch scheme {
        case "http": break
        case "https":
            throw SettingsComplaint("needs TLS for https://, which beatd has not for server lists; write http://")
        default: throw SettingsComplaint("knows http://, not \(scheme)://")
        }
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        guard !authority.contains("@") else {
            throw SettingsComplaint("takes no user and password in front of the host: they would stand in the log")
        }
        let endpoint = try server("http://" + authority)
        var path = String(rest.dropFirst(authority.count))
        if !path.hasPrefix("/") { path = "/" + path }
        guard HTTPTarget(path, method: .get) != nil, !path.contains("#") else {
            throw SettingsComplaint("must have a path of visible ASCII without #, got \"\(path.prefix(80))\"")
        }
        return ServerListURL(
            host: endpoint.host, port: endpoint.port, path: path, authority: authority, text: text)
    }
}
