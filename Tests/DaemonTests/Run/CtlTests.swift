import EventLoop
import JSON
import Testing

@testable import Daemon

@Suite struct CtlCallTests {
    private func parse(_ line: String, _ environment: [String: String] = [:]) throws(SettingsRefusal) -> BeatdInvocation
    {
        try BeatdInvocation.parse(
            arguments: line.split(separator: " ").map(String.init), environment: environment,
            readFile: { $0 == "/t" ? .success(Array("a-secret-token\n".utf8)) : .failure(.notFound) })
    }

    private func call(_ line: String, _ environment: [String: String] = [:]) throws -> CtlCall {
        guard case .ctl(let call) = try parse(line, environment) else { preconditionFailure("not ctl: \(line)") }
        return call
    }

    private func refusal(_ line: String) -> SettingsRefusal? {
        do throws(SettingsRefusal) {
            _ = try parse(line)
            return nil
        } catch {
            return error
        }
    }

    @Test func wordsAndFlags() throws {
        let call = try call("ctl maintain abc --reason upgrade --for=30m --output json --timeout 3s --token-file /t")
        #expect(call.action == .maintain && call.words == ["abc"] && call.wantsTable == false)
        #expect(call.flags == ["reason": "upgrade", "for": "30m", "off": "false"])
        #expect(call.access.timeout == .seconds(3) && call.access.token == "a-secret-token")
        #expect(try self.call("ctl list state=beating").wantsTable == nil)
    }

    @Test func whereTheDaemonIs() throws {
        let socket = SocketAddress.unix(path: "/run/beatd/api.sock")
        let port = try #require(SocketAddress(host: "127.0.0.1", port: 8090))
        #expect(try call("ctl list").access.addresses == [socket, port])
        #expect(try call("ctl list --socket /s").access.addresses == [.unix(path: "/s")])
        #expect(try call("ctl list --address 127.0.0.1:8090").access.addresses == [port])
        // As the daemon beside it was told: everywhere is here, and off is nowhere.
        let beside = ["BEATD_LISTEN": "0.0.0.0:8090", "BEATD_SOCKET": ""]
        #expect(try call("ctl list", beside).access.addresses == [port])
        guard case .health(let access) = try parse("health --socket /s") else { preconditionFailure("not health") }
        #expect(access.addresses == [.unix(path: "/s")])
    }

    @Test(arguments: [
        ("ctl", "needs an action"), ("ctl lst", "did you mean list?"), ("ctl get", "needs the id"),
        ("ctl delete", "needs the id"), ("ctl maintain", "needs one id"), ("ctl maintain a b", "needs one id"),
        ("ctl drain now", "takes no words"), ("ctl list beating", "name=value"), ("ctl add", "needs either"),
        ("ctl add ip=1.2.3.4 --file x", "needs either"), ("ctl list --file x", "--file: is no flag"),
        ("ctl list --output xml", "table, json"), ("ctl list --timeout never", "--timeout"),
        ("health now", "not expected"),
    ])
    func refused(line: String, mentions: String) throws {
        let refusal = try #require(self.refusal(line))
        #expect(refusal.exitCode == 1)
        #expect(refusal.text.contains(mentions), "\(refusal.text)")
    }

    @Test func helpTellsEveryActionAndFlag() throws {
        guard case .help(let text) = try parse("ctl --help") else { preconditionFailure("no help") }
        for action in CtlAction.allCases {
            #expect(text.contains("  \(action.rawValue) ") && text.contains(action.meaning))
            guard case .help(let own) = try parse("ctl \(action.rawValue) --help") else {
                preconditionFailure("no help")
            }
            for row in action.rows { #expect(own.contains("\(row.flag)  (") && own.contains(row.meaning)) }
        }
        #expect(SettingsHelp.overview.contains("  ctl ") && SettingsHelp.overview.contains("  health "))
    }
}

@Suite struct CtlTextTests {
    @Test func fieldsBecomeADocument() throws {
        let words = ["serviceName=a=b", "port=80", "weight=2.5", "enabled=false", "metadata.z=1", "labels.t.u=x"]
        let expected: JSONObject = [
            "serviceName": "a=b".json, "port": .integer(80), "weight": .number(2.5), "enabled": .bool(false),
            "labels": .object(["t.u": "x".json]), "metadata": .object(["z": "1".json]),
        ]
        #expect(CtlDocument.registration(words) == .object(expected))
        // What cannot be a number stays for the daemon to refuse.
        #expect(CtlDocument.registration(["port=http"]) == .object(["port": "http".json]))
    }

    @Test func filtersBecomeAQuery() {
        #expect(CtlDocument.query([]) == "")
        #expect(CtlDocument.query(["q=a b&c", "label.team=x"], ["limit=5"]) == "?q=a+b%26c&label.team=x&limit=5")
    }

    @Test func aFileIsOneRegistrationOrMany() throws {
        #expect(CtlDocument.importBody(.object(["serviceName": "a".json])) == nil)
        #expect(CtlDocument.importBody(.array([])) == .object(["items": .array([])]))
        #expect(CtlDocument.importBody(.object(["items": .array([])])) == .object(["items": .array([])]))
    }

    @Test func theMostUrgentComeFirst() throws {
        func item(_ id: String, _ state: String, _ left: JSONValue) -> JSONValue {
            .object(["id": id.json, "status": .object(["state": state.json, "secondsUntilUnhealthy": left])])
        }
        let items = [
            item("a", "beating", .number(14.5)), item("b", "failing", .number(2.5)), item("c", "pending", .null),
            item("d", "beating", .integer(9)),
        ]
        #expect(CtlTable.mostUrgent(items, 3).map { $0["id"]?.text } == ["c", "b", "d"])
        #expect(CtlTable.states(items) == "2 beating, 1 failing, 1 pending")
    }

    @Test func tablesAreAlignedAndCannotSteerATerminal() throws {
        let text = #"""
            {"id":"abc","serviceName":"pay","groupName":"g","ip":"::1","port":80,"status":{"state":"beating",
             "reason":"said \u001b[2J","lastAcceptedAt":"2026-11-24T12:21:45.362Z","secondsUntilUnhealthy":14.97}}
            """#
        let item = try JSONParser.parse(Array(text.utf8))
        #expect(
            CtlTable.row(item) == ["abc", "g@@pay", "[::1]:80", "beating", "12:21:45", "15.0 s", "said ?[2J"])
        #expect(CtlTable.text([["A", "LONG", "C"], ["abc", "d", "e"]]) == "A    LONG  C\nabc  d     e\n")
        #expect(
            CtlTable.details(.object(["a": .object(["b": .integer(1)]), "c": .null])) == [["a.b", "1"], ["c", "-"]])
        let event = #"{"at":"2026-11-24T12:21:45.362Z","type":"server.down","server":"10.0.0.1:8848"}"#
        #expect(try CtlTable.line(JSONParser.parse(Array(event.utf8))) == "12:21:45  server.down  10.0.0.1:8848\n")
    }
}

extension String {
    fileprivate var json: JSONValue { .string(self) }
}
