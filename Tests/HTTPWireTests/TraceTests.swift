import HTTPWire
import TestSupport
import Testing

/// One recorded exchange with a real server (`Traces/README.md`).
struct Trace {
    var name: String
    var request: [UInt8]
    var answer: [UInt8]

    static func all() throws -> [Trace] {
        let folder = TestFiles.folder + "/Traces"
        return try WireCorpus.names(in: folder).filter { !$0.hasSuffix(".md") }.flatMap { server in
            try WireCorpus.names(in: "\(folder)/\(server)").map { file in
                let bytes = try WireCorpus.bytes(of: "\(folder)/\(server)/\(file)")
                let mark = try #require(bytes.firstRange(of: Array("\n<<<\n".utf8)))
                return Trace(
                    name: "\(server)/\(file)", request: Array(bytes[4..<mark.lowerBound]),
                    answer: Array(bytes[mark.upperBound..<bytes.count - 1]))
            }
        }
    }
}

@Suite struct TraceTests {
    @Test func answersOfRealServers() throws {
        let traces = try Trace.all()
        #expect(traces.count > 60)
        var statuses: Set<Int> = []
        for trace in traces {
            let whole = ResponseOutcome.feed([trace.answer[...]], ends: true)
            #expect(whole.map(status) == statusesBySplitting(trace.answer), "\(trace.name)")
            #expect(whole.map(body) == (try bodiesBySplitting(trace.answer)), "\(trace.name)")
            statuses.formUnion(whole.compactMap(status))
            for (way, pieces) in Feeding.all(trace.answer) {
                let outcomes = ResponseOutcome.feed(pieces, ends: true)
                if outcomes != whole { Issue.record("\(trace.name), \(way): \(outcomes)") }
            }
        }
        #expect(statuses.isSuperset(of: [200, 400, 403, 404, 410, 500, 501, 503]))
    }

    /// Our server reads what clients of Nacos send; where it refuses, the real ones did too.
    @Test func requestsToRealServers() throws {
        for trace in try Trace.all() {
            let whole = RequestOutcome.feed([trace.request[...]], to: HTTPRequestParser())
            let answers = ResponseOutcome.feed([trace.answer[...]], ends: true)
            #expect(whole.count == answers.count, "\(trace.name): \(whole)")
            for (outcome, answer) in zip(whole, answers) {
                if case .refused(let refusal) = outcome {
                    #expect(refusal.status == status(answer), "\(trace.name)")
                }
            }
            for (way, pieces) in Feeding.all(trace.request) {
                let outcomes = RequestOutcome.feed(pieces, to: HTTPRequestParser())
                if outcomes != whole { Issue.record("\(trace.name), \(way): \(outcomes)") }
            }
        }
    }

    /// Tomcat closes with an answer that says so; r-nacos keeps errors open (nacos.md §10.2).
    @Test func whoStaysOpen() throws {
        let open = try Trace.all().reduce(into: [String: Bool]()) { found, trace in
            guard case .response(_, let keepsOpen) = ResponseOutcome.feed([trace.answer[...]], ends: true).last
            else { return }
            found[trace.name] = keepsOpen
        }
        #expect(open["2.5.1/v1_beat_light.http"] == true)
        #expect(open["2.5.1/conn_close.http"] == false)
        #expect(open["2.5.1/http10.http"] == false)
        #expect(open["2.5.1/v1_err_bad_port_70000.http"] == false)
        #expect(open["2.5.1/unknown_path_v1ns.http"] == false)
        #expect(open["r-nacos-0.8.8/http10.http"] == false)
        #expect(open["r-nacos-0.8.8/v1_get_one_unknown_ip.http"] == true)
        #expect(open["3.1/v1_get_one.http"] == true)
    }

    private func status(_ outcome: ResponseOutcome) -> Int? {
        guard case .response(let response, _) = outcome else { return nil }
        return response.status
    }

    private func body(_ outcome: ResponseOutcome) -> [UInt8]? {
        guard case .response(let response, _) = outcome else { return nil }
        return response.body
    }

    /// The final statuses by another way: no recorded body contains a status line at the start of a line.
    private func statusesBySplitting(_ answer: [UInt8]) -> [Int?] {
        String(decoding: answer, as: Unicode.ASCII.self).split(separator: "HTTP/1.").dropFirst(0)
            .compactMap { Int($0.dropFirst(2).prefix(3)) }.filter { $0 >= 200 }
    }

    /// The bodies by another way: behind each head, chunks joined by text operations.
    private func bodiesBySplitting(_ answer: [UInt8]) throws -> [[UInt8]?] {
        let crlf: [UInt8] = [13, 10]
        var bodies: [[UInt8]?] = []
        var rest = answer[...]
        while let blank = rest.firstRange(of: crlf + crlf) {
            let head = String(decoding: rest[..<blank.lowerBound], as: UTF8.self).lowercased()
            rest = rest[blank.upperBound...]
            if head.contains("http/1.1 100") { continue }
            var body: [UInt8] = []
            if head.contains("transfer-encoding: chunked") {
                while let lineEnd = rest.firstRange(of: crlf),
                    let size = Int(String(decoding: rest[..<lineEnd.lowerBound], as: UTF8.self), radix: 16), size > 0
                {
                    body += rest[lineEnd.upperBound...].prefix(size)
                    rest = rest[(lineEnd.upperBound + size + 2)...]
                }
                rest = rest.dropFirst(5)
            } else if let field = head.firstRange(of: "content-length: ") {
                let length = try #require(Int(head[field.upperBound...].prefix { $0.isNumber }))
                body += rest.prefix(length)
                rest = rest.dropFirst(length)
            } else {
                body += rest
                rest = []
            }
            bodies.append(body)
        }
        return bodies
    }
}
