import HTTPWire
import JSON
import NamingStandIn
import Testing

/// Every recorded request is put to a fresh server, in the order of the recording; its answers must be the recorded
/// ones but for what the recording's README calls volatile.
///
/// `auth_*` and `login_*` are not in the folder: there is no login here.
@Suite struct TraceTests {
    /// Cases that are not compared, with the reason.
    static let excluded: [String: [String: String]] = [
        "1.4.8": [
            "v1_get_one_imm_after_register": "a read that lags its write; see readsMayLag"
        ],
        "2.5.1": [:],
    ]

    @Test func answersLikeNacos14() {
        #expect(replay("1.4.8", .nacos14) == 131)
    }

    @Test func answersLikeNacos25() {
        #expect(replay("2.5.1", .nacos25) == 185)
    }

    /// How many cases were compared.
    private func replay(_ folder: String, _ profile: NamingProfile) -> Int {
        let traces = Trace.all(of: folder)
        let excluded = TraceTests.excluded[folder] ?? [:]
        var server = prepared(profile)
        var compared = 0
        // The story of the switches was told to another server.
        for story in [traces.filter { !$0.name.hasPrefix("sw_") }, traces.filter { $0.name.hasPrefix("sw_") }] {
            for trace in story where excluded[trace.name] == nil {
                replay(trace, on: &server)
                compared += 1
            }
            server = prepared(profile)
        }
        return compared
    }

    /// With the instances of the pipelines, whose registrations were not recorded.
    private func prepared(_ profile: NamingProfile) -> NamingServer {
        var server = NamingServer(profile: profile, at: 0)
        for number in 0..<16 {
            let metadata = "%7B%22preserved.heart.beat.interval%22%3A%22\(4000 + number)%22%7D"
            let query =
                "serviceName=DEFAULT_GROUP%40%40pipe&ip=10.50.0.\(number + 1)&port=8080&metadata=\(metadata)"
            let answer = server.handle(
                HTTPRequest(
                    .post, HTTPTarget(path: "/nacos/v1/ns/instance", query: query), fields: ["Host": "a"]),
                at: 0, wall: 0)
            #expect(answer.status == 200)
        }
        return server
    }

    private func replay(_ trace: Trace, on server: inout NamingServer) {
        let requests = RawMessage.all(in: trace.requests)
        let recorded = RawMessage.all(in: trace.answers).filter { !$0.startLine.hasPrefix("HTTP/1.1 100") }
        #expect(requests.count == recorded.count && !requests.isEmpty, "\(trace.name)")
        for (request, expected) in zip(requests, recorded) {
            let answer = server.handle(request.request, at: 1_000_000_000, wall: 1_795_379_093_797)
            var bytes: [UInt8] = []
            answer.write(date: Array("x".utf8), to: &bytes)
            guard let got = RawMessage.all(in: bytes).first else {
                Issue.record("\(trace.name): no answer")
                continue
            }
            #expect(got.startLine == expected.startLine, "\(trace.name)")
            #expect(Comparable.fields(got) == Comparable.fields(expected), "\(trace.name)")
            Comparable.expectSame(got.body, expected.body, in: trace.name)
        }
    }
}

/// What is left of an answer when the volatile parts are taken out.
enum Comparable {
    static func fields(_ message: RawMessage) -> [String] {
        message.fields.map { $0.name == "Date" ? "Date" : "\($0.name): \($0.value)" }
    }

    static func expectSame(_ got: [UInt8], _ expected: [UInt8], in name: String) {
        if let one = document(got), let other = document(expected) {
            if list(one) != nil, list(other) != nil {
                expectSameList(one, other, in: name)
                return
            }
            if isUnordered(other) {
                #expect(sorted(one) == sorted(other), "\(name)")
                return
            }
        }
        #expect(text(got) == text(expected), "\(name)")
    }

    private static func document(_ bytes: [UInt8]) -> JSONObject? {
        guard case .object(let object)? = try? JSONParser.parse(bytes) else { return nil }
        return object
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
            .replacing(/"timestamp":"[^"]*"/, with: "\"timestamp\":\"…\"")
            .replacing(/"lastRefreshTime":[0-9]+/, with: "\"lastRefreshTime\":…")
            .replacing(/id='created'>[^<]*/, with: "id='created'>…")
            .replacing(/"(serviceCount|instanceCount|responsible[A-Za-z]*Count|cpu|load|mem)":[0-9.]+/) {
                "\"\($0.1)\":…"
            }
    }

    /// Server states, whose keys come in any order.
    private static func isUnordered(_ object: JSONObject) -> Bool { object["function_mode"] != nil }

    private static func sorted(_ object: JSONObject) -> JSONObject {
        JSONObject(object.members.sorted { $0.key < $1.key })
    }

    /// The part of a document that has hosts: itself, or the data of a result.
    private static func list(_ object: JSONObject) -> JSONObject? {
        if object["hosts"] != nil { return object }
        guard case .object(let data)? = object["data"], data["hosts"] != nil else { return nil }
        return data
    }

    /// The same keys and values, and each host that both know; hosts of cases that were not recorded are unknown here.
    private static func expectSameList(_ one: JSONObject, _ other: JSONObject, in name: String) {
        #expect(one.members.map(\.key) == other.members.map(\.key), "\(name)")
        guard var got = list(one), var expected = list(other), case .array(let gotHosts)? = got["hosts"],
            case .array(let expectedHosts)? = expected["hosts"]
        else { return }
        for key in ["lastRefTime", "checksum", "hosts"] {
            #expect((got[key] == nil) == (expected[key] == nil), "\(name): \(key)")
            got[key] = .null
            expected[key] = .null
        }
        #expect(got == expected, "\(name)")
        let known = Dictionary(gotHosts.map { (address($0), stable($0)) }, uniquingKeysWith: { first, _ in first })
        var missing = 0
        for host in expectedHosts {
            if let mine = known[address(host)] {
                #expect(mine == stable(host), "\(name)")
            } else {
                missing += 1
            }
        }
        // x_list_* and v2_list show hosts of cases that are not in the folder.
        let unknown = ["x_list_after": 5, "x_list_fin": 3, "gzip_list": 5, "v2_list": 2][name] ?? 0
        #expect(missing <= unknown, "\(name): \(missing) hosts are missing")
    }

    private static func address(_ host: JSONValue) -> String {
        guard case .object(let object) = host else { return "" }
        return "\(String(describing: object["ip"])) \(String(describing: object["port"])) "
            + "\(String(describing: object["clusterName"]))"
    }

    /// Without health, which goes by the time of the recording, and without the order of keys, which differed between
    /// runs of one server.
    private static func stable(_ host: JSONValue) -> String {
        guard case .object(var object) = host else { return "" }
        object["healthy"] = nil
        object["valid"] = nil
        var writer = JSONWriter()
        writer.value(.object(sorted(object)))
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
