import BeatCore
import EventLoop
import HTTPWire
import JSON
import NamingStandIn
import Testing

@testable import Daemon

@Suite("The main job, on real sockets")
struct MainJobTests {
    @Test("register: exactly one POST, the first beat at once and full, then one each period, light")
    func registerAndBeat() throws {
        let harness = try Harness(requestLog: 100)
        defer { harness.close() }
        try harness.register(port: 8080, ",\"period\":\"500ms\"")
        try harness.until("five beats") { harness.naming.requestLog.entries(of: .beat).count >= 5 }
        let registers = harness.naming.requestLog.entries(of: .register)
        let beats = harness.naming.requestLog.entries(of: .beat)
        #expect(registers.count == 1)
        #expect(registers.first?.method == .post)
        #expect(registers.first?.path == "/nacos/v1/ns/instance")
        #expect(beats.map { $0.body.isEmpty } == [false, true, true, true, true])
        let times = beats.map(\.arrival)
        #expect(times[0] - registers[0].arrival < 50_000_000)
        #expect(times[1] - times[0] <= 520_000_000)
        for (before, after) in zip(times.dropFirst(), times.dropFirst(2)) {
            #expect(abs(after - before - 500_000_000) < 100_000_000)
        }
    }

    @Test("metadata with + % & = quotes, newline and emoji arrives byte-exact")
    func metadata() throws {
        let harness = try Harness()
        defer { harness.close() }
        try harness.register(port: 8080, #","metadata":{"odd":"+%&=\"\n😀 é","b":"a b"}"#)
        try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
        let instance = try #require(harness.naming.server.instances.first)
        let metadata = Dictionary(uniqueKeysWithValues: instance.metadata.map { ($0.key, $0.value ?? "") })
        #expect(metadata == ["odd": "+%&=\"\n😀 é", "b": "a b"])
    }

    @Test("DELETE: 204 when Nacos has confirmed, and the instance is gone")
    func delete() throws {
        let harness = try Harness()
        defer { harness.close() }
        let id = try harness.register()
        try harness.until("the instance") { harness.naming.server.instanceCount == 1 }
        #expect(try harness.send(.delete, "/v1/beats/\(id)").status == 204)
        #expect(harness.naming.server.instanceCount == 0)
        #expect(try harness.send(.get, "/v1/beats/\(id)").status == 404)
        #expect(try harness.send(.get, "/v1/metrics/dom2BeatSize", fields: ["Accept": "text/plain"]).text == "0\n")
    }
}
