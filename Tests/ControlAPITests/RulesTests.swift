import BeatCore
import HTTPWire
import JSON
import Testing

@testable import ControlAPI

/// The rules one by one.
@Suite struct RulesTests {
    @Test(arguments: [
        "10.0.0.7", "0.0.0.0", "255.255.255.255", "::", "::1", "fe80::1", "2001:db8::", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:1.2.3.4", "::ffff:10.0.0.1", "ABCD::EF01", "orders", "orders.internal", "my_service-1", "a1",
        "1a.2b", "automation", String(repeating: "a", count: 63),
    ])
    func addresses(ip: String) { #expect(AddressRules.fault(ip) == nil) }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1..2.3", "1.2.3.4.", ":", ":::", "1:::2", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1%eth0", "[::1]", "1.2.3.4::",
        "10.0.0.7:80", "auto", "auto:eth0", "a b", "a..b", "-a", "a-", ".a", "a.", "\u{fc}ber",
        String(repeating: "a", count: 64), String(repeating: "a.", count: 64) + "a",
    ])
    func notAddresses(ip: String) { #expect(AddressRules.fault(ip) != nil) }

    @Test func names() {
        #expect(NameRules.faultOfServiceName(String(repeating: "s", count: 512)) == nil)
        #expect(NameRules.faultOfServiceName("a@b") == nil)
        #expect(NameRules.faultOfServiceName("über/orders") == nil)
        for name in ["", String(repeating: "s", count: 513), "a@@b", "@a", "a b", "a\u{a0}b", "a\tb", "a\u{7f}"] {
            #expect(NameRules.faultOfServiceName(name) != nil, "\(name)")
        }
        #expect(NameRules.faultOfGroupName("a.b:c-d_E9") == nil)
        for name in ["", "a/b", "a@b", "ü", String(repeating: "g", count: 129)] {
            #expect(NameRules.faultOfGroupName(name) != nil, "\(name)")
        }
        #expect(NameRules.faultOfNamespaceId("a_b-9") == nil)
        for name in ["", "a.b", String(repeating: "n", count: 65)] {
            #expect(NameRules.faultOfNamespaceId(name) != nil, "\(name)")
        }
        #expect(NameRules.faultOfClusterName("HZ-1") == nil)
        for name in ["", "a_b", String(repeating: "c", count: 65)] {
            #expect(NameRules.faultOfClusterName(name) != nil, "\(name)")
        }
    }

    @Test func groupedNames() {
        #expect(GroupedName.split("orders") == (nil, "orders"))
        #expect(GroupedName.split("g@@orders") == ("g", "orders"))
        #expect(GroupedName.split("@@") == ("", ""))
        #expect(GroupedName.split("a@@b@@c") == ("a", "b@@c"))
        #expect(GroupedName.split("a@@@b") == ("a", "@b"))
    }

    @Test func nearestNames() {
        let names = RegistrationField.writableNames
        for (slip, meant) in [
            ("sreviceName", "serviceName"), ("servicename", "serviceName"), ("cluster", "clusterName"),
            ("enable", "enabled"), ("wieght", "weight"), ("prot", "port"), ("namespace", "namespaceId"),
        ] {
            #expect(NearestName.nearest(to: slip, among: names) == meant)
        }
        for stranger in ["", "ephemeral", "x", String(repeating: "serviceName", count: 9)] {
            #expect(NearestName.nearest(to: stranger, among: names) == nil, "\(stranger)")
        }
        #expect(NearestName.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
        #expect(NearestName.distance([], Array("abc".utf8)) == 3)
    }

    @Test func metadataAtItsLimits() {
        func items(_ length: Int, _ period: Duration?) -> [String] {
            MetadataRules.faults(metadata: ["k": String(repeating: "v", count: length)], period: period).map(\.detail)
        }
        #expect(items(1023, nil).isEmpty)
        #expect(items(1024, nil).count == 1)
        // preserved.heart.beat.interval and its four digits take 33 of the units.
        #expect(items(990, .seconds(5)).isEmpty)
        #expect(items(991, .seconds(5)).count == 1)
        // A surrogate pair is two units.
        #expect(MetadataRules.faults(labels: ["k": String(repeating: "\u{1f600}", count: 511)]).isEmpty)
        #expect(MetadataRules.faults(labels: ["k": String(repeating: "\u{1f600}", count: 512)]).count == 1)
    }

    private static let times: [(StringMap, Duration?, [String])] = [
        ([:], nil, []), ([:], .seconds(15), []), ([:], .seconds(16), ["/period"]),
        ([:], .seconds(31), ["/period", "/period"]),
        (["preserved.heart.beat.timeout": "60000", "preserved.ip.delete.timeout": "90000"], .seconds(60), []),
        (["preserved.heart.beat.timeout": "3000"], nil, ["/metadata/preserved.heart.beat.timeout"]),
        (["preserved.heart.beat.interval": "499"], nil, ["/metadata/preserved.heart.beat.interval"]),
        (["preserved.heart.beat.interval": "20000"], nil, ["/metadata/preserved.heart.beat.interval"]),
        (["preserved.heart.beat.interval": "5000"], .seconds(5), []),
        (["preserved.heart.beat.interval": "5000"], .seconds(4), ["/period"]),
        (["preserved.heart.beat.timeout": "15s"], nil, ["/metadata/preserved.heart.beat.timeout"]),
        (["preserved.ip.delete.timeout": ""], nil, ["/metadata/preserved.ip.delete.timeout"]),
        (["preserved.ip.delete.timeout": "99999999999999999999"], nil, ["/metadata/preserved.ip.delete.timeout"]),
        (["preserved.register.source": "SPRING_CLOUD"], nil, []),
    ]

    @Test(arguments: times)
    func timesInMetadata(metadata: StringMap, period: Duration?, pointers: [String]) {
        let places = MetadataRules.faults(metadata: metadata, period: period).map(\.place)
        #expect(places == pointers.map { .pointer($0) })
    }

    @Test func continueTokens() {
        let token = ContinueToken(epoch: .max, slot: 123_456, filter: 0x0123_4567_89ab_cdef)
        #expect(ContinueToken(token.text) == token)
        for position in token.text.indices {
            for replacement in ["A", "z", "-", "=", "\u{fc}"] where String(token.text[position]) != replacement {
                var text = token.text
                text.replaceSubrange(position...position, with: replacement)
                #expect(ContinueToken(text) == nil)
            }
        }
        #expect(ContinueToken("") == nil)
        #expect(ContinueToken(token.text + "A") == nil)
        #expect(Base64URL.decode(Base64URL.encode([0xfb, 0xff])) == [0xfb, 0xff])
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
    }

    @Test func keysAreTheNamesOfFields() {
        for field in RegistrationField.allCases { #expect("\(field.key)" == field.rawValue) }
        for field in CheckField.allCases { #expect("\(field.key)" == field.rawValue) }
    }

    @Test func tags() {
        #expect(EntityTag(ofListAt: 0, epoch: 0).text == "\"0-0\"")
        #expect(EntityTag(ofListAt: .max, epoch: .max).text == "\"3w5e11264sgsf-18446744073709551615\"")
        #expect(EntityTag(ofListAt: 1_090, epoch: 35).text == "\"z-1090\"")
        for text in ["", "x", "beatd"] {
            let content = Array(text.utf8)
            #expect(EntityTag(of: content).text == "\"\(String(FNV1a.hash(content), radix: 16))\"")
        }
    }

    @Test func requestIDs() {
        #expect(RequestID.number(0).text == "0000000000000000")
        #expect(RequestID.number(0xab).text == "00000000000000ab")
        #expect(RequestID.number(.max).text == "ffffffffffffffff")
        #expect(RequestID.given("a-1").text == "a-1")
    }

    @Test func countsRequests() {
        var metrics = HTTPMetrics()
        let documented = metrics.requests.count
        let route = Route.table.first { $0.operation == .readBeat }
        for _ in 0..<3 { metrics.record(route, .get, status: 200, nanoseconds: 1) }
        metrics.record(route, .get, status: 499, nanoseconds: 1)
        metrics.record(nil, .other("BREW"), status: 501, nanoseconds: 1)
        metrics.record(nil, .other("BREW2"), status: 501, nanoseconds: 1)
        let counts = metrics.requests.filter { $0.count > 0 }.map { "\($0.key.labels) \($0.count)" }
        #expect(
            counts == [
                "[\"GET\", \"/v1/beats/{id}\", \"200\"] 3", "[\"GET\", \"/v1/beats/{id}\", \"499\"] 1",
                "[\"other\", \"unmatched\", \"501\"] 2",
            ])
        #expect(metrics.requests.count == documented + 2)
        #expect(metrics.histograms.allSatisfy { $0.histogram.count > 0 || $0.key.status < 300 })
    }

    @Test func conditions() {
        #expect(TagCondition("If-Match", in: [:]) == nil)
        #expect(TagCondition("If-Match", in: ["If-Match": "*"]) == .any)
        #expect(TagCondition("If-Match", in: ["if-match": "\"a\" ,W/\"b\""]) == .tags(["\"a\"", "W/\"b\""]))
        let tag = EntityTag(of: Array("x".utf8))
        #expect(TagCondition.tags(["W/\(tag.text)"]).matchesWeakly(tag))
        #expect(!TagCondition.tags(["W/\(tag.text)"]).matchesStrongly(tag))
        #expect(!TagCondition.any.matchesStrongly(nil))
    }
}
