internal import BeatCore
internal import EventLoop

// The Nacos servers: where their names lead, and which ones there are.
extension Daemon {
    /// The thread that looks names up is made when there are any, or when there may be.
    static func makeResolver(
        _ configuration: Configuration, _ serverList: ServerListSource?, _ loop: EventLoop
    ) throws(EventLoopError) -> Resolver? {
        var names = configuration.servers.enumerated().compactMap { name(of: $0.element, at: ServerIndex($0.offset)) }
        if let name = serverList?.name { names.append(name) }
        guard serverList != nil || !names.isEmpty else { return nil }
        return try Resolver(loop, names, refresh: configuration.nameRefresh, lookUp: configuration.lookUp)
    }

    private static func name(of server: ServerAddress, at place: ServerIndex) -> Resolver.Name? {
        guard server.addresses.isEmpty else { return nil }
        return Resolver.Name(subject: .server(place), host: server.host, port: server.port)
    }

    /// What the resolver found since the last turn.
    func takeAddresses(at now: Instant) {
        for answer in resolver?.turn(at: now) ?? [] {
            switch answer.name.subject {
            case .server(let place): client.resolved(place, answer.addresses)
            case .serverList: serverList?.setAddresses(answer.addresses)
            }
        }
    }

    /// What the address server said since the last turn.
    func takeServerList(at now: Instant) {
        guard let serverList else { return }
        let found = serverList.turn(at: now)
        for line in found.lines { write(line) }
        if let names = found.names { core.handle(.serverListChanged(names), at: now, into: &effects) }
    }

    /// The core gave a place to a server of the list.
    func addServer(_ name: String, at place: ServerIndex) {
        guard let endpoint = serverList?.server(named: name) else {
            preconditionFailure("server \(place) is \(name), which no list names")
        }
        let server = ServerAddress(name: name, host: endpoint.host, port: endpoint.port, usesTLS: endpoint.usesTLS)
        client.add(server, at: place)
        if let name = Daemon.name(of: server, at: place) {
            resolver?.add(name)
        } else {
            resolver?.remove(.server(place))
        }
    }

    func retireServer(_ place: ServerIndex) {
        client.retire(place)
        resolver?.remove(.server(place))
    }

    /// Where Nacos is, for the first line of the log.
    var nacosText: String {
        (configuration.servers.map(\.name) + [configuration.serverListURL?.text].compactMap { $0 })
            .joined(separator: " ")
    }
}
