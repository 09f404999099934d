/// A place in the repository that breaks one of its rules.
struct Finding: Equatable, CustomStringConvertible {
    let path: String
    /// Counted from 1; 0 for what is wrong with the file as a whole.
    let line: Int
    let message: String

    /// "Sources/JSON/X.swift:12: message", which editors and terminals can follow.
    var description: String { line == 0 ? "\(path): \(message)" : "\(path):\(line): \(message)" }
}

/// A file to check: its path from the repository's root, its text, and the text with comments and strings blanked.
struct SourceFile {
    let path: String
    let lines: [Substring]
    /// As many lines of the same lengths, in which only code is left. Only made for Swift files.
    let code: [[UInt8]]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let blanked = path.hasSuffix(".swift") ? CodeBlanker.blank(Array(text.utf8)) : []
        code = blanked.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    }

    /// The number of lines as an editor shows it: a newline at the end begins no further one.
    var lineCount: Int { lines.last?.isEmpty == true ? lines.count - 1 : lines.count }

    /// The target a file of `Sources` belongs to.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}
