import Daemon
import TestSupport

/// What the documents must mention.
enum DocumentRules {
    /// The targets whose names do not occur in the architecture's text as words.
    static func undocumentedTargets(_ targets: [String], in text: String) -> [Finding] {
        let code = Array(text.utf8)
        return targets.filter { !WordRule.contains(code, word: Array("`\($0)`".utf8)) }.map {
            Finding(path: "docs/architecture.md", line: 0, message: "target `\($0)` is not mentioned")
        }
    }

    /// The settings whose flag or variable do not occur in the text.
    static func undocumentedSettings(_ rows: [SettingDefinition], in text: String) -> [Finding] {
        let bytes = Array(text.utf8)
        return rows.filter { row in
            let names = [row.flag, row.environment].compactMap { $0 }
            return !names.allSatisfy { WordRule.contains(bytes, word: Array("`\($0)`".utf8)) }
        }.map { Finding(path: "docs/config.md", line: 0, message: "`\($0.flag)` is not mentioned") }
    }

    /// Links of a Markdown text to files that are not there.
    static func brokenLinks(in text: String, of document: String) -> [Finding] {
        let folder = document.contains("/") ? "/docs/" : "/"
        return text.split(separator: "](").dropFirst().compactMap { behind in
            let target = behind.prefix { $0 != ")" && $0 != "#" }
            guard !target.isEmpty, !target.hasPrefix("http") else { return nil }
            guard !fileExists(repositoryRoot + folder + target) else { return nil }
            return Finding(path: document, line: 0, message: "a link leads to \(target), which is not there")
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
