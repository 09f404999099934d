import HTTPWire
import NamingStandIn
import Testing

/// Conformance vectors 41 to 53 of the protocol notes, as far as they are about the profiles served.
@Suite struct VectorTests {
    @Test("vector 41: ip is required")
    func vector41_ipIsRequired() {
        var old = Driver(.nacos14)
        #expect(old.register("port=8080") == .caused(400, "Param 'ip' is required."))
        var new = Driver(.nacos25)
        #expect(new.register("port=8080") == Answer(400, "Param 'ip' is required.", closes: true))
    }

    @Test("vector 42: port range")
    func vector42_portRange() {
        var old = Driver(.nacos14)
        #expect(old.register("ip=10.0.0.1&port=70000") == .ok)
        var new = Driver(.nacos25)
        let refusal = Answer(
            400, "Param 'port' is illegal, the value should be between 0 and 65535.\r\n", closes: true)
        #expect(new.register("ip=10.0.0.1&port=70000") == refusal)
        #expect(new.register("ip=10.0.0.1&port=abc") == refusal)
        #expect(old.register("ip=10.0.0.1&port=abc") == .caused(400, "For input string: \"abc\""))
    }

    @Test("vector 43: weight range")
    func vector43_weightRange() {
        let text = "instance format invalid: The weights range from 0.0 to 10000.0"
        for weight in ["10001", "-1"] {
            var old = Driver(.nacos14)
            #expect(old.register("\(Driver.address)&weight=\(weight)") == .caused(500, text))
            var new = Driver(.nacos25)
            #expect(new.register("\(Driver.address)&weight=\(weight)") == Answer(400, text, closes: true))
            let result = new.send(
                .post, "/nacos/v2/ns/instance?serviceName=svc&\(Driver.address)&weight=\(weight)")
            #expect(result == Answer(400, #"{"code":21001,"message":"weight error","data":"\#(text)"}"#, closes: true))
        }
        for profile in profilesOfV1 + [.rnacos] {
            var driver = Driver(profile)
            #expect(driver.register("\(Driver.address)&weight=0") == .ok)
            #expect(driver.register("\(Driver.address)&weight=10000") == .ok)
        }
    }

    @Test("vector 44: names")
    func vector44_names() {
        var old = Driver(.nacos14)
        var new = Driver(.nacos25)
        #expect(
            old.register("\(Driver.address)&clusterName=a_b")
                == .caused(400, "cluster name can only have these characters: 0-9a-zA-Z-, current: a_b"))
        #expect(
            new.register("\(Driver.address)&clusterName=a_b")
                == Answer(
                    400, "Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: a_b)",
                    closes: true))
        let noGroup = "Param 'serviceName' is illegal, groupName can't be empty"
        #expect(old.register(service: "serviceName=%40%40x") == .caused(400, noGroup))
        let refused = new.register(service: "serviceName=%40%40x")
        #expect(refused.status == 400 && refused.closes)
        #expect(refused.text.contains("\"message\":\"Service name filter error,caused: \(noGroup);\""))
        let noName = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        #expect(old.register(service: "serviceName=g%40%40") == .caused(400, noName))
    }

    @Test("vector 45: metadata length")
    func vector45_metadataLength() {
        let metadata = { (length: Int) in "{\"k\":\"\(String(repeating: "v", count: length - 1))\"}" }
        let parameter = { (length: Int) in "\(Driver.address)&metadata=\(FormEncoding.encoded(metadata(length)))" }
        var new = Driver(.nacos25)
        #expect(
            new.register(parameter(1025))
                == Answer(
                    400, "Param 'Metadata' is illegal, the param length should not exceed 1024.\r\n", closes: true))
        #expect(new.register(parameter(1024)) == .ok)
        var old = Driver(.nacos14)
        #expect(old.register(parameter(1025)) == .ok)
        let beat =
            #"{"ip":"10.0.0.9","port":80,"serviceName":"DEFAULT_GROUP@@svc","metadata":\#(metadata(1025))}"#
        #expect(new.full(beat, "ip=10.0.0.9&port=80") == .known)
        #expect(new.server.instanceCount == 2)
    }

    @Test("vector 46: unhealthy and gone", arguments: profilesOfV1)
    func vector46_unhealthyAndGone(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register() == .ok)
        driver.advance(to: 15)
        #expect(driver.instance?.isHealthy == true)
        driver.advance(to: 20)
        #expect(driver.instance?.isHealthy == false)
        #expect(driver.light() == .known)
        #expect(driver.instance?.isHealthy == true)
        driver.advance(to: 50)
        #expect(driver.instance?.isHealthy == false)
        driver.advance(to: 55)
        #expect(driver.instance == nil)
        #expect(driver.light() == .unknown(profile))
    }

    @Test("vector 47: timeouts from metadata", arguments: profilesOfV1)
    func vector47_timeoutsFromMetadata(profile: NamingProfile) {
        var driver = Driver(profile)
        let metadata =
            #"{"preserved.heart.beat.interval":"500","preserved.heart.beat.timeout":"1000","#
            + #""preserved.ip.delete.timeout":"2000"}"#
        #expect(driver.register("\(Driver.address)&metadata=\(FormEncoding.encoded(metadata))") == .ok)
        driver.advance(to: 4.9)
        #expect(driver.instance?.isHealthy == true)
        driver.advance(to: 5)
        #expect(driver.instance == nil)
    }

    @Test("vector 48: full beat registers", arguments: profilesOfV1)
    func vector48_fullBeatRegisters(profile: NamingProfile) {
        var driver = Driver(profile)
        let beat =
            #"{"ip":"10.0.0.1","port":8080,"weight":2.5,"serviceName":"DEFAULT_GROUP@@svc","cluster":"DEFAULT","#
            + #""metadata":{"a":"b"}}"#
        #expect(driver.full(beat) == .known)
        #expect(driver.instance?.weight == 2.5)
        #expect(driver.instance?.metadata.map(\.key) == ["a"])
        let weightless = #"{"ip":"10.0.0.2","port":8080,"serviceName":"DEFAULT_GROUP@@svc"}"#
        #expect(driver.full(weightless) == .known)
        #expect(driver.server.instances.last?.weight == 0)
    }

    @Test("vector 49: wrong service in the JSON is not refreshed")
    func vector49_wrongServiceInTheJSONIsNotRefreshed() {
        for (profile, expected) in [(NamingProfile.nacos14, Int64(3_000_000_000)), (.nacos25, 0), (.nacos30, 0)] {
            var driver = Driver(profile)
            let g1 = "serviceName=g1%40%40svc"
            #expect(driver.register(service: g1) == .ok)
            driver.advance(to: 3)
            #expect(driver.full(#"{"ip":"10.0.0.1","port":8080,"serviceName":"svc"}"#, service: g1) == .known)
            #expect(driver.server.instances(of: "g1@@svc").first?.lastBeat == expected)
            #expect(driver.light(service: g1) == .known)
            #expect(driver.server.instances(of: "g1@@svc").first?.lastBeat == 3_000_000_000)
        }
    }

    @Test("vector 50: deregister", arguments: profilesOfV1)
    func vector50_deregister(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.deregister() == .ok)
        #expect(driver.register() == .ok)
        #expect(driver.deregister("\(Driver.address)&ephemeral=false") == .ok)
        #expect(driver.server.instanceCount == 1)
        #expect(driver.deregister("\(Driver.address)&clusterName=OTHER") == .ok)
        #expect(driver.server.instanceCount == (profile.name == .nacos14 ? 1 : 0))
        #expect(driver.deregister() == .ok)
        #expect(driver.server.instanceCount == 0)
    }

    @Test("vector 51: get one unknown")
    func vector51_getOneUnknown() {
        var old = Driver(.nacos14)
        #expect(old.one() == .caused(500, "no service DEFAULT_GROUP@@svc found!"))
        var new = Driver(.nacos25)
        let noAddresses = "no ips found for cluster DEFAULT in service DEFAULT_GROUP@@svc"
        #expect(new.one() == Answer(404, noAddresses))
        #expect(old.register("ip=10.0.0.2&port=1") == .ok)
        #expect(new.register("ip=10.0.0.2&port=1") == .ok)
        #expect(old.one() == .caused(500, "no matched ip found!"))
        #expect(new.one() == Answer(404, "no matched ip found!"))
        #expect(
            new.send(.get, "/nacos/v2/ns/instance?\(Driver.svc)&\(Driver.address)")
                == Answer(404, #"{"code":20004,"message":"resource not found","data":"no matched ip found!"}"#))
        #expect(old.deregister("ip=10.0.0.2&port=1") == .ok)
        #expect(old.one() == .caused(500, noAddresses))
    }

    @Test("vector 52: protection of an unhealthy service")
    func vector52_protectionOfAnUnhealthyService() {
        for (profile, shown) in [(NamingProfile.nacos14, true), (.nacos25, false), (.nacos30, false)] {
            var driver = Driver(profile)
            #expect(driver.register() == .ok)
            driver.advance(to: 20)
            #expect(driver.list().text.contains("\"healthy\":\(shown)"))
            // 3.x has no answer to this through v1.
            #expect(profile.name == .nacos30 || driver.one().text.contains("\"healthy\":false"))
            #expect(driver.register("ip=10.0.0.2&port=1") == .ok)
            #expect(driver.list().text.contains("\"healthy\":false"), "one healthy host ends the protection")
        }
    }

    @Test("vector 53: status", arguments: profiles)
    func vector53_status(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register() == .ok)
        #expect(driver.set("overriddenServerStatus", "WRITE_ONLY") == .ok)
        let refused = { (status: String) in Answer(503, "server is \(status)now, please try again later!", closes: true)
        }
        #expect(driver.light() == .known)
        #expect(driver.register() == .ok)
        #expect(driver.list() == refused("WRITE_ONLY"))
        #expect(driver.send(.get, "/nacos/v1/ns/operator/metrics") == refused("WRITE_ONLY"))
        #expect(driver.set("overriddenServerStatus", "READ_ONLY") == .ok)
        #expect(driver.list().status == 200)
        #expect(driver.light() == refused("READ_ONLY"))
        #expect(driver.set("overriddenServerStatus", "DOWN") == refused("READ_ONLY"))
        guard profile.name == .nacos25 else { return }
        #expect(driver.set("overriddenServerStatus", "DOWN", api: "v2").status == 200)
        #expect(driver.list() == refused("DOWN"))
        #expect(driver.light() == refused("DOWN"))
        let beat = driver.send(.put, "/nacos/v2/ns/instance/beat?\(Driver.svc)&\(Driver.address)")
        #expect(beat == .known)
        let readiness = driver.send(.get, "/nacos/v1/console/health/readiness")
        #expect(readiness == Answer(500, "naming not in readiness", closes: true))
    }
}
