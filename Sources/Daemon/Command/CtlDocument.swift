internal import HTTPWire
internal import JSON

/// Words of the command line as what the API takes. Pure.
enum CtlDocument {
    /// `serviceName=orders port=8080 metadata.zone=a` as a registration: numbers and truth values where they look like
    /// it and the field is one, else texts. What the names and values must be is the daemon's to say.
    static func registration(_ words: [String]) -> JSONValue {
        var body = JSONObject()
        var maps: [String: JSONObject] = [:]
        for word in words {
            let (name, value) = pair(word)
            if let dot = name.firstIndex(of: "."), ["metadata", "labels"].contains(name[..<dot]) {
                maps[String(name[..<dot]), default: JSONObject()][String(name[name.index(after: dot)...])] = .string(
                    value)
            } else {
                body[name] = typed(name, value)
            }
        }
        for (name, map) in maps.sorted(by: { $0.key < $1.key }) { body[name] = .object(map) }
        return .object(body)
    }

    private static func typed(_ name: String, _ value: String) -> JSONValue {
        switch name {
        case "port": Int64(value).map { .integer($0) } ?? .string(value)
        case "weight": Double(value).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(value)
        case "enabled", "deregisterOnExit":
            value == "true" ? .bool(true) : value == "false" ? .bool(false) : .string(value)
        case "checks": (try? JSONParser.parse(Array(value.utf8))) ?? .string(value)
        default: .string(value)
        }
    }

    /// `name=value` words as a query, with its question mark; empty without any.
    static func query(_ words: [String], _ more: [String] = []) -> String {
        var bytes: [UInt8] = []
        for word in words + more {
            let (name, value) = pair(word)
            FormEncoding.appendPair(name, value, to: &bytes, start: 0)
        }
        return bytes.isEmpty ? "" : "?" + String(decoding: bytes, as: UTF8.self)
    }

    /// What a file holds, as the body of POST /v1/import; nil for one registration, which is posted.
    static func importBody(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .array: .object(["items": value])
        case .object(let object) where object["items"] != nil: value
        default: nil
        }
    }

    static func bytes(_ value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(value)
        return writer.finish()
    }

    private static func pair(_ word: String) -> (name: String, value: String) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
    }
}
