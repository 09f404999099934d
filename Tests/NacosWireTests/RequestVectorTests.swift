import BeatCore
import HTTPWire
import JSON
import NacosWire
import Testing

/// Vectors of nacos.md §9 on what is sent.
@Suite struct RequestVectorTests {
    @Test("vector 1: the register as it goes out")
    func vector01_register() throws {
        let sent = try register(RegistrationDocument(key: plainKey))
        #expect(sent.method == .post)
        #expect(sent.path == "/nacos/v1/ns/instance")
        #expect(
            sent.query == [
                FormPair("namespaceId", "public"), FormPair("serviceName", "DEFAULT_GROUP@@svc"),
                FormPair("clusterName", "DEFAULT"), FormPair("ip", "10.0.0.1"), FormPair("port", "8080"),
                FormPair("weight", "1.0"), FormPair("enabled", "true"), FormPair("healthy", "true"),
                FormPair("ephemeral", "true"), FormPair("metadata", "{}"),
            ])
        #expect(sent.form.isEmpty)
        let text = String(decoding: sent.bytes, as: UTF8.self)
        #expect(text.contains("serviceName=DEFAULT_GROUP%40%40svc&"))
        #expect(text.contains("&metadata=%7B%7D HTTP/1.1\r\n"))
        #expect(try read(sized("ok"), .register)?.reply == .ok)
    }

    @Test("vector 2: the first full beat as it goes out")
    func vector02_fullBeat() throws {
        let document = RegistrationDocument(key: plainKey, weight: 2.5, metadata: ["zone": "a"])
        let sent = try fullBeat(document)
        #expect(sent.method == .put)
        #expect(sent.path == "/nacos/v1/ns/instance/beat")
        let text = String(decoding: sent.bytes, as: UTF8.self)
        #expect(
            text.hasSuffix(
                "\r\n\r\nbeat=%7B%22port%22%3A8080%2C%22ip%22%3A%2210.0.0.1%22%2C%22weight%22%3A2.5%2C%22serviceName%22"
                    + "%3A%22DEFAULT_GROUP%40%40svc%22%2C%22cluster%22%3A%22DEFAULT%22%2C%22metadata%22%3A%7B%22zone%22"
                    + "%3A%22a%22%7D%2C%22scheduled%22%3Afalse%2C%22period%22%3A5000%2C%22stopped%22%3Afalse%7D"))
        #expect(sent.fields["Content-Type"] == "application/x-www-form-urlencoded;charset=UTF-8")
    }

    @Test("vector 3: a light beat as it goes out")
    func vector03_lightBeat() throws {
        let sent = try lightBeat(plainKey)
        #expect(
            String(decoding: sent.bytes, as: UTF8.self) == """
                PUT /nacos/v1/ns/instance/beat?namespaceId=public&serviceName=DEFAULT_GROUP%40%40svc\
                &clusterName=DEFAULT&ip=10.0.0.1&port=8080 HTTP/1.1\r
                Host: 127.0.0.1:8848\r
                User-Agent: beatd/0.1.0\r
                Accept: application/json\r
                \r

                """)
    }

    @Test("vector 6: the metadata's interval in the full beat")
    func vector06_intervalOfTheMetadata() throws {
        let document = RegistrationDocument(key: plainKey, metadata: [PreservedMetadata.heartBeatInterval: "3000"])
        #expect(try fullBeat(document).beat()["period"] == .integer(3000))
        // A period given explicitly is told to the server as the Java client does it.
        let explicit = RegistrationDocument(key: plainKey, period: .seconds(2))
        let told = JSONValue.object(["preserved.heart.beat.interval": .string("2000")])
        #expect(try register(explicit).metadata() == told)
        #expect(try fullBeat(explicit).beat()["metadata"] == told)
        #expect(try fullBeat(explicit).beat()["period"] == .integer(2000))
    }

    @Test("vector 9: the register after a 20404 as it goes out")
    func vector09_registerAfterNotFound() throws {
        var key = plainKey
        key.clusterName = "c-1"
        let document = RegistrationDocument(key: key, weight: 0.1, metadata: ["k": "v"])
        let sent = try register(document)
        #expect(sent["ip"] == "10.0.0.1")
        #expect(sent["port"] == "8080")
        #expect(sent["clusterName"] == "c-1")
        #expect(sent["weight"] == "0.1")
        #expect(sent["metadata"] == #"{"k":"v"}"#)
        #expect(sent["ephemeral"] == "true")
    }

    @Test("vector 11: a disabled instance stays disabled")
    func vector11_aDisabledInstanceStaysDisabled() throws {
        let sent = try register(RegistrationDocument(key: plainKey, enabled: false))
        #expect(sent["enabled"] == "false")
        #expect(sent["enable"] == nil)
    }

    @Test("vector 20: the DELETE as it goes out")
    func vector20_deregister() throws {
        let sent = try deregister(plainKey)
        #expect(sent.method == .delete)
        #expect(sent.path == "/nacos/v1/ns/instance")
        #expect(
            Set(sent.query) == [
                FormPair("namespaceId", "public"), FormPair("serviceName", "DEFAULT_GROUP@@svc"),
                FormPair("clusterName", "DEFAULT"), FormPair("ip", "10.0.0.1"), FormPair("port", "8080"),
                FormPair("ephemeral", "true"),
            ])
    }

    @Test(
        "vector 25: metadata as it goes out",
        arguments: [
            "a+b", "100%", "a&b=c", "say \"hi\"", "two\nlines\r\n\ttab", "back\\slash", "😀 é 中文", "", " padded ",
            "</script>", "\u{0}\u{1}\u{7f}\u{2028}", "%41%zz+", String(repeating: "x", count: 5000),
        ])
    func vector25_metadataRoundTrips(_ value: String) throws {
        let document = RegistrationDocument(key: plainKey, metadata: [value + "k": value, "plain": "v"])
        // The parser refuses NUL, so what was escaped is looked at in its escaped form.
        let sent = try register(document)
        let json = try #require(sent["metadata"])
        if value.contains("\u{0}") {
            #expect(json.contains("\\u0000\\u0001"))
        } else {
            let expected = JSONValue.object([value + "k": .string(value), "plain": .string("v")])
            #expect(try sent.metadata() == expected)
            #expect(try fullBeat(document).beat()["metadata"] == expected)
        }
    }

    @Test("vector 26: a group in v1")
    func vector26_group() throws {
        var key = plainKey
        key.groupName = "g1"
        for sent in try allRequests(RegistrationDocument(key: key)) {
            #expect(sent["serviceName"] == "g1@@svc")
            #expect(sent["groupName"] == nil)
        }
        #expect(try fullBeat(RegistrationDocument(key: key)).beat()["serviceName"] == .string("g1@@svc"))
    }

    @Test("vector 73: no parameter twice")
    func vector73_noParameterTwice() throws {
        for sent in try allRequests(RegistrationDocument(key: plainKey, metadata: ["ip": "1", "port": "2"])) {
            let names = (sent.query + sent.form).map(\.name)
            #expect(Set(names).count == names.count)
        }
    }

    @Test("vector 74: booleans are words")
    func vector74_booleansAreWords() throws {
        for enabled in [true, false] {
            let sent = try register(RegistrationDocument(key: plainKey, enabled: enabled))
            for name in ["enabled", "healthy", "ephemeral"] {
                #expect(["true", "false"].contains(sent[name]))
            }
        }
    }

    @Test("vector 75: beat is whole or absent")
    func vector75_beatIsWholeOrAbsent() throws {
        let beat = try fullBeat(RegistrationDocument(key: plainKey)).beat()
        #expect(
            beat.members.map(\.key) == [
                "port", "ip", "weight", "serviceName", "cluster", "metadata", "scheduled", "period", "stopped",
            ])
        #expect(beat["ip"] == .string("10.0.0.1"))
        #expect(beat["port"] == .integer(8080))
        #expect(beat["weight"] == .number(1))
        #expect(beat["serviceName"] == .string("DEFAULT_GROUP@@svc"))
        #expect(beat["cluster"] == .string("DEFAULT"))
        #expect(beat["metadata"] == .object([:]))
        #expect(beat["scheduled"] == .bool(false))
        #expect(beat["period"] == .integer(5000))
        #expect(beat["stopped"] == .bool(false))
        let light = try lightBeat(plainKey)
        #expect(light["beat"] == nil)
        #expect(light.form.isEmpty)
    }

    @Test("vector 76: metadata values are strings")
    func vector76_metadataValuesAreStrings() throws {
        let sent = try register(RegistrationDocument(key: plainKey, metadata: ["n": "1", "b": "true", "z": "null"]))
        #expect(sent["metadata"] == #"{"n":"1","b":"true","z":"null"}"#)
    }

    @Test("vector 77: fields and target")
    func vector77_fieldsAndTarget() throws {
        var key = InstanceKey(namespaceId: "{ns\"é}", serviceName: "s v", ip: "::1", port: 65535)
        key.clusterName = "c{1}"
        for sent in try allRequests(RegistrationDocument(key: key, metadata: ["{\"}": "é"])) {
            #expect(sent.fields["Accept"] == "application/json")
            #expect(sent.fields["Host"] == "127.0.0.1:8848")
            let target = try #require(sent.bytes.split(separator: 0x20).dropFirst().first)
            #expect(target.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Array("{}\"".utf8).contains($0) })
            #expect(sent["namespaceId"] == "{ns\"é}")
            #expect(sent["serviceName"] == "DEFAULT_GROUP@@s v")
            #expect(sent["clusterName"] == "c{1}")
        }
    }

    @Test(arguments: ["::1", "fe80::1%eth0", "2001:db8::8a2e:370:7334", "host-1.example.org"])
    func addressesThatAreNotIPv4(_ ip: String) throws {
        let key = InstanceKey(serviceName: "svc", ip: ip, port: 1)
        for sent in try allRequests(RegistrationDocument(key: key)) {
            #expect(sent["ip"] == ip)
            #expect(sent["port"] == "1")
        }
    }

    @Test func weightsHaveADecimalPoint() throws {
        for (weight, text) in [(0.0, "0.0"), (1, "1.0"), (2.5, "2.5"), (10000, "10000.0")] {
            let document = RegistrationDocument(key: plainKey, weight: weight)
            #expect(try register(document)["weight"] == text)
            #expect(try fullBeat(document).form.first?.value.contains("\"weight\":\(text),") == true)
        }
    }

    @Test func bodiesOnlyWhereThereIsOne() throws {
        for sent in try allRequests(RegistrationDocument(key: plainKey)) {
            let hasBody = !sent.form.isEmpty
            #expect(sent.fields.contains("Content-Length") == hasBody)
            #expect(sent.fields.contains("Content-Type") == hasBody)
            #expect(!sent.fields.contains("Accept-Encoding"))
            #expect(!sent.fields.contains("Connection"))
            #expect(sent.fields["User-Agent"] == "beatd/0.1.0")
        }
    }

    @Test func otherContextPathsAndHosts() throws {
        var bytes: [UInt8] = []
        NacosRequestEncoder(host: "[::1]:9", contextPath: "", version: "1").appendDeregister(plainKey, to: &bytes)
        let root = try SentRequest(bytes)
        #expect(root.path == "/v1/ns/instance")
        #expect(root.fields["Host"] == "[::1]:9")
        bytes = []
        NacosRequestEncoder(host: "h:80", contextPath: "/a/b", version: "1").appendDeregister(plainKey, to: &bytes)
        #expect(try SentRequest(bytes).path == "/a/b/v1/ns/instance")
    }

    /// The length stands before the body and is known behind it.
    @Test func lengthsOfFullBeats() throws {
        var digits: Set<Int> = []
        for count in [0, 1, 100, 600, 700, 2_000, 9_000, 12_000] {
            let note = String(repeating: "a ", count: count)
            let beat = try fullBeat(RegistrationDocument(key: plainKey, metadata: ["note": note]))
            #expect(try beat.beat()["metadata"] == .object(["note": .string(note)]))
            digits.insert(try #require(beat.fields["Content-Length"]).utf8.count)
        }
        #expect(digits == [3, 4, 5])
    }

    @Test func requestsAreAppended() throws {
        var bytes = Array("before".utf8)
        let query = NacosRequestEncoder.instanceQuery(plainKey)
        encoder.appendLightBeat(instanceQuery: query.span, to: &bytes)
        encoder.appendLightBeat(instanceQuery: query.span, to: &bytes)
        let one = try lightBeat(plainKey).bytes
        #expect(bytes == Array("before".utf8) + one + one)
    }
}
