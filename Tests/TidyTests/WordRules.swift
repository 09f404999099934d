/// A word that may not stand in the code of some folders, with the reason that the finding prints.
struct WordRule {
    let words: [String]
    let reason: String
    /// Whether the rule looks at the file with this path.
    let applies: @Sendable (String) -> Bool

    /// Looks for whole words: what is before and behind one must not belong to an identifier.
    func findings(in file: SourceFile) -> [Finding] {
        guard applies(file.path) else { return [] }
        return file.code.enumerated().flatMap { index, code in
            words.filter { Self.contains(code, word: Array($0.utf8)) }.map {
                Finding(path: file.path, line: index + 1, message: "'\($0)': \(reason)")
            }
        }
    }

    static func contains(_ code: [UInt8], word: [UInt8]) -> Bool {
        guard let first = word.first, let last = word.last, code.count >= word.count else { return false }
        for start in 0...(code.count - word.count) where code[start] == first {
            let end = start + word.count
            guard code[start..<end].elementsEqual(word) else { continue }
            let joinsBefore = start > 0 && isWordByte(first) && isWordByte(code[start - 1])
            let joinsBehind = end < code.count && isWordByte(last) && isWordByte(code[end])
            if !joinsBefore && !joinsBehind { return true }
        }
        return false
    }
}

/// The words banned from code, and where.
enum WordRules {
    /// Where the program writes to standard output by `print`: its command line, nothing else. A log line that blocks
    /// would hold up the loop.
    static let printers = ["Sources/beatd/", "Sources/Daemon/CommandLine"]

    /// The only targets that hold pointers into C libraries.
    static let unsafeTargets = ["Sources/EventLoop/", "Sources/Storage/", "Sources/JSON/"]

    static let printing = WordRule(
        words: ["print(", "debugPrint(", "dump("],
        reason: "only the command line writes to standard output",
        applies: { path in inSources(path) && !printers.contains { path.hasPrefix($0) } })

    static let concurrency = WordRule(
        words: ["Task {", "Task(", "Task.detached", "actor", "async let", "DispatchQueue"],
        reason: "the shell is one synchronous loop; nothing runs a task there",
        applies: { _ in true })

    static let traps = WordRule(
        words: ["try!", "fatalError("],
        reason: "a programmer's error is a precondition that prints the state",
        applies: { _ in true })

    static let sleeping = WordRule(
        words: ["sleep(", "usleep(", "nanosleep(", "clock_nanosleep(", "Thread.sleep", "Task.sleep"],
        reason: "wait for a state with a deadline, not for a time",
        applies: { _ in true })

    static let pointers = WordRule(
        words: [
            "Unmanaged", "OpaquePointer", "UnsafePointer", "UnsafeMutablePointer", "UnsafeRawPointer",
            "UnsafeMutableRawPointer", "unsafeBitCast", "unsafeDowncast",
        ],
        reason: "pointers stay in EventLoop, Storage and JSON",
        applies: { path in inSources(path) && !unsafeTargets.contains { path.hasPrefix($0) } })

    static let all = [printing, concurrency, traps, sleeping, pointers]

    @Sendable private static func inSources(_ path: String) -> Bool { path.hasPrefix("Sources/") }
}

/// Marks of unfinished work, in any text, comments above all.
enum LeftoverRule {
    /// Put together here, so that this file does not find itself.
    static let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]

    static func leftovers(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().flatMap { index, line in
            marks.filter { WordRule.contains(Array(line.utf8), word: Array($0.utf8)) }.map {
                Finding(path: file.path, line: index + 1, message: "'\($0)': finish it, or open an issue")
            }
        }
    }
}
