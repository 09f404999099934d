import BeatCore
import NacosWire
import Testing

/// Vector 55: who owns what (nacos.md §4.6).
@Suite struct DistroTests {
    private let three = ["127.0.0.1:8848", "127.0.0.1:8858", "127.0.0.1:8868"]
    private let two = ["127.0.0.1:8848", "127.0.0.1:8858"]

    @Test func vector55_hashes() {
        #expect(Distro.javaHash("10.0.0.1:8080") == -1_643_343_804)
        #expect(Distro.javaHash("10.0.0.2:8080") == -1_614_714_653)
        #expect(Distro.javaHash("127.0.0.1:9001") == -35_707_083)
        #expect(Distro.javaHash("DEFAULT_GROUP@@svc") == 1_899_290_687)
        #expect(Distro.javaHash("") == 0)
        #expect(Distro.javaHash("polygenelubricants") == .min)
        // Over UTF-16: a surrogate pair counts twice.
        #expect(Distro.javaHash("\u{1f600}") == 31 * 0xD83D + 0xDE00)
    }

    @Test func vector55_owners() {
        #expect(Distro.responsibleIndex(tag: "10.0.0.1:8080", members: three) == 0)
        #expect(Distro.responsibleIndex(tag: "10.0.0.2:8080", members: three) == 2)
        #expect(Distro.responsibleIndex(tag: "10.0.0.2:8080", members: two) == 1)
        #expect(Distro.responsibleIndex(tag: "127.0.0.1:9001", members: three) == 0)
        #expect(Distro.responsibleIndex(tag: "127.0.0.1:9001", members: two) == 1)
        #expect(Distro.responsibleIndex(tag: "DEFAULT_GROUP@@svc", members: three) == 2)
    }

    /// What the nodes of a 3.1 cluster said: the one that owns the instance knows it, another does not.
    @Test func vectors70And71_theOwnerKnowsTheInstance() throws {
        let key = InstanceKey(serviceName: "cl3", ip: "10.71.0.3", port: 8080)
        let owner = try #require(Distro.responsibleIndex(tag: Distro.tag(of: key), members: three))
        #expect(three[owner].hasSuffix(":8848"))
        #expect(
            try read(Trace("cluster-3.1/cl3_beat_ownerreg_8848").answer, .lightBeat, .v3)?.reply
                == .beatAccepted(interval: nil, lightBeatEnabled: true))
        #expect(
            try read(Trace("cluster-3.1/cl3_beat_ownerreg_8868").answer, .lightBeat, .v3)?.reply
                == .notFound(interval: nil, lightBeatEnabled: true))
    }

    @Test func theOrderOfTheListDoesNotMatter() {
        let shuffled = [three[2], three[0], three[1]]
        for tag in ["10.0.0.1:8080", "10.0.0.2:8080", "127.0.0.1:9001"] {
            let place = Distro.responsibleIndex(tag: tag, members: shuffled)
            #expect(place.map { shuffled[$0] } == Distro.responsibleIndex(tag: tag, members: three).map { three[$0] })
        }
        // As text: 10.0.0.10 stands before 10.0.0.9.
        #expect(Distro.responsibleIndex(tag: "", members: ["10.0.0.9:1", "10.0.0.10:1"]) == 1)
    }

    @Test func edges() {
        #expect(Distro.responsibleIndex(tag: "x", members: []) == nil)
        #expect(Distro.responsibleIndex(tag: "x", members: ["a"]) == 0)
        // Int32.min is taken modulo before its sign is.
        #expect(Distro.responsibleIndex(tag: "polygenelubricants", members: ["a", "b", "c"]) == 1)
        #expect(Distro.tag(of: plainKey) == "10.0.0.1:8080")
        #expect(Distro.tag(of: InstanceKey(serviceName: "s", ip: "::1", port: 9)) == "::1:9")
    }
}
