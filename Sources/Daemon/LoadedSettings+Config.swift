internal import ControlAPI

extension LoadedSettings {
    /// The rows of `GET /v1/config`.
    var reported: [ControlAPI.ReportedSetting] {
        entries.map { ControlAPI.ReportedSetting(name: $0.name, value: $0.value, source: $0.source.name) }
    }
}
