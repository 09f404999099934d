import Glibc
import Testing

/// As much of `openapi.yaml` as the route table is held against: block mappings and lists, two blanks a level.
struct Contract {
    struct Operation: Equatable {
        var id = ""
        var parameters: [String] = []
        var statuses: [String] = []
        var hasBody = false
    }

    /// By method and path: `GET /v1/beats`.
    var operations: [String: Operation] = [:]
    /// The names that components give to parameters: `$ref` name to `in` and `name`.
    var parameters: [String: (place: String, name: String)] = [:]
    /// The properties of each schema, in order.
    var properties: [String: [String]] = [:]
    /// The values of each `enum` of a schema.
    var enums: [String: [String]] = [:]

    /// The file at the root of the package.
    static func text(from file: String = #filePath) throws -> String {
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let stream = try #require(fopen("/\(root)/openapi.yaml", "r"), "openapi.yaml is missing")
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&buffer, 1, buffer.count, stream)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    init(_ yaml: String) {
        /// The keys above a line, one for each level.
        var keys: [String] = []
        for line in yaml.split(separator: "\n") {
            let blanks = line.prefix { $0 == " " }.count
            let content = line.dropFirst(blanks)
            guard !content.hasPrefix("#"), blanks % 2 == 0 else { continue }
            let isItem = content.hasPrefix("- ")
            let pair = Contract.pair(isItem ? content.dropFirst(2) : content)
            keys = Array(keys.prefix(blanks / 2))
            while keys.count < blanks / 2 { keys.append("") }
            take(keys, pair.key, pair.value, isItem: isItem)
            keys.append(pair.key)
        }
    }

    private static func pair(_ text: Substring) -> (key: String, value: String) {
        func unquoted(_ text: Substring) -> String {
            text.count > 1 && text.first == "\"" && text.last == "\""
                ? String(text.dropFirst().dropLast()) : String(text)
        }
        guard let colon = text.lastIndex(where: { $0 == ":" }), text.first != "\"" || text.contains("\":") else {
            return (unquoted(text), "")
        }
        if let split = text.range(of: ": ") {
            return (unquoted(text[..<split.lowerBound]), unquoted(text[split.upperBound...]))
        }
        return colon == text.index(before: text.endIndex) ? (unquoted(text[..<colon]), "") : (unquoted(text), "")
    }

    private mutating func take(_ above: [String], _ key: String, _ value: String, isItem: Bool) {
        if above.first == "paths", above.count >= 3 {
            let name = "\(above[2].uppercased()) \(above[1])"
            let inside = above.dropFirst(3)
            if inside.isEmpty, key == "operationId" { operations[name, default: Operation()].id = value }
            if inside.isEmpty, key == "requestBody" { operations[name, default: Operation()].hasBody = true }
            if inside.elementsEqual(["parameters"]), key == "$ref" {
                operations[name, default: Operation()].parameters.append(Contract.last(value))
            }
            if inside.elementsEqual(["responses"]) { operations[name, default: Operation()].statuses.append(key) }
        }
        guard above.first == "components", above.count >= 3 else { return }
        if above[1] == "parameters", above.count == 3 {
            if key == "name" { parameters[above[2], default: ("", "")].name = value }
            if key == "in" { parameters[above[2], default: ("", "")].place = value }
        }
        if above[1] == "schemas", above.count == 4, above[3] == "properties" {
            properties[above[2], default: []].append(key)
        }
        if above[1] == "schemas", above.last == "enum", isItem { enums[above[2], default: []].append(key) }
    }

    private static func last(_ reference: String) -> String {
        String(reference.split(separator: "/").last ?? "")
    }
}

extension Substring {
    /// Where a text stands first.
    fileprivate func range(of text: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
