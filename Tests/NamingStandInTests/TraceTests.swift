import HTTPWire
import JSON
import NamingStandIn
import Testing

/// Every recorded request is put to a fresh server, in the order of the recording; its answers must be the recorded
/// ones but for what the recording's README calls volatile.
@Suite struct TraceTests {
    /// Cases that are not compared, with the reason.
    static let excluded: [String: [String: String]] = [
        "1.4.8": [
            "v1_get_one_imm_after_register": "a read that lags its write; see readsMayLag"
        ]
    ]

    @Test func answersLikeNacos14() {
        #expect(replay("1.4.8", .nacos14) == 154)
    }

    @Test func answersLikeNacos25() {
        #expect(replay("2.5.1", .nacos25) == 211)
    }

    @Test func answersLikeNacos30() {
        #expect(replay("3.0.3", .nacos30) == 186)
    }

    /// 3.1 is played by the profile 3.0: only the version differs.
    @Test func answersLikeNacos31() {
        #expect(replay("3.1", .nacos30) == 244)
    }

    @Test func answersLikeRNacos() {
        #expect(replay("r-nacos-0.8.8", .rnacos) == 159)
    }

    /// Recordings that were not made on the server of the rest.
    private static let stories = ["sw_", "login_", "auth_", "compatoff_"]

    /// How many cases were compared.
    private func replay(_ folder: String, _ profile: NamingProfile) -> Int {
        let traces = Trace.all(of: folder)
        let excluded = TraceTests.excluded[folder] ?? [:]
        let isOfStory = { (name: String) in TraceTests.stories.contains { name.hasPrefix($0) } }
        var compared = 0
        func replay(_ cases: [Trace], _ profile: NamingProfile, users: [String: String] = [:], prepares: Bool = true) {
            var server = prepares ? prepared(profile) : NamingServer(profile: profile, at: 0)
            server.authentication = Authentication(users: users)
            var token = ""
            for trace in cases where excluded[trace.name] == nil {
                replayOne(trace, folder, on: &server, token: &token)
                compared += 1
            }
        }
        let story = { (prefixes: [String]) in traces.filter { trace in prefixes.contains { trace.name.hasPrefix($0) } }
        }
        replay(traces.filter { !isOfStory($0.name) }, profile)
        replay(story(["sw_"]), profile)
        replay(story(["login_", "auth_"]), profile, users: ["nacos": "nacos"])
        replay(story(["compatoff_"]), profile.withoutOldClients, prepares: false)
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

    private func replayOne(_ trace: Trace, _ folder: String, on server: inout NamingServer, token: inout String) {
        let requests = RawMessage.all(in: trace.requests(token: token))
        let recorded = RawMessage.all(in: trace.answers).filter { !$0.startLine.hasPrefix("HTTP/1.1 100") }
        let name = "\(folder) \(trace.name)"
        #expect(requests.count == recorded.count && !requests.isEmpty, "\(name)")
        for (request, expected) in zip(requests, recorded) {
            let answer = server.handle(request.request, at: 1_000_000_000, wall: 1_795_379_093_797)
            if let given = answer.fields["Authorization"] { token = String(given.dropFirst(7)) }
            if let given = Comparable.token(answer.body) { token = given }
            var bytes: [UInt8] = []
            answer.write(date: Array("x".utf8), to: &bytes)
            guard let got = RawMessage.all(in: bytes).first else {
                Issue.record("\(name): no answer")
                continue
            }
            #expect(got.startLine == expected.startLine, "\(name)")
            #expect(Comparable.fields(got, token) == Comparable.fields(expected, token), "\(name)")
            Comparable.expectSame(got.body, expected.body, token, in: trace.name, folder: folder)
        }
    }
}

/// What is left of an answer when the volatile parts are taken out.
enum Comparable {
    static func fields(_ message: RawMessage, _ token: String) -> [String] {
        message.fields.map { field in
            switch field.name.lowercased() {
            case "date": field.name
            case "allow": "Allow: \(field.value.split(separator: ", ").sorted())"
            case "set-cookie": "Set-Cookie: \(field.value.prefix(10))"
            case "content-length" where message.fields.contains { $0.name == "Content-Language" }: field.name
            // Tokens differ in length.
            case "content-length" where text(message.body).contains("accessToken"): field.name
            // Hosts that were not recorded.
            case "content-length" where text(message.body).contains("\"hosts\":["): field.name
            case _ where !token.isEmpty: "\(field.name): \(field.value.replacing(token, with: "<JWT>"))"
            case _: "\(field.name): \(field.value)"
            }
        }
    }

    /// The token of a login's answer.
    static func token(_ body: [UInt8]) -> String? {
        guard let object = document(body), case .string(let token)? = object["accessToken"] else { return nil }
        return token
    }

    static func expectSame(_ got: [UInt8], _ expected: [UInt8], _ token: String, in name: String, folder: String) {
        if let end = expected.firstIndex(of: UInt8(ascii: "}")), text(expected).contains("<JWT>") {
            // The framing of the recording counts the token that was taken out.
            let wanted = text(Array(expected[...end]))
            #expect(text(got).replacing(token, with: "<JWT>") == wanted, "\(folder) \(name)")
            return
        }
        if folder.hasPrefix("r-nacos"), let one = document(got), let other = document(expected), list(one) == nil {
            let volatile = ["timestamp", "healthy"]
            #expect(sorted(one, without: volatile) == sorted(other, without: volatile), "\(folder) \(name)")
            return
        }
        expectSame(got, expected, in: name)
    }

    private static func expectSame(_ got: [UInt8], _ expected: [UInt8], in name: String) {
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
    private static func isUnordered(_ object: JSONObject) -> Bool {
        if case .object(let data)? = object["data"], data["function_mode"] != nil { return true }
        return object["function_mode"] != nil
    }

    /// By key, at every depth; the version is not compared.
    private static func sorted(_ object: JSONObject, without volatile: [String] = []) -> JSONObject {
        var members = object.members.filter { !volatile.contains($0.key) }.sorted { $0.key < $1.key }
        for index in members.indices {
            if case .object(let inner) = members[index].value { members[index].value = .object(sorted(inner)) }
            if members[index].key == "version" { members[index].value = .null }
        }
        return JSONObject(members)
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
