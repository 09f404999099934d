/// What the documents must mention.
enum DocumentRules {
    /// The targets whose names do not occur in the architecture's text as words.
    static func undocumentedTargets(_ targets: [String], in text: String) -> [Finding] {
        let code = Array(text.utf8)
        return targets.filter { !WordRule.contains(code, word: Array("`\($0)`".utf8)) }.map {
            Finding(path: "docs/architecture.md", line: 0, message: "target `\($0)` is not mentioned")
        }
    }

    /// The targets of the Makefile without a `## ` line for `make help`.
    static func targetsWithoutHelp(_ makefile: String) -> [Finding] {
        makefile.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            let name = line.prefix { $0.isLetter || $0 == "-" }
            let rest = line.dropFirst(name.count)
            guard !name.isEmpty, rest.hasPrefix(":"), !rest.hasPrefix(":="), name != "deps" else { return nil }
            guard !rest.contains(" ## ") else { return nil }
            return Finding(path: "Makefile", line: index + 1, message: "target '\(name)' has no help")
        }
    }
}
