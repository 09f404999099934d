import BeatCore
import HTTPWire
import JSON
import Testing

@testable import ControlAPI

/// Lists and metrics of many registrations are put together in portions: each looks at so many rows and writes so many
/// bytes, which holds on any machine. What a portion takes is in `PageTimedTests`.
@Suite struct GatheringTests {
    private static let registrations = 10_000

    private func document(_ number: Int) -> RegistrationDocument {
        RegistrationDocument(
            key: InstanceKey(
                serviceName: "service-\(number % 200)", ip: "10.0.\(number / 250 % 250).\(number % 250)", port: 8080))
    }

    private func filled() -> InProcessAPI {
        let api = InProcessAPI(maxRegistrations: Self.registrations)
        for number in 0..<Self.registrations {
            api.feed(.register(document(number), RequestToken(1_000_000 + UInt64(number)), RegisterOptions()))
        }
        return api
    }

    private func gathered(_ api: InProcessAPI, _ target: String) throws -> GatheredAnswer {
        let parsed = try #require(HTTPTarget(target, method: .get))
        let request = HTTPRequest(.get, parsed, fields: ["Host": "localhost:8090"])
        guard case .gather(let answer, _) = api.handling(request) else {
            Issue.record("\(target) is not gathered")
            throw CancellationError()
        }
        return answer
    }

    /// Portions, with the most rows and bytes that one of them looked at and wrote, and the answer.
    private func portions(
        _ api: InProcessAPI, _ target: String
    ) throws -> (count: Int, rows: Int, bytes: Int, response: HTTPResponse) {
        var answer = try gathered(api, target)
        var (count, rows, bytes) = (0, 0, 0)
        var before = (rows: 0, bytes: 0)
        while true {
            count += 1
            if let response = api.step(&answer) { return (count, rows, bytes, response) }
            var now = before
            switch answer.work {
            case .page(let page):
                now = (page.rows, page.bytes.count)
                if case .counting(_, let slot) = page.total, slot > 0 { now.rows = page.rows + Int(slot) }
            case .metrics(let metrics): now = (0, metrics.bytes.count)
            case .none: Issue.record("no work is left, and no answer came")
            }
            rows = max(rows, now.rows - before.rows)
            bytes = max(bytes, now.bytes - before.bytes)
            before = now
        }
    }

    @Test func listsInPortions() throws {
        let api = filled()
        let first = try portions(api, "/v1/beats")
        #expect(try first.response.member("items")?.items.count == 100)
        #expect(first.count == 100 / GatherLimits.items + 2)
        #expect(first.rows <= GatherLimits.items + 1)
        #expect(first.bytes <= 32 << 10)

        let long = try portions(api, "/v1/beats?limit=1000")
        #expect(try long.response.member("items")?.items.count ?? 0 > 500, "512 KiB of items")
        #expect(long.rows <= GatherLimits.items + 1 && long.bytes <= 32 << 10)

        let pretty = try portions(api, "/v1/beats?limit=1000&pretty")
        #expect(try pretty.response.member("items")?.items.count ?? 0 > 300, "512 KiB of items")
        #expect(pretty.rows <= GatherLimits.items + 1 && pretty.bytes <= 64 << 10)

        let none = try portions(api, "/v1/beats?serviceName=nobody&total=true")
        #expect(try none.response.member("items")?.items.count == 0)
        #expect(try none.response.member("total")?.integer == 0)
        #expect(none.rows <= GatherLimits.matched)
        #expect(none.count >= 2 * Self.registrations / GatherLimits.matched)

        let some = try portions(api, "/v1/beats?serviceName=service-7&limit=10&total=true")
        #expect(try some.response.member("items")?.items.count == 10)
        #expect(try some.response.member("total")?.integer == 50)
        #expect(some.rows <= GatherLimits.matched)
    }

    @Test("a pretty page is what pretty makes of the page", arguments: ["?limit=3", "?total=true", "?serviceName=x"])
    func pretty(query: String) throws {
        let api = InProcessAPI()
        for number in 1...5 { #expect(try api.post(orders(number, "\"metadata\":{\"a\":\"b\"}")).status == 201) }
        let page = try api.get("/v1/beats\(query)")
        let pretty = try api.get("/v1/beats\(query)&pretty")
        let expected = String(decoding: JSONPretty.pretty(page.body), as: UTF8.self) + "\n"
        #expect(pretty.text == expected)
        #expect(pretty.fields["ETag"] == page.fields["ETag"])
    }

    @Test func metricsInPortions() throws {
        let api = filled()
        for route in Route.table {
            for status in 200...599 where route.statuses.contains(status) {
                api.shell.http.record(route, route.method, status: status, nanoseconds: 3_000_000)
            }
        }
        let page = try portions(api, "/metrics")
        #expect(page.response.status == 200)
        #expect(page.response.body.count > 100_000)
        // A histogram is a dozen lines of a hundred bytes; a row of counters of all routes is the longest.
        #expect(page.bytes <= 48 << 10, "\(page.bytes)")
        #expect(page.count > MetricCatalogue.families.count)
        #expect(
            String(decoding: page.response.body, as: UTF8.self).contains("beatd_beat_entries{state=\"pending\"} 10000"))
    }

    @Test("a page that is gathered while registrations change: each that stays is in it once, with the tag of before")
    func changesMeanwhile() throws {
        let api = filled()
        var answer = try gathered(api, "/v1/beats?limit=300")
        let rev = api.rev
        var response: HTTPResponse?
        var step = 0
        while response == nil {
            response = api.step(&answer)
            let next = document(Self.registrations - 1 - step)
            if let handle = api.read({ $0.find(next.key) }) {
                api.feed(.remove(handle, RequestToken(2_000_000 + UInt64(step)), RemoveOptions(wait: .zero)))
            }
            var changed = document(step)
            changed.weight = 7
            api.feed(.register(changed, RequestToken(3_000_000 + UInt64(step)), RegisterOptions()))
            step += 1
        }
        let got = try #require(response)
        #expect(step > 300 / GatherLimits.items)
        let ids = try #require(try got.member("items")).items.compactMap { $0.at("id")?.string }
        #expect(ids == (0..<300).map { document($0).key.id })
        #expect(try got.member("rev")?.integer == Int64(rev))
        #expect(got.fields["ETag"] == "\"25-\(rev)\"")
        #expect(api.rev > rev)
    }

    @Test("the oldest success is looked for in portions, and the same")
    func oldest() throws {
        let api = filled()
        api.run(.seconds(7))
        let whole = api.read { $0.oldestSuccessAge(at: api.now) }
        let parts = api.read { core in
            stride(from: Int32(0), to: core.slotEnd, by: 999).map {
                core.oldestSuccess(in: $0..<min($0 + 999, core.slotEnd))
            }.min()
        }
        #expect(whole > .zero)
        #expect(parts.map { api.now - $0 } == whole)
    }
}
