import BeatCore
import ControlAPI
import EventLoop
import HTTPWire
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// Deadlines and caps of the control API's connections (reliability.md §2), shortened.
    @Suite struct ServerLimitsTests {
        private static let livez = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

        /// Reads until the connection ends or the text has come.
        private func read(
            _ socket: RawSocket, until text: String? = nil, within seconds: Double = 5, _ harness: Harness
        ) throws {
            try harness.until(text ?? "the end", within: seconds, polling: true) {
                socket.receive()
                return socket.isEnded || text.map { socket.text.contains($0) } ?? false
            }
        }

        private func connections(_ harness: Harness) -> ConnectionMetrics {
            var metrics = ConnectionMetrics()
            harness.daemon.server.count(into: &metrics)
            return metrics
        }

        @Test("a head and a body have their time from their beginning; then 408 and the end", arguments: [true, false])
        func deadlines(ofHead: Bool) throws {
            let harness = try Harness {
                $0.http.head = .milliseconds(ofHead ? 200 : 60_000)
                $0.http.body = .milliseconds(ofHead ? 60_000 : 200)
            }
            defer { harness.close() }
            let socket = try RawSocket(harness.address)
            let begin = MonotonicClock.nanoseconds()
            socket.send(
                ofHead
                    ? "GET /livez HTTP/1.1\r\n"
                    : "POST /v1/beats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n")
            // A byte now and then does not help.
            var last = begin
            try harness.until("the end", within: 5, polling: true) {
                let now = MonotonicClock.nanoseconds()
                if now - last > 10_000_000 {
                    socket.send("X")
                    last = now
                }
                socket.receive()
                return socket.isEnded
            }
            let took = MonotonicClock.nanoseconds() - begin
            #expect(took >= 200_000_000 && took < 1_500_000_000, "\(took) ns")
            #expect(socket.text.hasPrefix("HTTP/1.1 408 "))
            #expect(socket.text.contains("application/problem+json") && socket.text.contains("/problems/timeout"))
            #expect(socket.text.contains("Connection: close"))
        }

        @Test("an idle connection ends without a word, after its last answer as after none")
        func idle() throws {
            let harness = try Harness { $0.http.idle = .milliseconds(200) }
            defer { harness.close() }
            let (silent, used) = (try RawSocket(harness.address), try RawSocket(harness.address))
            used.send(Self.livez)
            try read(used, until: "ok\n", harness)
            let length = used.received.count
            let begin = MonotonicClock.nanoseconds()
            try read(silent, harness)
            try read(used, harness)
            #expect(MonotonicClock.nanoseconds() - begin > 100_000_000)
            #expect(silent.received.isEmpty)
            #expect(used.received.count == length)
            #expect(connections(harness).idle[.tcp] == 0)
        }

        @Test("the last request that a connection may send is answered with close")
        func requestsPerConnection() throws {
            let harness = try Harness { $0.http.requestsPerConnection = 3 }
            defer { harness.close() }
            let socket = try RawSocket(harness.address)
            socket.send(String(repeating: Self.livez, count: 5))
            try read(socket, harness)
            #expect(socket.text.occurrences(of: "HTTP/1.1 200") == 3)
            #expect(socket.text.occurrences(of: "Connection: close") == 1)
            #expect(socket.text.hasSuffix("ok\n"))
            #expect(!socket.isReset)
        }

        @Test("10 000 requests on one connection")
        func manyRequests() throws {
            let harness = try Harness()
            defer { harness.close() }
            let client = try harness.client()
            var sent = 0
            try harness.until("all answers", within: 60) {
                while sent < HTTPServerLimits().requestsPerConnection, sent - client.responses.count < 100 {
                    client.send(.get, "/livez")
                    sent += 1
                }
                return client.ended != nil
            }
            #expect(client.responses.count == 10_000)
            #expect(client.responses.allSatisfy { $0.status == 200 })
            #expect(client.responses.last?.fields["Connection"] == "close")
            #expect(client.responses.dropLast().allSatisfy { $0.fields["Connection"] == nil })
        }

        @Test("over the cap the connection that is idle longest ends; busy ones stay")
        func evictsTheIdlest() throws {
            let harness = try Harness { $0.http.tcpConnections = 4 }
            defer { harness.close() }
            var sockets: [RawSocket] = []
            for _ in 0..<4 {
                let socket = try RawSocket(harness.address)
                socket.send(Self.livez)
                try read(socket, until: "ok\n", harness)
                sockets.append(socket)
            }
            // The first one has been used again since: the second one is idle longest.
            sockets[0].send(Self.livez + Self.livez.dropLast(2))
            try read(sockets[0], until: "ok\nHTTP", harness)
            let fifth = try RawSocket(harness.address)
            fifth.send(Self.livez)
            try read(fifth, until: "ok\n", harness)
            try read(sockets[1], harness)
            sockets[0].send("\r\n")
            for socket in [sockets[0], sockets[2], sockets[3]] {
                socket.receive()
                #expect(!socket.isEnded)
            }
            #expect(connections(harness).rejected[.limit] == 1)
        }

        @Test("with every connection busy nobody is let in, nobody thrown out; and it goes on when one is idle")
        func pausesAndResumes() throws {
            let harness = try Harness { $0.http.tcpConnections = 4 }
            defer { harness.close() }
            harness.naming.pause()
            let body = orders(1)
            let busy = try (0..<4).map { _ in
                let socket = try RawSocket(harness.address)
                socket.send(
                    "POST /v1/beats?wait=1s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return socket
            }
            try harness.until("four waiting", polling: true) { connections(harness).busy[.tcp] == 4 }
            let late = try RawSocket(harness.address)
            late.send(Self.livez)
            harness.run(seconds: 0.3)
            late.receive()
            #expect(late.received.isEmpty && !late.isEnded)
            #expect(connections(harness).busy[.tcp] == 4)
            try read(late, until: "ok\n", harness)
            var ended = 0
            for socket in busy {
                try read(socket, until: "HTTP/1.1 20", harness)
                if socket.isEnded { ended += 1 }
            }
            // All four are answered; one of them, idle then, made room.
            #expect(ended <= 1)
            #expect(late.text.hasPrefix("HTTP/1.1 200"))
        }

        @Test("a connection that takes its farewell still counts")
        func lingeringCounts() throws {
            let harness = try Harness { $0.http.tcpConnections = 4 }
            defer { harness.close() }
            let bad = try (0..<4).map { _ in
                let socket = try RawSocket(harness.address)
                socket.send("nonsense\r\n\r\n")
                return socket
            }
            for socket in bad { try read(socket, until: "400", harness) }
            #expect(connections(harness).busy[.tcp] == 4)
            try harness.until("all gone", polling: true) { connections(harness).busy[.tcp] == 0 }
        }

        @Test("who does not read is not answered further, holds little memory, and is cut off")
        func slowReader() throws {
            let harness = try Harness { $0.http.drain = .milliseconds(500) }
            defer { harness.close() }
            try harness.registerMany(500, ",\"metadata\":{\"k\":\"\(String(repeating: "v", count: 500))\"}")
            let answer = try harness.get("/v1/beats?limit=500").body.count
            #expect(answer > 300_000)
            let socket = try RawSocket(harness.address, receiveBuffer: 4096)
            socket.send(
                String(repeating: "GET /v1/beats?limit=500 HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 100))
            let begin = MonotonicClock.nanoseconds()
            try harness.until("cut off", within: 5, polling: true) {
                connections(harness).busy[.tcp] == 0 && MonotonicClock.nanoseconds() - begin > 100_000_000
            }
            try read(socket, harness)
            // What the kernel's buffers took, of one hundred answers.
            #expect(socket.received.count < answer * 20, "\(socket.received.count) of \(answer * 100)")
            #expect(try harness.get("/livez").status == 200)
        }

        @Test("who reads slowly gets everything")
        func slowButReading() throws {
            let harness = try Harness()
            defer { harness.close() }
            try harness.registerMany(500, ",\"metadata\":{\"k\":\"\(String(repeating: "v", count: 500))\"}")
            let answer = try harness.get("/v1/beats?limit=500").body.count
            let socket = try RawSocket(harness.address, receiveBuffer: 4096)
            let list = "GET /v1/beats?limit=500 HTTP/1.1\r\nHost: localhost\r\n"
            socket.send(String(repeating: list + "\r\n", count: 9) + list + "Connection: close\r\n\r\n")
            try harness.until("all of it", within: 30, polling: true) {
                socket.receiveOnce()
                return socket.isEnded
            }
            #expect(!socket.isReset)
            #expect(socket.text.occurrences(of: "HTTP/1.1 200") == 10)
            #expect(socket.received.count > answer * 10)
        }

        @Test(
            "a client that leaves while its answer waits is forgotten, at once or within the grace",
            arguments: [true, false])
        func leavesWhileParked(abruptly: Bool) throws {
            let harness = try Harness { $0.http.parkedHalfClosed = .milliseconds(300) }
            defer { harness.close() }
            harness.naming.pause()
            let sockets = try (1...20).map { number in
                let socket = try RawSocket(harness.address)
                let body = orders(number)
                socket.send(
                    "POST /v1/beats?wait=60s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
                return socket
            }
            try harness.until("all parked", polling: true) {
                harness.daemon.core.dom2BeatSize == 20 && harness.daemon.submissions.count == 20
            }
            for socket in sockets { socket.close(abruptly: abruptly) }
            try harness.until("all forgotten", within: 2, polling: true) {
                harness.daemon.submissions.count == 0 && connections(harness).busy[.tcp] == 0
            }
            #expect(harness.daemon.core.dom2BeatSize == 20)
        }

        @Test("thousands of pipelined requests on one connection hold up neither others nor beats")
        func fairness() throws {
            let harness = try Harness()
            defer { harness.close() }
            try harness.registerMany(300, ",\"period\":\"500ms\"")
            try harness.until("all beat") { harness.daemon.core.count(of: .beating) == 300 }
            let flood = try RawSocket(harness.address)
            let request = Array("GET /v1/beats?limit=300 HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
            let requests = Array(repeating: request, count: 100).flatMap { $0 }
            let client = try harness.client()
            let begin = MonotonicClock.nanoseconds()
            let beats = harness.daemon.core.counters.beats[.ok]
            var (asked, slowest, answers) = (Int64(0), Int64(0), 0)
            try harness.until("three seconds", polling: true) {
                flood.send(requests)
                flood.receive()
                let now = MonotonicClock.nanoseconds()
                if !client.responses.isEmpty {
                    client.responses.removeAll()
                    slowest = max(slowest, now - asked)
                    answers += 1
                    asked = 0
                }
                if asked == 0 {
                    asked = now
                    client.send(.get, "/livez")
                }
                return now - begin > 3_000_000_000
            }
            #expect(flood.received.count > 10_000_000, "the flood was answered: \(flood.received.count) bytes")
            #expect(answers > 50, "\(answers)")
            #expect(slowest < 200_000_000, "\(slowest) ns")
            #expect(harness.daemon.core.counters.beats[.ok] - beats > 300 * 5)
            let lateness = harness.daemon.core.timings.lateness.window(.oneMinute, at: MonotonicClock.nanoseconds())
            #expect(lateness.quantile(0.99).map { $0 < 100_000_000 } ?? false, "\(lateness.max)")
        }
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func occurrences(of text: String) -> Int { ranges(of: text).count }
}
