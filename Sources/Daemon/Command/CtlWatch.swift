internal import BeatCore
internal import EventLoop
import Glibc
internal import HTTPWire
internal import JSON

/// `beatd ctl watch`: events until ^C. A connection that ends is opened anew and goes on behind the last event.
final class CtlWatch {
    private let call: CtlCall
    private let caller: ControlCaller
    private let asTable: Bool
    private var lastID: String?

    init(_ call: CtlCall, _ caller: ControlCaller, asTable: Bool) {
        self.call = call
        self.caller = caller
        self.asTable = asTable
    }

    func run() throws(CtlFailure) {
        // Finds the address, and says what is wrong with the filters in the API's words.
        _ = try ControlCaller.requireSuccess(try caller.ask(.get, "/v1/status"))
        var lostAt: Int64?
        while true {
            do throws(CtlFailure) {
                try follow()
                lostAt = nil
            } catch {
                // A daemon that is started anew is not there for a moment.
                let since = lostAt ?? MonotonicClock.nanoseconds()
                let limit = call.access.timeout.wholeNanoseconds
                guard error.exit == .unreachable, MonotonicClock.nanoseconds() - since < limit else { throw error }
                if lostAt == nil { CommandLineOutput.error("beatd: \(error.text); asked again each second") }
                lostAt = since
            }
            // Between two connections, so that a daemon that restarts is not asked in a loop.
            poll(nil, 0, 1000)
        }
    }

    private func follow() throws(CtlFailure) {
        guard let address = caller.address else { preconditionFailure("nobody has answered yet") }
        var fields: HTTPFields = ["Accept": "application/x-ndjson"]
        if let lastID { fields.set("Last-Event-ID", lastID) }
        let request = try caller.request(
            .get, "/v1/events" + CtlDocument.query(call.words), [], fields, version: .http10)
        var bytes: [UInt8] = []
        HTTPRequestWriter.append(request, host: "localhost", keepsOpen: false, to: &bytes)
        let follower = EventFollower(caller.loop, to: address, sending: bytes, timeout: call.access.timeout) {
            [unowned self] in self.take($0)
        }
        while follower.end == nil { caller.loop.runOnce(waiting: true) }
        caller.loop.freeClosed()
        guard case .failed(let text) = follower.end else { return }
        guard follower.status == 0 else {
            // Asked once more for the words of the refusal: a refusal is no stream.
            _ = try ControlCaller.requireSuccess(
                try caller.ask(.get, "/v1/events" + CtlDocument.query(call.words), fields: fields))
            throw CtlFailure(text: text, exit: .server)
        }
        throw caller.unreachable(["\(address) (\(text))"])
    }

    private func take(_ line: [UInt8]) {
        guard let event = try? JSONParser.parse(line) else { return }
        if let id = event["eventId"]?.text { lastID = id }
        if let command = call.flags["exec"], !command.isEmpty { return run(command, line) }
        CommandLineOutput.line(asTable ? CtlTable.line(event) : String(decoding: line, as: UTF8.self))
    }

    /// One at a time, in the order of the events; what it prints and how it ends are its own matter.
    private func run(_ command: String, _ line: [UInt8]) {
        guard let pipe = popen(command, "w") else {
            return CommandLineOutput.error("beatd: \(command): \(SystemError.text(errno))")
        }
        let bytes = line + [UInt8(ascii: "\n")]
        fwrite(bytes, 1, bytes.count, pipe)
        let status = pclose(pipe)
        if status != 0 { CommandLineOutput.error("beatd: \(command): ended with \(status >> 8 & 0xff)") }
    }
}
