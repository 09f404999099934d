public import BeatCore
internal import HTTPWire
internal import JSON

/// What the shell is to do beside the core.
public enum ShellCommand: Equatable, Sendable {
    /// Log from this level on; at `until` go back to the level before, nil: stay.
    case setLogLevel(LogLevelLabel, until: Instant?)
}

/// The longest time after which a level reverts: what is forgotten for longer than a day was meant to stay.
private let logLevelMax = Duration.seconds(86_400)
private let logLevelMin = Duration.seconds(1)

// MARK: PUT /v1/log-level

extension ControlAPI {
    func setLogLevel(_ call: Call, context: Context) throws(Problem) -> Handling {
        let body: JSONValue
        do throws(JSONError) { body = try JSONParser.parse(call.request.body) } catch {
            throw Problem(.malformedJSON, error.description)
        }
        guard case .object(let object) = body else {
            throw .validation([.init(pointer: "", "must be an object, got \(body.typeName)")])
        }
        var items: [Problem.Item] = []
        var level: LogLevelLabel?
        var time: Duration?
        for member in object.members {
            switch member.key {
            case "level":
                level = ControlAPI.level(member.value)
                if level == nil { items.append(.init(pointer: "/level", ControlAPI.levelFault(member.value))) }
            case "for":
                time = ControlAPI.time(member.value)
                if time == nil {
                    items.append(.init(pointer: "/for", "must be a duration from 1s to 24h, such as \"5m\""))
                }
            case let name:
                items.append(.unknownField(name, among: ["level", "for"]))
            }
        }
        if object["level"] == nil { items.append(.init(pointer: "/level", "is required")) }
        guard items.isEmpty, let level else { throw .validation(items) }
        let until = time.map { context.now + $0 }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("level", "\(level.label)")
        writer.key("until")
        if let until { writer.string(context.text(until)) } else { writer.null() }
        writer.endObject()
        return .perform(
            .setLogLevel(level, until: until), .body(200, .json, writer.finish(), pretty: call.pretty),
            route: call.route)
    }

    private static func level(_ value: JSONValue) -> LogLevelLabel? {
        guard case .string(let text) = value else { return nil }
        return LogLevelLabel.allCases.first { "\($0.label)" == text }
    }

    private static func levelFault(_ value: JSONValue) -> String {
        let names = LogLevelLabel.allCases.map { "\($0.label)" }
        var got = value.typeName
        var hint = ""
        if case .string(let text) = value {
            got = NameRules.quoted(text)
            hint = NearestName.suggestion(for: text, among: names)
        }
        return "must be one of \(names.joined(separator: ", ")), got \(got)\(hint)"
    }

    private static func time(_ value: JSONValue) -> Duration? {
        guard case .string(let text) = value, let time = DurationText.parse(text) else { return nil }
        return (logLevelMin...logLevelMax).contains(time) ? time : nil
    }

    /// From now on `/v1/config` shows this for a setting that was changed while the process runs.
    public mutating func report(setting name: String, value: String, source: String) {
        guard let position = configuration.settings.firstIndex(where: { $0.name == name }) else { return }
        var changed = configuration
        changed.settings[position].value = value
        changed.settings[position].source = source
        configuration = changed
    }
}
