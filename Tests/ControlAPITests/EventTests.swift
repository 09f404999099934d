import BeatCore
import HTTPWire
import JSON
import Testing

@testable import ControlAPI

/// GET /v1/events without a socket: what is in the journal, and how it is written.
@Suite struct EventTests {
    private static let wall = WallTime(milliseconds: 1_787_389_503_007)

    private func event(_ number: Int, _ kind: Event.Kind = .updated, service: String = "orders") -> Event {
        let key = InstanceKey(serviceName: service, ip: "10.0.0.7", port: 8080)
        return Event(
            kind, rev: UInt64(number), .registration(id: key.id, key: key, state: .beating), reason: "number \(number)")
    }

    private func journal(_ count: Int, capacity: Int = 8) -> EventJournal {
        var journal = EventJournal(epoch: 77, capacity: capacity)
        for number in 1...max(count, 1) where number <= count { journal.append(event(number), at: Self.wall) }
        return journal
    }

    private func stream(
        _ start: EventStream.Start, _ format: EventStream.Format = .ndjson, query: String? = nil
    ) throws -> EventStream {
        let query = try Query(query, allowed: [.type] + QueryParameter.instance)
        return EventStream(format, try EventFilter(query), start)
    }

    /// Everything that the stream gets now.
    private func read(_ journal: inout EventJournal, _ stream: inout EventStream) -> String {
        var bytes: [UInt8] = []
        while journal.isBehind(stream) { bytes += journal.next(&stream) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The types and numbers of lines.
    private func summary(_ lines: String) throws -> [String] {
        try lines.split(separator: "\n").map {
            let document = try JSONParser.parse(Array($0.utf8))
            return "\(document.at("eventId")?.string ?? "") \(document.at("type")?.string ?? "")"
        }
    }

    // MARK: writing

    @Test func anEventAsALine() throws {
        var journal = journal(0)
        var stream = try stream(.now)
        #expect(journal.begin(&stream).isEmpty)
        journal.append(event(5), at: Self.wall)
        let id = InstanceKey(serviceName: "orders", ip: "10.0.0.7", port: 8080).id
        #expect(
            read(&journal, &stream) == """
                {"eventId":"25-1","at":"2026-08-22T09:05:03.007Z","type":"updated","rev":5,"id":"\(id)",\
                "serviceName":"orders","groupName":"DEFAULT_GROUP","namespaceId":"public","clusterName":"DEFAULT",\
                "ip":"10.0.0.7","port":8080,"state":"beating","reason":"number 5"}

                """)
        journal.append(Event(.serverDown, rev: 5, .server(name: "10.1.0.3:8848"), reason: "a \"b\"\n"), at: Self.wall)
        journal.append(Event(.reloaded, rev: 5, .process, reason: "read"), at: Self.wall)
        #expect(
            read(&journal, &stream) == """
                {"eventId":"25-2","at":"2026-08-22T09:05:03.007Z","type":"server.down","rev":5,"server":"10.1.0.3:8848",\
                "reason":"a \\"b\\"\\n"}
                {"eventId":"25-3","at":"2026-08-22T09:05:03.007Z","type":"reloaded","rev":5,"reason":"read"}

                """)
        #expect(journal.keepalive(stream) == Array("\n".utf8))
        #expect(
            String(decoding: journal.bye(stream), as: UTF8.self)
                == "{\"eventId\":\"25-3\",\"type\":\"bye\",\"reason\":\"beatd is shutting down\"}\n")
    }

    @Test func serverSentEvents() throws {
        var journal = journal(2)
        var stream = try stream(.now, .sse)
        #expect(String(decoding: journal.begin(&stream), as: UTF8.self) == ": beatd\nretry: 2000\nid: 25-2\n\n")
        journal.append(Event(.serverUp, rev: 9, .server(name: "a:1"), reason: ""), at: Self.wall)
        #expect(
            read(&journal, &stream) == """
                id: 25-3
                event: server.up
                data: {"eventId":"25-3","at":"2026-08-22T09:05:03.007Z","type":"server.up","rev":9,"server":"a:1","reason":""}


                """)
        #expect(String(decoding: journal.keepalive(stream), as: UTF8.self) == ": keepalive\nid: 25-3\n\n")
        #expect(String(decoding: journal.bye(stream), as: UTF8.self).hasPrefix("id: 25-3\nevent: bye\ndata: {"))
    }

    // MARK: resume

    @Test("resume at any place of a ring that has turned: what is kept comes, nothing twice; else reset")
    func resume() throws {
        for count in 0...20 {
            for after in 0...22 {
                var journal = journal(count)
                var stream = try stream(.after(UInt64(after)))
                let opening = try summary(String(decoding: journal.begin(&stream), as: UTF8.self))
                var got = try summary(read(&journal, &stream))
                journal.append(event(count + 1), at: Self.wall)
                got += try summary(read(&journal, &stream))
                if after <= count, after + 1 >= count - min(count, 8) + 1 {
                    #expect(opening == [], "\(after) of \(count)")
                    #expect(got == (after + 1...count + 1).map { "25-\($0) updated" }, "\(after) of \(count)")
                } else {
                    #expect(opening == ["25-\(count) reset"], "\(after) of \(count)")
                    #expect(got == ["25-\(count + 1) updated"], "\(after) of \(count)")
                }
            }
        }
    }

    @Test func whatIsNoIdOfThisProcess() {
        #expect(EventID.start("25-17", epoch: 77) == .after(17))
        #expect(EventID.start(nil, epoch: 77) == .now)
        #expect(EventID.start("", epoch: 77) == .now)
        for text in ["24-17", "25-", "-17", "25", "17", "25-1-7", "25-x", "25-+1", "25-99999999999999999999", "é-1"] {
            #expect(EventID.start(text, epoch: 77) == .unknown, "\(text)")
        }
    }

    @Test("a stream that the ring overtakes is reset once and goes on")
    func lagging() throws {
        var journal = journal(0)
        var stream = try stream(.now)
        _ = journal.begin(&stream)
        for number in 1...8 { journal.append(event(number), at: Self.wall) }
        #expect(try summary(String(decoding: journal.next(&stream), as: UTF8.self)).count == 8)
        for number in 9...17 { journal.append(event(number), at: Self.wall) }
        #expect(try summary(read(&journal, &stream)) == ["25-17 reset"])
        journal.append(event(18), at: Self.wall)
        #expect(try summary(read(&journal, &stream)) == ["25-18 updated"])
    }

    @Test("a piece is bounded, in events looked at and in bytes")
    func pieces() throws {
        var journal = EventJournal(epoch: 77)
        var stream = try stream(.now)
        var picky = try self.stream(.now, query: "type=reloaded")
        _ = (journal.begin(&stream), journal.begin(&picky))
        for number in 1...2000 { journal.append(event(number), at: Self.wall) }
        var pieces = 0
        var lines = 0
        while journal.isBehind(stream) {
            let piece = journal.next(&stream)
            #expect(piece.count <= EventLimits.pieceBytes + 1024)
            lines += piece.count { $0 == UInt8(ascii: "\n") }
            pieces += 1
        }
        #expect(lines == 2000)
        #expect(pieces >= 2000 / EventLimits.lookedAtOnce)
        var steps = 0
        while journal.isBehind(picky) {
            #expect(journal.next(&picky).isEmpty)
            steps += 1
        }
        #expect(steps == (2000 + EventLimits.lookedAtOnce - 1) / EventLimits.lookedAtOnce)
    }

    // MARK: filters

    @Test func filters() throws {
        func filter(_ query: String) throws -> EventFilter {
            try EventFilter(try Query(query, allowed: [.type] + QueryParameter.instance))
        }
        let server = Event(.serverDown, rev: 1, .server(name: "a:1"), reason: "")
        let byType = try filter("type=server.down,removed")
        #expect(byType.matches(server) && byType.matches(event(1, .removed)))
        #expect(!byType.matches(event(1, .updated)))
        let byService = try filter("serviceName=DEFAULT_GROUP%40%40orders&port=8080")
        #expect(byService.matches(event(1)) && !byService.matches(event(1, service: "stock")))
        #expect(byService.matches(server), "what happens to a server concerns every registration")
        for type in ["update", "reset", "updated,", ",", "Updated"] {
            #expect(throws: Problem.self, "\(type)") { try filter("type=\(type)") }
        }
    }

    // MARK: the route

    @Test func headOfAStream() throws {
        let api = InProcessAPI()
        let sse = try api.get("/v1/events")
        #expect(sse.status == 200)
        #expect(sse.fields["Content-Type"] == "text/event-stream")
        #expect(sse.fields["Cache-Control"] == "no-store")
        #expect(sse.fields["Vary"] == "Accept")
        #expect(sse.fields["X-Accel-Buffering"] == "no")
        #expect(sse.text == ": beatd\nretry: 2000\nid: 25-0\n\n")
        let ndjson = try api.get("/v1/events", ["Accept": "application/x-ndjson"])
        #expect(ndjson.fields["Content-Type"] == "application/x-ndjson")
        #expect(ndjson.text == "")
        let browser = try api.get("/v1/events", ["Accept": "text/event-stream", "Last-Event-ID": "old"])
        #expect(browser.text.contains("event: reset\n"))
    }

    @Test func followedRegistrations() throws {
        let api = InProcessAPI()
        #expect(try api.post(orders()).status == 201)
        let stream = try api.get(
            "/v1/events?type=registered,updated", ["Accept": "application/x-ndjson", "Last-Event-ID": "25-0"])
        #expect(try summary(stream.text) == ["25-1 registered", "25-2 updated"])
        let id = try #require(try api.post(orders()).member("id")?.string)
        #expect(
            try stream.text.split(separator: "\n").allSatisfy { line in
                try JSONParser.parse(Array(line.utf8)).at("id")?.string == id
            })
    }

    @Test func refusals() throws {
        let api = InProcessAPI()
        api.openStreams = EventLimits.streams - 1
        #expect(try api.get("/v1/events").status == 200)
        api.openStreams = EventLimits.streams
        let full = try api.get("/v1/events")
        try expectProblem(full, 429, "too-many-streams", "32 event streams")
        #expect(full.fields["Retry-After"] == "15")
        api.openStreams = 0
        try expectProblem(
            try api.get("/v1/events?type=beat.faild"), 400, "malformed-request", "did you mean beat.failed?")
        try expectProblem(try api.get("/v1/events?pretty"), 400, "malformed-request")
        api.draining = true
        #expect(try api.get("/v1/events").status == 200, "whoever follows sees the end")
    }
}
