import HTTPWire
import NamingStandIn
import Testing

/// What the traces and vectors do not show.
@Suite struct ServerTests {
    @Test(arguments: profiles) func readsMayLag(profile: NamingProfile) {
        var driver = Driver(profile)
        driver.server.readLag = 1_000_000_000
        driver.advance(to: 1)
        #expect(driver.register() == .ok)
        #expect(driver.light() == .known, "beats see writes at once")
        #expect(!driver.list().text.contains("10.0.0.1"))
        driver.advance(to: 1.9)
        #expect(!driver.list().text.contains("10.0.0.1"))
        driver.advance(to: 2)
        #expect(driver.list().text.contains("10.0.0.1"))
        #expect(driver.deregister() == .ok)
        #expect(driver.list().text.contains("10.0.0.1"))
        #expect(driver.light() == .unknown(profile))
        driver.advance(to: 3)
        #expect(!driver.list().text.contains("10.0.0.1"))
    }

    @Test(arguments: profiles) func switchesShowInTheNextBeat(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register() == .ok)
        #expect(driver.set("clientBeatInterval", "2000") == .ok)
        #expect(driver.set("lightBeatEnabled", "false") == .ok)
        let expected = Answer(200, #"{"clientBeatInterval":2000,"code":10200,"lightBeatEnabled":false}"#)
        #expect(driver.light() == expected)
        #expect(driver.full(#"{"ip":"10.0.0.1","port":8080,"serviceName":"DEFAULT_GROUP@@svc"}"#) == expected)
        #expect(driver.light("ip=10.0.0.2&port=1").text.hasPrefix(#"{"clientBeatInterval":2000,"code":20404"#))
        #expect(driver.set("overriddenServerStatus", "nonsense").status == 400)
    }

    @Test func aSwitchedOffServiceIsForgottenWhole() {
        var driver = Driver(.nacos25)
        #expect(driver.register() == .ok)
        #expect(driver.set("clientBeatInterval", "2000") == .ok)
        driver.server.forgetEverything(at: 7_000_000_000)
        #expect(driver.server.instanceCount == 0)
        #expect(driver.server.counters == NamingServer.Counters())
        #expect(driver.server.nextCheck == 12_000_000_000)
        #expect(driver.light() == .unknown(.nacos25))
    }

    /// An operator's update masks later registrations on 2.x; on 1.x the last writer wins (nacos.md §4.5).
    @Test func operatorsUpdate() {
        for (profile, weight) in [(NamingProfile.nacos14, 1.0), (.nacos25, 3.0)] {
            var driver = Driver(profile)
            #expect(driver.register() == .ok)
            let update = "/nacos/v1/ns/instance?\(Driver.svc)&\(Driver.address)&weight=3&enabled=false"
            #expect(driver.send(.put, update) == .ok)
            #expect(driver.instance?.weight == 3 && driver.instance?.isEnabled == false)
            #expect(driver.register() == .ok)
            #expect(driver.instance?.weight == weight)
            #expect(driver.deregister() == .ok)
            driver.advance(to: 61)
            #expect(driver.register() == .ok)
            #expect(driver.instance?.weight == 1)
        }
    }

    @Test func clustersAreTheirOwnInstancesOn14() {
        for (profile, count) in [(NamingProfile.nacos14, 2), (.nacos25, 1)] {
            var driver = Driver(profile)
            #expect(driver.register() == .ok)
            #expect(driver.register("\(Driver.address)&clusterName=B") == .ok)
            #expect(driver.server.instanceCount == count)
            #expect(driver.light("\(Driver.address)&clusterName=B") == .known)
            #expect(driver.light("\(Driver.address)&clusterName=C") == (count == 1 ? .known : .unknown(profile)))
        }
    }

    /// What the fast path answers, the handlers answer as well: forms that only differ in how they are written.
    @Test(arguments: profiles) func allFormsOfALightBeat(profile: NamingProfile) {
        let address = "ip=10.0.0.1&port=8080"
        for query in [
            "namespaceId=public&serviceName=DEFAULT_GROUP@@svc&clusterName=DEFAULT&\(address)",
            "namespaceId=public&serviceName=DEFAULT_GROUP%40%40svc&clusterName=DEFAULT&\(address)",
            "namespaceId=&serviceName=DEFAULT_GROUP%40%40svc&clusterName=&\(address)",
            "serviceName=svc&groupName=DEFAULT_GROUP&\(address)", "serviceName=svc&\(address)",
            "serviceName=DEFAULT_GROUP%40%40svc&groupName=other&\(address)",
            "serviceName=%44EFAULT_GROUP%40%40svc&app=unknown&\(address)&",
            "serviceName=+DEFAULT_GROUP%40%40svc+&ip=%2010.0.0.1&port=08080",
            "&&serviceName=DEFAULT_GROUP%40%40svc&\(address)&accessToken=a.b-c&flag",
            "serviceName=DEFAULT_GROUP%40%40svc&cluster=DEFAULT&\(address)", "service%4eame=svc&\(address)",
        ] {
            var driver = Driver(profile)
            #expect(driver.register() == .ok)
            driver.advance(to: 4)
            #expect(driver.send(.put, "/nacos/v1/ns/instance/beat?\(query)") == .known, "\(query)")
            #expect(driver.instance?.lastBeat == 4_000_000_000, "\(query)")
            #expect(driver.server.counters.beats == 1)
        }
    }

    @Test(arguments: profiles) func lightBeatsOfOthers(profile: NamingProfile) {
        var driver = Driver(profile)
        #expect(driver.register() == .ok)
        for query in [
            "namespaceId=other&\(Driver.svc)&ip=10.0.0.1&port=8080", "\(Driver.svc)&ip=10.0.0.1&port=8081",
            "serviceName=g%40%40svc&ip=10.0.0.1&port=8080", "\(Driver.svc)&ip=10.0.0.11&port=8080",
        ] {
            #expect(driver.send(.put, "/nacos/v1/ns/instance/beat?\(query)") == .unknown(profile), "\(query)")
        }
        let raw = driver.send(.put, "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)&beat={}")
        #expect(raw.status == 400 && raw.closes && raw.text.hasPrefix("<!doctype html>"))
        let noHost = driver.send(
            .put, "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)", fields: HTTPFields())
        #expect(noHost.status == 400)
    }

    /// nacos.md §4.4
    @Test func persistentInstancesAndBeats() {
        let beat = #"{"ip":"10.0.0.1","port":8080,"serviceName":"DEFAULT_GROUP@@svc","ephemeral":false}"#
        var old = Driver(.nacos14)
        #expect(old.full(beat) == .known)
        var new = Driver(.nacos25)
        #expect(new.full(beat).status == 500)
        for driver in [old, new] { #expect(driver.instance?.isEphemeral == false) }
        #expect(
            new.register()
                == Answer(
                    400,
                    "errCode: 400, errMsg: Current service DEFAULT_GROUP@@svc is persistent service, "
                        + "can't register ephemeral instance. ", closes: true))
    }

    @Test func listsForJavaClientsHaveGroupedNames() {
        var driver = Driver(.nacos14)
        #expect(driver.register() == .ok)
        let list = driver.send(
            .get, "/nacos/v1/ns/instance/list?\(Driver.svc)",
            fields: ["Host": "a", "User-Agent": "Nacos-Java-Client:v1.4.2"])
        #expect(list.text.contains(#""dom":"DEFAULT_GROUP@@svc""#))
        #expect(driver.list().text.contains(#""dom":"svc""#))
    }

    @Test func listFilters() {
        var driver = Driver(.nacos25)
        #expect(driver.register() == .ok)
        #expect(driver.register("ip=10.0.0.2&port=80&clusterName=B&healthy=false") == .ok)
        let list = { (driver: inout Driver, query: String) in
            let text = driver.send(.get, "/nacos/v1/ns/instance/list?\(Driver.svc)&\(query)").text
            return ["10.0.0.1", "10.0.0.2"].filter { text.contains("\"\($0)\"") }
        }
        #expect(list(&driver, "clusters=A") == [])
        #expect(list(&driver, "clusters=A,B") == ["10.0.0.2"])
        #expect(list(&driver, "healthyOnly=true") == ["10.0.0.1"])
        #expect(list(&driver, "healthyOnly=false") == ["10.0.0.1", "10.0.0.2"])
    }

    @Test func emptyServicesEndOn25() {
        for (profile, isThere) in [(NamingProfile.nacos14, true), (.nacos25, false)] {
            var driver = Driver(profile)
            #expect(driver.register() == .ok)
            #expect(driver.deregister() == .ok)
            driver.advance(to: 60)
            #expect(driver.send(.get, "/__state").text.contains("DEFAULT_GROUP@@svc"))
            driver.advance(to: 65)
            #expect(driver.send(.get, "/__state").text.contains("DEFAULT_GROUP@@svc") == isThere)
        }
    }

    @Test func stateForPeople() {
        var driver = Driver(.nacos25)
        #expect(driver.register("\(Driver.address)&metadata=a%3Db") == .ok)
        driver.advance(to: 2.5)
        #expect(
            driver.send(.get, "/__state").text
                == #"{"profile":"2.5","status":"UP","counters":{"requests":2,"beats":0,"unknownBeats":0,"registers":1,"#
                + #""deregisters":0,"reads":0,"logins":0,"refusedLogins":0,"forbidden":0,"errors":0},"serviceCount":1,"instanceCount":1,"services":["#
                + #"{"namespace":"public","service":"DEFAULT_GROUP@@svc","ephemeral":true,"poisoned":false,"#
                + #""instances":[{"ip":"10.0.0.1","port":8080,"cluster":"DEFAULT","weight":1.0,"enabled":true,"#
                + #""healthy":true,"ephemeral":true,"lastBeatAgoMillis":2500,"metadata":{"a":"b"}}]}]}"#)
    }

    @Test func datesOfTheWire() {
        var server = NamingServer(profile: .nacos25, at: 0)
        let request = HTTPRequest(.get, HTTPTarget(path: "/nacos/x"), fields: ["Host": "a"])
        // 2024-02-29, a leap day, and the last millisecond of a century that had none.
        for (wall, text) in [
            (1_709_164_800_000, "2024-02-29T00:00:00.000+00:00"), (4_107_542_399_999, "2100-02-28T23:59:59.999+00:00"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000+00:00"), (0, "1970-01-01T00:00:00.000+00:00"),
        ] {
            let answer = Answer(server.handle(request, at: 0, wall: Int64(wall)))
            #expect(answer.text.hasPrefix("{\"timestamp\":\"\(text)\""))
        }
    }
}
