internal import BeatCore
internal import JSON

/// Reads the elements of a batch and of an import, and what stands around them.
enum BulkElement {
    /// `{"op":"put","registration":{…}}` or `{"op":"delete","id":"…"}`.
    static func operation(
        _ value: JSONValue, _ defaults: RegistrationReader.Defaults
    ) throws(Problem) -> BatchOperation {
        guard case .object(let object) = value else {
            throw .validation([.init(pointer: "", "must be an object, got \(value.typeName)")])
        }
        let names: [String]
        switch object["op"] {
        case .string("put"): names = ["op", "registration"]
        case .string("delete"): names = ["op", "id"]
        case nil: throw .validation([.init(pointer: "/op", "is required: put or delete")])
        case .some: throw .validation([.init(pointer: "/op", "must be put or delete")])
        }
        let items = unknown(in: object, names: names)
        guard items.isEmpty else { throw .validation(items) }
        guard let subject = object[names[1]] else {
            throw .validation([.init(pointer: "/\(names[1])", "is required")])
        }
        if names[1] == "registration" {
            do throws(Problem) { return try put(subject, defaults) } catch { throw error.below("/registration") }
        }
        guard case .string(let id) = subject else {
            throw .validation([.init(pointer: "/id", "must be a string, got \(subject.typeName)")])
        }
        return .delete(id: id)
    }

    /// A registration; an id that is not the key's is one that a client chose.
    static func put(_ value: JSONValue, _ defaults: RegistrationReader.Defaults) throws(Problem) -> BatchOperation {
        let (document, id) = try RegistrationReader.readNamed(value, defaults)
        guard let id, id != document.key.id else { return .put(document, id: nil) }
        if let fault = IDRule.fault(id) { throw .validation([.init(pointer: "/id", fault)]) }
        return .put(document, id: id)
    }

    /// What is wrong with the document around the list, in which the list is empty.
    static func faults(around document: JSONValue, _ kind: BulkRequest.Kind) -> [Problem.Item] {
        guard case .object(let object) = document else {
            return [.init(pointer: "", "must be an object, got \(document.typeName)")]
        }
        let list = kind.list
        var items: [Problem.Item] = []
        switch object[list] {
        case nil: items.append(.init(pointer: "/\(list)", "is required"))
        case .array: break
        case let value?: items.append(.init(pointer: "/\(list)", "must be a list, got \(value.typeName)"))
        }
        guard kind != .batch(atomic: false), kind != .batch(atomic: true) else {
            return items + unknown(in: object, names: [list])
        }
        if let version = object["version"], version != .integer(exportVersion) {
            items.append(.init(pointer: "/version", "must be \(exportVersion): this beatd reads no other"))
        }
        return items + unknown(in: object, names: [list, "version", "exportedAt", "rev"])
    }

    private static func unknown(in object: JSONObject, names: [String]) -> [Problem.Item] {
        object.members.filter { !names.contains($0.key) }.map { .unknownField($0.key, among: names) }
    }
}

/// Of the export's shape; another number would mean that older versions cannot read it.
let exportVersion: Int64 = 1

extension Problem {
    /// The same problem of a part of the document, whose place is `pointer`.
    func below(_ pointer: String) -> Problem {
        var problem = self
        problem.items = items.map { item in
            guard case .pointer(let place) = item.place else { return item }
            return .init(pointer: pointer + place, item.detail)
        }
        return problem
    }

    /// With as many faults as one of many problems may show.
    var cut: Problem {
        var problem = self
        problem.items = Array(items.prefix(BulkLimits.itemsShown))
        return problem
    }
}
