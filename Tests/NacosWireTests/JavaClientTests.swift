import BeatCore
import HTTPWire
import JSON
import NacosWire
import Testing

/// Our requests beside those of the Java client for the same instance: the same names and values once decoded, but
/// for the differences named here.
@Suite struct JavaClientTests {
    /// The instance of the traces.
    let document = RegistrationDocument(
        key: InstanceKey(groupName: "g1", serviceName: "orders", clusterName: "c-1", ip: "10.8.25.66", port: 8080),
        weight: 2.5, metadata: ["zone": "a b", "odd": "+%&=\"\n\u{e9}\u{1f600}"])

    /// Java's parameters as beatd should send them.
    ///
    /// `app` and `encoding` say nothing to a server, `groupName` repeats what the grouped service name says, and
    /// `enable` is sent as `enabled`, which r-nacos knows too (nacos.md §2.2).
    private func translated(_ pairs: [FormPair]) -> Set<FormPair> {
        Set(
            pairs.filter { !["app", "encoding", "groupName"].contains($0.name) }.map {
                $0.name == "enable" ? FormPair("enabled", $0.value) : $0
            })
    }

    private func members(_ pair: FormPair?) throws -> [String: JSONValue] {
        guard case .object(let object) = try JSONParser.parse(Array(try #require(pair?.value).utf8)) else { return [:] }
        return Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, $0.value) })
    }

    @Test(arguments: ["1.2.1", "1.3.2", "1.4.8"])
    func register(_ version: String) throws {
        for step in ["1_register", "4_register_after_20404"] {
            let java = try SentRequest(try Trace("java-\(version)/\(step)").request)
            let ours = try NacosWireTests.register(document)
            #expect(ours.method == java.method)
            #expect(ours.path == java.path)
            #expect(Set(ours.query) == translated(java.query))
            #expect(ours.fields["Host"] == java.fields["Host"])
        }
    }

    @Test(arguments: ["1.2.1", "1.3.2", "1.4.8"])
    func fullBeat(_ version: String) throws {
        let java = try SentRequest(try Trace("java-\(version)/2_first_beat").request)
        let ours = try NacosWireTests.fullBeat(document)
        #expect(ours.method == java.method)
        #expect(ours.path == java.path)
        #expect(Set(ours.query) == translated(java.query))
        #expect(ours.form.map(\.name) == ["beat"])
        #expect(try members(ours.form.first) == members(java.form.first))
        if version != "1.2.1" {
            // Since 1.3 even the bytes are the same; Java's HTTP client leaves an `&` behind.
            #expect(ours.form == java.form)
            let end = try #require(java.bytes.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
            #expect(ours.bytes.suffix(java.bytes.count - end - 1).elementsEqual(java.bytes[end...].dropLast()))
        }
    }

    @Test(arguments: ["1.2.1", "1.3.2", "1.4.8"])
    func lightBeat(_ version: String) throws {
        let java = try SentRequest(try Trace("java-\(version)/3_next_beat").request)
        let ours = try NacosWireTests.lightBeat(document.key)
        #expect(ours.method == java.method)
        #expect(ours.path == java.path)
        #expect(Set(ours.query) == translated(java.query))
        #expect(java.form.isEmpty)
        #expect(java.fields["Content-Length"] == ours.fields["Content-Length"])
    }

    @Test(arguments: ["1.2.1", "1.3.2", "1.4.8"])
    func deregister(_ version: String) throws {
        let java = try SentRequest(try Trace("java-\(version)/6_deregister").request)
        let ours = try NacosWireTests.deregister(document.key)
        #expect(ours.method == java.method)
        #expect(ours.path == java.path)
        #expect(Set(ours.query) == translated(java.query))
    }
}
