public import EventLoop
import HTTPWire

/// A few stand-ins on one loop that behave as a cluster (nacos.md §4.6, §11.3, §11.4).
///
/// Each instance belongs to one node. A v1 write at another node is relayed to it; v2 and v3 writes are carried out where
/// they come in, and the other nodes list what was registered at its owner. Nodes can be killed, hung and revived.
/// Loop-confined. Whoever made it holds it and calls `close`.
public final class NamingCluster {
    /// How long the nodes take to notice what happened to one, as measured on 2.5.1.
    public struct Windows: Equatable, Sendable {
        /// A dead node stays a member that long, ms.
        public var deadMilliseconds: Int64 = 9500
        /// A hung node stays a member that long, ms.
        public var hungMilliseconds: Int64 = 16_500
        /// A request that is relayed to a hung node is given up after that time, ms.
        public var relayMilliseconds: Int64 = 2000
        /// A node that came back is in dispute that long, ms.
        public var rejoinMilliseconds: Int64 = 4000

        /// As measured.
        public init() {}
    }

    /// The nodes, in the order of their creation.
    public private(set) var nodes: [NamingStandIn] = []
    private var view: ClusterView

    /// `count` nodes on ports that are free, all with the same profile and options.
    public init(
        loop: EventLoop, count: Int, host: String = "127.0.0.1", profile: NamingProfile,
        options: NamingStandIn.Options = NamingStandIn.Options(), windows: Windows = Windows()
    ) throws(EventLoopError) {
        precondition((2...9).contains(count), "a cluster of \(count) nodes")
        guard let address = SocketAddress(host: host, port: 0) else { preconditionFailure("no address: \(host)") }
        view = ClusterView(addresses: [], windows: windows)
        for _ in 0..<count {
            do throws(EventLoopError) {
                nodes.append(
                    try NamingStandIn(loop: loop, address: address, profile: profile, options: options))
            } catch {
                for node in nodes { node.close() }
                throw error
            }
        }
        view = ClusterView(addresses: nodes.map(\.localAddress.description), windows: windows)
        for (index, node) in nodes.enumerated() { node.join(self, as: index) }
    }

    /// Stops all nodes for good. Idempotent.
    public func close() {
        for node in nodes { node.close() }
    }

    /// The node that owns an instance now, by 2.x and later; 1.x goes by service, see `owner(ofService:)`.
    public func owner(of ip: String, port: Int) -> Int {
        view.owner(of: "\(ip):\(port)", at: MonotonicClock.nanoseconds())
    }

    /// The node that owns a grouped service on 1.x.
    public func owner(ofService grouped: String) -> Int {
        view.owner(of: grouped, at: MonotonicClock.nanoseconds())
    }

    /// `String.hashCode` of Java, which owners are found by.
    public static func javaHash(_ text: String) -> Int32 { ClusterView.javaHash(text) }

    /// Which of `count` members, sorted by the text of their address, owns a tag.
    public static func ownerIndex(of tag: String, among count: Int) -> Int { ClusterView.index(of: tag, among: count) }

    // MARK: controls for tests

    /// The node's process is gone: connections are cut, its port is closed.
    public func kill(_ node: Int) {
        view.set(node, .dead(since: MonotonicClock.nanoseconds()))
        nodes[node].pause()
    }

    /// The node's process is stopped: connections are taken and nothing is answered.
    public func hang(_ node: Int) {
        view.set(node, .hung(since: MonotonicClock.nanoseconds()))
        nodes[node].setHung(true)
    }

    /// The node is back with what the others know. Throws when its port is taken.
    public func revive(_ node: Int) throws(EventLoopError) {
        if let other = nodes.indices.first(where: { $0 != node && view.isAnswering($0) }) {
            nodes[node].server.registry = nodes[other].server.registry
        }
        try nodes[node].resume()
        let now = MonotonicClock.nanoseconds()
        view.set(node, .rejoining(since: now))
        for index in nodes.indices where view.isAnswering(index) { reassign(index, at: now) }
        nodes[node].setHung(false)
    }

    // MARK: requests

    /// An answer, and how long it takes.
    struct Answer {
        var answer: NamingAnswer
        var delayMilliseconds: Int64 = 0
    }

    func answer(_ request: HTTPRequest, at node: Int, now: Int64, wall: Int64) -> Answer {
        let standIn = nodes[node]
        let endpoint = Endpoint(request)
        switch endpoint.route {
        case .register, .deregister, .update, .beat, .distro: break
        case .login:
            let answer = standIn.server.handle(request, at: now, wall: wall)
            for other in nodes { other.server.authentication = standIn.server.authentication }
            return Answer(answer: answer)
        case .one, .list, .metrics, .switches, .setSwitch, .servers, .consoleState, .readiness, .state, .unknown:
            return Answer(answer: standIn.server.handle(request, at: now, wall: wall))
        }
        guard let tag = tag(of: request, standIn.profile) else {
            return Answer(answer: standIn.server.handle(request, at: now, wall: wall))
        }
        if endpoint.route == .distro || endpoint.api != .v1 {
            return here(request, tag, at: node, now: now, wall: wall)
        }
        let context = RequestContext(request, standIn.profile, wall: wall)
        switch view.decision(at: node, tag, at: now) {
        case .here: return here(request, tag, at: node, now: now, wall: wall)
        case .relay(let owner):
            return Answer(answer: here(request, tag, at: owner, now: now, wall: wall).answer.relayed(context))
        case .refused(let owner):
            return Answer(answer: context.refusal(.login(500, refusedText(owner, standIn.profile))))
        case .unanswered:
            return Answer(
                answer: context.refusal(.login(500, "java.net.SocketTimeoutException: Read timed out")),
                delayMilliseconds: view.windows.relayMilliseconds)
        case .disagreement:
            let ip = view.addresses[node].prefix { $0 != ":" }
            return Answer(
                answer: context.refusal(.container(400, "receive invalid redirect request from peer \(ip)")))
        }
    }

    private func refusedText(_ owner: Int, _ profile: NamingProfile) -> String {
        let address = view.addresses[owner]
        let ip = address.prefix { $0 != ":" }
        return profile.servesV3
            ? "org.apache.hc.client5.http.HttpHostConnectException: Connect to http://\(address) [/\(ip)] failed: "
                + "Connection refused"
            : "org.apache.http.conn.HttpHostConnectException: Connect to \(address) [/\(ip)] failed: Connection refused"
    }

    /// Carries a request out at a node; what an owner took, the others are told.
    private func here(_ request: HTTPRequest, _ tag: String, at node: Int, now: Int64, wall: Int64) -> Answer {
        let owner = view.owner(of: tag, at: now)
        let answer = nodes[node].server.handle(
            request, at: now, wall: wall, responsible: owner == node ? nil : view.addresses[owner])
        if owner == node, answer.status == 200 {
            for index in nodes.indices where index != node && view.isAnswering(index) {
                nodes[index].server.mirror(request, at: now, wall: wall)
            }
        }
        return Answer(answer: answer)
    }

    /// What decides about the owner; nil when the request does not say.
    private func tag(of request: HTTPRequest, _ profile: NamingProfile) -> String? {
        let parameters = Parameters(request, readsBody: true)
        if profile.documents == .nacos1 {
            guard let name = parameters.value("serviceName") else { return nil }
            return (try? ServiceName(name, group: parameters.value("groupName")))?.grouped
        }
        if let ip = parameters.value("ip"), let port = parameters.value("port") { return "\(ip):\(port)" }
        guard let text = parameters.value("beat"), let info = NamingServer.beatInfo(text), let ip = info.ip else {
            return nil
        }
        return "\(ip):\(info.port)"
    }

    // MARK: time

    /// Before a node checks its instances: which are its own, and what their owners say about the others.
    func synchronize(_ node: Int, at now: Int64) {
        reassign(node, at: now)
        let server = nodes[node].server
        for (slot, instance) in server.registry.slots.enumerated() {
            guard let instance, instance.standing == .copy else { continue }
            let owner = view.owner(of: tag(of: instance, server), at: now)
            guard owner != node, view.isAnswering(owner) else { continue }
            let original = nodes[owner].server.registry.find(instance.key).flatMap {
                nodes[owner].server.registry.slots[$0]
            }
            if let original {
                nodes[node].server.registry.update(slot) { $0.isHealthy = original.isHealthy }
            } else {
                nodes[node].server.registry.remove(slot, at: now)
            }
        }
    }

    /// Copies whose owner is gone become a node's own, as fresh as if beaten, and the other way round.
    private func reassign(_ node: Int, at now: Int64) {
        let server = nodes[node].server
        for (slot, instance) in server.registry.slots.enumerated() {
            guard let instance, instance.standing != .strayed else { continue }
            let isOwn = view.owner(of: tag(of: instance, server), at: now) == node
            switch (isOwn, instance.standing) {
            case (true, .copy):
                nodes[node].server.registry.update(slot) {
                    $0.standing = .own
                    $0.lastBeat = now
                }
            case (false, .own): nodes[node].server.registry.update(slot) { $0.standing = .copy }
            case (true, .own), (false, .copy), (_, .strayed): break
            }
        }
    }

    private func tag(of instance: Instance, _ server: NamingServer) -> String {
        server.profile.documents == .nacos1
            ? server.registry.services[instance.service].groupedName : "\(instance.ip ?? "null"):\(instance.port)"
    }
}

@available(*, unavailable)
extension NamingCluster: Sendable {}

extension NamingAnswer {
    /// As another node hands it on: status and body as they are, the fields of its own.
    func relayed(_ context: RequestContext) -> NamingAnswer {
        var answer = context.answer(status, .container, "application/json;charset=UTF-8", body, .contentLength)
        answer.securityFields = .cors
        return answer
    }
}
