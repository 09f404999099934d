import HTTPWire
import NamingStandIn
import Testing

/// Tokens: where they may stand, how they end (nacos.md §5). What the answers look like, the traces show.
@Suite struct LoginTests {
    private func driver(_ profile: NamingProfile, life: Int64? = nil) -> Driver {
        var driver = Driver(profile)
        driver.server.authentication = Authentication(users: ["nacos": "secret"], tokenLife: life)
        return driver
    }

    private func login(_ driver: inout Driver, password: String = "secret") -> Answer {
        let path = driver.server.profile == .nacos32 ? "/nacos/v3/auth/user/login" : "/nacos/v1/auth/users/login"
        return driver.send(.post, path + "?username=nacos", body: "password=\(password)")
    }

    private func token(_ answer: Answer) throws -> String {
        try String(#require(answer.text.split(separator: "\"").dropFirst(3).first))
    }

    private func beat(_ driver: inout Driver, _ more: String = "", fields: HTTPFields = HTTPFields()) -> Int {
        var all: HTTPFields = ["Host": "a"]
        for field in fields { all.append(field.name, field.value) }
        return driver.send(
            .put, "/nacos/v1/ns/instance/beat?\(Driver.svc)&\(Driver.address)\(more)", fields: all
        ).status
    }

    @Test(
        "vectors 28, 78: where a token may stand",
        arguments: [NamingProfile.nacos12, .nacos14, .nacos25, .nacos30, .rnacos])
    func vectors28And78_whereATokenMayStand(profile: NamingProfile) throws {
        var driver = driver(profile)
        #expect(beat(&driver) == 403)
        #expect(driver.register().closes == false, "a 403 leaves the connection open")
        let token = try token(login(&driver))
        #expect(beat(&driver, fields: ["Authorization": "Bearer \(token)"]) == 200)
        #expect(beat(&driver, "&accessToken=\(token)") == 200)
        let takesField = profile != .nacos14 && profile != .nacos12
        #expect(beat(&driver, fields: ["accessToken": token]) == (takesField ? 200 : 403))
        #expect(beat(&driver, fields: ["Authorization": "Bearer x"]) == 403)
        #expect(beat(&driver, "&username=nacos&password=secret") == (profile == .rnacos ? 403 : 200))
        #expect(driver.server.counters.logins == 1)
        driver.server.authentication.forgetTokens()
        #expect(beat(&driver, fields: ["Authorization": "Bearer \(token)"]) == 403)
    }

    @Test("vector 27: tokens end", arguments: [NamingProfile.nacos14, .nacos25, .nacos30, .nacos32, .rnacos])
    func vector27_tokensEnd(profile: NamingProfile) throws {
        var driver = driver(profile, life: 100)
        let answer = login(&driver)
        #expect(answer.text.contains("\"tokenTtl\":100"))
        let token = try token(answer)
        let list = { (driver: inout Driver) in
            let path =
                profile == .nacos32
                ? "/nacos/v3/client/ns/instance/list?serviceName=a" : "/nacos/v1/ns/instance/list?\(Driver.svc)"
            return driver.send(.get, path, fields: ["Host": "a", "Authorization": "Bearer \(token)"])
        }
        driver.advance(to: 99)
        #expect(list(&driver).status == 200)
        driver.advance(to: 100)
        let ended = list(&driver)
        #expect(ended.status == 403)
        #expect(ended.text.contains(profile == .rnacos ? "unknown user!" : "token expired!"))
    }

    @Test("vectors 29, 81: refused logins")
    func vectors29And81_refusedLogins() {
        for (profile, status) in [
            (NamingProfile.nacos14, 403), (.nacos25, 403), (.nacos30, 500), (.nacos32, 500), (.rnacos, 403),
        ] {
            var driver = driver(profile)
            #expect(login(&driver, password: "wrong").status == status, "\(profile)")
            #expect(driver.server.counters.refusedLogins == 1 && driver.server.counters.logins == 0)
        }
    }

    @Test("vectors 83, 98: r-nacos guards every path")
    func vectors83And98_rnacosGuardsEveryPath() throws {
        var driver = driver(.rnacos)
        for path in ["/nacos/v3/admin/core/state", "/nacos/v1/ns/operator/metrics", "/nosuch"] {
            let answer = driver.send(.get, path)
            #expect(answer.status == 403 && answer.text.contains("\"message\":\"unknown user!\""))
        }
        #expect(driver.send(.get, "/__state").status == 200, "people may look on")
        #expect(driver.send(.post, "/nacos/v3/auth/user/login?username=nacos&password=secret").status == 200)
        var open = Driver(.rnacos)
        #expect(login(&open).text.hasPrefix("{\"accessToken\":\"AUTH_DISABLED\""))
    }

    @Test(arguments: [NamingProfile.nacos14, .nacos25, .nacos30]) func probesAskForNoLogin(profile: NamingProfile) {
        var driver = driver(profile)
        let probes = ["/nacos/v3/admin/core/state", "/nacos/v1/console/server/state", "/nacos/v1/ns/operator/metrics"]
        let statuses = probes.map { driver.send(.get, $0).status }
        #expect(statuses == (profile == .nacos30 ? [200, 404, 200] : [404, 200, 200]))
        #expect(driver.list().status == 403)
        #expect(driver.server.counters.forbidden == 1)
    }

    /// `auth_enabled` of 3.x is about administrators.
    @Test func administratorsOf3NeedATokenAlways() {
        var driver = Driver(.nacos30)
        #expect(driver.send(.get, "/nacos/v3/admin/ns/client/distro?ip=10.0.0.1&port=8080").status == 403)
        #expect(driver.send(.get, "/nacos/v3/client/ns/instance/list?serviceName=a").status == 200)
    }
}
