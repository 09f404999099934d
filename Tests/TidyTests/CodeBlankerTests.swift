import Testing

/// What the rules take for code.
@Suite struct CodeBlankerTests {
    /// Source, and what must be left of it; blanks are written as dots to be seen.
    static let cases: [(source: String, code: String)] = [
        ("let a = 1 // print(", "let a = 1 ........."),
        ("a /* b /* c */ d */ e", "a ................. e"),
        ("/* a\n{ */ b", "....\n.... b"),
        (#"f("print(") {"#, "f(........) {"),
        (#"f("a\"b{") {"#, "f(.......) {"),
        (##"f(#"a"b\n"#) {"##, "f(.........) {"),
        (#"f("x\(g("y"))z")"#, "f(...(g(...))..)"),
        (##"f(#"x\#(g(1))\(h)"#)"##, "f(.....(g(1))......)"),
        ("f(\"\"\"\n{ \" }\n\"\"\") {", "f(...\n.....\n...) {"),
        ("f(\"\"\"\n\\(g { 1 }) }\n\"\"\")", "f(...\n.(g { 1 })..\n...)"),
        ("\"unclosed {\nlet b", "...........\nlet b"),
        ("#if DEBUG\n#endif", "#if DEBUG\n#endif"),
        ("x = \"\" + y", "x = .. + y"),
        (#""\\" + z"#, ".... + z"),
    ]

    @Test func leavesOnlyCode() {
        for (source, code) in Self.cases {
            let blanked = String(decoding: CodeBlanker.blank(Array(source.utf8)), as: UTF8.self)
            #expect(dotted(blanked) == dotted(code), "\(source)")
        }
    }

    private func dotted(_ text: String) -> String { String(text.map { $0 == " " ? "." : $0 }) }
}

/// How functions are found and measured.
@Suite struct FunctionMeasureTests {
    private typealias Function = FunctionMeasure.Function

    private func functions(_ text: String) -> [Function] {
        FunctionMeasure.functions(in: SourceFile(path: "X.swift", text: text).code)
    }

    @Test func measuresFromKeywordToBrace() {
        #expect(
            functions("struct S {\n    func f() {\n        g()\n    }\n}") == [Function(line: 2, name: "f", length: 3)])
    }

    @Test func takesHeadsOfSeveralLines() {
        let text =
            "func f<T>(\n    a: [Int] = { [1] }(), init b: T\n) throws(E) -> (Int) -> Void\nwhere T: A {\n    a { }\n}"
        #expect(functions(text) == [Function(line: 1, name: "f", length: 6)])
    }

    @Test func skipsWhatHasNoBody() {
        let text = "protocol P {\n    func f()\n    init(a: Int)\n    var x: Int { get }\n}\nstruct S {\n}"
        #expect(functions(text) == [Function(line: 4, name: "x", length: 1)])
    }

    @Test func countsNestedOnesTwice() {
        let text = "func a() {\n    func b() {\n        let s = \"}\"\n    }\n    if x {\n    }\n}"
        #expect(
            functions(text) == [Function(line: 2, name: "b", length: 3), Function(line: 1, name: "a", length: 7)])
    }

    @Test func countsInitializersAndProperties() {
        let text = "init(a: Int) {\n    self.init()\n}\ndeinit {\n}\nvar x: Int {\n    1\n}\nvar y = 1\nif z {\n}"
        #expect(
            functions(text) == [
                Function(line: 1, name: "init", length: 3), Function(line: 4, name: "deinit", length: 2),
                Function(line: 6, name: "x", length: 3),
            ])
    }

    @Test func doesNotTakeCallsForDeclarations() {
        #expect(functions("let a = S.init { 1 }\nlet b: F = .init(c) {\n}") == [])
    }

    @Test func findsOperators() {
        #expect(functions("static func == (a: S, b: S) -> Bool {\n    true\n}").map(\.length) == [3])
    }
}
