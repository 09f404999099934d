import BeatCore
import ControlAPI
import EventLoop
import HTTPWire
import JSON
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// `ip: auto`: chosen, watched, and registered again when it changes.
    @Suite struct AddressWatchTests {
        /// What rules come to, as the test says.
        private final class Host: Sendable {
            let choices = Locked<[String: AddressChoice]>([:])

            func set(_ rule: String, _ choice: AddressChoice) { choices.withLock { $0[rule] = choice } }
        }

        private func harness(_ host: Host, _ configure: (inout Daemon.Configuration) -> Void = { _ in }) throws
            -> Harness
        {
            try Harness {
                $0.chooseAddress = { rule in host.choices.withLock { $0[rule] ?? .none } }
                $0.addressWatch = .milliseconds(50)
                configure(&$0)
            }
        }

        private func post(_ harness: Harness, _ ip: String, port: Int = 1, _ more: String = "") throws -> HTTPResponse {
            try harness.send(
                .post, "/v1/beats",
                json: "{\"serviceName\":\"orders\",\"ip\":\"\(ip)\",\"port\":\(port)\(more)}")
        }

        private func addresses(_ harness: Harness) -> [String] {
            harness.naming.server.instances.map(\.ip).compactMap { $0 }.sorted()
        }

        @Test("posted: the address is chosen, told with its rule, and changes with the host's")
        func posted() throws {
            let host = Host()
            host.set("auto:eth0", .address("10.0.0.7"))
            let harness = try harness(host)
            defer { harness.close() }
            let created = try post(harness, "auto:eth0", ",\"metadata\":{\"zone\":\"a\"}")
            #expect(created.status == 201)
            #expect(try created.string("ip") == "10.0.0.7")
            #expect(try created.string("ipRule") == "auto:eth0")
            let id = try #require(try created.string("id"))
            try harness.until("registered") { addresses(harness) == ["10.0.0.7"] }
            // What was read can be put back, and posting it again changes nothing.
            let read = try harness.send(.get, "/v1/beats/\(id)")
            let back = try harness.send(
                .put, "/v1/beats/\(id)", json: String(decoding: read.body, as: UTF8.self))
            #expect(try back.string("result") == "unchanged")
            #expect(try post(harness, "auto:eth0", ",\"metadata\":{\"zone\":\"a\"}").string("result") == "unchanged")
            #expect(try harness.send(.put, "/v1/beats/\(id)/maintenance", json: "{\"reason\":\"x\"}").status == 200)

            // Down for a moment: nothing is taken away.
            host.set("auto:eth0", .none)
            harness.run(seconds: 0.2)
            #expect(addresses(harness) == ["10.0.0.7"])
            host.set("auto:eth0", .address("10.0.0.8"))
            try harness.until("registered with the new address", polling: true) {
                addresses(harness) == ["10.0.0.8"] && harness.daemon.core.tombstones == 0
            }
            let list = try harness.get("/v1/beats")
            #expect(try list.member("items.0.ip")?.string == "10.0.0.8")
            #expect(try list.member("items.0.metadata.zone")?.string == "a")
            #expect(try list.member("items.0.status.maintenance.reason")?.string == "x")
            #expect(try list.member("dom2BeatSize")?.integer == 1)
        }

        @Test("a chosen id goes along; a fixed address is left alone; a patch keeps the rule, or ends it")
        func ids() throws {
            let host = Host()
            host.set("auto", .address("10.0.0.7"))
            let harness = try harness(host)
            defer { harness.close() }
            let put = try harness.send(
                .put, "/v1/beats/web", json: "{\"serviceName\":\"orders\",\"ip\":\"auto\",\"port\":1}")
            #expect(put.status == 201)
            #expect(try post(harness, "10.0.0.7", port: 2).status == 201)
            let patched = try harness.send(
                .patch, "/v1/beats/web", json: "{\"weight\":2}",
                fields: ["Content-Type": "application/merge-patch+json"])
            #expect(try patched.string("ipRule") == "auto")
            host.set("auto", .address("10.0.0.9"))
            try harness.until("moved", polling: true) { addresses(harness) == ["10.0.0.7", "10.0.0.9"] }
            #expect(try harness.get("/v1/beats/web").member("ip")?.string == "10.0.0.9")
            #expect(try harness.get("/v1/beats/web").member("weight")?.integer == nil)
            let fixed = try harness.send(
                .patch, "/v1/beats/web", json: "{\"ipRule\":null}",
                fields: ["Content-Type": "application/merge-patch+json"])
            #expect(fixed.status == 200 && !harness.daemon.core.hasIPRules)
            host.set("auto", .address("10.0.0.10"))
            harness.run(seconds: 0.2)
            #expect(addresses(harness) == ["10.0.0.7", "10.0.0.9"])
        }

        @Test("many are moved, and who was posted with the new address already stays alone")
        func many() throws {
            let host = Host()
            host.set("auto", .address("10.0.0.7"))
            let harness = try harness(host)
            defer { harness.close() }
            for port in 1...300 { #expect(try post(harness, "auto", port: port).status == 201) }
            // By another rule, for a look at the addresses may come before the POST.
            host.set("auto:eth0", .address("10.0.0.8"))
            #expect(try post(harness, "auto:eth0", port: 1).status == 201)
            host.set("auto", .address("10.0.0.8"))
            try harness.until("all moved", within: 30, polling: true) {
                harness.daemon.core.dom2BeatSize == 300 && harness.daemon.core.tombstones == 0
                    && addresses(harness) == Array(repeating: "10.0.0.8", count: 300)
            }
        }

        @Test("declared: moved with its file, and over a restart with another address")
        func declared() throws {
            try withTemporaryDirectory { folder in
                let host = Host()
                host.set("auto:lo", .address("10.0.0.8"))
                var beats = DeclaredBeats()
                beats.add(
                    .array([
                        .object(["serviceName": .string("orders"), "ip": .string("auto:lo"), "port": .integer(1)])
                    ]), ofConfiguration: "/c.json")
                // The loopback interface has this address everywhere.
                #expect(beats.files.first?.documents?.map(\.key.ip) == ["127.0.0.1"])
                #expect(beats.files.first?.documents?.map(\.ipRule) == ["auto:lo"])
                let first = try harness(host) { $0.stores = true }
                try first.daemon.restore(StorageStart.open("\(folder)/data"))
                first.daemon.declare(beats)
                try first.until("moved", polling: true) { addresses(first) == ["10.0.0.8"] }
                let moved = InstanceKey(serviceName: "orders", ip: "10.0.0.8", port: 1)
                #expect(first.daemon.declared.declared == [moved: "/c.json"])
                // Answered when everything before it is durable too.
                try first.register(port: 9)
                first.close()

                host.set("auto:lo", .address("10.0.0.9"))
                let second = try harness(host) { $0.stores = true }
                defer { second.close() }
                try second.daemon.restore(StorageStart.open("\(folder)/data"))
                try second.until("moved", polling: true) { addresses(second) == ["10.0.0.7", "10.0.0.9"] }
                #expect(second.daemon.core.keys(from: .file).map(\.ip) == ["10.0.0.9"])
            }
        }

        @Test("a rule that is none, and one that fits nothing, are refused")
        func refused() throws {
            let harness = try Harness()
            defer { harness.close() }
            let wrong = try post(harness, "auto:10.0.0.0/33")
            #expect(wrong.status == 422)
            #expect(String(decoding: wrong.body, as: UTF8.self).contains("must name a network such as auto:10.0.0.0/8"))
            #expect(try post(harness, "auto:203.0.113.7/32").status == 422)
            #expect(try post(harness, "auto:127.0.0.0/8").string("ip") == "127.0.0.1")
        }
    }
}
