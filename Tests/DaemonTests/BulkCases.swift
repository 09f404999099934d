import HTTPWire
import JSON
import Testing

/// An operation that puts `orders`.
private func put(_ number: Int, _ more: String = "") -> String {
    "{\"op\":\"put\",\"registration\":\(orders(number, more))}"
}

private func delete(_ id: String) -> String { "{\"op\":\"delete\",\"id\":\"\(id)\"}" }

extension HTTPResponse {
    /// A member of each result of a batch, as text.
    fileprivate func results(_ name: String) throws -> [String] {
        try (member("results")?.items ?? []).map { result in
            switch result.at(name) {
            case .string(let text): text
            case .integer(let number): "\(number)"
            case nil, .null, .bool, .number, .array, .object: "-"
            }
        }
    }
}

// MARK: batch

extension ChangeCase {
    func batchInOrder(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let first = try api.batch(
            [put(1), put(1, "\"weight\":2"), put(2), put(3, "\"id\":\"three\""), put(2)].joined(separator: ","))
        #expect(first.status == 200)
        #expect(try first.results("status") == ["200", "200", "201", "201", "200"])
        #expect(try first.results("result") == ["unchanged", "updated", "created", "created", "unchanged"])
        let ids = try first.results("id")
        #expect(ids[0] == "web" && ids[1] == "web" && ids[3] == "three" && ids[2] == ids[4])
        #expect(try first.member("rev") == (try api.get("/v1/beats").member("rev")))
        #expect(try api.get("/v1/beats/\(ids[2])").status == 200)
        // A name is free as soon as it is deleted, also for another address.
        let second = try api.batch([delete("web"), put(9, "\"id\":\"web\""), delete("web")].joined(separator: ","))
        let statuses = try second.results("status")
        #expect(["202", "204"].contains(statuses[0]) && statuses[1] == "201" && ["202", "204"].contains(statuses[2]))
        #expect(try api.ids() == ["three", ids[2]].sorted())
        let empty = try api.batch("")
        #expect(empty.status == 200)
        #expect(try empty.member("results") == .array([]))
    }

    func batchFaults(_ api: some APIDriver) throws {
        let response = try api.batch(
            [
                put(1, "\"weight\":-1"), put(2), delete("nobody"), "{\"op\":\"move\"}", "7", "{\"op\":\"put\"}",
                "{\"op\":\"delete\",\"id\":1}", put(2, "\"id\":\"other\""), "{\"op\":\"put\",\"regstration\":{}}",
                put(3),
            ].joined(separator: ","))
        #expect(response.status == 200)
        #expect(
            try response.results("status") == ["422", "201", "404", "422", "422", "422", "422", "409", "422", "201"])
        #expect(
            try response.member("results.0.problem.errors.0.pointer")?.string == "/operations/0/registration/weight")
        #expect(try response.member("results.2.problem.type")?.string == "/problems/not-found")
        #expect(try response.member("results.3.problem.errors.0.pointer")?.string == "/operations/3/op")
        #expect(try response.member("results.8.problem.errors.0.detail")?.string?.contains("registration?") == true)
        #expect(try api.ids().count == 2)
        for broken in ["{}", "[]", "{\"operations\":{}}", "{\"operations\":[],\"more\":1}"] {
            try expectProblem(try api.post(broken, "/v1/beats:batch"), 422, "validation")
        }
        for broken in ["", "{", "{\"operations\":[1,]}", "{\"operations\":[{\"a\":1,\"a\":2}]}", "{\"operations\":[1}"]
        {
            try expectProblem(try api.post(broken, "/v1/beats:batch"), 400, "malformed-json")
        }
        try expectProblem(try api.batch(put(4), "?atomc=true"), 400, "malformed-request", "did you mean atomic?")
        let typed = try api.post("{}", "/v1/beats:batch", ["Content-Type": "text/plain"])
        try expectProblem(typed, 415, "unsupported-media-type")
        #expect(try api.ids().count == 2)
    }

    func atomicBatch(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let rev = try api.get("/v1/beats").member("rev")
        let refused = try expectProblem(
            try api.batch(
                [put(2), delete("nobody"), put(3, "\"weight\":-1"), put(4, "\"id\":\"web\"")].joined(separator: ","),
                "?atomic=true"),
            422, "validation", "fields need attention")
        let pointers = refused.at("errors")?.items.compactMap { $0.at("pointer")?.string } ?? []
        #expect(pointers.first == "/operations/1" && pointers.last == "/operations/3")
        #expect(pointers.dropFirst().first?.hasPrefix("/operations/2") == true)
        #expect(try api.get("/v1/beats").member("rev") == rev)
        let done = try api.batch(
            [delete("web"), put(4, "\"id\":\"web\""), put(1)].joined(separator: ","), "?atomic=true")
        #expect(done.status == 200)
        #expect(try done.results("result") == ["-", "created", "created"])
        #expect(try api.get("/v1/beats/web").member("ip")?.string == "10.0.0.4")
    }

    func batchDryRun(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let rev = try api.get("/v1/beats").member("rev")
        let planned = try api.batch(
            [put(1), put(1, "\"weight\":2"), put(2), delete("web"), delete("web"), put(1)].joined(separator: ","),
            "?dryRun=true")
        #expect(try planned.results("status") == ["200", "200", "201", "204", "404", "201"])
        #expect(try planned.results("result") == ["unchanged", "updated", "created", "-", "-", "created"])
        #expect(try api.get("/v1/beats").member("rev") == rev)
    }

    func batchLimits(_ api: some APIDriver) throws {
        let thousand = (0..<1000).map { put(1, "\"weight\":\($0)") }.joined(separator: ",")
        #expect(try api.batch(thousand).results("status").count == 1000)
        #expect(try api.get("/v1/beats").member("items.0.weight") == .number(999))
        let rev = try api.get("/v1/beats").member("rev")
        try expectProblem(try api.batch(thousand + "," + put(2)), 422, "validation", "at most 1000")
        let long = put(2, "\"metadata\":{\"a\":\"\(String(repeating: "v", count: 70 << 10))\"}")
        try expectProblem(try api.batch(long), 413, "too-large", "/operations/0")
        let many = String(repeating: " ", count: 1 << 20)
        try expectProblem(try api.batch(many), 413, "too-large")
        // Everything wrong, as much as fits: the answer is still one.
        let wrong = "{" + (0..<20).map { "\"f\($0)\":0" }.joined(separator: ",") + "}"
        let faults = try api.batch(
            (0..<1000).map { _ in "{\"op\":\"put\",\"registration\":\(wrong)}" }.joined(separator: ","), "?pretty")
        #expect(try faults.results("status") == Array(repeating: "422", count: 1000))
        #expect(try api.get("/v1/beats").member("rev") == rev)
    }
}

// MARK: export, import

extension ChangeCase {
    func exportAndImport(_ api: some APIDriver) throws {
        #expect(try api.get("/v1/export").member("items") == .array([]))
        for number in 1...150 {
            let name = number % 2 == 0 ? "\"id\":\"n\(number)\"," : ""
            let more = "\(name)\"weight\":\(number),\"labels\":{\"n\":\"\(number)\"}"
            let response =
                number % 2 == 0 ? try api.put("n\(number)", orders(number, more)) : try api.post(orders(number, more))
            #expect(response.status == 201)
        }
        let export = try api.get("/v1/export")
        #expect(export.status == 200)
        #expect(try export.member("version")?.integer == 1)
        #expect(try export.member("exportedAt")?.string?.hasSuffix("Z") == true)
        #expect(export.fields["ETag"] == (try api.get("/v1/beats")).fields["ETag"])
        let items = try export.member("items")?.items ?? []
        #expect(items.count == 150)
        #expect(items.allSatisfy { $0.at("status") == nil && $0.at("id") != nil })
        #expect(export.text.split(separator: "\n").count == 152)
        #expect(try api.send(.head, "/v1/export").status == 200)
        let tag = try #require(export.fields["ETag"])
        #expect(try api.get("/v1/export", ["If-None-Match": tag]).status == 304)
        #expect(try api.get("/v1/export?pretty").json.at("items")?.items.count == 150)

        let again = try api.post(export.text, "/v1/import", ["If-Match": tag])
        #expect(again.status == 200)
        #expect(try again.member("unchanged")?.integer == 150)
        #expect(try again.json.keys == ["created", "updated", "unchanged", "removed", "failed", "rev"])
        let ids = try api.get("/v1/beats?limit=1000").member("items")?.items.compactMap { $0.at("id")?.string }
        for id in ids ?? [] { _ = try api.delete("/v1/beats/\(id)?wait=0s") }
        let rebuilt = try api.post(export.text, "/v1/import?mode=replace")
        #expect(try rebuilt.member("created")?.integer == 150)
        let after = try api.get("/v1/export").member("items")?.items ?? []
        #expect(Set(after.compactMap { $0.at("id")?.string }) == Set(items.compactMap { $0.at("id")?.string }))
        #expect(try api.get("/v1/beats/n150").member("weight") == .number(150))
        try expectProblem(
            try api.post(export.text, "/v1/import", ["If-Match": tag]), 412, "precondition-failed", "If-Match")
    }

    func importMerges(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        #expect(try api.post(orders(2)).status == 201)
        let body = "{\"items\":[\(orders(1, "\"weight\":2")),\(orders(3, "\"id\":\"three\"")),\(orders(2))]}"
        let planned = try api.post(body, "/v1/import?dryRun=true")
        #expect(planned.status == 200)
        let counts = "{\"created\":1,\"updated\":1,\"unchanged\":1,\"removed\":0,\"failed\":0,\"rev\":"
        #expect(planned.text.hasPrefix(counts))
        #expect(try api.ids().count == 2)
        #expect(try api.post(body, "/v1/import").text.hasPrefix(counts))
        #expect(try api.get("/v1/beats/web").member("weight") == .number(2))
        #expect(try api.get("/v1/beats/three").status == 200)
        #expect(try api.ids().count == 3)
    }

    func importReplaces(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        #expect(try api.put("two", orders(2)).status == 201)
        let body = "{\"version\":1,\"items\":[\(orders(3, "\"id\":\"web\"")),\(orders(2, "\"weight\":2"))]}"
        let counts = "{\"created\":1,\"updated\":1,\"unchanged\":0,\"removed\":1,\"failed\":0,\"rev\":"
        #expect(try api.post(body, "/v1/import?mode=replace&dryRun=true").text.hasPrefix(counts))
        #expect(try api.ids() == ["two", "web"])
        #expect(try api.post(body, "/v1/import?mode=replace").text.hasPrefix(counts))
        #expect(try api.ids() == ["two", "web"])
        #expect(try api.get("/v1/beats/web").member("ip")?.string == "10.0.0.3")
        #expect(try api.post("{\"items\":[]}", "/v1/import?mode=replace").member("removed")?.integer == 2)
        #expect(try api.ids() == [])
    }

    func importRefuses(_ api: some APIDriver) throws {
        #expect(try api.put("web", orders(1)).status == 201)
        let rev = try api.get("/v1/beats").member("rev")
        let faults = try expectProblem(
            try api.post(
                "{\"items\":[\(orders(2)),\(orders(2)),\(orders(3, "\"id\":\"web\"")),\(orders(4, "\"port\":\"1\"")),"
                    + "\(orders(1, "\"id\":\"other\"")),\(orders(5, "\"id\":\"a b\""))]}", "/v1/import"),
            400, "malformed-json", "/items/3")
        #expect(faults.at("errors") == nil)
        let refused = try expectProblem(
            try api.post(
                "{\"items\":[\(orders(2)),\(orders(2)),\(orders(3, "\"id\":\"web\"")),\(orders(4, "\"weight\":\"1\"")),"
                    + "\(orders(1, "\"id\":\"other\"")),\(orders(5, "\"id\":\"a b\"")),7]}", "/v1/import"),
            422, "validation")
        #expect(
            refused.at("errors")?.items.compactMap { $0.at("pointer")?.string } == [
                "/items/1", "/items/2", "/items/3/weight", "/items/4", "/items/5/id", "/items/6",
            ])
        let zeros = Array(repeating: "0", count: 5000).joined(separator: ",")
        try expectProblem(try api.post("{\"items\":[\(zeros)]}", "/v1/import"), 422, "validation", "33 fields")
        try expectProblem(try api.post("{\"version\":2,\"items\":[]}", "/v1/import"), 422, "validation", "/version")
        try expectProblem(try api.post("{\"itms\":[]}", "/v1/import"), 422, "validation", "did you mean items?")
        try expectProblem(try api.post("{\"items\":[]}", "/v1/import?mode=all"), 400, "malformed-request", "replace")
        let deep = String(repeating: "[", count: 15) + String(repeating: "]", count: 15)
        try expectProblem(try api.post("{\"items\":[\(deep)]}", "/v1/import"), 400, "malformed-json", "/items/0")
        #expect(try api.get("/v1/beats").member("rev") == rev)
    }
}
