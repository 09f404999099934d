import EventLoop
import NamingStandIn
import Testing

/// How connections behave and end (nacos.md §10), on real sockets.
@Suite struct ConnectionTests {
    @Test func registersAndListsOverASocket() throws {
        let stage = try Stage()
        #expect(try stage.ask(Wire.register()) == "200 ok")
        let list = try stage.ask(Wire.get("/nacos/v1/ns/instance/list?\(Driver.svc)"))
        #expect(list.contains("\"instanceId\":\"10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@svc\""))
        #expect(stage.standIn.server.instanceCount == 1)
        #expect(try stage.ask(Wire.get("/__state")).contains("\"instanceCount\":1"))
    }

    @Test("vector 85: the hundredth answer closes")
    func vector85_theHundredthAnswerCloses() throws {
        let stage = try Stage()
        #expect(try stage.ask(Wire.register()) == "200 ok")
        let beats = try stage.connect()
        beats.send(String(repeating: Wire.light(), count: 200))
        let answers = beats.answersUntilEnd()
        #expect(answers.count == 100)
        #expect(answers.dropLast().allSatisfy { $0 == Wire.known })
        #expect(answers.last == Wire.known.replacing("200", with: "200 close", maxReplacements: 1))
        #expect(stage.standIn.server.counters.beats == 100)

        let registers = try stage.connect()
        registers.send((0..<110).map { Wire.register("10.1.0.\($0)") }.joined())
        #expect(registers.answersUntilEnd().count == 100)
        let there = Set(stage.standIn.server.instances.compactMap(\.ip))
        #expect(there == Set((0..<100).map { "10.1.0.\($0)" } + ["10.0.0.1"]))
    }

    @Test(
        "vector 86: what an answer does to its connection",
        arguments: [
            (Wire.register("10.0.0.9", "&weight=10001"), 400, false),
            (Wire.get("/nacos//v1"), 500, false), (Wire.get("/nacos/v1/ns/nosuch"), 501, false),
            (Wire.get("/nacos/v1/ns/instance?\(Driver.svc)&ip=10.9.9.9&port=1"), 404, true),
            (Wire.get("/nacos/v2/ns/nosuch"), 404, true), (Wire.get("/nacos/v1/ns/operator/metrics"), 200, true),
        ])
    func vector86_whatAnAnswerDoesToItsConnection(request: String, status: Int, isOpen: Bool) throws {
        let stage = try Stage()
        #expect(try stage.ask(Wire.register()) == "200 ok")
        let client = try stage.connect()
        client.send(Wire.light() + request + Wire.light())
        let answers = isOpen ? client.answers(3) : client.answersUntilEnd()
        #expect(answers.count == (isOpen ? 3 : 2))
        #expect(answers[1].hasPrefix("\(status)\(isOpen ? "" : " close")"))
        #expect(client.hasEnded == !isOpen)
        #expect(stage.standIn.server.counters.beats == (isOpen ? 2 : 1))
    }

    @Test func anAnswerForAnyWayOfCuttingARequest() throws {
        let stage = try Stage()
        #expect(try stage.ask(Wire.register()) == "200 ok")
        let client = try stage.connect()
        for character in Wire.light() { client.send(String(character)) }
        #expect(client.answers(1) == [Wire.known])
    }

    @Test(arguments: [
        "GET /nacos/v1/ns/instance/list?serviceName={} HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
    ])
    func whatTomcatDoesNotRead(request: String) throws {
        let stage = try Stage()
        let client = try stage.connect()
        client.send(request + Wire.light())
        let answers = client.answersUntilEnd()
        #expect(answers.count == 1)
        #expect(answers[0].hasPrefix("400 close <!doctype html>"))
    }

    @Test func continueIsSaidBeforeTheBody() throws {
        let stage = try Stage()
        let form = "\(Driver.svc)&ip=10.0.0.1&port=8080"
        let client = try stage.connect()
        client.send(
            "POST /nacos/v1/ns/instance HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(form.utf8.count)\r\n\r\n")
        #expect(client.answers(1) == ["100"])
        client.send(form)
        #expect(client.answers(2) == ["100", "200 ok"])
    }

    @Test func anAnswerToHeadHasNoBody() throws {
        let stage = try Stage()
        let client = try stage.connect()
        client.send("HEAD /nacos/v3/nosuch HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            stage.wait {
                client.receive()
                return client.received.suffix(4) == [13, 10, 13, 10]
            })
        #expect(String(decoding: client.received, as: UTF8.self).hasPrefix("HTTP/1.1 404 \r\n"))
        client.send(Wire.light())
        #expect(
            stage.wait {
                client.receive()
                return String(decoding: client.received, as: UTF8.self).contains("\r\n\r\nHTTP/1.1 200 \r\n")
            })
    }

    @Test func idleConnectionsEnd() throws {
        var options = NamingStandIn.Options()
        options.connection = .tomcat
        options.connection?.idleMilliseconds = 50
        let stage = try Stage(options: options)
        let silent = try stage.connect()
        #expect(silent.answersUntilEnd() == [])
        let inBody = try stage.connect()
        inBody.send("PUT /nacos/v1/ns/instance/beat HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbe")
        let answers = inBody.answersUntilEnd()
        #expect(answers.count == 1 && answers[0].hasPrefix("400 close"))
        #expect(stage.wait { stage.standIn.connectionCount == 0 })
    }

    @Test func aClientThatStopsWritingGetsItsAnswers() throws {
        let stage = try Stage()
        let client = try stage.connect()
        client.send(Wire.register() + Wire.light())
        client.closeWriting()
        #expect(client.answersUntilEnd() == ["200 ok", Wire.known])
        #expect(stage.wait { stage.standIn.connectionCount == 0 })
    }

    @Test func theCheckTaskRunsByItself() throws {
        var options = NamingStandIn.Options()
        options.checkPeriodMilliseconds = 10
        let stage = try Stage(options: options)
        let metadata =
            "%7B%22preserved.heart.beat.interval%22%3A%220%22%2C%22preserved.heart.beat.timeout%22%3A%220%22%7D"
        #expect(try stage.ask(Wire.register("10.0.0.1", "&metadata=\(metadata)")) == "200 ok")
        #expect(stage.wait { stage.standIn.server.instances.first?.isHealthy == false })
    }
}
