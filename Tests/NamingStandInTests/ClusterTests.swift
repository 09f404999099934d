import EventLoop
import NamingStandIn
import Testing

/// Nodes that relay, share and fail (nacos.md §4.6, §11.3, §11.4; vectors 55 and 100), with windows in ms where real
/// ones take seconds.
@Suite struct ClusterTests {
    /// A cluster on the loop of a stage.
    private final class Scene {
        let stage: Stage
        let cluster: NamingCluster

        init(_ count: Int, _ profile: NamingProfile) throws {
            stage = try Stage(profile)
            var windows = NamingCluster.Windows()
            windows.deadMilliseconds = 300
            windows.hungMilliseconds = 400
            windows.relayMilliseconds = 60
            windows.rejoinMilliseconds = 300
            cluster = try NamingCluster(loop: stage.loop, count: count, profile: profile, windows: windows)
        }

        deinit {
            cluster.close()
        }

        func ask(_ node: Int, _ request: String) throws -> String {
            try stage.ask(request, at: cluster.nodes[node].localAddress)
        }

        /// An address that the node owns.
        func address(ownedBy node: Int) -> String {
            (1...250).map { "10.0.0.\($0)" }.first { cluster.owner(of: $0, port: 8080) == node } ?? ""
        }

        /// Asks again and again until the answer is this one; what came before it.
        func ask(_ node: Int, _ request: String, until expected: String) throws -> [String] {
            var before: [String] = []
            var failure: (any Error)?
            let isThere = stage.wait {
                do {
                    let answer = try ask(node, request)
                    if answer == expected { return true }
                    before.append(answer)
                } catch {
                    failure = error
                    return true
                }
                return false
            }
            if let failure { throw failure }
            #expect(isThere)
            return before
        }
    }

    @Test("vector 55: who owns what")
    func vector55_hashes() {
        for (tag, hash, ofThree) in [
            ("10.0.0.1:8080", Int32(-1_643_343_804), 0), ("10.0.0.2:8080", -1_614_714_653, 2),
            ("127.0.0.1:9001", -35_707_083, 0), ("DEFAULT_GROUP@@svc", 1_899_290_687, 2),
        ] {
            #expect(NamingCluster.javaHash(tag) == hash)
            #expect(NamingCluster.ownerIndex(of: tag, among: 3) == ofThree)
        }
        #expect(NamingCluster.ownerIndex(of: "10.0.0.2:8080", among: 2) == 1)
        #expect(NamingCluster.ownerIndex(of: "127.0.0.1:9001", among: 2) == 1)
    }

    @Test("vector 55: v1 is relayed")
    func vector55_v1IsRelayed() throws {
        let scene = try Scene(2, .nacos25)
        let ip = scene.address(ownedBy: 1)
        let client = try SocketClient(scene.stage, at: scene.cluster.nodes[0].localAddress)
        client.send(Wire.register(ip) + Wire.light(ip) + Wire.register(ip, "&weight=10001"))
        let weight = "400 close instance format invalid: The weights range from 0.0 to 10000.0"
        #expect(client.answersUntilEnd() == ["200 ok", Wire.known, weight])
        let messages = RawMessage.all(in: client.received)
        for message in messages {
            #expect(message.fields.first { $0.name == "Content-Type" }?.value == "application/json;charset=UTF-8")
            #expect(message.fields.contains { $0.name == "Content-Length" })
            #expect(!message.fields.contains { $0.name == "Vary" })
        }
        #expect(scene.cluster.nodes[1].server.counters.registers == 1, "the owner did it")
        #expect(scene.cluster.nodes[0].server.counters.registers == 0)
        for node in scene.cluster.nodes { #expect(node.server.instanceCount == 1, "all know it") }
        #expect(try scene.ask(0, Wire.light("10.9.9.9")) == Wire.unknown)
        let gone = "DELETE /nacos/v1/ns/instance?\(Driver.svc)&ip=\(ip)&port=8080 HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try scene.ask(0, gone) == "200 ok")
        for node in scene.cluster.nodes { #expect(node.server.instanceCount == 0) }
    }

    @Test("vector 55: v3 stays where it is")
    func vector55_v3StaysWhereItIs() throws {
        let scene = try Scene(2, .nacos30)
        let ok = #"200 {"code":0,"message":"success","data":"ok"}"#
        let unknown = #"200 {"code":21003,"message":"instance not found","data":null}"#
        let list = Wire.get("/nacos/v3/client/ns/instance/list?serviceName=svc")
        // At a node that does not own it: known there alone.
        let strayed = scene.address(ownedBy: 1)
        #expect(try scene.ask(0, Wire.new(strayed)) == ok)
        #expect(try scene.ask(0, Wire.new(strayed, "&heartBeat=true")) == ok)
        #expect(try scene.ask(1, Wire.new(strayed, "&heartBeat=true")) == unknown)
        #expect(try !scene.ask(1, list).contains(strayed))
        // At its owner: all list it, the others do not take its beats.
        let owned = scene.address(ownedBy: 0)
        #expect(try scene.ask(0, Wire.new(owned)) == ok)
        #expect(try scene.ask(1, list).contains("\"\(owned)\""))
        #expect(try scene.ask(1, Wire.new(owned, "&heartBeat=true")) == unknown)
        #expect(try scene.ask(0, Wire.new(owned, "&heartBeat=true")) == ok)
    }

    @Test("vector 100: a dead owner", arguments: [2, 3])
    func vector100_aDeadOwner(count: Int) throws {
        let scene = try Scene(count, .nacos25)
        let ip = scene.address(ownedBy: 1)
        #expect(try scene.ask(0, Wire.register(ip)) == "200 ok")
        let address = scene.cluster.nodes[1].localAddress.description
        scene.cluster.kill(1)
        let before = try scene.ask(0, Wire.light(ip), until: Wire.known)
        let text =
            "500 close org.apache.http.conn.HttpHostConnectException: Connect to \(address) [/127.0.0.1] failed: "
            + "Connection refused"
        #expect(Set(before) == [text], "no 20404 in between")
        #expect(scene.cluster.nodes[0].server.instances.first?.isHealthy == true)

        scene.stage.loop.freeClosed()
        try scene.cluster.revive(1)
        let dispute = try scene.ask(0, Wire.light(ip), until: Wire.known)
        #expect(!dispute.isEmpty)
        #expect(
            dispute.allSatisfy {
                $0.hasPrefix("400 close") && $0.contains("receive invalid redirect request from peer 127.0.0.1")
            })
        #expect(scene.cluster.owner(of: ip, port: 8080) == 1)
        #expect(try scene.ask(1, Wire.light(ip)) == Wire.known)
    }

    @Test("vector 100: a hung owner")
    func vector100_aHungOwner() throws {
        let scene = try Scene(2, .nacos25)
        let ip = scene.address(ownedBy: 1)
        let other = scene.address(ownedBy: 0)
        #expect(try scene.ask(0, Wire.register(ip)) == "200 ok")
        #expect(try scene.ask(0, Wire.register(other)) == "200 ok")
        scene.cluster.hang(1)
        let start = MonotonicClock.nanoseconds()
        #expect(try scene.ask(0, Wire.light(other)) == Wire.known)
        #expect(
            try scene.ask(0, Wire.light(ip)) == "500 close java.net.SocketTimeoutException: Read timed out")
        #expect(MonotonicClock.nanoseconds() - start >= 60_000_000)
        #expect(try scene.ask(0, Wire.light(ip), until: Wire.known).allSatisfy { $0.hasPrefix("500 close java.net") })
        // The hung node takes a connection and says nothing until it goes on.
        let waiting = try SocketClient(scene.stage, at: scene.cluster.nodes[1].localAddress)
        waiting.send(Wire.get("/__state"))
        try scene.cluster.revive(1)
        #expect(waiting.answers(1).first?.hasPrefix("200") == true)
        #expect(try scene.ask(1, Wire.light(ip)) == Wire.known)
    }

    @Test func servicesBelongToNodesOn14() throws {
        let scene = try Scene(2, .nacos14)
        let owner = scene.cluster.owner(ofService: "DEFAULT_GROUP@@svc")
        #expect(try scene.ask(1 - owner, Wire.register()) == "200 ok")
        #expect(scene.cluster.nodes[owner].server.counters.registers == 1)
        #expect(try scene.ask(1 - owner, Wire.light()) == Wire.known)
    }

    /// The recorded requests, each put to a node of the recording's kind: the owner or another one.
    @Test func answersLikeRecordedClusters() throws {
        let scene = try Scene(3, .nacos25)
        let owner = scene.cluster.owner(of: "10.70.0.2", port: 8080)
        let others = [0, 1, 2].filter { $0 != owner }
        let stories: [(names: [String], node: Int)] = [
            (["cl_register_nonowner"], others[0]), (["cl_beat_light_owner"], owner),
            (["cl_beat_light_nonowner", "cl_beat_allinbody_nonowner", "cl_beat_bodyonly_json_nonowner"], others[1]),
            (["cl_err_weight_nonowner"], others[0]), (["cl_deregister_nonowner"], others[0]),
            (["cl_register_formbody_owner"], owner), (["cl_v2_register_nonowner", "cl_v2_beat_8848"], others[0]),
            (["cl_v2_beat_8858"], others[1]), (["cl_v2_beat_8868"], owner),
        ]
        for story in stories {
            for name in story.names { try expectRecorded("cluster-2.5.1", name, scene, story.node) }
        }
        // These are about other addresses, and so about other owners.
        for (name, ip) in [
            ("cl_beat_light_unknown_nonowner", "10.70.0.5"), ("cl_metadata_special_nonowner", "10.70.0.8"),
        ] {
            let node = (scene.cluster.owner(of: ip, port: 8080) + 1) % 3
            try expectRecorded("cluster-2.5.1", name, scene, node)
        }
    }

    @Test func answersLikeRecordedClustersOf31() throws {
        let scene = try Scene(3, .nacos30)
        let stray = (scene.cluster.owner(of: "10.71.0.1", port: 8080) + 1) % 3
        try expectRecorded("cluster-3.1", "cl3_register_nonowner", scene, stray)
        try expectRecorded("cluster-3.1", "cl3_beat_8848", scene, stray)
        try expectRecorded("cluster-3.1", "cl3_beat_8858", scene, (stray + 1) % 3)
        let owner = scene.cluster.owner(of: "10.71.0.3", port: 8080)
        try expectRecorded("cluster-3.1", "cl3_register_owner", scene, owner)
        try expectRecorded("cluster-3.1", "cl3_beat_ownerreg_8848", scene, owner)
        try expectRecorded("cluster-3.1", "cl3_beat_ownerreg_8868", scene, (owner + 1) % 3)
    }

    private func expectRecorded(_ folder: String, _ name: String, _ scene: Scene, _ node: Int) throws {
        let trace = try #require(Trace(folder, name))
        let client = try SocketClient(scene.stage, at: scene.cluster.nodes[node].localAddress)
        client.send(String(decoding: trace.requests(token: ""), as: UTF8.self))
        #expect(client.answers(1).count == 1)
        let got = try #require(RawMessage.all(in: client.received).first)
        let expected = try #require(RawMessage.all(in: trace.answers).first)
        #expect(got.startLine == expected.startLine, "\(name)")
        #expect(Comparable.fields(got, "") == Comparable.fields(expected, ""), "\(name)")
        #expect(String(decoding: got.body, as: UTF8.self) == String(decoding: expected.body, as: UTF8.self), "\(name)")
    }
}
