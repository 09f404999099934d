import Daemon
import TestSupport
import Testing

/// The rules, held against this repository.
@Suite struct RepositoryTests {
    /// A rule that looks at no file holds always; so first of all there must be files.
    @Test func rulesSeeTheSources() {
        #expect(RepositoryFiles.targets.contains("BeatCore"))
        #expect(RepositoryFiles.swift.contains { $0.path == "Tests/TidyTests/RepositoryTests.swift" })
        #expect(RepositoryFiles.texts.contains { $0.path == "scripts/deps.sh" })
        #expect(RepositoryFiles.texts.contains { $0.path == ".ci/run" })
    }

    @Test func filesAreShort() {
        #expect(RepositoryFiles.swift.flatMap(SizeRules.files) == [])
    }

    @Test func exceptionsAreStillThere() {
        #expect(SizeRules.longFiles.keys.filter { !fileExists("\(repositoryRoot)/\($0)") } == [])
    }

    @Test func functionsAreShort() {
        #expect(RepositoryFiles.swift.flatMap(SizeRules.functions) == [])
    }

    @Test func mainIsAListOfSteps() {
        #expect(RepositoryFiles.swift.flatMap(SizeRules.main) == [])
    }

    @Test func importsFollowTheDesign() {
        #expect(RepositoryFiles.swift.flatMap(ImportRules.imports) == [])
    }

    @Test func everyTargetHasImportRules() {
        #expect(RepositoryFiles.swift.flatMap(ImportRules.knownTarget) == [])
    }

    /// The signature of the AK/SK login is the one thing that needs it.
    @Test func oneFileImportsOpenSSL() {
        let importers = RepositoryFiles.swift.filter { file in
            file.code.contains { ImportRules.module(of: $0) == "COpenSSL" }
        }
        #expect(importers.count <= 1, "\(importers.map(\.path))")
    }

    @Test func onlyTheCommandLinePrints() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.printing.findings) == [])
    }

    @Test func onlyCommandLineOutputAndTheLogWrite() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.standardOutput.findings) == [])
    }

    @Test func pureTargetsNeedNoMathLibrary() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.mathLibrary.findings) == [])
    }

    @Test func pureTargetsNeedNoRegularExpressions() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.patterns.findings) == [])
        #expect(RepositoryFiles.swift.flatMap(PhraseRule.phrases) == [])
    }

    @Test func noTasksOrActors() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.concurrency.findings) == [])
    }

    @Test func noTrapsWithoutState() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.traps.findings) == [])
    }

    @Test func nothingSleeps() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.sleeping.findings) == [])
    }

    @Test func pointersStayWithTheLibraries() {
        #expect(RepositoryFiles.swift.flatMap(WordRules.pointers.findings) == [])
    }

    @Test func nothingIsLeftForLater() {
        #expect(RepositoryFiles.texts.flatMap(LeftoverRule.leftovers) == [])
    }

    @Test func architectureNamesEveryTarget() throws {
        let text = try readText("\(repositoryRoot)/docs/architecture.md")
        #expect(DocumentRules.undocumentedTargets(RepositoryFiles.targets, in: text) == [])
    }

    @Test func architectureIsReadAtOneSitting() throws {
        let text = try readText("\(repositoryRoot)/docs/architecture.md")
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 250)
    }

    @Test func configurationNamesEverySetting() throws {
        let text = try readText("\(repositoryRoot)/docs/config.md")
        #expect(DocumentRules.undocumentedSettings(SettingsTable.rows, in: text) == [])
    }

    /// What the table of docs/promises.md promises, P1 to P8.
    @Test func promisesAreAllSpokenOf() throws {
        let text = try readText("\(repositoryRoot)/docs/promises.md")
        #expect((1...8).filter { !text.contains("| **P\($0)** ") } == [])
    }

    /// A link that leads nowhere helps nobody.
    @Test func linksOfDocumentsLeadSomewhere() throws {
        let documents = ["README.md"] + namesInFolder("\(repositoryRoot)/docs").map { "docs/\($0)" }
        for document in documents where document.hasSuffix(".md") {
            let text = try readText("\(repositoryRoot)/\(document)")
            #expect(DocumentRules.brokenLinks(in: text, of: document) == [])
        }
    }

    @Test func makeHelpListsEveryTarget() throws {
        #expect(DocumentRules.targetsWithoutHelp(try readText("\(repositoryRoot)/Makefile")) == [])
    }
}
