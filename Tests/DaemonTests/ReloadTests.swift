import BeatCore
import HTTPWire
import JSON
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// `POST /v1/reload`: what SIGHUP does, with an answer.
    @Suite struct ReloadTests {
        /// Configuration files in memory.
        private final class Files {
            var all: [String: String] = ["/c.json": "{}"]

            func read() throws(SettingsRefusal) -> BeatdInvocation {
                try BeatdInvocation.parse(
                    arguments: ["serve", "--config", "/c.json", "--config-dir", "/beats"], environment: [:],
                    readFile: { path in self.all[path].map { .success(Array($0.utf8)) } ?? .failure(.notFound) },
                    listFolder: { folder in
                        .success(
                            self.all.keys.filter { $0.hasPrefix(folder + "/") }
                                .map { String($0.dropFirst(folder.count + 1)) }.sorted())
                    })
            }
        }

        private func orders(_ port: Int, _ more: String = "") -> String {
            "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port)\(more)}"
        }

        private func harness(_ files: Files, _ configure: (inout Daemon.Configuration) -> Void = { _ in }) throws
            -> Harness
        {
            guard case .serve(let loaded) = try files.read() else { preconditionFailure("not serve") }
            let harness = try Harness {
                $0.settings = loaded.reported
                configure(&$0)
            }
            harness.daemon.readSettings = files.read
            return harness
        }

        private func reload(_ harness: Harness) throws -> (status: Int, body: String) {
            let response = try harness.send(.post, "/v1/reload")
            return (response.status, String(decoding: response.body, as: UTF8.self))
        }

        private func counts(_ response: HTTPResponse) throws -> [Int64?] {
            try ["created", "updated", "unchanged", "removed", "refused"].map { try response.member($0)?.integer }
        }

        private func ports(_ harness: Harness) -> [UInt16] {
            harness.daemon.core.keys(from: .file).map(\.port).sorted()
        }

        @Test("only differences are applied, and the answer tells them")
        func differences() throws {
            let files = Files()
            let harness = try harness(files)
            defer { harness.close() }
            files.all["/c.json"] = "{\"beats\":[\(orders(1)),\(orders(2))]}"
            files.all["/beats/a.json"] = orders(3)
            let first = try harness.send(.post, "/v1/reload")
            #expect(first.status == 200)
            #expect(try counts(first) == [3, 0, 0, 0, 0])
            #expect(try first.member("needsRestart") == .array([]))
            try harness.until("registered") { harness.daemon.core.count(of: .beating) == 3 }
            let rev = harness.daemon.core.rev

            #expect(try counts(harness.send(.post, "/v1/reload")) == [0, 0, 3, 0, 0])
            #expect(harness.daemon.core.rev == rev)

            files.all["/c.json"] = "{\"beats\":[\(orders(2, ",\"weight\":3"))]}"
            files.all["/beats/a.json"] = "[\(orders(3)),\(orders(4))]"
            let second = try harness.send(.post, "/v1/reload")
            #expect(try counts(second) == [1, 1, 1, 1, 0])
            let id = InstanceKey(serviceName: "orders", ip: "10.0.0.7", port: 1).id
            #expect(try second.member("changes.0.id")?.string == id)
            #expect(try second.member("changes.0.result")?.string == "removed")
            #expect(ports(harness) == [2, 3, 4])
            #expect(harness.daemon.core.counters.reregistrations[.change] == 1)
        }

        @Test("what is wrong changes nothing and is named; a broken file of the folder stays as it was, alone")
        func wrong() throws {
            let files = Files()
            let harness = try harness(files)
            defer { harness.close() }
            files.all["/c.json"] = "{\"beats\":[\(orders(1))]}"
            files.all["/beats/a.json"] = orders(2)
            #expect(try reload(harness).status == 200)

            files.all["/c.json"] = "{\"beats\":[\(orders(70_000))],\"log-levle\":\"info\"}"
            let refused = try harness.send(.post, "/v1/reload")
            #expect(refused.status == 422)
            #expect(try refused.string("type") == "/problems/validation")
            #expect(try refused.string("detail") == "the configuration is not valid, everything stays as it was")
            let text = String(decoding: refused.body, as: UTF8.self)
            #expect(
                text.contains("\"place\":\"\\\"beats\\\"/0/port in /c.json\"") && text.contains("log-level"), "\(text)")
            #expect(ports(harness) == [1, 2] && !harness.daemon.isLastReloadGood)

            files.all["/c.json"] = "{\"beats\":[\(orders(5))]}"
            files.all["/beats/a.json"] = "{"
            let partly = try reload(harness)
            #expect(partly.status == 422)
            #expect(partly.body.contains("1 created, 0 updated, 1 removed, 0 refused"), "\(partly.body)")
            #expect(partly.body.contains("\"place\":\"/beats/a.json\""), "\(partly.body)")
            #expect(ports(harness) == [2, 5] && !harness.daemon.isLastReloadGood)

            files.all["/beats/a.json"] = nil
            #expect(try reload(harness).status == 200)
            #expect(ports(harness) == [5] && harness.daemon.isLastReloadGood)
        }

        @Test("other settings are named, because they need a restart")
        func settings() throws {
            let files = Files()
            let harness = try harness(files)
            defer { harness.close() }
            files.all["/c.json"] = "{\"pipeline-depth\":4,\"log-level\":\"info\"}"
            let response = try harness.send(.post, "/v1/reload")
            #expect(try response.member("needsRestart") == .array([.string("pipeline-depth")]))
        }

        @Test("beyond --max-registrations they are refused, and the answer says how many")
        func tooMany() throws {
            let files = Files()
            let harness = try harness(files) { $0.maxRegistrations = 2 }
            defer { harness.close() }
            files.all["/c.json"] = "{\"beats\":[\(orders(1)),\(orders(2)),\(orders(3))]}"
            #expect(try counts(harness.send(.post, "/v1/reload")) == [2, 0, 0, 0, 1])
            #expect(!harness.daemon.isLastReloadGood)
        }

        @Test("refused while nothing can be stored, and answered when it is durable otherwise")
        func storage() throws {
            try withTemporaryDirectory { folder in
                let files = Files()
                let harness = try harness(files) { $0.stores = true }
                defer { harness.close() }
                try harness.daemon.restore(StorageStart.open("\(folder)/data"))
                files.all["/c.json"] = "{\"beats\":[\(orders(1))]}"
                harness.daemon.handle(.storeFailed(detail: "a test"))
                #expect(try reload(harness).status == 503)
                #expect(ports(harness).isEmpty)
                harness.daemon.handle(.storageReopened(isEmpty: false))
                #expect(try reload(harness).status == 200)
                #expect(ports(harness) == [1])
            }
        }

        @Test("beatd run reads nothing again")
        func without() throws {
            let harness = try Harness()
            defer { harness.close() }
            #expect(try reload(harness).status == 422)
        }
    }
}
