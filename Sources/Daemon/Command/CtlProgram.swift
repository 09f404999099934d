internal import BeatCore
internal import EventLoop
import Glibc
internal import HTTPWire
internal import JSON

/// `beatd ctl`: one question to a running beatd, and its answer for a person or a pipe.
struct CtlProgram {
    private let call: CtlCall
    private let caller: ControlCaller
    private let asTable: Bool

    static func run(_ call: CtlCall) -> Int32 {
        do throws(EventLoopError) {
            let caller = try ControlCaller(call.access)
            let program = CtlProgram(
                call: call, caller: caller, asTable: call.wantsTable ?? CommandLineOutput.isTerminal)
            return program.perform()
        } catch {
            CommandLineOutput.error("beatd: \(error)")
            return CtlFailure.Exit.server.rawValue
        }
    }

    private func perform() -> Int32 {
        do throws(CtlFailure) {
            switch call.action {
            case .list: try list()
            case .top: try top()
            case .get: return each { id throws(CtlFailure) in try show(try ask(.get, path(id))) }
            case .add: try add()
            case .delete: return each { id throws(CtlFailure) in try delete(id) }
            case .maintain: try maintain()
            case .drain: try drain()
            case .watch: try CtlWatch(call, caller, asTable: asTable).run()
            }
            return Program.Exit.ok
        } catch {
            return fail(error)
        }
    }

    private func fail(_ failure: CtlFailure) -> Int32 {
        CommandLineOutput.error("beatd: \(failure.text)")
        return failure.exit.rawValue
    }

    /// Does it for every id; the first failure decides the exit status, and the others are done all the same.
    private func each(_ act: (String) throws(CtlFailure) -> Void) -> Int32 {
        var status = Program.Exit.ok
        for id in call.words {
            do throws(CtlFailure) {
                try act(id)
            } catch {
                let own = fail(CtlFailure(text: "\(id): \(error.text)", exit: error.exit))
                if status == Program.Exit.ok { status = own }
            }
        }
        return status
    }

    private func path(_ id: String, _ more: String = "") -> String {
        "/v1/beats/\(FormEncoding.encoded(id))\(more)"
    }

    private func ask(_ method: HTTPMethod, _ target: String, _ body: JSONValue? = nil) throws(CtlFailure) -> JSONValue {
        let response = try caller.ask(method, target, body.map(CtlDocument.bytes) ?? [])
        let good = try ControlCaller.requireSuccess(response)
        guard !good.body.isEmpty else { return .null }
        guard let json = try? JSONParser.parse(good.body) else {
            throw CtlFailure(text: "the answer is no JSON; is this beatd?", exit: .server)
        }
        return json
    }

    private func show(_ value: JSONValue) throws(CtlFailure) {
        guard asTable else { return CommandLineOutput.line(value.text ?? "null") }
        CommandLineOutput.line(CtlTable.text(CtlTable.details(value)))
    }

    // MARK: the actions

    private func list() throws(CtlFailure) {
        let items = try self.items()
        guard asTable else {
            return CommandLineOutput.line(JSONValue.object(["items": .array(items)]).text ?? "")
        }
        CommandLineOutput.line(CtlTable.text([CtlTable.heading] + items.map(CtlTable.row)))
    }

    /// All pages.
    private func items() throws(CtlFailure) -> [JSONValue] {
        var items: [JSONValue] = []
        var next: String?
        repeat {
            let limit = call.words.contains { $0.hasPrefix("limit=") } ? [] : ["limit=1000"]
            let page = try ask(
                .get, "/v1/beats" + CtlDocument.query(call.words, limit + (next.map { ["continue=\($0)"] } ?? [])))
            guard case .array(let found)? = page["items"] else {
                throw CtlFailure(text: "the answer is no list; is this beatd?", exit: .server)
            }
            items += found
            next = page["continue"]?.text
        } while next != nil
        return items
    }

    /// Rows that fit on every terminal.
    private static let topRows = 20

    /// The most urgent first, until ^C or until nobody answers.
    private func top() throws(CtlFailure) {
        while true {
            let items = try self.items()
            let urgent = CtlTable.mostUrgent(items, Self.topRows)
            if asTable {
                let states = CtlTable.states(items)
                // Home and clear, so that the table stands still.
                CommandLineOutput.line(
                    "\u{1b}[H\u{1b}[2J\(items.count) registrations: \(states)\n\n"
                        + CtlTable.text([CtlTable.heading] + urgent.map(CtlTable.row)))
            } else {
                CommandLineOutput.line(JSONValue.object(["items": .array(urgent)]).text ?? "")
            }
            poll(nil, 0, Int32(clamping: call.every.wholeMilliseconds))
        }
    }

    private func add() throws(CtlFailure) {
        guard let path = call.flags["file"], !path.isEmpty else {
            return try show(try ask(.post, "/v1/beats", CtlDocument.registration(call.words)))
        }
        let bytes: [UInt8]
        switch Program.readFile(path == "-" ? "/dev/stdin" : path) {
        case .success(let read): bytes = read
        case .failure(let error): throw CtlFailure(text: "\(path): \(error.text)", exit: .usage)
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(bytes)
        } catch {
            throw CtlFailure(text: "\(path): \(error.description)", exit: .usage)
        }
        guard let list = CtlDocument.importBody(value) else { return try show(try ask(.post, "/v1/beats", value)) }
        let report = try ask(.post, "/v1/import", list)
        try show(report)
        if let failed = report["failed"]?.text, failed != "0" {
            throw CtlFailure(text: "\(failed) of the file's registrations were refused", exit: .invalid)
        }
    }

    private func delete(_ id: String) throws(CtlFailure) {
        let response = try caller.ask(.delete, path(id))
        let status = try ControlCaller.requireSuccess(response).status
        let result = status == 204 ? "deleted" : "deleting"
        guard !asTable else {
            let note = status == 204 ? "" : "; Nacos has not confirmed it yet, beatd goes on"
            return CommandLineOutput.line("\(id) \(result)\(note)")
        }
        CommandLineOutput.line(JSONValue.object(["id": .string(id), "result": .string(result)]).text ?? "")
    }

    private func maintain() throws(CtlFailure) {
        let id = call.words[0]
        let target = id == "all" ? "/v1/maintenance" : path(id, "/maintenance")
        guard call.flags["off"] != "true" else {
            _ = try ask(.delete, target)
            return CommandLineOutput.line(
                asTable ? "\(id) is back" : JSONValue.object(["id": .string(id), "maintenance": .null]).text ?? "")
        }
        var body = JSONObject()
        for name in ["reason", "for"] {
            if let text = call.flags[name], !text.isEmpty { body[name] = .string(text) }
        }
        try show(try ask(.put, target, .object(body)))
    }

    /// Waits for the end of it: what is left is an error.
    private func drain() throws(CtlFailure) {
        let body: JSONObject = [
            "settle": .string(call.flags["settle"] ?? ""), "timeout": .string(call.flags["drain-timeout"] ?? ""),
        ]
        var report = try ask(.post, "/v1/drain", .object(body))
        // Each answer comes when it is done or after the wait; the second asks for the same drain.
        while report["state"]?.text == "draining" {
            if asTable { CommandLineOutput.error("draining: \(report["deregistered"]?.text ?? "0") taken away") }
            let wait = min(.seconds(5), call.access.timeout / 2)
            report = try ask(.post, "/v1/drain?wait=\(DurationText.text(wait))", .object(body))
        }
        try show(report)
        if case .array(let left)? = report["left"], !left.isEmpty {
            throw CtlFailure(text: "\(left.count) instances could not be taken away", exit: .server)
        }
    }
}
