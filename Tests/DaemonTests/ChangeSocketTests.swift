import BeatCore
import EventLoop
import HTTPWire
import JSON
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    @Suite struct ChangeSocketTests {
        @Test("the cases of ControlAPITests over sockets", arguments: ChangeCase.allCases)
        func sharedCase(_ change: ChangeCase) throws {
            let harness = try Harness()
            defer { harness.close() }
            try change.check(harness)
        }

        @Test("a change of weight, metadata or enabled is at Nacos at once; no period is without a beat")
        func changesReachNacos() throws {
            let harness = try Harness(requestLog: 10_000)
            defer { harness.close() }
            let id = try harness.register(port: 8080, ",\"period\":\"500ms\"")
            try harness.until("beats") { harness.daemon.core.counters.beats[.ok] >= 2 }
            for number in 1...20 {
                let patch = "{\"weight\":\(number),\"enabled\":\(number % 2 == 0),\"metadata\":{\"n\":\"\(number)\"}}"
                #expect(try harness.patch(id, patch, "?wait=3s").status == 200)
                let instance = try #require(harness.naming.server.instances.first)
                #expect(instance.weight == Double(number))
                #expect(instance.isEnabled == (number % 2 == 0))
                #expect(instance.metadata.contains { $0.value == "\(number)" })
                harness.run(seconds: 0.1)
            }
            let beats = harness.naming.requestLog.entries(of: .beat).map(\.arrival)
            let gaps = zip(beats.dropFirst(), beats.dropFirst(2)).map { $1 - $0 }
            #expect(beats.count >= 4)
            #expect((gaps.max() ?? 0) < 800_000_000)
            #expect(harness.daemon.core.counters.skipped[.inFlight] == 0)
        }

        @Test("a list that waits is answered by the change, by its time, or by the end")
        func longPoll() throws {
            let harness = try Harness()
            defer { harness.close() }
            let tag = try #require(try harness.get("/v1/beats").fields["ETag"])
            let fields: HTTPFields = ["If-None-Match": tag]
            let short = try harness.send(.get, "/v1/beats?wait=50ms", fields: fields)
            #expect(short.status == 304)
            let waiting = try (0..<3).map { _ in
                let client = try harness.client()
                client.send(.get, "/v1/beats?wait=30s", fields: fields)
                return client
            }
            try harness.until("three wait") { harness.daemon.parked.count == 3 }
            waiting[2].close()
            try harness.register()
            for client in waiting.dropLast() {
                let response = try harness.answer(client, within: 1)
                #expect(response.status == 200)
                #expect(try response.member("items")?.items.count == 1)
            }
            #expect(harness.daemon.parked.isEmpty)
            let last = try harness.client()
            let next = try #require(try harness.get("/v1/beats").fields["ETag"])
            last.send(.get, "/v1/beats?wait=30s", fields: ["If-None-Match": next])
            try harness.until("it waits") { harness.daemon.parked.count == 1 }
            harness.daemon.stop()
            #expect(try harness.answer(last, within: 1).status == 200)
        }

        @Test("exports behind one another on one connection are all whole")
        func pipelinedExports() throws {
            let harness = try Harness()
            defer { harness.close() }
            _ = try harness.register(port: 8081)
            let client = try harness.client()
            let request = "GET /v1/export HTTP/1.1\r\nHost: localhost\r\n\r\n"
            client.write(Array(String(repeating: request, count: 3).utf8))
            for _ in 0..<3 {
                let text = String(decoding: try harness.answer(client).body, as: UTF8.self)
                #expect(text.contains("\"port\":8081") && text.hasSuffix("]}\n"), "\(text)")
            }
            #expect(harness.daemon.exports.isEmpty)
        }

        @Test("an export of many registrations comes as the client takes it; other requests are answered in between")
        func largeExport() throws {
            try withTemporaryDirectory { folder in
                // A unix socket holds 200 KB on its way; TCP may take all of it while nobody reads.
                let harness = try Harness { $0.listeners = [.api(.unix(path: "\(folder)/api.sock"))] }
                defer { harness.close() }
                fill(harness, 5000)
                let slow = try harness.client()
                slow.pauseReading()
                slow.send(.get, "/v1/export")
                try harness.until("the export waits for its client") {
                    harness.daemon.exports.count == 1 && !harness.daemon.hasBulkWork
                }
                #expect(try harness.get("/livez").status == 200)
                slow.resumeReading()
                let response = try harness.answer(slow)
                #expect(try response.member("items")?.items.count == 5000)
                slow.send(.get, "/livez")
                #expect(try harness.answer(slow).status == 200)
                let gone = try harness.client()
                gone.pauseReading()
                gone.send(.get, "/v1/export")
                try harness.until("another waits") { harness.daemon.exports.count == 1 && !harness.daemon.hasBulkWork }
                gone.close()
                try harness.until("it is forgotten") { harness.daemon.exports.isEmpty }
            }
        }

        @Test("an import of 8 MiB comes in through the unix socket, not through TCP; beats and requests go on")
        func largeImport() throws {
            let harness = try Harness { $0.maxRegistrations = 100_000 }
            defer { harness.close() }
            let id = try harness.register(port: 9090, ",\"period\":\"500ms\"")
            let metadata = String(repeating: "m", count: 900)
            let items = (0..<2000).map { number in
                "{\"serviceName\":\"bulk\",\"ip\":\"10.1.\(number / 250).\(number % 250)\",\"port\":1,"
                    + "\"deregisterOnExit\":false,\"metadata\":{\"m\":\"\(metadata)\"}}"
            }
            let body = "{\"items\":[\(items.joined(separator: ","))]}"
            #expect(body.utf8.count > 1 << 20)
            try expectProblem(try harness.post(body, "/v1/import"), 413, "too-large", "\(1 << 20)")
            let importing = try harness.client()
            importing.send(
                HTTPRequest(
                    .post, HTTPTarget(path: "/v1/import"), fields: ["Content-Type": "application/json"],
                    body: Array("{\"items\":[\(items.prefix(900).joined(separator: ","))]}".utf8)))
            try harness.until("the import is being read") { !harness.daemon.bulks.isEmpty }
            #expect(try harness.get("/v1/beats/\(id)").status == 200)
            let response = try harness.answer(importing)
            #expect(try response.member("created")?.integer == 900)
            #expect(harness.daemon.bulks.isEmpty)
            #expect(harness.daemon.core.dom2BeatSize == 901)
        }

        @Test("a client that leaves while its batch is read has changed nothing")
        func leftWhileReading() throws {
            let harness = try Harness()
            defer { harness.close() }
            let operations = (0..<1000).map { "{\"op\":\"put\",\"registration\":\(orders($0 % 250))}" }
            let client = try harness.client()
            client.send(
                .post, "/v1/beats:batch", json: "{\"operations\":[\(operations.joined(separator: ","))]}")
            try harness.until("it is being read") { !harness.daemon.bulks.isEmpty }
            // As its deadline does, or a reset; who only closed its sending side is still answered.
            harness.daemon.bulks[0].arrival.connection.end()
            try harness.until("it is forgotten") { harness.daemon.bulks.isEmpty }
            #expect(harness.daemon.core.rev == 0)
        }

        /// Puts registrations into the core without HTTP.
        private func fill(_ harness: Harness, _ count: Int) {
            for number in 0..<count {
                let key = InstanceKey(
                    serviceName: "s", ip: "10.\(number / 250 / 250).\(number / 250 % 250).\(number % 250)", port: 1)
                harness.daemon.core.handle(
                    .register(
                        RegistrationDocument(key: key, deregisterOnExit: false),
                        RequestToken(.max - UInt64(number)), RegisterOptions()),
                    at: harness.daemon.clocks.now, into: &harness.daemon.effects)
            }
        }
    }
}
