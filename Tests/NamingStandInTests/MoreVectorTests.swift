import HTTPWire
import NamingStandIn
import Testing

/// Conformance vectors 87 to 101, as far as they are about the profiles served and need no socket.
@Suite struct MoreVectorTests {
    @Test("vector 87: a full beat with an empty object")
    func vector87_emptyBeatObject() {
        var new = Driver(.nacos25)
        #expect(new.register() == .ok)
        #expect(new.full("{}") == .known)
        #expect(new.list().text.contains(#"{"instanceId":"null#0#DEFAULT#DEFAULT_GROUP@@svc","port":0,"weight":0.0"#))
        #expect(new.register("ip=10.0.0.2&port=8080") == .ok)
        #expect(new.light("ip=10.0.0.2&port=8080") == .known)

        var old = Driver(.nacos14)
        #expect(old.register() == .ok)
        #expect(old.full("{}") == .known)
        #expect(!old.list().text.contains("null"))
        #expect(old.register("ip=10.0.0.2&port=8080") == .ok)
        #expect(old.light("ip=10.0.0.2&port=8080") == .unknown(.nacos14))
        #expect(!old.list().text.contains("10.0.0.2"))
        #expect(old.list().text.contains("10.0.0.1"))
        #expect(old.register(service: "serviceName=other") == .ok)
        #expect(old.light(service: "serviceName=other") == .known, "other services are well")
    }

    @Test("vector 88: light beat without address", arguments: profilesOfV1)
    func vector88_lightBeatWithoutAddress(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register() == .ok)
        #expect(driver.light("port=8080") == .unknown(profile))
        #expect(driver.light("") == .unknown(profile))
        let target = "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)"
        #expect(driver.send(.put, target, body: "beat=") == .known)
        #expect(driver.send(.put, target + "&beat=") == .known)
    }

    @Test("vector 89: first of a repeated parameter", arguments: profilesOfV1)
    func vector89_firstOfARepeatedParameter(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register("\(Driver.address)&weight=1.0&weight=7") == .ok)
        #expect(driver.instance?.weight == 1)
        #expect(driver.light("ip=10.0.0.1&ip=10.0.0.2&port=8080") == .known)
        #expect(driver.light("ip=10.0.0.2&ip=10.0.0.1&port=8080") == .unknown(profile))
    }

    @Test("vector 90: booleans", arguments: profilesOfV1)
    func vector90_booleans(profile: NamingProfile) {
        for (query, isEnabled) in [
            ("enabled=1", false), ("enable=false", false), ("enabled=true&enable=false", true), ("enabled=YES", true),
        ] {
            var driver = Driver(profile)
            #expect(driver.register("\(Driver.address)&\(query)") == .ok)
            #expect(driver.instance?.isEnabled == isEnabled, "\(query)")
            #expect(driver.list().text.contains("10.0.0.1") == isEnabled, "\(query)")
        }
        var driver = Driver(profile)
        #expect(driver.register("\(Driver.address)&ephemeral=1") == .ok)
        #expect(driver.list().text.contains("\"ephemeral\":false"))
        driver.advance(to: 100)
        #expect(driver.instance?.isHealthy == true, "nobody expires a persistent instance")
        #expect(driver.light() == (profile.name == .nacos14 ? .known : .unknown(profile)))
    }

    @Test("vector 91: not acceptable", arguments: profiles)
    func vector91_notAcceptable(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register() == .ok)
        let beat = driver.send(
            .put, "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)",
            fields: ["Host": "a", "Accept": "text/plain"])
        #expect(beat == .caused(500, "Could not find acceptable representation"))
    }

    @Test("vector 92: metadata that is no JSON")
    func vector92_metadataThatIsNone() {
        let query = "\(Driver.address)&metadata=not+json"
        var old = Driver(.nacos14)
        #expect(old.register(query) == .caused(500, "metadata format incorrect:not json"))
        var new = Driver(.nacos25)
        let refused = new.register(query)
        #expect(refused.status == 500 && refused.closes)
        #expect(refused.text.contains("ErrCode:400, ErrMsg:metadata format incorrect:not json;caused: metadata"))
    }

    @Test("vector 93: metadata scalars", arguments: profilesOfV1)
    func vector93_metadataScalars(profile: NamingProfile) {
        var driver = Driver(profile)
        let metadata = FormEncoding.encoded(#"{"n":1,"b":true,"z":null}"#)
        #expect(driver.register("\(Driver.address)&metadata=\(metadata)") == .ok)
        let shown = profile.name == .nacos14 ? #"{"n":"1","b":"true"}"# : #"{"b":"true","n":"1"}"#
        // 3.x does not answer queries for one instance through v1.
        if profile.name == .nacos30 {
            #expect(driver.list().text.contains(#""metadata":{"b":"true","z":null,"n":"1"}"#))
        } else {
            #expect(driver.one().text.hasSuffix("\"metadata\":\(shown)}"))
        }
        let nested = FormEncoding.encoded(#"{"o":{}}"#)
        #expect(driver.register("\(Driver.address)&metadata=\(nested)").status == 500)
    }

    @Test("vector 94: intervals that are none, times that contradict")
    func vector94_intervals() {
        for (profile, interval) in [(NamingProfile.nacos14, 5000), (.nacos25, 0), (.nacos30, 0)] {
            var driver = Driver(profile)
            let metadata = FormEncoding.encoded(#"{"preserved.heart.beat.interval":"3s"}"#)
            #expect(driver.register("\(Driver.address)&metadata=\(metadata)") == .ok)
            #expect(driver.light().text.hasPrefix(#"{"clientBeatInterval":\#(interval),"code":10200"#))
        }
        let metadata = #"{"preserved.heart.beat.interval":"20000"}"#
        let register = "\(Driver.address)&metadata=\(FormEncoding.encoded(metadata))"
        let beat =
            #"{"ip":"10.0.0.2","port":80,"serviceName":"DEFAULT_GROUP@@svc","metadata":\#(metadata)}"#
        var old = Driver(.nacos14)
        #expect(old.register(register) == .ok)
        #expect(old.light().text.hasPrefix(#"{"clientBeatInterval":20000"#))
        var new = Driver(.nacos25)
        let refusal = Answer(
            400, "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.",
            closes: true)
        #expect(new.register(register) == refusal)
        #expect(new.full(beat, "ip=10.0.0.2&port=80") == refusal)
    }

    @Test("vector 95: timeout that is no number")
    func vector95_timeoutThatIsNoNumber() {
        let metadata = FormEncoding.encoded(#"{"preserved.heart.beat.timeout":"15s"}"#)
        for (profile, isHealthyAtFirst) in [(NamingProfile.nacos14, true), (.nacos25, false), (.nacos30, false)] {
            var driver = Driver(profile)
            driver.advance(to: 1)
            #expect(driver.register("\(Driver.address)&metadata=\(metadata)") == .ok)
            driver.advance(to: 5)
            #expect(driver.instance?.isHealthy == isHealthyAtFirst)
            driver.advance(to: 30)
            #expect(driver.instance?.isHealthy == false)
            driver.advance(to: 35)
            #expect(driver.instance == nil)
        }
    }

    @Test("vector 96: form in the body")
    func vector96_formInTheBody() {
        let form = "\(Driver.svc)&\(Driver.address)&"
        var old = Driver(.nacos14)
        #expect(
            old.send(.post, "/nacos/v1/ns/instance", body: form) == .caused(400, "Param 'serviceName' is required."))
        var new = Driver(.nacos25)
        #expect(new.send(.post, "/nacos/v1/ns/instance", body: form) == .ok)
        for profile in profilesOfV1 {
            var driver = Driver(profile)
            #expect(driver.register() == .ok)
            #expect(driver.send(.put, "/nacos/v1/ns/instance/beat", body: form) == .known)
            #expect(driver.send(.delete, "/nacos/v1/ns/instance", body: form) == .ok)
            #expect(driver.server.instanceCount == 0)
        }
    }

    @Test("vector 97: unknown paths and methods", arguments: profiles)
    func vector97_unknownPaths(profile: NamingProfile) {
        var driver = Driver(profile)
        let unknown = driver.send(.put, "/nacos/v1/ns/nosuch")
        #expect(unknown.status == 501 && unknown.closes)
        #expect(unknown.text.contains(#""message":"no such api:PUT:/nacos/v1/ns/nosuch""#))
        for path in ["/nacos/v2/ns/nosuch", "/nacos/v3/client/ns/instance", "/nacos/v1/nosuch", "/other"] {
            let answer = driver.send(.get, path)
            #expect(answer.status == 404 && !answer.closes, "\(path)")
        }
    }

    /// The trap of vector 49 for 70 s: accepted beats, a dying instance.
    @Test("vector 99: the trap of vector 49 for 70 s")
    func vector99_trap() {
        let service = "serviceName=g1%40%40svc"
        let beat = #"{"ip":"10.0.0.1","port":8080,"weight":1.0,"serviceName":"svc"}"#
        for (profile, expected) in [
            (NamingProfile.nacos14, "+++++++++++++++"), (.nacos25, "++++--- +++--- "), (.nacos30, "++++--- +++--- "),
        ] {
            var driver = Driver(profile)
            #expect(driver.register(service: service) == .ok)
            var story = ""
            for second in stride(from: 0.0, through: 70, by: 5) {
                driver.advance(to: second)
                let instance = driver.server.instances(of: "g1@@svc").first
                story += instance.map { $0.isHealthy ? "+" : "-" } ?? " "
                #expect(driver.full(beat, service: service) == .known)
            }
            #expect(story == expected, "\(profile.name)")
        }
    }

    @Test("vector 101: HTTP/1.0", arguments: profilesOfV1)
    func vector101_http10(profile: NamingProfile) {
        var server = NamingServer(profile: profile, at: 0)
        let target = HTTPTarget(path: "/nacos/v1/ns/instance/list", query: Driver.svc)
        let request = HTTPRequest(.get, target, version: .http10, fields: ["Connection": "keep-alive"])
        let answer = server.handle(request, at: 0, wall: 0)
        #expect(answer.closes && answer.framing == .untilClose)
        var bytes: [UInt8] = []
        answer.write(date: [], to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 \r\n") && text.contains("\r\nConnection: close\r\n\r\n{"))
    }
}
