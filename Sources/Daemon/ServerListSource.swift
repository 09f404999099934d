internal import BeatCore
internal import EventLoop
internal import HTTPWire

/// Reads the list of Nacos servers from an address server, at the start and every 30 s. Loop-confined.
final class ServerListSource {
    private let loop: EventLoop
    private let url: ServerListURL
    private let client: NacosClient.Configuration
    private var addresses: AddressRotation
    private var watch: ServerListWatch
    private var call: HTTPCall?
    private var answer: Result<HTTPResponse, HTTPCallError>?
    /// The servers of the last good list.
    private var servers: [NacosEndpoint] = []

    init(
        _ loop: EventLoop, _ url: ServerListURL, _ client: NacosClient.Configuration, refresh: Duration,
        at now: Instant
    ) {
        self.loop = loop
        self.url = url
        self.client = client
        addresses = AddressRotation(SocketAddress(host: url.host, port: url.port).map { [$0] } ?? [])
        watch = ServerListWatch(url: url.text, refresh: refresh, at: now)
    }

    /// The host to look up; nil when it is an address.
    var name: Resolver.Name? {
        guard SocketAddress(host: url.host, port: url.port) == nil else { return nil }
        return Resolver.Name(subject: .serverList, host: url.host, port: url.port)
    }

    /// The host's name was looked up.
    func setAddresses(_ found: [SocketAddress]) { addresses.take(found) }

    /// The server of the last good list with this name, `host:port`.
    func server(named name: String) -> NacosEndpoint? { servers.first { $0.text == name } }

    /// When it wants a turn.
    var nextDeadline: Instant? {
        watch.nextDeadline.map { addresses.current == nil ? $0 + client.requestTimeout : $0 }
    }

    /// Takes what was answered, and begins to read when it is time. Gives a list that was read, and the lines for the
    /// log.
    func turn(at now: Instant) -> (names: [String]?, lines: [LogRecord]) {
        var result: (names: [String]?, lines: [LogRecord]) = (nil, [])
        if let answer {
            self.answer = nil
            let ended = watch.ended(answer, at: now)
            if let found = ended.servers {
                servers = found
                result.names = found.map(\.text)
            }
            result.lines = ended.lines
        }
        // A name gets the time of an answer to be looked up in.
        guard call == nil, let deadline = nextDeadline, deadline <= now else { return result }
        watch.begin(at: now)
        if let address = addresses.current {
            read(from: address, at: now)
        } else {
            result.lines += watch.ended(.failure(HTTPCallError(text: "its name is not resolved")), at: now).lines
        }
        return result
    }

    private func read(from address: SocketAddress, at now: Instant) {
        guard let target = HTTPTarget(url.path, method: .get) else { preconditionFailure("no path: \(url.path)") }
        var bytes: [UInt8] = []
        HTTPRequestWriter.append(
            HTTPRequest(
                .get, target,
                fields: ["User-Agent": "beatd/\(client.version)", "Accept": "text/plain, */*"]),
            host: url.authority, keepsOpen: false, to: &bytes)
        call = HTTPCall(
            loop, to: address, by: ServerTransport(plainWithin: client.connectTimeout), sending: bytes,
            deadline: (now + client.requestTimeout).nanoseconds, limits: NacosClientLimits.serverList
        ) { [unowned self] result in
            self.call = nil
            self.answer = result
            if case .failure(let error) = result, !error.wasConnected { self.addresses.failed(address) }
        }
    }

    func close() {
        call?.cancel()
        call = nil
    }
}
