import Daemon
import Testing

/// Each rule must find what is planted for it, and must not find what is allowed.
@Suite struct RuleTests {
    private func file(_ path: String, _ text: String) -> SourceFile { SourceFile(path: path, text: text) }

    private func lines(_ count: Int, of text: String = "let a = 1") -> String {
        String(repeating: text + "\n", count: count)
    }

    @Test func longFile() {
        #expect(SizeRules.files(file("Sources/JSON/A.swift", lines(400))) == [])
        #expect(
            SizeRules.files(file("Sources/JSON/A.swift", lines(401))).map(\.description)
                == ["Sources/JSON/A.swift: 401 lines, at most 400"])
    }

    @Test func longFunction() {
        let short = "func f() {\n" + lines(68) + "}\n"
        let long = "func f() {\n" + lines(69) + "}\n"
        #expect(SizeRules.functions(file("Tests/A.swift", short)) == [])
        #expect(
            SizeRules.functions(file("Tests/A.swift", "\n" + long)).map(\.description)
                == ["Tests/A.swift:2: 'f' takes 71 lines, at most 70"])
    }

    @Test func longMain() {
        #expect(SizeRules.main(file("Sources/beatd/main.swift", lines(60))) == [])
        #expect(SizeRules.main(file("Sources/beatd/main.swift", lines(61))).count == 1)
    }

    /// A line, a file it stands in, and whether it may.
    @Test(arguments: [
        ("import Glibc", "Sources/BeatCore/A.swift", false),
        ("import Glibc", "Sources/EventLoop/A.swift", true),
        ("public import struct Glibc.timespec", "Sources/HTTPWire/A.swift", false),
        ("@preconcurrency import CLibevent", "Sources/Daemon/A.swift", false),
        ("private import CLibevent", "Sources/EventLoop/A.swift", true),
        ("import Daemon", "Sources/BeatCore/A.swift", false),
        ("public import BeatCore", "Sources/ControlAPI/Sub/A.swift", true),
        ("import Foundation", "Sources/Daemon/A.swift", false),
        ("import Foundation", "Tests/DaemonTests/A.swift", false),
        ("@testable import Daemon", "Tests/DaemonTests/A.swift", true),
        ("import Dispatch", "Sources/EventLoop/A.swift", false),
        ("// import Foundation", "Sources/Daemon/A.swift", true),
        ("let important = 1", "Sources/BeatCore/A.swift", true),
    ])
    func imports(line: String, path: String, allowed: Bool) {
        #expect(ImportRules.imports(file(path, line)).isEmpty == allowed)
    }

    @Test func targetWithoutRow() {
        #expect(ImportRules.knownTarget(file("Sources/Novelty/A.swift", "")).count == 1)
        #expect(ImportRules.knownTarget(file("Tests/Novelty/A.swift", "")) == [])
    }

    /// A line of code, a file it stands in, and how many words in it are banned there.
    @Test(arguments: [
        ("print(1)", "Sources/Daemon/A.swift", 1),
        ("    print(1)", "Sources/beatd/main.swift", 1),
        ("    print(1)", "Tests/JSONTests/A.swift", 0),
        ("write(STDOUT_FILENO)", "Sources/Daemon/A.swift", 1),
        ("write(STDOUT_FILENO)", "Sources/Daemon/Program.swift", 0),
        ("x.rounded()", "Sources/BeatCore/A.swift", 1),
        ("x.rounded()", "Sources/Daemon/A.swift", 0),
        ("background(1)", "Sources/BeatCore/A.swift", 0),
        ("text.firstRange(of: x)", "Sources/HTTPWire/A.swift", 1),
        ("text.firstRange(ofPhrase: x)", "Sources/HTTPWire/A.swift", 0),
        ("footprint(1)", "Sources/Daemon/A.swift", 0),
        ("Task { }", "Sources/Daemon/A.swift", 1),
        ("Task.detached { }", "Tests/DaemonTests/A.swift", 1),
        ("taskTask { }", "Sources/Daemon/A.swift", 0),
        ("final actor A {", "Sources/Daemon/A.swift", 1),
        ("let factor = actors", "Sources/Daemon/A.swift", 0),
        ("try! f()", "Tests/JSONTests/A.swift", 1),
        ("try f() // try!", "Tests/JSONTests/A.swift", 0),
        ("fatalError(\"x\")", "Sources/JSON/A.swift", 1),
        ("preconditionFailure(\"fatalError(\")", "Sources/JSON/A.swift", 0),
        ("sleep(1)", "Tests/JSONTests/A.swift", 1),
        ("usleep(1)", "Tests/JSONTests/A.swift", 1),
        ("Glibc.sleep(1)", "Tests/JSONTests/A.swift", 1),
        ("let p: OpaquePointer", "Sources/Daemon/A.swift", 1),
        ("let p: UnsafeMutableRawPointer?", "Sources/ControlAPI/A.swift", 1),
        ("let p: UnsafeMutableRawPointer?", "Sources/EventLoop/A.swift", 0),
        ("let p: UnsafeMutableRawPointer?", "Tests/EventLoopTests/A.swift", 0),
        ("a.withUnsafeMutableBufferPointer { }", "Sources/BeatCore/A.swift", 0),
    ])
    func words(line: String, path: String, count: Int) {
        #expect(WordRules.all.flatMap { $0.findings(in: file(path, line)) }.count == count)
    }

    /// A line of code, and how many searches for a phrase are in it.
    @Test(arguments: [
        ("if text.contains(\"@@\") {", 1), ("if text.contains(\"@\") {", 0), ("// text.contains(\"@@\")", 0),
        ("names.contains(name)", 0), ("request.fields.contains(\"If-Match\")", 0),
        ("a.contains(\"ab\") || b.contains(\"cd\")", 2),
    ])
    func phrases(line: String, count: Int) {
        #expect(PhraseRule.phrases(file("Sources/ControlAPI/A.swift", line)).count == count)
        #expect(PhraseRule.phrases(file("Sources/Daemon/A.swift", line)) == [])
    }

    @Test func undocumentedSetting() {
        let rows = SettingsTable.rows
        let text = SettingsTable.markdown()
        #expect(DocumentRules.undocumentedSettings(rows, in: text) == [])
        let without = text.split(separator: "\n").filter { !$0.hasPrefix("| `--log-level`") }.joined()
        #expect(
            DocumentRules.undocumentedSettings(rows, in: without).map(\.message) == ["`--log-level` is not mentioned"])
    }

    @Test func brokenLink() {
        let text = "[a](config.md) [b](nowhere.md#x) [c](https://example.org) [d](#here)"
        #expect(
            DocumentRules.brokenLinks(in: text, of: "docs/a.md").map(\.message)
                == ["a link leads to nowhere.md, which is not there"])
    }

    @Test func leftovers() {
        let mark = LeftoverRule.marks[0]
        #expect(LeftoverRule.leftovers(file("scripts/a.sh", "a\n# \(mark): b")).map(\.line) == [2])
        #expect(LeftoverRule.leftovers(file("Sources/JSON/A.swift", "/* \(LeftoverRule.marks[1]) */")).count == 1)
        #expect(LeftoverRule.leftovers(file("Sources/JSON/A.swift", "let \(mark)s = 1")) == [])
    }

    @Test func undocumentedTarget() {
        let text = "| `JSON` | and `HTTPWire`"
        #expect(DocumentRules.undocumentedTargets(["JSON", "HTTPWire"], in: text) == [])
        #expect(DocumentRules.undocumentedTargets(["HTTP", "JSON"], in: text).count == 1)
    }

    @Test func makeTargetWithoutHelp() {
        #expect(DocumentRules.targetsWithoutHelp("a: b ## what it does\n\tcc x: y\n.PHONY: a\nX := 1\n") == [])
        #expect(DocumentRules.targetsWithoutHelp("a: b ## c\nlint: b\n").map(\.line) == [2])
    }
}
