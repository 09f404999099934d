internal import JSON

/// JSON merge patch (RFC 7396 §2).
enum MergePatch {
    /// The target with the patch applied: null removes, an object is merged, anything else replaces.
    static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
        guard case .object(let patch) = patch else { return patch }
        var merged = JSONObject()
        if case .object(let object) = target { merged = object }
        for member in patch.members {
            merged[member.key] = member.value == .null ? nil : apply(member.value, to: merged[member.key] ?? .null)
        }
        return .object(merged)
    }
}
