import BeatCore
import EventLoop
import HTTPWire
import NamingStandIn
import TestSupport
import Testing

@testable import Daemon

extension OnSockets {
    /// The bytes of `requests.corpus` against the running daemon (reliability.md §3).
    @Suite struct WireCorpusTests {
        private static let end = Array("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)

        @Test("every case is answered as the corpus says, over a socket of its own")
        func corpus() throws {
            let harness = try Harness()
            defer { harness.close() }
            let cases = try WireCorpus.load("\(repositoryRoot)/Tests/HTTPWireTests/Corpus/requests.corpus")
            #expect(cases.count > 100)
            for wireCase in cases { try check(wireCase, harness) }
            #expect(harness.daemon.core.dom2BeatSize == 0)
            #expect(try harness.get("/livez").status == 200)
        }

        private func check(_ wireCase: WireCase, _ harness: Harness) throws {
            let name = wireCase.name
            let socket = try RawSocket(harness.address)
            let isLast = wireCase.outcomes.last.map { $0.first != "served" || $0.contains("close") } ?? true
            let halfCloses = wireCase.flags.contains("half-close")
            // A connection that stays serves one more request: its answer ends the case.
            let bytes = wireCase.bytes + (isLast || halfCloses ? [] : Self.end)
            var sent = 0
            var found = Answers()
            let expected = wireCase.outcomes.count + (isLast || halfCloses ? 0 : 1)
            try harness.until(name, polling: true) {
                if sent < bytes.count { sent += socket.send(Array(bytes[sent...])) }
                if sent == bytes.count, halfCloses, found.responses.isEmpty { socket.closeSending() }
                socket.receive()
                found = try Answers(of: socket.received, toHead: name.contains("HEAD"))
                return socket.isEnded || found.responses.count >= expected && !isLast && !halfCloses
            }
            #expect(!socket.isReset, "\(name): reset")
            #expect(found.responses.count == expected, "\(name): \(socket.text)")
            #expect(found.rest == 0, "\(name): bytes behind the last answer: \(socket.text)")
            for (response, outcome) in zip(found.responses, wireCase.outcomes) {
                check(response, outcome, name)
            }
            #expect(socket.isEnded == (isLast || halfCloses), "\(name)")
        }

        private func check(_ response: HTTPResponse, _ outcome: [String], _ name: String) {
            guard outcome.first == "served" else {
                #expect(outcome == [String(response.status)], "\(name): \(response.status) \(response.text)")
                #expect(response.fields["Content-Type"] == "application/problem+json", "\(name)")
                #expect(response.fields["Connection"] == "close", "\(name)")
                return
            }
            if let statuses = WireCorpus.value("answer", in: outcome) {
                let allowed = String(decoding: statuses, as: UTF8.self).split(separator: ",").map(String.init)
                #expect(allowed.contains(String(response.status)), "\(name): \(response.status)")
            }
            if response.status >= 400 {
                #expect(response.fields["Content-Type"] == "application/problem+json", "\(name)")
            }
            // What only a parser answers.
            #expect(![408, 414, 417, 431, 505].contains(response.status), "\(name): \(response.status)")
            if outcome.contains("close") { #expect(response.fields["Connection"] == "close", "\(name)") }
        }

        /// The final answers in what a connection sent.
        private struct Answers {
            var responses: [HTTPResponse] = []
            var rest = 0

            init() {}

            init(of bytes: [UInt8], toHead: Bool) throws {
                var parser = HTTPResponseParser(
                    limits: HTTPLimits(headBytes: 16 << 10, fieldCount: 64, targetBytes: 0, bodyBytes: 4 << 20))
                var position = 0
                while position < bytes.count {
                    let step = try parser.parse(
                        bytes.span.extracting(position...), toHead: toHead && responses.isEmpty)
                    position += step.consumed
                    guard case .response(let response, _) = step.event else { break }
                    responses.append(response)
                }
                rest = bytes.count - position
            }
        }

        @Test("every case in two pieces a moment apart gives the same statuses")
        func piecewise() throws {
            let harness = try Harness()
            defer { harness.close() }
            let cases = try WireCorpus.load("\(repositoryRoot)/Tests/HTTPWireTests/Corpus/requests.corpus")
            for wireCase in cases where wireCase.bytes.count < 500 && !wireCase.flags.contains("half-close") {
                let socket = try RawSocket(harness.address)
                var rest = wireCase.bytes[...]
                var found = Answers()
                try harness.until(wireCase.name, polling: true) {
                    let piece = rest.prefix(17)
                    if !rest.isEmpty { rest = rest.dropFirst(socket.send(Array(piece))) }
                    socket.receive()
                    found = try Answers(of: socket.received, toHead: wireCase.name.contains("HEAD"))
                    return socket.isEnded || rest.isEmpty && found.responses.count == wireCase.outcomes.count
                }
                for (response, outcome) in zip(found.responses, wireCase.outcomes) {
                    check(response, outcome, wireCase.name)
                }
                #expect(found.responses.count == wireCase.outcomes.count, "\(wireCase.name)")
            }
        }

        @Test("HEAD: the head of GET, no body, the connection goes on")
        func head() throws {
            let harness = try Harness()
            defer { harness.close() }
            let socket = try RawSocket(harness.address)
            socket.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try harness.until("two answers", polling: true) {
                socket.receive()
                return socket.text.hasSuffix("ok\n")
            }
            let heads = socket.text.httpSections
            #expect(heads.count == 3)
            #expect(heads[0].contains("Content-Length: 3"))
            #expect(heads[1].hasPrefix("HTTP/1.1 200"))
            #expect(heads[2] == "ok\n")
        }

        @Test("pipelined requests are answered in order, also behind one that waits for Nacos")
        func pipelined() throws {
            let harness = try Harness()
            defer { harness.close() }
            harness.naming.pause()
            let client = try harness.client()
            client.send(.post, "/v1/beats?wait=1s", json: orders(1))
            for number in 0..<500 {
                client.send(.get, "/livez", fields: ["X-Request-Id": "r\(number)"])
            }
            try harness.until("the first answer") { !client.responses.isEmpty }
            #expect(client.responses.first?.status == 202)
            try harness.until("all answers") { client.responses.count == 501 }
            let order = client.responses.dropFirst().map { $0.fields["X-Request-Id"] ?? "" }
            #expect(order == (0..<500).map { "r\($0)" })
        }

        @Test("Expect: 100-continue is answered before the body, or with the refusal of a body that is too long")
        func expectContinue() throws {
            let harness = try Harness()
            defer { harness.close() }
            let body = orders(3)
            let socket = try RawSocket(harness.address)
            let head = "POST /v1/beats HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            socket.send(head + "Expect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
            try harness.until("100", polling: true) {
                socket.receive()
                return !socket.received.isEmpty
            }
            #expect(socket.text == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(harness.daemon.core.dom2BeatSize == 0)
            socket.send(body)
            try harness.until("201", polling: true) {
                socket.receive()
                return socket.text.contains("HTTP/1.1 201")
            }
            let other = try RawSocket(harness.address)
            other.send(head + "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
            try harness.until("413", polling: true) {
                other.receive()
                return other.isEnded
            }
            #expect(other.text.hasPrefix("HTTP/1.1 413 "))
        }

        @Test("a client that has closed its sending side gets all its answers, also late and large ones")
        func halfClosed() throws {
            let harness = try Harness()
            defer { harness.close() }
            try harness.registerMany(1000, ",\"metadata\":{\"k\":\"\(String(repeating: "v", count: 300))\"}")
            harness.naming.pause()
            let socket = try RawSocket(harness.address, receiveBuffer: 4096)
            let body = orders(9)
            socket.send(
                "GET /v1/beats?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    + "POST /v1/beats?wait=1s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                    + "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /liv")
            socket.closeSending()
            try harness.until("the end", polling: true) {
                socket.receiveOnce()
                return socket.isEnded
            }
            let found = try Answers(of: socket.received, toHead: false)
            #expect(found.responses.map(\.status) == [200, 202, 200])
            #expect(found.responses.first.map { $0.body.count > 300_000 } ?? false)
            #expect(!socket.isReset)
        }
    }
}

extension String {
    /// The parts between blank lines of HTTP.
    fileprivate var httpSections: [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: "\r\n\r\n") {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
