import HTTPWire
import JSON
import Testing

/// How registrations are changed: each case begins with an empty API. For every driver.
enum ChangeCase: String, CaseIterable {
    case putCreatesAndReplaces, putRefusesForeignIdsAndKeys, putIDs, putOfWhatWasRead
    case patchMerges, patchRefuses, patchTypes
    case conditions, dryRuns
    case batchInOrder, batchFaults, atomicBatch, batchDryRun, batchLimits
    case exportAndImport, importMerges, importReplaces, importRefuses

    func check(_ api: some APIDriver) throws {
        switch self {
        case .putCreatesAndReplaces: try putCreatesAndReplaces(api)
        case .putRefusesForeignIdsAndKeys: try putRefusesForeignIdsAndKeys(api)
        case .putIDs: try putIDs(api)
        case .putOfWhatWasRead: try putOfWhatWasRead(api)
        case .patchMerges: try patchMerges(api)
        case .patchRefuses: try patchRefuses(api)
        case .patchTypes: try patchTypes(api)
        case .conditions: try conditions(api)
        case .dryRuns: try dryRuns(api)
        case .batchInOrder: try batchInOrder(api)
        case .batchFaults: try batchFaults(api)
        case .atomicBatch: try atomicBatch(api)
        case .batchDryRun: try batchDryRun(api)
        case .batchLimits: try batchLimits(api)
        case .exportAndImport: try exportAndImport(api)
        case .importMerges: try importMerges(api)
        case .importReplaces: try importReplaces(api)
        case .importRefuses: try importRefuses(api)
        }
    }
}

extension APIDriver {
    func put(_ id: String, _ json: String, _ query: String = "", _ fields: HTTPFields = HTTPFields()) throws
        -> HTTPResponse
    {
        var fields = fields
        fields.append("Content-Type", "application/json")
        return try send(.put, "/v1/beats/\(id)\(query)", fields, body: Array(json.utf8))
    }

    func patch(
        _ id: String, _ json: String, _ query: String = "", _ fields: HTTPFields = HTTPFields(),
        type: String = "application/merge-patch+json"
    ) throws -> HTTPResponse {
        var fields = fields
        fields.append("Content-Type", type)
        return try send(.patch, "/v1/beats/\(id)\(query)", fields, body: Array(json.utf8))
    }

    func batch(_ operations: String, _ query: String = "") throws -> HTTPResponse {
        try post("{\"operations\":[\(operations)]}", "/v1/beats:batch\(query)")
    }

    /// The ids in the list, sorted.
    func ids() throws -> [String] {
        try get("/v1/beats").member("items")?.items.compactMap { $0.at("id")?.string }.sorted() ?? []
    }
}

// MARK: PUT

extension ChangeCase {
    private func putCreatesAndReplaces(_ api: some APIDriver) throws {
        let created = try api.put("web.1", orders(1, "\"weight\":2,\"labels\":{\"team\":\"x\"}"))
        #expect(created.status == 201)
        #expect(created.fields["Location"] == "/v1/beats/web.1")
        #expect(try created.member("result")?.string == "created")
        #expect(try created.member("id")?.string == "web.1")
        let same = try api.put("web.1", orders(1, "\"labels\":{\"team\":\"x\"},\"weight\":2.0"))
        #expect(same.status == 200)
        #expect(try same.member("result")?.string == "unchanged")
        #expect(same.fields["ETag"] == created.fields["ETag"])
        let replaced = try api.put("web.1", orders(1))
        #expect(replaced.status == 200)
        #expect(try replaced.member("result")?.string == "updated")
        #expect(try replaced.member("weight") == .number(1))
        #expect(try replaced.member("labels")?.keys == [])
        #expect(try replaced.member("generation")?.integer == 2)
        // By its address it is found too, and keeps its id.
        let posted = try api.post(orders(1, "\"weight\":3"))
        #expect(try posted.member("id")?.string == "web.1")
        #expect(posted.fields["Location"] == "/v1/beats/web.1")
        #expect(try api.ids() == ["web.1"])
        #expect(try [202, 204].contains(api.delete("/v1/beats/web.1").status))
        #expect(try api.ids() == [])
    }

    private func putRefusesForeignIdsAndKeys(_ api: some APIDriver) throws {
        let derived = try #require(try api.post(orders(1)).member("id")?.string)
        #expect(try api.put(derived, orders(1)).status == 200)
        let held = try expectProblem(try api.put("other", orders(1)), 409, "key-conflict", "is registered as")
        #expect(held.at("id")?.string == derived)
        try expectProblem(try api.put(derived, orders(2)), 409, "key-conflict", "is that of another address")
        try expectProblem(try api.put("web", orders(2, "\"id\":\"webb\"")), 409, "key-conflict", "leave it out")
        #expect(try api.put("web", orders(2, "\"id\":\"web\"")).status == 201)
        try expectProblem(try api.put("web", orders(3)), 409, "key-conflict", "delete it first")
        try expectProblem(try api.post(orders(2, "\"id\":\"webb\"")), 409, "key-conflict", "leave it out")
        #expect(try api.post(orders(2, "\"id\":\"web\"")).status == 200)
        // An id that another address would get is taken as well.
        #expect(try api.delete("/v1/beats/\(derived)?wait=5s").status == 204)
        #expect(try api.put(derived, orders(3)).status == 201)
        try expectProblem(try api.post(orders(1)), 409, "key-conflict", "is that of another address")
        #expect(try api.put("one", orders(1)).status == 201)
    }

    private func putIDs(_ api: some APIDriver) throws {
        for id in ["a%2Fb", "%C3%BC", "a%20b", "a:b", String(repeating: "x", count: 129)] {
            try expectProblem(try api.put(id, orders()), 422, "validation", "letters, digits")
        }
        try expectProblem(try api.put("%2E%2E", orders()), 422, "validation", "take out of a path")
        #expect(try api.put(String(repeating: "A", count: 128), orders()).status == 201)
        #expect(try api.put("..-_9", orders(8)).status == 201)
        #expect(try api.get("/v1/beats?q=..-_").member("items")?.items.count == 1)
    }

    private func putOfWhatWasRead(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1, "\"period\":\"3s\",\"metadata\":{\"a\":\"b\"}")).status == 201)
        let read = try api.get("/v1/beats/web")
        let back = try api.put("web", read.text)
        #expect(back.status == 200)
        #expect(try back.member("result")?.string == "unchanged")
    }
}

// MARK: PATCH, conditions, dry runs

extension ChangeCase {
    private func patchMerges(_ api: some APIDriver) throws {
        let whole = "\"weight\":2,\"enabled\":false,\"period\":\"3s\",\"metadata\":{\"a\":\"1\",\"b\":\"2\"}"
        #expect(try api.put("web", orders(1, whole)).status == 201)
        let patched = try api.patch("web", "{\"weight\":0.5,\"metadata\":{\"b\":null,\"c\":\"3\"},\"period\":null}")
        #expect(patched.status == 200)
        #expect(try patched.member("result")?.string == "updated")
        #expect(try patched.member("weight") == .number(0.5))
        #expect(try patched.member("enabled") == .bool(false))
        #expect(try patched.member("metadata") == .object(["a": .string("1"), "c": .string("3")]))
        #expect(try patched.member("period") == nil)
        #expect(try patched.member("generation")?.integer == 2)
        #expect(try api.patch("web", "{\"weight\":0.5}").member("result")?.string == "unchanged")
        #expect(try api.patch("web", "{}").member("result")?.string == "unchanged")
        let reset = try api.patch(
            "web", "{\"weight\":null,\"enabled\":null,\"metadata\":null,\"rev\":7,\"status\":null}")
        #expect(try reset.member("weight") == .number(1))
        #expect(try reset.member("enabled") == .bool(true))
        #expect(try reset.member("metadata")?.keys == [])
        // What says the same of the address is no change of it.
        let same = "{\"serviceName\":\"DEFAULT_GROUP@@orders\",\"port\":8080,\"groupName\":null,\"id\":\"web\"}"
        #expect(try api.patch("web", same).member("result")?.string == "unchanged")
    }

    private func patchRefuses(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let before = try api.get("/v1/beats/web").fields["ETag"]
        let refused = try expectProblem(
            try api.patch("web", "{\"port\":81,\"clusterName\":\"b\"}"), 422, "validation", "cannot change")
        #expect(refused.at("errors")?.items.compactMap { $0.at("pointer")?.string } == ["/clusterName", "/port"])
        try expectProblem(try api.patch("web", "{\"ip\":null}"), 422, "validation", "is required")
        try expectProblem(try api.patch("web", "{\"wieght\":1}"), 422, "validation", "did you mean weight?")
        try expectProblem(try api.patch("web", "{\"weight\":-1}"), 422, "validation", "0…10000")
        try expectProblem(try api.patch("web", "[]"), 422, "validation", "must be an object")
        try expectProblem(try api.patch("web", "{\"id\":\"other\"}"), 409, "key-conflict", "leave it out")
        try expectProblem(try api.patch("web", "{"), 400, "malformed-json")
        try expectProblem(try api.patch("nobody", "{}"), 404, "not-found", "nobody")
        #expect(try api.get("/v1/beats/web").fields["ETag"] == before)
    }

    private func patchTypes(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let refused = try api.patch("web", "{}", type: "application/json")
        try expectProblem(refused, 415, "unsupported-media-type", "application/merge-patch+json")
        #expect(refused.fields["Accept-Patch"] == "application/merge-patch+json")
        #expect(try api.patch("web", "{}", type: "application/merge-patch+json; charset=utf-8").status == 200)
        let options = try api.send(.options, "/v1/beats/web")
        #expect(options.fields["Allow"] == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS")
        #expect(options.fields["Accept-Patch"] == "application/merge-patch+json")
    }

    private func conditions(_ api: some APIDriver) throws {
        try expectProblem(try api.put("web", orders(1), "", ["If-Match": "*"]), 412, "precondition-failed")
        let created = try api.put("web", orders(1), "", ["If-None-Match": "*"])
        #expect(created.status == 201)
        let tag = try #require(created.fields["ETag"])
        try expectProblem(try api.put("web", orders(1), "", ["If-None-Match": "*"]), 412, "precondition-failed")
        #expect(try api.get("/v1/beats/web", ["If-None-Match": tag]).status == 304)
        #expect(try api.put("web", orders(1, "\"weight\":2"), "", ["If-Match": tag]).status == 200)
        for status in [
            try api.put("web", orders(1), "", ["If-Match": tag]), try api.patch("web", "{}", "", ["If-Match": tag]),
            try api.delete("/v1/beats/web", ["If-Match": tag]), try api.get("/v1/beats/web", ["If-Match": tag]),
            try api.patch("web", "{}", "", ["If-Match": "W/\(tag)"]),
            try api.post(orders(1), "/v1/beats", ["If-Match": tag]),
        ] {
            try expectProblem(status, 412, "precondition-failed", "If-Match")
        }
        let current = try #require(try api.get("/v1/beats/web").fields["ETag"])
        #expect(try api.get("/v1/beats/web", ["If-None-Match": tag]).status == 200)
        #expect(try api.patch("web", "{\"weight\":3}", "", ["If-Match": "\"x\", \(current)"]).status == 200)
        #expect(try api.delete("/v1/beats/web?wait=5s", ["If-Match": "*"]).status == 204)
    }

    private func dryRuns(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let rev = try api.get("/v1/beats").member("rev")
        let put = try api.put("new", orders(2), "?dryRun=true")
        #expect(put.status == 200)
        #expect(try put.member("result")?.string == "created")
        #expect(try put.member("id")?.string == "new")
        #expect(try api.put("web", orders(1), "?dryRun=true").member("result")?.string == "unchanged")
        try expectProblem(try api.put("x", orders(1), "?dryRun=true"), 409, "key-conflict")
        try expectProblem(try api.put("web", orders(2), "?dryRun=true"), 409, "key-conflict")
        let patch = try api.patch("web", "{\"weight\":2}", "?dryRun=true")
        #expect(try patch.member("result")?.string == "updated")
        #expect(try patch.member("id")?.string == "web")
        #expect(try patch.member("weight") == .number(2))
        #expect(try api.post(orders(1), "/v1/beats?dryRun=true").member("id")?.string == "web")
        #expect(try api.get("/v1/beats").member("rev") == rev)
        #expect(try api.ids() == ["web"])
    }
}
