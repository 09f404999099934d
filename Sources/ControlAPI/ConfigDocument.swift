internal import HTTPWire
internal import JSON

extension ControlAPI {
    /// A row of `GET /v1/config`.
    public struct ReportedSetting: Equatable, Sendable {
        /// As it is named in the configuration file.
        public var name: String
        /// The effective text, empty when not set, `<set>` in place of a secret.
        public var value: String
        /// `flag`, `environment`, `file`, `credential` or `default`.
        public var source: String

        /// A setting by its name.
        public init(name: String, value: String, source: String) {
            self.name = name
            self.value = value
            self.source = source
        }
    }

    // MARK: GET /v1/config

    /// The settings that this process runs with, and who said so.
    func readConfig(_ call: Call) -> HTTPResponse {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for setting in configuration.settings {
            writer.beginObject()
            writer.member("name", setting.name)
            writer.member("value", setting.value)
            writer.member("source", setting.source)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return .body(200, .json, writer.finish(), pretty: call.pretty)
    }
}
