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
    /// Where the program writes for people: `CommandLineOutput`, nothing else. A line that blocks would hold up the loop.
    static let printers = ["Sources/Daemon/Program.swift"]

    /// No I/O, no clock, no randomness of their own (docs/architecture.md).
    static let pureTargets = ["BeatCore", "HTTPWire", "JSON", "NacosWire", "ControlAPI"].map { "Sources/\($0)/" }

    /// The only targets that hold pointers into C libraries.
    static let unsafeTargets = ["Sources/EventLoop/", "Sources/Storage/", "Sources/JSON/"]

    static let printing = WordRule(
        words: ["print(", "debugPrint(", "dump("],
        reason: "commands write by CommandLineOutput, the daemon to its log",
        applies: inSources)

    static let standardOutput = WordRule(
        words: ["STDOUT_FILENO", "STDERR_FILENO", "stdout", "stderr", "fputs(", "puts(", "printf(", "perror("],
        reason: "commands write by CommandLineOutput, the daemon to its log",
        applies: { path in inSources(path) && !printers.contains { path.hasPrefix($0) } })

    static let mathLibrary = WordRule(
        words: ["rounded(", "squareRoot(", "truncatingRemainder("],
        reason: "it calls libm; the pure targets get by with integers and comparisons",
        applies: inPureTargets)

    static let patterns = WordRule(
        words: [
            "Regex", "firstRange(of:", "ranges(of:", "replacing(", "trimmingPrefix(", "firstMatch(", "wholeMatch(",
            "prefixMatch(", "matches(of:",
        ],
        reason: "it brings the module of regular expressions in, and is slow; look at bytes",
        applies: inPureTargets)

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

    static let all = [
        printing, standardOutput, mathLibrary, patterns, concurrency, traps, sleeping, pointers,
    ]

    @Sendable private static func inSources(_ path: String) -> Bool { path.hasPrefix("Sources/") }

    @Sendable private static func inPureTargets(_ path: String) -> Bool {
        pureTargets.contains { path.hasPrefix($0) }
    }
}

/// `text.contains("phrase")` is the search of the module of regular expressions, as it is for whole collections; a
/// `Character` in quotes looks the same and is left out, and so are `HTTPFields`, which are asked for a name. Found by
/// its form: the receiver's type is not known here.
enum PhraseRule {
    static func phrases(_ file: SourceFile) -> [Finding] {
        guard WordRules.pureTargets.contains(where: { file.path.hasPrefix($0) }) else { return [] }
        let call = Array(".contains(\"".utf8)
        return zip(file.lines, file.code).enumerated().flatMap { index, line in
            let text = Array(line.0.utf8)
            return text.indices.filter { start in
                text[start...].starts(with: call)
                    // In code, not in a comment or a string.
                    && line.1[start] == UInt8(ascii: ".")
                    && !text[..<start].reversed().starts(with: "fields".utf8.reversed())
                    && text[(start + call.count)...].prefix { $0 != UInt8(ascii: "\"") }.count > 1
            }.map { _ in
                Finding(path: file.path, line: index + 1, message: "search for a phrase in bytes, not in a String")
            }
        }
    }
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
