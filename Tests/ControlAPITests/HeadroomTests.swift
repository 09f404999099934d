import BeatCore
import HTTPWire
import JSON
import Testing

@testable import ControlAPI

/// How many more registrations there is room for, and what bounds them.
@Suite struct HeadroomTests {
    /// 100 registrations at 5 s, which a server answers after so many milliseconds.
    private func api(latency: Int64) throws -> InProcessAPI {
        let api = InProcessAPI(maxRegistrations: 500_000)
        for number in 1...100 { _ = try api.post(orders(number)) }
        api.run(.seconds(30))
        api.delayMilliseconds = latency
        for _ in 0..<14 { api.run(.seconds(5)) }
        api.shell.nacos.connectionsMax = 128
        return api
    }

    private func headroom(_ api: InProcessAPI) throws -> JSONValue {
        try #require(try api.get("/v1/status").member("headroom"))
    }

    @Test func theProcessIsTheLimit() throws {
        let api = try api(latency: 1)
        // 50 µs a beat: 14 000 of 20 000 beats a second are planned with, 20 are sent.
        api.shell.load = LoadMetrics(window: .seconds(60), cpuSeconds: 0.06, beats: 1200)
        let headroom = try headroom(api)
        #expect(headroom.at("beatsPerSecond") == .number(20))
        #expect(headroom.at("beatCostSeconds") == .number(0.00005))
        #expect(headroom.at("cpuShare") == .number(0.001))
        #expect(headroom.at("process") == .integer(69_900))
        #expect(headroom.at("registrations") == .integer(69_900))
        #expect(headroom.at("limit") == .string("process"))
        #expect(headroom.at("setting") == .integer(499_900))
        let servers = try #require(headroom.at("servers")?.integer)
        // Two servers, 128 connections each, a beat takes 1 ms: 179 200 beats a second.
        #expect(abs(servers - 895_900) < 9000, "\(servers)")
    }

    @Test func slowServersAreTheLimit() throws {
        let api = try api(latency: 2000)
        api.shell.load = LoadMetrics(window: .seconds(60), cpuSeconds: 0.06, beats: 1200)
        let headroom = try headroom(api)
        // Two servers, 128 connections each, 2 s: 89.6 beats a second, 20 are sent.
        let servers = try #require(headroom.at("servers")?.integer)
        #expect(abs(servers - 348) < 10, "\(servers)")
        #expect(headroom.at("limit") == .string("servers"))
        #expect(headroom.at("registrations") == .integer(servers))
    }

    @Test func theSettingIsTheLimit() throws {
        let api = try api(latency: 0)
        api.shell.load = LoadMetrics(window: .seconds(60), cpuSeconds: 0.0012, beats: 1200)
        let headroom = try headroom(api)
        #expect(headroom.at("limit") == .string("setting"))
        #expect(headroom.at("registrations") == .integer(499_900))
    }

    @Test func whatWasNotMeasuredIsNotEstimated() throws {
        let api = InProcessAPI()
        for load in [nil, LoadMetrics(window: .zero, cpuSeconds: 1, beats: 1)] {
            api.shell.load = load
            let headroom = try headroom(api)
            for name in ["registrations", "limit", "process", "servers", "beatCostSeconds", "cpuShare"] {
                #expect(headroom.at(name) == .null, "\(name)")
            }
            #expect(headroom.at("beatsPerSecond") == .number(0))
        }
        api.shell.load = LoadMetrics(window: .seconds(10), cpuSeconds: 1, beats: 0)
        #expect(try headroom(api).at("cpuShare") == .number(0.1))
        #expect(try headroom(api).at("process") == .null)
    }

    @Test func overloadLeavesNoRoom() throws {
        let api = try api(latency: 1)
        api.shell.load = LoadMetrics(window: .seconds(60), cpuSeconds: 54, beats: 1080)
        #expect(try headroom(api).at("process") == .integer(0))
        #expect(try headroom(api).at("registrations") == .integer(0))
    }

    @Test func levelsAreSetForAWhile() throws {
        let api = InProcessAPI()
        func put(_ json: String) throws -> HTTPResponse {
            try api.send(
                .put, "/v1/log-level", ["Content-Type": "application/json"], body: Array(json.utf8))
        }
        #expect(
            try put("{\"level\":\"debug\",\"for\":\"5m\"}").text
                == "{\"level\":\"debug\",\"until\":\"2026-08-22T09:10:03.000Z\"}\n")
        #expect(try put("{\"level\":\"warn\"}").text == "{\"level\":\"warn\",\"until\":null}\n")
        #expect(
            api.commands == [
                .setLogLevel(.debug, until: InProcessAPI.start + .seconds(300)), .setLogLevel(.warn, until: nil),
            ])
        for (json, mention) in [
            ("{}", "is required"), ("{\"level\":\"inf\"}", "did you mean info?"),
            ("{\"level\":1}", "must be one of"),
            ("{\"level\":\"info\",\"for\":\"5\"}", "/for"), ("{\"level\":\"info\",\"for\":\"25h\"}", "/for"),
            ("{\"level\":\"info\",\"for\":\"500ms\"}", "/for"),
            ("{\"level\":\"info\",\"fro\":\"5m\"}", "did you mean for?"),
            ("[]", "must be an object"),
        ] {
            try expectProblem(try put(json), 422, "validation", mention)
        }
        try expectProblem(try put("{"), 400, "malformed-json")
        try expectProblem(try api.send(.put, "/v1/log-level", body: [0x7b, 0x7d]), 415, "unsupported-media-type")
        try expectProblem(try api.get("/v1/log-level"), 405, "method-not-allowed")
        #expect(api.commands.count == 2)
    }
}
