internal import JSON

/// Answers as tables for people. Pure.
enum CtlTable {
    /// Columns as wide as their widest cell, two spaces between them, none behind the last.
    static func text(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
            }.joined() + "\n"
        }.joined()
    }

    static let heading = ["ID", "SERVICE", "INSTANCE", "STATE", "LAST BEAT", "UNHEALTHY IN", "REASON"]

    /// A line of `ctl list`.
    static func row(_ item: JSONValue) -> [String] {
        let status = item["status"]
        let group = item["groupName"]?.text ?? ""
        let service = item["serviceName"]?.text ?? ""
        let last = status?["lastAcceptedAt"]?.text
        return [
            item["id"]?.text ?? "", group == "DEFAULT_GROUP" ? service : "\(group)@@\(service)", instance(item),
            status?["state"]?.text ?? "", last.map { String($0.dropFirst(11).prefix(8)) } ?? "-",
            seconds(status?["secondsUntilUnhealthy"]), printable(status?["reason"]?.text ?? ""),
        ]
    }

    /// Those that Nacos would call unhealthy first; those of which that is not known, or has happened, before all.
    static func mostUrgent(_ items: [JSONValue], _ count: Int) -> [JSONValue] {
        func left(_ item: JSONValue) -> Double {
            switch item["status"]?["secondsUntilUnhealthy"] {
            case .number(let number): number
            case .integer(let number): Double(number)
            case nil, .null, .bool, .string, .array, .object: -1
            }
        }
        return Array(items.sorted { left($0) < left($1) }.prefix(count))
    }

    /// How many are in each state: `8 beating, 1 failing`.
    static func states(_ items: [JSONValue]) -> String {
        var counts: [String: Int] = [:]
        for item in items { counts[item["status"]?["state"]?.text ?? "unknown", default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
            .joined(separator: ", ")
    }

    /// An event of `ctl watch`: when, what, whom, and why.
    static func line(_ event: JSONValue) -> String {
        let time = (event["at"]?.text ?? "").dropFirst(11).prefix(8)
        let whom = event["serviceName"].map { "\($0.text ?? "") \(instance(event))" } ?? event["server"]?.text ?? ""
        let parts = [
            String(time), event["type"]?.text ?? "", whom, event["state"]?.text ?? "", event["reason"]?.text ?? "",
        ]
        return parts.filter { !$0.isEmpty }.map(printable).joined(separator: "  ") + "\n"
    }

    /// Names and values, nested ones with a dot between.
    static func details(_ value: JSONValue, _ prefix: String = "") -> [[String]] {
        guard case .object(let object) = value, !object.members.isEmpty else {
            return [[prefix, printable(value.text ?? "-")]]
        }
        return object.members.flatMap { details($0.value, prefix.isEmpty ? $0.key : "\(prefix).\($0.key)") }
    }

    /// To a tenth, as nobody reads more.
    private static func seconds(_ value: JSONValue?) -> String {
        switch value {
        case .number(let number): "\((number * 10).rounded() / 10) s"
        case .integer(let number): "\(number) s"
        case nil, .null, .bool, .string, .array, .object: "-"
        }
    }

    private static func instance(_ item: JSONValue) -> String {
        let ip = item["ip"]?.text ?? ""
        return "\(ip.contains(":") ? "[\(ip)]" : ip):\(item["port"]?.text ?? "")"
    }

    /// What others wrote must not steer a terminal.
    private static func printable(_ text: String) -> String {
        String(
            text.map { character in
                character.unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }
                    ? "?" : character
            })
    }
}
