import Testing

/// Every conformance vector has a test that says so, and the rule that looks for them sees what it should.
@Suite struct VectorTests {
    private func file(_ text: String) -> SourceFile { SourceFile(path: "Tests/A/A.swift", text: text) }

    @Test func everyVectorHasATest() {
        let tests = RepositoryFiles.swift.filter { $0.path.hasPrefix("Tests/") }
        #expect(VectorRule.unnamed(in: tests) == [])
        #expect(tests.flatMap(VectorRule.findings) == [])
    }

    @Test func claims() {
        let text = """
            @Suite struct A {
                @Test("vector 7: a") func a() {}
                @Test(
                    "vectors 8, 101: b", arguments: [1])
                func b(n: Int) {}
                // @Test("vector 9: c")
                @Test("about vector 10: d") func d() {}
                @Test("vector 11: e", .disabled("why"))
                func e() {}
                @Test(
                    "vector 12: f",
                    .enabled(if: isOn, "why")
                )
                func f() {}
            }
            @Suite("B", .enabled(if: isOn))
            struct B {
                @Test("vector 13: g") func g() {}
            }
            """
        let claims = VectorRule.claims(in: file(text))
        #expect(claims.map(\.vectors) == [[7], [8, 101], [11], [12], [13]])
        #expect(claims.map(\.isEnabled) == [true, true, false, false, false])
        #expect(claims.map(\.line) == [2, 3, 8, 10, 18])
        #expect(VectorRule.unnamed(in: [file(text)]) == VectorRule.all.filter { ![7, 8, 101].contains($0) })
        #expect(VectorRule.findings(in: file(text)) == [])
    }

    /// A line, and whether it is a name that names nothing.
    @Test(arguments: [
        ("vector 7: a", false), ("vectors 7, 8: a", false), ("a vector", false), ("vector 0: a", true),
        ("vector 102: a", true), ("vectors 7: a", true), ("vector 7, 8: a", true), ("vectors 7 and 8: a", true),
        ("vector 7 a", true), ("7, 8: a", true), ("vectors 41–45: a", true),
    ])
    func names(name: String, isWrong: Bool) {
        #expect(VectorRule.findings(in: file("    @Test(\"\(name)\") func a() {}")).isEmpty != isWrong)
    }
}
