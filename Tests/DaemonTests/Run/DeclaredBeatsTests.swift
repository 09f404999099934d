import BeatCore
import Testing

@testable import Daemon

@Suite struct DeclaredBeatsTests {
    private static func orders(_ port: Int, _ more: String = "") -> String {
        "{\"serviceName\":\"orders\",\"ip\":\"10.0.0.7\",\"port\":\(port)\(more)}"
    }

    /// What `serve` makes of these files.
    private func load(
        _ files: [String: String], command: String = "serve"
    ) throws(SettingsRefusal) -> LoadedSettings {
        let invocation = try BeatdInvocation.parse(
            arguments: [command, "--config", "/c.json", "--config-dir", "/beats"], environment: [:],
            readFile: { path in files[path].map { .success(Array($0.utf8)) } ?? .failure(.notFound) },
            listFolder: { folder in
                .success(
                    files.keys.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
                        .sorted())
            })
        switch invocation {
        case .serve(let loaded), .checkConfig(let loaded): return loaded
        case .run, .naming, .ctl, .health, .doctor, .version, .help, .bench: preconditionFailure("not asked for")
        }
    }

    private func faults(_ files: [String: String], command: String = "serve") -> [String] {
        do throws(SettingsRefusal) {
            _ = try load(files, command: command)
            return []
        } catch {
            return error.faults.map { "\($0.place): \($0.message)" }
        }
    }

    @Test func theFileAndTheFolderTogether() throws {
        let loaded = try load([
            "/c.json": "{\"nacos-namespace\":\"prod\",\"beats\":[\(Self.orders(1))]}",
            "/beats/b.json": "[\(Self.orders(3)),\(Self.orders(4))]", "/beats/a.json": Self.orders(2),
            "/beats/notes.txt": "no JSON", "/beats/.a.json.swp": "no JSON",
        ])
        let documents = loaded.declared.files.flatMap { $0.documents ?? [] }
        #expect(documents.map(\.key.port) == [1, 2, 3, 4])
        #expect(documents.allSatisfy { $0.source == .file && $0.key.namespaceId == "prod" })
        #expect(loaded.declared.files.map(\.path) == ["/c.json", "/beats/a.json", "/beats/b.json"])
    }

    @Test func whatIsWrongIsNamedWithItsPlace() {
        #expect(
            faults(["/c.json": "{\"beats\":[\(Self.orders(1)),\(Self.orders(0))]}"]) == [
                "\"beats\"/1/port in /c.json: must be 1…65535, got 0"
            ])
        #expect(
            faults(["/c.json": "{\"beats\":{}}"]) == [
                "\"beats\" in /c.json: must be a list of registrations, got an object"
            ])
        let twice = faults(["/c.json": "{\"beats\":[\(Self.orders(1)),\(Self.orders(1))]}"])
        #expect(twice.count == 1 && twice[0].contains("which /c.json has already"), "\(twice)")
    }

    @Test func aBrokenFileOfTheFolderStopsOnlyCheckConfig() throws {
        let files = ["/c.json": "{}", "/beats/a.json": "{\"serviceName\":", "/beats/b.json": Self.orders(2)]
        let loaded = try load(files)
        #expect(loaded.declared.files.map { $0.documents?.count } == [nil, 1])
        #expect(loaded.declared.faults.count == 1)
        #expect(loaded.declared.faults.first?.place == "/beats/a.json")
        #expect(faults(files, command: "check-config").count == 1)
    }

    @Test func onlyDifferencesAreApplied() throws {
        var state = DeclaredState()
        let first = try load(["/c.json": "{\"beats\":[\(Self.orders(1)),\(Self.orders(2))]}"]).declared
        #expect(state.take(first).register.map(\.key.port) == [1, 2])
        let second = try load(["/c.json": "{\"beats\":[\(Self.orders(2))]}", "/beats/a.json": Self.orders(3)]).declared
        let change = state.take(second)
        #expect(change.remove.map(\.port) == [1])
        #expect(change.register.map(\.key.port) == [2, 3])
        // Broken: port 3 stays, and port 2 is not declared any more.
        let third = try load(["/c.json": "{}", "/beats/a.json": "["]).declared
        let kept = state.take(third)
        #expect(kept.remove.map(\.port) == [2])
        #expect(state.declared.keys.map(\.port) == [3])
        // Away: gone.
        #expect(state.take(try load(["/c.json": "{}"]).declared).remove.map(\.port) == [3])
    }

    @Test func restoredOnesStayWhileAFileIsBroken() throws {
        let key = InstanceKey(
            namespaceId: "public", groupName: "g", serviceName: "s", clusterName: "c", ip: "10.0.0.1", port: 9)
        var state = DeclaredState(restored: [key])
        #expect(state.take(try load(["/c.json": "{}", "/beats/a.json": "["]).declared).remove.isEmpty)
        #expect(state.take(try load(["/c.json": "{}"]).declared).remove == [key])
    }
}
