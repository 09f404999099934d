import EventLoop
import NamingStandIn
import Testing

/// Connections of r-nacos, and of a server that becomes another one (nacos.md §10).
@Suite struct OtherConnectionTests {
    @Test("vector 85: r-nacos counts nothing")
    func vector85_rnacosCountsNothing() throws {
        let stage = try Stage(.rnacos)
        let client = try stage.connect()
        client.send(String(repeating: Wire.light(), count: 200))
        #expect(client.answers(200).count == 200)
        let registers = try stage.connect()
        registers.send((0..<110).map { Wire.register("10.1.0.\($0)") }.joined())
        #expect(registers.answers(110).allSatisfy { $0 == "200 ok" })
        #expect(stage.standIn.server.instanceCount == 111)
    }

    @Test(
        "vector 86: errors of r-nacos leave it open",
        arguments: [
            (Wire.get("/nacos/v1/ns/instance?\(Driver.svc)&ip=10.9.9.9&port=1"), 500),
            (Wire.get("/nacos/v1/ns/nosuch"), 404), (Wire.register("10.0.0.9", "&weight=a"), 400),
        ])
    func vector86_errorsOfRNacosLeaveItOpen(request: String, status: Int) throws {
        let stage = try Stage(.rnacos)
        let client = try stage.connect()
        client.send(Wire.light() + request + Wire.light())
        let answers = client.answers(3)
        #expect(answers.count == 3 && !client.hasEnded)
        #expect(answers[1].hasPrefix("\(status)") && !answers[1].contains("close"))
    }

    /// What a status does to its connection, where it takes more than a request to bring it about.
    @Test("vector 86: 503 closes; 403, 405, 410 and an empty 200 do not")
    func vector86_otherStatuses() throws {
        let v3 = Wire.new("10.0.0.1")
        func answers(_ stage: Stage, _ request: String, _ count: Int, around: String) throws -> [String] {
            let client = try stage.connect()
            client.send(around + request + around)
            let answers = count == 3 ? client.answers(3) : client.answersUntilEnd()
            #expect(answers.count == count && client.hasEnded == (count < 3), "\(answers)")
            return answers
        }
        let down = try Stage(.nacos25)
        let off =
            "PUT /nacos/v1/ns/operator/switches?entry=overriddenServerStatus&value=DOWN HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try down.ask(off) == "200 ok")
        #expect(try answers(down, Wire.light(), 2, around: Wire.get("/nacos/v2/ns/nosuch"))[1].hasPrefix("503 close"))

        let distro = Wire.get("/nacos/v3/admin/ns/client/distro?ip=10.0.0.1&port=1")
        let old = try Stage(NamingProfile.nacos30.withoutOldClients)
        #expect(try answers(old, Wire.light(), 3, around: v3)[1].hasPrefix("410 "))
        let put = "PUT /nacos/v3/client/ns/instance HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try answers(old, put, 3, around: v3)[1].hasPrefix("405"))
        #expect(try answers(old, Wire.new("10.0.0.2", "&metadata=not+json"), 3, around: v3)[1] == "200")
        #expect(
            try answers(old, distro, 3, around: v3)[1].hasPrefix("403"))
    }

    @Test(arguments: [
        ("", "408 close"), ("GET /nacos/v1", "408 close"), (Wire.get("/nacos/v1/console/health/readiness"), "200 OK"),
    ])
    func idleConnectionsOfRNacosEnd(sent: String, expected: String) throws {
        var options = NamingStandIn.Options()
        options.connection = .actix
        options.connection?.idleMilliseconds = 50
        let stage = try Stage(.rnacos, options: options)
        let client = try stage.connect()
        if !sent.isEmpty { client.send(sent) }
        #expect(client.answersUntilEnd() == [expected])
    }

    @Test func idleTimeOfRNacos() {
        #expect(NamingProfile.rnacos.connection.idleMilliseconds == 4500)
        #expect(NamingProfile.nacos30.connection == .tomcat)
    }

    /// An upgrade in place: the connection lives on, the next answer is the new server's.
    @Test("vector 32: becoming another server keeps connections")
    func vector32_becomingAnotherServerKeepsConnections() throws {
        let stage = try Stage(.nacos25)
        let client = try stage.connect()
        client.send(Wire.register() + Wire.light())
        #expect(client.answers(2) == ["200 ok", Wire.known])
        stage.standIn.become(.nacos32)
        #expect(stage.standIn.profile.name == .nacos32)
        client.send(Wire.new("10.0.0.1", "&heartBeat=true"))
        #expect(client.answers(3).last == #"200 {"code":0,"message":"success","data":"ok"}"#)
        client.send(Wire.light())
        #expect(client.answersUntilEnd().last?.hasPrefix("501 close") == true)
        stage.standIn.become(.nacos25)
        #expect(try stage.ask(Wire.light()) == Wire.known)
        #expect(stage.standIn.connectionsAccepted == 2)
    }

    @Test func usersOfTheOptions() throws {
        var options = NamingStandIn.Options()
        options.users = ["nacos": "nacos"]
        options.tokenLifeSeconds = 60
        let stage = try Stage(.nacos25, options: options)
        #expect(try stage.ask(Wire.light()).hasPrefix("403 {"))
        let login = "POST /nacos/v1/auth/users/login?username=nacos&password=nacos HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try stage.ask(login).contains("\"tokenTtl\":60"))
        #expect(stage.standIn.server.counters.logins == 1)
        #expect(stage.standIn.server.counters.forbidden == 1)
    }
}
