/// A service with its group, as the server splits `group@@service` (nacos.md §2.2).
struct ServiceName: Equatable {
    let group: String
    let bare: String

    var grouped: String { "\(group)@@\(bare)" }

    static let standardGroup = "DEFAULT_GROUP"
    static let missingService = "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
    static let missingGroup = "Param 'serviceName' is illegal, groupName can't be empty"

    /// The name that a v1 request means; the group parameter counts only for a bare name.
    init(_ text: String, group: String?) throws(Malformed) {
        let parts = ServiceName.parts(text)
        if parts.count == 1, !text.contains("@@") {
            self.init(group: group ?? ServiceName.standardGroup, bare: text)
            return
        }
        try self.init(grouped: text)
    }

    /// A v3 name, which nobody splits (nacos.md §3.3).
    init(bare text: String, group: String?) {
        self.init(group: group ?? ServiceName.standardGroup, bare: text)
    }

    /// A name that must have its group in it.
    init(grouped text: String) throws(Malformed) {
        let parts = ServiceName.parts(text)
        guard parts.count > 1 else { throw Malformed(text: ServiceName.missingService) }
        guard !parts[0].isEmpty else { throw Malformed(text: ServiceName.missingGroup) }
        self.init(group: parts[0], bare: parts[1])
    }

    private init(group: String, bare: String) {
        self.group = group
        self.bare = bare
    }

    /// The service that a beat's JSON names, however odd: no group means the standard one, no name the empty one.
    init(lenient text: String) {
        let parts = ServiceName.parts(text)
        self.init(
            group: parts.count > 1 ? parts[0] : ServiceName.standardGroup, bare: parts.count > 1 ? parts[1] : text)
    }

    struct Malformed: Error {
        let text: String
    }

    /// What stands between `@@`s, without empty ends, as Java splits.
    private static func parts(_ text: String) -> [String] {
        var parts: [[UInt8]] = [[]]
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "@"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "@") {
                parts.append([])
                index += 2
            } else {
                parts[parts.count - 1].append(bytes[index])
                index += 1
            }
        }
        while parts.count > 1, parts[parts.count - 1].isEmpty { parts.removeLast() }
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }
}
