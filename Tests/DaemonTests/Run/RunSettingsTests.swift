import BeatCore
import EventLoop
import Testing

@testable import Daemon

@Suite struct RunSettingsTests {
    private func parse(_ arguments: [String], _ environment: [String: String] = [:]) throws -> RunSettings {
        let invocation = try BeatdInvocation.parse(
            arguments: ["run"] + arguments, environment: environment, readFile: { _ in .failure(.notFound) })
        guard case .run(let settings) = invocation else { throw SettingsRefusal(faults: []) }
        return settings
    }

    private func refusal(_ arguments: [String]) -> [String] {
        do throws(SettingsRefusal) {
            _ = try BeatdInvocation.parse(
                arguments: ["run"] + arguments, environment: [:], readFile: { _ in .failure(.notFound) })
            return []
        } catch {
            return error.faults.map { "\($0.place): \($0.message)" }
        }
    }

    private static let least = ["--service-name", "orders", "--port", "8080", "--ip", "10.0.0.7"]

    @Test func theLeastThatIsNeeded() throws {
        let settings = try parse(Self.least + ["--", "python3", "-m", "http.server", "--help"])
        #expect(settings.command == ["python3", "-m", "http.server", "--help"])
        #expect(settings.document.key.serviceName == "orders")
        #expect(settings.document.key.groupName == "DEFAULT_GROUP")
        #expect(settings.document.key.ip == "10.0.0.7")
        #expect(settings.document.key.port == 8080)
        // No address of this host: others know it by that one.
        #expect(
            settings.document.checks == [Check(.tcp(CheckAddress(host: "127.0.0.1", port: 8080)), every: .seconds(1))])
        #expect(settings.settle == .zero)
        #expect(settings.stopTimeout == .seconds(10))
        let service = settings.service.settings
        #expect(service.listen == nil && service.socket == nil)
        #expect(service.logLevel == .warn)
        #expect(service.dataDirectory == .memory)
    }

    @Test func everythingThatCanBeSaid() throws {
        let settings = try parse(
            Self.least + [
                "--group-name", "shop", "--namespace-id", "prod", "--cluster-name", "east", "--weight", "2.5",
                "--metadata", "zone=a", "--metadata", "query=x=1,y", "--check", "none",
                "--settle", "2s", "--stop-timeout", "1m", "--listen", "127.0.0.1:0", "--period", "1s", "--", "true",
            ])
        #expect(settings.document.key.groupName == "shop")
        #expect(settings.document.key.namespaceId == "prod")
        #expect(settings.document.key.clusterName == "east")
        #expect(settings.document.weight == 2.5)
        #expect(settings.document.metadata["zone"] == "a")
        #expect(settings.document.metadata["query"] == "x=1,y")
        #expect(settings.document.period == .seconds(1))
        #expect(settings.document.checks.isEmpty)
        #expect(settings.settle == .seconds(2))
        #expect(settings.stopTimeout == .seconds(60))
        #expect(settings.service.settings.listen?.text == "127.0.0.1:0")
    }

    @Test func checks() throws {
        func checks(_ text: String, ip: String) throws -> [Check] {
            let flags = ["--service-name", "orders", "--port", "8080", "--ip", ip, "--check", text, "--", "true"]
            return try parse(flags).document.checks
        }
        let url = try #require(CheckURL(parsing: "http://localhost:8081/health"))
        #expect(
            try checks("http://localhost:8081/health", ip: "10.0.0.7") == [
                Check(.http(url, expect: CheckDefaults.expect), every: .seconds(1))
            ])
        #expect(try checks("tcp", ip: "127.0.0.1").map(\.target) == [.tcp(CheckAddress(host: "127.0.0.1", port: 8080))])
        let broken = refusal(Self.least + ["--check", "http://", "--", "true"])
        #expect(broken.count == 1 && broken[0].hasPrefix("--check: "), "\(broken)")
    }

    @Test func declaredRegistrationsAreNotForgottenSilently() {
        do throws(SettingsRefusal) {
            _ = try BeatdInvocation.parse(
                arguments: ["run", "--config", "/c.json"] + Self.least + ["--", "true"], environment: [:],
                readFile: { _ in .success(Array("{\"beats\":[]}".utf8)) })
            Issue.record("taken")
        } catch {
            #expect(error.faults.map(\.place) == ["\"beats\" in /c.json"])
        }
    }

    @Test func whatIsWrongIsNamedByItsFlag() {
        #expect(refusal(Self.least) == ["run: needs a program: beatd run … -- command"])
        #expect(refusal(["--port", "8080", "--ip", "10.0.0.7", "--", "true"]) == ["--service-name: is required"])
        #expect(
            refusal(["--service-name", "a b", "--port", "8080", "--ip", "10.0.0.7", "--", "true"]).first?
                .hasPrefix("--service-name: ") == true)
        #expect(
            refusal(Self.least + ["--metadata", "zone", "--", "true"]) == [
                "--metadata: must be key=value, got \"zone\""
            ])
        #expect(refusal(Self.least + ["--weight", "x", "--", "true"]) == ["--weight: must be a number, got \"x\""])
        #expect(
            refusal(Self.least + ["--check", "udp", "--", "true"]) == [
                "--check: must be tcp, none or an http:// URL, got \"udp\""
            ])
        #expect(refusal(Self.least + ["--port", "1", "--", "true"]) == ["--port: is given twice; keep one"])
        #expect(refusal(Self.least + ["--data-dir", "/x", "--", "true"]).first?.contains("is no flag") == true)
    }
}
