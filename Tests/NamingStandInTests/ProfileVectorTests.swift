import HTTPWire
import NamingStandIn
import Testing

/// Conformance vectors for the profiles that came after 1.4 and 2.5: 3.0, 3.2, rnacos, and 1.1 and 1.2.
@Suite struct ProfileVectorTests {
    static let v3 = "/nacos/v3/client/ns/instance?serviceName=svc&"
    static let accepted = Answer(200, #"{"code":0,"message":"success","data":"ok"}"#)
    static let unknown3 = Answer(200, #"{"code":21003,"message":"instance not found","data":null}"#)

    private func new(_ driver: inout Driver, _ query: String = Driver.address) -> Answer {
        driver.send(.post, ProfileVectorTests.v3 + query)
    }

    @Test("vectors 30, 31: v3", arguments: [NamingProfile.nacos30, .nacos32])
    func vectors30And31_v3(profile: NamingProfile) {
        var driver = Driver(profile)
        let beat = "\(Driver.address)&heartBeat=true"
        #expect(new(&driver, beat) == ProfileVectorTests.unknown3)
        #expect(driver.server.instanceCount == 0)
        #expect(new(&driver) == ProfileVectorTests.accepted)
        driver.advance(to: 14)
        #expect(new(&driver, beat + "&weight=7&metadata=%7B%22a%22%3A%22b%22%7D") == ProfileVectorTests.accepted)
        driver.advance(to: 25)
        #expect(driver.instance?.isHealthy == true && driver.instance?.weight == 1)
        driver.advance(to: 30)
        #expect(driver.instance?.isHealthy == false)
        #expect(new(&driver, "\(Driver.address)&heartBeat=1") == ProfileVectorTests.accepted)
        #expect(driver.instance?.isHealthy == true)
        let gone = driver.send(.delete, ProfileVectorTests.v3 + Driver.address + "&ephemeral=false")
        #expect(gone == ProfileVectorTests.accepted)
        #expect(driver.server.instanceCount == 1)
        #expect(driver.send(.delete, ProfileVectorTests.v3 + Driver.address) == ProfileVectorTests.accepted)
        #expect(driver.server.instanceCount == 0)
        #expect(driver.server.counters.registers == 1 && driver.server.counters.beats == 2)
    }

    @Test("vector 32: v1 is gone without the switch")
    func vector32_v1IsGoneWithoutTheSwitch() {
        var driver = Driver(NamingProfile.nacos30.withoutOldClients)
        let beat = driver.light()
        #expect(beat.status == 410 && !beat.closes)
        #expect(beat.text.contains(#"\"code\":40000"#))
        #expect(beat.text.contains("POST ${contextPath:nacos}/v3/client/ns/instance?heartBeat=true` instead"))
        #expect(driver.register().status == 410)
        #expect(driver.list().status == 410)
        #expect(driver.send(.post, "/nacos/v1/auth/users/login?username=a&password=b").status == 410)
        #expect(new(&driver) == ProfileVectorTests.accepted)
    }

    @Test("vector 33: 3.2 answers v1 with 501")
    func vector33_v1IsGoneFor32() {
        var driver = Driver(.nacos32)
        let register = driver.register()
        #expect(register.status == 501 && register.closes)
        #expect(register.text.contains(#""message":"no such api:POST:/nacos/v1/ns/instance""#))
        #expect(driver.light().status == 501)
        #expect(driver.list().status == 501)
        let v2 = driver.send(.post, "/nacos/v2/ns/instance?serviceName=svc&\(Driver.address)")
        #expect(v2.status == 404 && !v2.closes)
        #expect(driver.send(.get, "/nacos/v1/ns/operator/metrics") == Answer(200, #"{"status":"UP"}"#))
        let state = driver.send(.get, "/nacos/v3/admin/core/state")
        #expect(state.status == 200 && state.text.contains(#""version":"3.2.0""#))
    }

    @Test("vectors 41, 42, 43, 44, 45: r-nacos checks little")
    func vectors41To45_rnacosChecksLittle() {
        var driver = Driver(.rnacos)
        #expect(driver.register("port=8080") == Answer(500, "the instance ip is None"))
        #expect(driver.register("ip=10.0.0.1&port=70000") == .ok)
        #expect(driver.register("\(Driver.address)&weight=10001") == .ok)
        #expect(driver.register("\(Driver.address)&clusterName=a_b") == .ok)
        #expect(driver.register(service: "serviceName=%40%40x") == Answer(500, "serviceName is invalid!"))
        #expect(
            driver.register("ip=10.0.0.1&port=x")
                == Answer(400, "Query deserialize error: invalid digit found in string")
        )
    }

    @Test("vectors 43, 44: checks of v3")
    func vectors43And44_v3() {
        var driver = Driver(.nacos30)
        let weight = "instance format invalid: The weights range from 0.0 to 10000.0"
        #expect(
            new(&driver, "\(Driver.address)&weight=10001")
                == Answer(400, #"{"code":21001,"message":"weight error","data":"\#(weight)"}"#, closes: true))
        let name = driver.send(.post, "/nacos/v3/client/ns/instance?serviceName=%40%40x&\(Driver.address)")
        #expect(name == ProfileVectorTests.accepted)
        #expect(
            driver.send(.post, "/nacos/v3/client/ns/instance?serviceName=svc&port=1").text.contains("'ip' type String"))
    }

    @Test("vectors 46, 47: r-nacos times")
    func vectors46And47_rnacosTimes() {
        var driver = Driver(.rnacos)
        let metadata = FormEncoding.encoded(
            #"{"preserved.heart.beat.timeout":"1000","preserved.ip.delete.timeout":"2000"}"#)
        #expect(driver.register("\(Driver.address)&metadata=\(metadata)") == .ok)
        driver.advance(to: 17.9)
        #expect(driver.instance?.isHealthy == true)
        driver.advance(to: 18)
        #expect(driver.instance?.isHealthy == false)
        driver.advance(to: 33.9)
        #expect(driver.instance != nil)
        driver.advance(to: 34)
        #expect(driver.instance == nil)
    }

    @Test("vectors 48, 54: r-nacos beats register")
    func vectors48And54_rnacosBeatsRegister() {
        var driver = Driver(.rnacos)
        #expect(driver.light().status == 200)
        #expect(driver.instance?.metadata.isEmpty == true && driver.instance?.weight == 1)
        let beat =
            #"{"ip":"10.0.0.2","port":8080,"weight":2.5,"serviceName":"DEFAULT_GROUP@@svc","metadata":{"a":"b"}}"#
        #expect(driver.full(beat).status == 200)
        #expect(driver.server.instances.last?.weight == 1)
        #expect(driver.server.instances.last?.metadata.map(\.key) == ["a"])
        // What is not given leaves what is there.
        #expect(driver.register("ip=10.0.0.2&port=8080&weight=1&metadata=%7B%7D") == .ok)
        #expect(driver.server.instances.last?.metadata.map(\.key) == ["a"])
    }

    @Test func beatAnswersOfRNacosTakeTurns() {
        var driver = Driver(.rnacos)
        let answers = (0..<12).map { _ in driver.light().text }
        #expect(Set(answers).count == 6)
        #expect(answers.allSatisfy { $0.contains("\"code\":10200") && $0.utf8.count == 64 })
    }

    @Test("vector 49: a full beat of another service name on 3.x")
    func vector49_theTrapHoldsOn3() {
        var driver = Driver(.nacos30)
        #expect(driver.register(service: "serviceName=g1%40%40svc") == .ok)
        driver.advance(to: 3)
        let beat = #"{"ip":"10.0.0.1","port":8080,"serviceName":"svc"}"#
        #expect(driver.full(beat, service: "serviceName=g1%40%40svc") == .known)
        #expect(driver.server.instances(of: "g1@@svc").first?.lastBeat == 0)
    }

    @Test("vectors 50, 51, 52: queries and lists of r-nacos")
    func vectors50To52_rnacos() {
        var driver = Driver(.rnacos)
        #expect(driver.one() == Answer(500, "error"))
        #expect(driver.register() == .ok)
        #expect(driver.register("ip=10.0.0.2&port=1") == .ok)
        driver.advance(to: 10)
        #expect(driver.light("ip=10.0.0.2&port=1").status == 200)
        driver.advance(to: 20)
        #expect(!driver.list().text.contains("10.0.0.1"), "unhealthy hosts are left out")
        #expect(driver.one().text.contains("\"healthy\":false"))
        driver.advance(to: 30)
        #expect(driver.list().text.contains("\"ip\":\"10.0.0.1\""))
        #expect(!driver.list().text.contains("\"healthy\":false"), "unless there is no other")
        #expect(driver.deregister("\(Driver.address)&clusterName=B&ephemeral=false") == .ok)
        #expect(driver.server.instanceCount == 1)
    }

    @Test("vector 53: v3 is not affected")
    func vector53_v3IsNotAffected() {
        var driver = Driver(.nacos25)
        #expect(new(&driver).status == 404)
        #expect(driver.set("overriddenServerStatus", "DOWN") == .ok)
        driver.server.become(.nacos30, at: 0)
        #expect(driver.light().status == 503)
        #expect(new(&driver) == ProfileVectorTests.accepted)
    }

    @Test("vectors 87, 88, 89, 90, 91, 92, 93, 94: what r-nacos makes of odd requests")
    func vectors87To94_rnacos() {
        var driver = Driver(.rnacos)
        let empty = Answer(500, "ip or port is empty")
        #expect(driver.full("{}") == empty)
        #expect(driver.light("port=8080") == empty)
        #expect(
            driver.register("\(Driver.address)&weight=1.0&weight=7")
                == Answer(400, "Query deserialize error: duplicate field `weight`"))
        #expect(driver.register("\(Driver.address)&enable=false") == .ok)
        #expect(driver.instance?.isEnabled == true)
        #expect(driver.register("\(Driver.address)&enabled=1") == .ok)
        #expect(driver.instance?.isEnabled == false)
        let beat = driver.send(
            .put, "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)",
            fields: ["Host": "a", "Accept": "text/plain"])
        #expect(beat.status == 200)
        for text in ["not+json", FormEncoding.encoded(#"{"n":1,"b":true,"z":null}"#)] {
            #expect(driver.register("ip=10.0.0.5&port=1&metadata=\(text)") == .ok)
            #expect(driver.server.instances.last?.metadata == [])
        }
        let interval = FormEncoding.encoded(#"{"preserved.heart.beat.interval":"20000"}"#)
        #expect(driver.register("ip=10.0.0.6&port=1&metadata=\(interval)") == .ok)
        #expect(driver.light("ip=10.0.0.6&port=1").text.contains("\"clientBeatInterval\":5000"))
    }

    @Test("vectors 91, 92: what v3 cannot represent or read")
    func vectors91And92_v3() {
        var driver = Driver(.nacos30)
        #expect(new(&driver, "\(Driver.address)&metadata=not+json") == Answer(200, ""))
        #expect(driver.server.instanceCount == 0)
        #expect(driver.register() == .ok)
        let beat = driver.send(
            .put, "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)",
            fields: ["Host": "a", "Accept": "text/plain"])
        #expect(beat == .caused(500, "No acceptable representation"))
    }

    @Test("vector 97: unknown paths and methods")
    func vector97_unknownPaths() {
        var new = Driver(.nacos30)
        for method in [HTTPMethod.put, .get] {
            let answer = new.send(method, "/nacos/v3/client/ns/instance")
            #expect(answer.status == 405 && !answer.closes)
        }
        #expect(new.send(.get, "/nacos/v3/client/ns/nosuch").status == 404)
        #expect(new.send(.get, "/nacos/v1/ns/nosuch").status == 501)
        var old = Driver(.rnacos)
        for path in ["/nacos/v1/ns/nosuch", "/nacos/v3/client/ns/instance", "/other"] {
            #expect(old.send(.get, path) == Answer(404, ""))
        }
    }

    @Test("vector 99: r-nacos loses the instance")
    func vector99_rnacosLosesTheInstance() {
        var driver = Driver(.rnacos)
        let service = "serviceName=g1%40%40svc"
        #expect(driver.register(service: service) == .ok)
        for second in stride(from: 0.0, through: 70, by: 5) {
            driver.advance(to: second)
            let isThere = !driver.server.instances(of: "g1@@svc").isEmpty
            #expect(isThere == (second < 34), "\(second)")
            let beat = #"{"ip":"10.0.0.1","port":8080,"serviceName":"svc"}"#
            #expect(driver.full(beat, service: service).status == 200)
        }
    }

    @Test("vector 101: HTTP/1.0 on r-nacos")
    func vector101_http10OnRNacos() {
        var server = NamingServer(profile: .rnacos, at: 0)
        for (wish, closes) in [("keep-alive", false), ("close", true)] {
            let request = HTTPRequest(
                .get, HTTPTarget(path: "/nacos/v1/ns/operator/metrics"), version: .http10, fields: ["Connection": wish])
            let answer = server.handle(request, at: 0, wall: 0)
            #expect(answer.closes == closes)
            var bytes: [UInt8] = []
            answer.write(date: [], to: &bytes)
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.0 200 OK\r\ncontent-length: 15\r\n"))
        }
    }

    /// nacos.md §2.4
    @Test func beatsOfTheFirstVersions() {
        let beat = #"{"ip":"10.0.0.1","port":8080,"weight":1.0,"serviceName":"DEFAULT_GROUP@@svc"}"#
        var first = Driver(.nacos11)
        #expect(first.light() == Answer(400, "Param 'beat' is required.", closes: true))
        #expect(first.full(beat) == Answer(200, #"{"clientBeatInterval":5000}"#))
        #expect(first.instance?.ip == "10.0.0.1")
        #expect(first.register("port=1") == Answer(400, "Param 'ip' is required.", closes: true))
        #expect(first.send(.post, "/nacos/v1/auth/login?username=a&password=b").status == 404)

        var second = Driver(.nacos12)
        #expect(second.light() == .unknown(.nacos12))
        #expect(second.set("clientBeatInterval", "2000") == .ok)
        let metadata = FormEncoding.encoded(#"{"preserved.heart.beat.interval":"3000"}"#)
        #expect(second.register() == .ok)
        #expect(second.light() == .known, "the switch does not count")
        #expect(second.register("\(Driver.address)&metadata=\(metadata)") == .ok)
        #expect(second.light().text.hasPrefix(#"{"clientBeatInterval":3000,"code":10200"#))
    }

    /// An upgrade in place and back: who was registered stays.
    @Test func becomingAnotherServer() {
        var driver = Driver(.nacos25)
        #expect(driver.register() == .ok)
        driver.server.become(.nacos32, at: 0)
        #expect(driver.light().status == 501)
        #expect(new(&driver, "\(Driver.address)&heartBeat=true") == ProfileVectorTests.accepted)
        driver.server.become(.nacos14, at: 0)
        #expect(driver.light() == .known)
        #expect(driver.light("\(Driver.address)&clusterName=B") == .unknown(.nacos14))
        driver.server.become(.nacos25, at: 0)
        #expect(driver.light("\(Driver.address)&clusterName=B") == .known)
        #expect(driver.server.instanceCount == 1)
    }
}
