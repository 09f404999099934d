import HTTPWire
import NamingStandIn
import Testing

/// Conformance vectors 41–99 where 3.x and r-nacos answer otherwise than what `VectorTests` has, or as 2.5 does.
@Suite struct OtherVectorTests {
    private static let v3 = "/nacos/v3/client/ns/instance?serviceName=svc&"
    private static let weight = "instance format invalid: The weights range from 0.0 to 10000.0"
    private static let port = "Param 'port' is illegal, the value should be between 0 and 65535.\r\n"
    private static let tooLong = "Param 'Metadata' is illegal, the param length should not exceed 1024.\r\n"

    private func metadata(_ text: String, _ address: String = Driver.address) -> String {
        "\(address)&metadata=\(FormEncoding.encoded(text))"
    }

    @Test("vector 26: v2 takes the group by itself, its beat the grouped name")
    func vector26_v2() {
        var driver = Driver(.nacos25)
        let register = "/nacos/v2/ns/instance?serviceName=svc&groupName=g1&\(Driver.address)"
        #expect(driver.send(.post, register).text == #"{"code":0,"message":"success","data":"ok"}"#)
        #expect(driver.server.instances(of: "g1@@svc").count == 1)
        let beat = "/nacos/v2/ns/instance/beat?serviceName=g1%40%40svc&\(Driver.address)"
        driver.advance(to: 10)
        #expect(driver.send(.put, beat) == .known)
        #expect(driver.server.instances(of: "g1@@svc").first?.lastBeat == 10_000_000_000)
        #expect(driver.server.instanceCount == 1)
    }

    @Test("vectors 41, 42, 43, 44, 45: what 3.x checks of a register through v1")
    func vectors41To45_v1On3() {
        var driver = Driver(.nacos30)
        #expect(driver.register("port=8080").status == 400)
        #expect(driver.register("ip=10.0.0.1&port=70000") == Answer(400, Self.port, closes: true))
        for weight in ["10001", "-1"] {
            let answer = driver.register("\(Driver.address)&weight=\(weight)")
            #expect(answer == Answer(400, Self.weight, closes: true))
        }
        #expect(driver.register("\(Driver.address)&clusterName=a_b").status == 400)
        #expect(driver.register(service: "serviceName=%40%40x").status == 400)
        let value = { (length: Int) in "{\"k\":\"\(String(repeating: "v", count: length - 1))\"}" }
        #expect(driver.register(metadata(value(1025))) == Answer(400, Self.tooLong, closes: true))
        #expect(driver.server.instanceCount == 0)
        #expect(driver.register(metadata(value(1024))) == .ok)
        let beat = #"{"ip":"10.0.0.9","port":80,"serviceName":"DEFAULT_GROUP@@svc","metadata":\#(value(1025))}"#
        #expect(driver.full(beat, "ip=10.0.0.9&port=80") == .known)
        #expect(driver.server.instanceCount == 2)
    }

    @Test("vectors 43, 44: what 3.x checks of a register through v3")
    func vectors43And44_v3() {
        var driver = Driver(.nacos30)
        for (query, code) in [("weight=-1", 21001), ("weight=10001", 21001), ("clusterName=a_b", 21004)] {
            let answer = driver.send(.post, "\(Self.v3)\(Driver.address)&\(query)")
            #expect(answer.status == 400 && answer.closes)
            #expect(answer.text.hasPrefix("{\"code\":\(code),"), "\(answer)")
        }
        for weight in ["0", "10000"] {
            #expect(driver.send(.post, "\(Self.v3)\(Driver.address)&weight=\(weight)").status == 200)
        }
    }

    @Test("vector 45: r-nacos takes metadata of any length")
    func vector45_rnacos() {
        var driver = Driver(.rnacos)
        #expect(driver.register(metadata("{\"k\":\"\(String(repeating: "v", count: 5000))\"}")) == .ok)
        #expect(driver.instance?.metadata.first?.value?.utf8.count == 5000)
    }

    @Test("vector 50: r-nacos answers ok to a DELETE of nothing, and removes whatever cluster and kind it is told")
    func vector50_rnacos() {
        var driver = Driver(.rnacos)
        #expect(driver.deregister() == .ok)
        for query in ["clusterName=OTHER", "ephemeral=false"] {
            #expect(driver.register() == .ok)
            #expect(driver.deregister("\(Driver.address)&\(query)") == .ok)
            #expect(driver.server.instanceCount == 0, "\(query)")
        }
    }

    @Test("vector 51: 3.x answers 410 to a query for one instance through v1")
    func vector51_v1On3() {
        var driver = Driver(.nacos30)
        #expect(driver.one().status == 410)
        #expect(driver.register() == .ok)
        #expect(driver.one().status == 410)
    }

    @Test("vector 90: ephemeral=1 is a persistent instance for r-nacos too; enable is not known there")
    func vector90_rnacos() {
        var driver = Driver(.rnacos)
        #expect(driver.register("\(Driver.address)&ephemeral=1") == .ok)
        #expect(driver.list().text.contains("\"ephemeral\":false"))
        #expect(driver.register("ip=10.0.0.2&port=1&enabled=true&enable=false") == .ok)
        #expect(driver.server.instances.last?.isEnabled == true)
    }

    @Test("vector 92: metadata that is no JSON, through v1 of 3.x")
    func vector92_v1On3() {
        var driver = Driver(.nacos30)
        let refused = driver.register("\(Driver.address)&metadata=not+json")
        #expect(refused.status == 500 && refused.closes)
        #expect(refused.text.contains("\"status\":500"))
        #expect(driver.server.instanceCount == 0)
    }

    @Test(
        "vector 94: times that contradict each other are refused by 3.x, in a register and in the full beat that is one"
    )
    func vector94_v1On3() {
        var driver = Driver(.nacos30)
        let times = #"{"preserved.heart.beat.interval":"20000"}"#
        #expect(driver.register(metadata(times)).status == 400)
        let beat = #"{"ip":"10.0.0.2","port":80,"serviceName":"DEFAULT_GROUP@@svc","metadata":\#(times)}"#
        #expect(driver.full(beat, "ip=10.0.0.2&port=80").status == 400)
        #expect(driver.server.instanceCount == 0)
        var rnacos = Driver(.rnacos)
        #expect(rnacos.register(metadata(#"{"preserved.heart.beat.interval":"3s"}"#)) == .ok)
        #expect(rnacos.light().text.contains("\"clientBeatInterval\":5000"))
    }

    @Test("vector 96: everything in the body, for 3.x and r-nacos", arguments: [NamingProfile.nacos30, .rnacos])
    func vector96_formInTheBody(profile: NamingProfile) {
        var driver = Driver(profile)
        let form = "\(Driver.svc)&\(Driver.address)&"
        #expect(driver.send(.post, "/nacos/v1/ns/instance", body: form) == .ok)
        #expect(driver.send(.put, "/nacos/v1/ns/instance/beat", body: form).status == 200)
        #expect(driver.server.instanceCount == 1)
        #expect(driver.send(.delete, "/nacos/v1/ns/instance", body: form) == .ok)
        #expect(driver.server.instanceCount == 0)
    }

    @Test("vector 97: 405 says which methods there are")
    func vector97_allow() {
        var server = NamingServer(profile: .nacos30, at: 0)
        for method in [HTTPMethod.put, .get] {
            let request = HTTPRequest(method, HTTPTarget(path: "/nacos/v3/client/ns/instance"), fields: ["Host": "a"])
            var bytes: [UInt8] = []
            server.handle(request, at: 0, wall: 0).write(date: [], to: &bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains("\r\nAllow: POST, DELETE\r\n") || text.contains("\r\nAllow: DELETE, POST\r\n"))
        }
    }
}
