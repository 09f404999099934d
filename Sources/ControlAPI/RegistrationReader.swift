internal import BeatCore
internal import JSON

/// Reads a registration document and collects everything that is wrong with it.
struct RegistrationReader {
    /// What a document may leave out.
    struct Defaults: Sendable {
        var namespaceId: String
        /// Nil: `ip` is required.
        var ip: String?
        /// What a rule such as `auto` comes to.
        var chooseAddress: @Sendable (String) -> AddressChoice = { _ in .none }
        /// Whether an `exec` check may be asked for.
        var allowsExec = false
    }

    private var items: [Problem.Item] = []
    private var id: String?
    private var serviceName: String?
    private var groupOfServiceName: String?
    private var groupName: String?
    private var namespaceId: String?
    private var clusterName: String?
    private var ip: String?
    private var ipRule: String?
    private var port: UInt16?
    private var weight: Double?
    private var enabled: Bool?
    private var metadata: StringMap?
    private var period: Duration?
    private var checks: [Check] = []
    private var onUnhealthy: OnUnhealthy?
    private var deregisterOnExit: Bool?
    private var labels: StringMap?
    private var given: Given = []

    /// The fields whose absence is told from a value that is wrong.
    private struct Given: OptionSet {
        let rawValue: UInt8
        static let serviceName = Given(rawValue: 1)
        static let port = Given(rawValue: 2)
        static let ip = Given(rawValue: 4)
        static let ipRule = Given(rawValue: 8)
    }

    private init() {}

    /// The document in `body`. Throws `validation` with every fault, or `key-conflict` when it carries an id that its
    /// key does not have.
    static func read(_ body: JSONValue, _ defaults: Defaults) throws(Problem) -> RegistrationDocument {
        let named = try readNamed(body, defaults)
        if let id = named.id, id != named.document.key.id {
            throw Problem(
                .keyConflict,
                "the id \(NameRules.quoted(id)) is not that of this registration, "
                    + "\"\(named.document.key.id)\"; leave it out", id: named.document.key.id)
        }
        return named.document
    }

    /// The document in `body`, and the id that it carries; whether that is right is for the caller to say.
    static func readNamed(
        _ body: JSONValue, _ defaults: Defaults
    ) throws(Problem) -> (document: RegistrationDocument, id: String?) {
        guard case .object(let object) = body else {
            throw .validation([.init(pointer: "", "must be an object, got \(body.typeName)")])
        }
        var reader = RegistrationReader()
        for member in object.members {
            guard let field = RegistrationField(rawValue: member.key) else {
                // For those that are shown: a body may have ten thousand unknown fields.
                let hint =
                    reader.items.count < Problem.itemsShown
                    ? NearestName.suggestion(for: member.key, among: RegistrationField.writableNames) : ""
                reader.fault(Pointer.to(member.key), "unknown field\(hint)")
                continue
            }
            reader.read(field, member.value)
        }
        guard let document = reader.finish(defaults), reader.items.isEmpty else { throw .validation(reader.items) }
        try requireAllowed(document, defaults)
        return (document, reader.id)
    }

    /// A program that beatd starts has beatd's rights: whoever may write to the API is not given them unasked.
    private static func requireAllowed(_ document: RegistrationDocument, _ defaults: Defaults) throws(Problem) {
        guard !defaults.allowsExec, document.checks.contains(where: { $0.kind == .exec }) else { return }
        throw Problem(
            .forbidden, "exec checks are taken from the configuration file, or over the API with --allow-exec")
    }

    private mutating func read(_ field: RegistrationField, _ value: JSONValue) {
        switch field {
        case .id: id = string(value, field)
        case .serviceName:
            given.insert(.serviceName)
            readServiceName(value)
        case .groupName: groupName = string(value, field, rule: NameRules.faultOfGroupName)
        case .namespaceId: namespaceId = string(value, field, rule: NameRules.faultOfNamespaceId)
        case .clusterName: clusterName = string(value, field, rule: NameRules.faultOfClusterName)
        case .ip:
            given.insert(.ip)
            ip = string(value, field, rule: AddressRules.faultOfAddressOrRule)
        case .ipRule:
            given.insert(.ipRule)
            ipRule = string(value, field, rule: AddressRules.faultOfRule)
        case .port:
            given.insert(.port)
            port = readPort(value)
        case .weight: weight = readWeight(value)
        case .enabled: enabled = boolean(value, field)
        case .metadata: metadata = readMap(value, field)
        case .period: period = readPeriod(value)
        case .checks: checks = CheckReader.read(value, Pointer.to(field.rawValue), into: &items)
        case .onUnhealthy: onUnhealthy = readOnUnhealthy(value)
        case .deregisterOnExit: deregisterOnExit = boolean(value, field)
        case .labels: labels = readMap(value, field)
        case .rev, .generation, .createdAt, .updatedAt, .source, .status, .result: break
        }
    }

    // MARK: the whole

    private mutating func finish(_ defaults: Defaults) -> RegistrationDocument? {
        if !given.contains(.serviceName) { fault(.serviceName, "is required") }
        if !given.contains(.port) { fault(.port, "is required") }
        if given.isDisjoint(with: [.ip, .ipRule]), defaults.ip == nil { fault(.ip, "is required") }
        if let named = groupOfServiceName, let groupName, named != groupName {
            fault(
                .groupName,
                "contradicts serviceName, which says \(NameRules.quoted(named)); give the group in one of them")
        }
        let metadata = metadata ?? StringMap()
        for item in MetadataRules.faults(metadata: metadata, period: period) { items.append(item) }
        for item in MetadataRules.faults(labels: labels ?? StringMap()) { items.append(item) }
        let hasAddressFault = given.contains(.ip) && ip == nil || given.contains(.ipRule) && ipRule == nil
        let address = hasAddressFault ? nil : chooseAddress(ip, rule: ipRule, defaults)
        guard let serviceName, let port, let address else { return nil }
        let key = InstanceKey(
            namespaceId: namespaceId ?? defaults.namespaceId,
            groupName: groupOfServiceName ?? groupName ?? "DEFAULT_GROUP", serviceName: serviceName,
            clusterName: clusterName ?? "DEFAULT", ip: address.ip, port: port)
        return RegistrationDocument(
            key: key, weight: weight ?? 1, enabled: enabled ?? true, metadata: metadata, period: period,
            checks: checks, onUnhealthy: onUnhealthy ?? .stop, deregisterOnExit: deregisterOnExit ?? true,
            labels: labels ?? StringMap(), ipRule: address.rule)
    }

    mutating func fault(_ pointer: String, _ detail: String) {
        items.append(.init(pointer: pointer, detail))
    }

    private mutating func fault(_ field: RegistrationField, _ detail: String) {
        fault(Pointer.to(field.rawValue), detail)
    }

    // MARK: one field

    private mutating func readServiceName(_ value: JSONValue) {
        guard let text = string(value, .serviceName) else { return }
        let parts = GroupedName.split(text)
        if let group = parts.group, let fault = NameRules.faultOfGroupName(group) {
            return self.fault(.serviceName, "the group before @@ \(fault)")
        }
        if let fault = NameRules.faultOfServiceName(parts.service) { return self.fault(.serviceName, fault) }
        serviceName = parts.service
        groupOfServiceName = parts.group
    }

    private mutating func readPort(_ value: JSONValue) -> UInt16? {
        switch value {
        case .integer(let number):
            if let port = UInt16(exactly: number), port > 0 { return port }
            fault(.port, "must be 1…65535, got \(number)")
        case .number(let number):
            if let port = UInt16(exactly: number), port > 0 { return port }
            fault(.port, "must be a whole number 1…65535, got \(number)")
        case .string(let text):
            let fix = UInt16(text).map { $0 > 0 ? ": \($0)" : "" } ?? ""
            fault(.port, "must be a number without quotes\(fix)")
        case .null, .bool, .array, .object: fault(.port, "must be an integer 1…65535, got \(value.typeName)")
        }
        return nil
    }

    private mutating func readWeight(_ value: JSONValue) -> Double? {
        let weight: Double
        switch value {
        case .integer(let number): weight = Double(number)
        case .number(let number): weight = number
        case .string(let text):
            fault(.weight, "must be a number without quotes\(Double(text).map { ": \($0)" } ?? "")")
            return nil
        case .null, .bool, .array, .object:
            fault(.weight, "must be a number, got \(value.typeName)")
            return nil
        }
        if (0...10_000).contains(weight) { return weight }
        fault(.weight, "must be 0…10000, got \(weight)")
        return nil
    }

    private mutating func readPeriod(_ value: JSONValue) -> Duration? {
        guard case .string(let text) = value else {
            fault(.period, "must be a duration as text, such as \"5s\" or \"500ms\", got \(value.typeName)")
            return nil
        }
        guard let period = DurationText.parse(text) else {
            fault(.period, "must be a duration such as 500ms, 5s or 1m, got \(NameRules.quoted(text))")
            return nil
        }
        if let fault = MetadataRules.faultOfPeriod(period) {
            self.fault(.period, "\(fault), got \(text)")
            return nil
        }
        return period
    }

    private mutating func readOnUnhealthy(_ value: JSONValue) -> OnUnhealthy? {
        guard let text = string(value, .onUnhealthy) else { return nil }
        if let choice = OnUnhealthy(rawValue: text) { return choice }
        let hint = NearestName.suggestion(for: text, among: ["stop", "disable", "deregister"])
        fault(.onUnhealthy, "must be stop, disable or deregister, got \(NameRules.quoted(text))\(hint)")
        return nil
    }

    private mutating func readMap(_ value: JSONValue, _ field: RegistrationField) -> StringMap? {
        guard case .object(let object) = value else {
            fault(field, "must be an object of strings, got \(value.typeName)")
            return nil
        }
        // Counted before it is built: a map looks its keys up one by one.
        guard object.count <= Limits.metadataKeys else {
            fault(field, "must have at most \(Limits.metadataKeys) keys, got \(object.count)")
            return nil
        }
        var map = StringMap()
        for member in object.members {
            func place() -> String { Pointer.to(field.rawValue) + Pointer.to(member.key) }
            // Strings compare by canonical equivalence: two ways to write an umlaut are one key in a map.
            if map[member.key] != nil { fault(place(), "the same key stands twice, written with other code points") }
            do throws(ValueFault) { map[member.key] = try ValueReading.string(member.value) } catch {
                fault(place(), error.text)
            }
        }
        return map
    }

    // MARK: types

    private mutating func string(
        _ value: JSONValue, _ field: RegistrationField, rule: (String) -> String? = { _ in nil }
    ) -> String? {
        do throws(ValueFault) {
            let text = try ValueReading.string(value)
            guard let fault = rule(text) else { return text }
            self.fault(field, fault)
        } catch {
            fault(field, error.text)
        }
        return nil
    }

    private mutating func boolean(_ value: JSONValue, _ field: RegistrationField) -> Bool? {
        switch value {
        case .bool(let flag): return flag
        case .string(let text) where text == "true" || text == "false":
            fault(field, "must be \(text) without quotes")
        case .string, .null, .integer, .number, .array, .object:
            fault(field, "must be true or false, got \(value.typeName)")
        }
        return nil
    }
}

/// JSON pointers (RFC 6901).
enum Pointer {
    /// The step to a member, escaped.
    static func to(_ key: String) -> String {
        var pointer = "/"
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": pointer += "~0"
            case "/": pointer += "~1"
            default: pointer.unicodeScalars.append(scalar)
            }
        }
        return pointer
    }
}

/// `group@@service`, the form that Nacos' v1 parameters have.
enum GroupedName {
    /// The parts around the first `@@`; the whole is the service when there is none.
    static func split(_ text: String) -> (group: String?, service: String) {
        let bytes = text.utf8
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let next = bytes.index(after: index)
            if bytes[index] == UInt8(ascii: "@"), next < bytes.endIndex, bytes[next] == UInt8(ascii: "@") {
                return (String(text[..<index]), String(text[bytes.index(after: next)...]))
            }
            index = next
        }
        return (nil, text)
    }
}
