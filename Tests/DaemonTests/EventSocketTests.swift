import BeatCore
import ControlAPI
import EventLoop
import HTTPWire
import JSON
import NamingStandIn
import Testing

@testable import Daemon

extension OnSockets {
    /// GET /v1/events on sockets.
    @Suite struct EventSocketTests {
        /// One stream, and what came of it.
        private final class Follower {
            let socket: RawSocket

            init(_ harness: Harness, _ target: String = "/v1/events", _ fields: String = "", buffer: Int32? = nil)
                throws
            {
                socket = try RawSocket(harness.address, receiveBuffer: buffer)
                socket.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
            }

            /// Reads until it has come.
            func wait(_ harness: Harness, for text: String, within seconds: Double = 10) throws {
                try harness.until(text, within: seconds, polling: true) {
                    socket.receive()
                    return socket.text.contains(text)
                }
            }

            func waitForEnd(_ harness: Harness, within seconds: Double = 10) throws {
                try harness.until("the end", within: seconds, polling: true) {
                    socket.receive()
                    return socket.isEnded
                }
            }

            /// The types of the events that came.
            var types: [String] {
                socket.text.split(whereSeparator: \.isNewline).compactMap {
                    $0.hasPrefix("event: ") ? String($0.dropFirst(7)) : nil
                }
            }

            /// The id of the last event that came.
            var lastID: String {
                socket.text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("id: ") }
                    .map { String($0.dropFirst(4)) } ?? ""
            }
        }

        private static let ndjson = "Accept: application/x-ndjson\r\n"

        private func streams(_ harness: Harness) throws -> String {
            try harness.send(.get, "/metrics").text.split(separator: "\n").filter {
                $0.hasPrefix("beatd_http_streams{")
            }.joined(separator: "\n")
        }

        @Test("a registration's life comes as it happens, to all who follow; at the end a bye")
        func life() throws {
            let harness = try Harness()
            defer { harness.close() }
            let browser = try Follower(harness)
            let program = try Follower(harness, "/v1/events?serviceName=orders", Self.ndjson)
            let other = try Follower(harness, "/v1/events?serviceName=stock", Self.ndjson)
            try browser.wait(harness, for: ": beatd")
            try harness.until("all streams") { harness.daemon.eventRuns.count == 3 }
            #expect(
                try streams(harness) == """
                    beatd_http_streams{kind="sse"} 1
                    beatd_http_streams{kind="ndjson"} 2
                    beatd_http_streams{kind="export"} 0
                    """)
            let id = try harness.register()
            try browser.wait(harness, for: "registration accepted")
            try program.wait(harness, for: "registration accepted")
            #expect(try harness.delete("/v1/beats/\(id)?wait=3s").status == 204)
            try browser.wait(harness, for: "event: removed")
            #expect(browser.types == ["registered", "updated", "removed"])
            #expect(program.socket.text.contains("\"type\":\"registered\""))

            harness.daemon.stop()
            try harness.until("the end of the daemon") { harness.daemon.exitStatus != nil }
            harness.daemon.close()
            for follower in [browser, program, other] {
                follower.socket.receive()
                #expect(follower.socket.text.contains("beatd is shutting down"))
                #expect(follower.socket.text.hasSuffix("0\r\n\r\n"), "the answer is whole")
            }
            #expect(!other.socket.text.contains("orders"))
        }

        @Test("one who comes back with the last id misses nothing; one with another id is told so")
        func resume() throws {
            let harness = try Harness()
            defer { harness.close() }
            let first = try Follower(harness, "/v1/events?type=registered,removed")
            try harness.register(port: 1)
            try first.wait(harness, for: "event: registered")
            let last = first.lastID
            first.socket.close()
            try harness.register(port: 2)
            try harness.register(port: 3)
            try harness.until("the first is gone") {
                harness.daemon.serveEvents()
                return harness.daemon.eventRuns.isEmpty
            }
            let again = try Follower(
                harness, "/v1/events?type=registered,removed", "Last-Event-ID: \(last)\r\n")
            try again.wait(harness, for: "\"port\":3")
            #expect(again.types == ["registered", "registered"])
            let stranger = try Follower(harness, "/v1/events", "Last-Event-ID: \(last)0\r\n")
            try stranger.wait(harness, for: "event: reset")
            try harness.register(port: 4)
            try stranger.wait(harness, for: "\"port\":4")
            #expect(stranger.types.prefix(2) == ["reset", "registered"])
        }

        @Test("as many streams as are allowed; the next one gets 429, until one has left")
        func cap() throws {
            let harness = try Harness()
            defer { harness.close() }
            var followers = try (0..<EventLimits.streams).map { _ in try Follower(harness) }
            try harness.until("all streams") { harness.daemon.eventRuns.count == EventLimits.streams }
            let refused = try harness.send(.get, "/v1/events")
            #expect(refused.status == 429)
            #expect(refused.fields["Retry-After"] == "15")
            #expect(refused.text.contains("too-many-streams"))
            followers.removeLast().socket.close()
            try harness.until("one has left") {
                harness.daemon.eventRuns.count { $0.connection.isStreaming } < EventLimits.streams
            }
            let next = try Follower(harness)
            try next.wait(harness, for: "HTTP/1.1 200 OK")
            #expect(try harness.send(.head, "/v1/events").status == 429)
        }

        @Test("a quiet stream stays, however short the time for taking an answer is; it gets signs of life")
        func quiet() throws {
            let harness = try Harness { $0.http.drain = .milliseconds(100) }
            defer { harness.close() }
            let browser = try Follower(harness)
            let program = try Follower(harness, "/v1/events", Self.ndjson)
            try browser.wait(harness, for: ": beatd")
            try harness.until("both") { harness.daemon.eventRuns.count == 2 }
            harness.run(seconds: 0.3)
            #expect(harness.daemon.eventRuns.allSatisfy { $0.connection.isStreaming })
            // The time has come, as far as the daemon knows.
            harness.daemon.keepaliveAt = harness.daemon.clocks.now
            try browser.wait(harness, for: ": keepalive")
            try program.wait(harness, for: "\r\n1\r\n\n\r\n")
            #expect(harness.daemon.keepaliveAt.map { $0 > harness.daemon.clocks.now } == true)
        }

        @Test("a client that does not read: its connection ends, memory stays bounded, others go on")
        func slowReader() throws {
            // More than this thread, on which the others read too, is ever busy with something else.
            let harness = try Harness { $0.http.drain = .seconds(1) }
            defer { harness.close() }
            let deaf = try Follower(harness, buffer: 4096)
            let reader = try Follower(harness, "/v1/events?type=reloaded")
            try harness.until("both") { harness.daemon.eventRuns.count == 2 }
            // 8 MB, which no socket holds.
            let words = String(repeating: "x", count: 1800)
            var held = 0
            var told = 0
            try harness.until("the deaf one is gone", within: 30, polling: true) {
                if told < 4000 {
                    harness.daemon.handle(Array(repeating: .reloaded(words), count: 50))
                    told += 50
                }
                reader.socket.receive()
                for run in harness.daemon.eventRuns { held = max(held, run.connection.stream.outputCount) }
                return harness.daemon.eventRuns.count { $0.connection.isStreaming } == 1
            }
            #expect(held <= EventLimits.pieceBytes + 4096, "one piece at most waits for a client")
            #expect(deaf.socket.text.isEmpty)
            // Megabytes are not searched again and again.
            reader.socket.forget()
            harness.daemon.handle(.reloaded("the last one"))
            try reader.wait(harness, for: "the last one")
        }

        @Test("HEAD gets the head; who has sent all it will send gets what there is, and the end")
        func heads() throws {
            let harness = try Harness()
            defer { harness.close() }
            let head = try harness.send(.head, "/v1/events")
            #expect(head.status == 200 && head.fields["Content-Type"] == "text/event-stream")
            let half = try Follower(harness, "/v1/events", "Last-Event-ID: x\r\n")
            half.socket.closeSending()
            try half.waitForEnd(harness)
            #expect(!half.socket.isReset)
            let early = try Follower(harness)
            try early.wait(harness, for: ": beatd")
            early.socket.closeSending()
            try early.waitForEnd(harness)
            try harness.until("nobody follows") {
                harness.daemon.serveEvents()
                return harness.daemon.eventRuns.isEmpty
            }
        }

        @Test("a reload is told")
        func reloads() throws {
            let harness = try Harness()
            defer { harness.close() }
            let follower = try Follower(harness, "/v1/events?type=reloaded", Self.ndjson)
            try harness.until("a stream") { harness.daemon.eventRuns.count == 1 }
            harness.daemon.readSettings = { () throws(SettingsRefusal) in
                try BeatdInvocation.parse(
                    arguments: ["serve"], environment: [:], readFile: { _ in .failure(.notFound) },
                    listFolder: { _ in .success([]) })
            }
            harness.daemon.reload()
            try follower.wait(harness, for: "\"type\":\"reloaded\"")
        }
    }
}
