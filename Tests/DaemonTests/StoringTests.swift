import BeatCore
import EventLoop
import Glibc
import HTTPWire
import JSON
import NamingStandIn
import Storage
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// A daemon that stores, restarted on the same folder.
    @Suite struct StoringTests {
        /// A daemon on a data folder.
        private func harness(_ folder: String) throws -> Harness {
            let harness = try Harness { $0.stores = true }
            try harness.daemon.restore(StorageStart.open("\(folder)/data"))
            return harness
        }

        private func readiness(_ harness: Harness) throws -> String {
            let response = try harness.send(.get, "/readyz")
            return "\(response.status) \(String(decoding: response.body, as: UTF8.self))"
        }

        private func stored(_ folder: String) throws -> [StoredRegistration] {
            var found: [StoredRegistration] = []
            try StorageStart.open("\(folder)/data").store.load(zero: 0) { found += $0 }
            return found
        }

        @Test func whatWasAnsweredIsThereAfterARestart() throws {
            try withTemporaryDirectory { folder in
                let first = try harness(folder)
                let id = try first.register(port: 1, ",\"metadata\":{\"zone\":\"a\"},\"weight\":0.5")
                try first.register(port: 2)
                #expect(try first.send(.delete, "/v1/beats?serviceName=orders&ip=10.0.0.7&port=2").status == 204)
                let before = try first.send(.get, "/v1/beats/\(id)")
                first.close()

                let second = try harness(folder)
                defer { second.close() }
                let after = try second.send(.get, "/v1/beats/\(id)")
                for member in ["createdAt", "updatedAt", "serviceName"] {
                    #expect(try after.string(member) == before.string(member))
                }
                #expect(try after.member("metadata") == before.member("metadata"))
                #expect(try after.member("generation") == before.member("generation"))
                #expect(second.daemon.core.dom2BeatSize == 1)
                #expect(second.daemon.core.rev == 3)
                #expect(try readiness(second) == "200 ok\n")
                // Its naming server is a new one, and says that it does not know the instance.
                try second.until("registered again") { second.daemon.core.counters.reregistrations[.notFound] == 1 }
            }
        }

        @Test func batchesImportsAndChosenIdsAreThereAfterARestart() throws {
            try withTemporaryDirectory { folder in
                let first = try harness(folder)
                #expect(try first.put("web", orders(1)).status == 201)
                let put = "{\"op\":\"put\",\"registration\":\(orders(2, "\"id\":\"two\""))}"
                #expect(try first.batch(put, "?atomic=true").member("results.0.status")?.integer == 201)
                let items = (10..<240).map { orders($0) }.joined(separator: ",")
                #expect(try first.post("{\"items\":[\(items)]}", "/v1/import").member("created")?.integer == 230)
                #expect(first.daemon.bulks.isEmpty)
                first.close()

                let second = try harness(folder)
                defer { second.close() }
                #expect(second.daemon.core.dom2BeatSize == 232)
                #expect(try second.get("/v1/beats/web").member("ip")?.string == "10.0.0.1")
                #expect(try second.get("/v1/beats/two").member("ip")?.string == "10.0.0.2")
                #expect(try second.put("web", orders(1)).member("result")?.string == "unchanged")
            }
        }

        @Test func theEndLeavesNothingBehindButWhatIsToStay() throws {
            try withTemporaryDirectory { folder in
                let harness = try harness(folder)
                try harness.register(port: 1)
                try harness.register(port: 2, ",\"deregisterOnExit\":false")
                try harness.until("registered") { harness.daemon.core.count(of: .beating) == 2 }
                harness.daemon.stop()
                try harness.until("ended") { harness.daemon.exitStatus == 0 }
                harness.close()
                #expect(try stored(folder).map(\.document.key.port) == [2])
            }
        }

        @Test func leftoversAreTombstones() throws {
            try withTemporaryDirectory { folder in
                let harness = try Harness {
                    $0.stores = true
                    $0.shutdownTimeout = .milliseconds(200)
                }
                try harness.daemon.restore(StorageStart.open("\(folder)/data"))
                try harness.register(port: 1)
                try harness.until("registered") { harness.daemon.core.count(of: .beating) == 1 }
                harness.naming.close()
                harness.daemon.stop()
                try harness.until("ended") { harness.daemon.exitStatus == 0 }
                harness.close()
                #expect(try stored(folder).map(\.stage) == [.leaving])
            }
        }

        private func declared(_ ports: [Int]) throws -> DeclaredBeats {
            var beats = DeclaredBeats()
            let items = ports.map { port -> JSONValue in
                .object(["serviceName": .string("orders"), "ip": .string("10.0.0.7"), "port": .integer(Int64(port))])
            }
            beats.add(.array(items), ofConfiguration: "/c.json")
            return beats
        }

        @Test("what a file declared goes when the file does, over a restart too")
        func declaredOverARestart() throws {
            try withTemporaryDirectory { folder in
                let first = try harness(folder)
                first.daemon.declare(try declared([5, 6, 7]))
                // Answered when everything before it is durable too.
                try first.register(port: 8)
                first.close()

                let second = try harness(folder)
                defer { second.close() }
                #expect(second.daemon.core.keys(from: .file).map(\.port).sorted() == [5, 6, 7])
                second.daemon.declare(try declared([7]))
                #expect(second.daemon.core.keys(from: .file).map(\.port) == [7])
                #expect(second.daemon.core.keys(from: .api).map(\.port) == [8])
                #expect(second.daemon.isLastReloadGood)
            }
        }

        @Test func nothingIsDeclaredWhileNothingCanBeStored() throws {
            try withTemporaryDirectory { folder in
                let harness = try harness(folder)
                defer { harness.close() }
                harness.daemon.declare(try declared([1]))
                harness.daemon.handle(.storeFailed(detail: "a test"))
                harness.daemon.declare(try declared([2]))
                #expect(harness.daemon.core.keys(from: .file).map(\.port) == [1])
                #expect(!harness.daemon.isLastReloadGood)
                // It was not taken for done either.
                harness.daemon.handle(.storageReopened(isEmpty: false))
                harness.daemon.declare(try declared([2]))
                #expect(harness.daemon.core.keys(from: .file).map(\.port) == [2])
            }
        }

        @Test("maintenance and a fresh ttl are there after a restart; a maintenance that was ended is not")
        func holdsOverARestart() throws {
            try withTemporaryDirectory { folder in
                func view(_ harness: Harness, _ id: String) throws -> HTTPResponse {
                    try harness.get("/v1/beats/\(id)")
                }
                func put(_ harness: Harness, _ path: String, _ json: String? = nil) throws {
                    let status = try harness.send(.put, path, json: json).status
                    #expect([200, 204].contains(status), "\(path): \(status)")
                }
                let first = try harness(folder)
                let held = try first.register(port: 1)
                let ended = try first.register(port: 2)
                let checked = try first.register(port: 3, ",\"checks\":[{\"ttl\":\"10m\"}]")
                try put(first, "/v1/beats/\(held)/maintenance", "{\"reason\":\"upgrade\",\"for\":\"10m\"}")
                try put(first, "/v1/beats/\(ended)/maintenance")
                #expect(try first.send(.delete, "/v1/beats/\(ended)/maintenance").status == 204)
                try put(first, "/v1/beats/\(checked)/alive")
                try put(first, "/v1/maintenance", "{\"mode\":\"stop\",\"reason\":\"all\",\"for\":\"20m\"}")
                let before = try view(first, held)
                first.close()

                let second = try harness(folder)
                let after = try view(second, held)
                #expect(try after.member("status.maintenance") == before.member("status.maintenance"))
                #expect(try after.member("status.maintenance.reason")?.string == "upgrade")
                #expect(try after.member("generation")?.integer == 1)
                #expect(try view(second, ended).member("status.maintenance.reason")?.string == "all")
                #expect(try view(second, checked).member("status.checks.0.verdict")?.string == "passing")
                #expect(try second.send(.delete, "/v1/maintenance").status == 204)
                #expect(try view(second, ended).member("status.maintenance") == .null)
                try second.until("beating") { second.daemon.core.count(of: .beating) == 2 }
                second.close()

                let third = try harness(folder)
                defer { third.close() }
                #expect(third.daemon.core.sidecarMaintenance == nil)
                #expect(third.daemon.core.count(of: .maintenance) == 1)
            }
        }

        @Test("locked by another process: 503 within a second, beats go on, and it recovers by itself")
        func locked() throws {
            try withTemporaryDirectory { folder in
                let harness = try harness(folder)
                defer { harness.close() }
                try harness.register(port: 1)
                let other = try ChildProcess([
                    "python3", "-c",
                    """
                    import sqlite3, sys
                    c = sqlite3.connect("\(folder)/data/beatd.db", isolation_level=None)
                    c.execute("BEGIN EXCLUSIVE")
                    print("locked", flush=True)
                    import signal; signal.pause()
                    """,
                ])
                #expect(try other.waitForOutput("locked"))
                let begin = MonotonicClock.nanoseconds()
                let refused = try harness.send(
                    .post, "/v1/beats", json: "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":2}")
                #expect(refused.status == 503 && MonotonicClock.nanoseconds() - begin < 1_000_000_000)
                #expect(try refused.string("type") == "/problems/storage-unavailable")
                #expect(refused.fields["Retry-After"] == "2")
                let said = try readiness(harness)
                #expect(said.hasPrefix("503 storage: writes are refused, beats go on: locked"), "\(said)")
                let beats = harness.daemon.core.counters.beats[.ok]
                try harness.until("beats go on") { harness.daemon.core.counters.beats[.ok] > beats }
                other.signal(SIGKILL)
                try harness.until("writable again") { !harness.daemon.core.isReadOnly }
                #expect(try readiness(harness) == "200 ok\n")
                try harness.register(port: 3)
            }
        }

        @Test func aCorruptFileIsSetAsideAndSaidLoudly() throws {
            try withTemporaryDirectory { folder in
                let first = try harness(folder)
                for port in 1...100 { try first.register(port: port) }
                first.close()
                let path = "\(folder)/data/beatd.db"
                do { try RegistrationStore(in: DataFolder("\(folder)/data")).checkpoint() }
                var bytes = try readFile(path)
                let last = bytes.count - 4096
                for position in (last + 8)..<bytes.count { bytes[position] ^= 0x5a }
                try writeFile(path, bytes)

                let second = try harness(folder)
                #expect(try readiness(second).hasPrefix("503 storage: the database was corrupt and is set aside as"))
                let left = second.daemon.core.dom2BeatSize
                #expect(left > 0 && left < 100)
                try second.register(port: 1000)
                second.close()
                let names = namesInFolder("\(folder)/data")
                #expect(names.contains { $0.hasPrefix("beatd.db.corrupt-") }, "\(names)")
                #expect(try stored(folder).count == left + 1)
            }
        }

        @Test func secondProcess() throws {
            try withTemporaryDirectory { folder in
                let harness = try harness(folder)
                defer { harness.close() }
                #expect(throws: StorageError.inUse(path: "\(folder)/data", by: " (process \(getpid()))")) {
                    _ = try StorageStart.open("\(folder)/data")
                }
            }
        }
    }
}
