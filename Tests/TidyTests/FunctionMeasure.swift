/// Finds the functions of a file and how many lines each takes, from its keyword to its closing brace.
///
/// Functions, initialisers, deinitialisers, subscripts and computed properties count; a nested one counts for itself and
/// for the one around it. It reads blanked code (``CodeBlanker``), so every brace it sees is one.
struct FunctionMeasure {
    /// One function: the line of its keyword, counted from 1, its name, and its length in lines.
    struct Function: Equatable {
        let line: Int
        let name: String
        let length: Int
    }

    private enum Token: Equatable {
        case word(String)
        case symbol(UInt8)
        case newline
    }

    /// A declaration that may still get its body.
    private struct Pending {
        let line: Int
        var name: String
        /// A property has a body only when its brace comes before the line ends.
        let endsWithLine: Bool
        let depth: Int
    }

    private static let bodies: Set<String> = ["func", "init", "deinit", "subscript", "var"]
    /// Words that begin another declaration: a function seen before them had no body, as in a protocol.
    private static let declarations: Set<String> = [
        "let", "case", "struct", "enum", "class", "protocol", "extension", "typealias", "associatedtype", "public",
        "private", "fileprivate", "internal", "package", "static", "mutating", "nonmutating", "override", "final",
        "consuming", "borrowing", "convenience", "required", "func", "init", "deinit", "subscript", "var",
    ]

    private var found: [Function] = []
    private var pending: Pending?
    /// For each open brace, the function it is the body of.
    private var braces: [Pending?] = []
    private var line = 1
    private var parentheses = 0
    private var previous: Token = .newline

    /// The functions in the order in which they end.
    static func functions(in code: [[UInt8]]) -> [Function] {
        var measure = FunctionMeasure()
        for (index, text) in code.enumerated() {
            measure.line = index + 1
            for token in tokens(of: text) { measure.take(token) }
            measure.take(.newline)
        }
        return measure.found
    }

    private mutating func take(_ token: Token) {
        switch token {
        case .word(let word): take(word: word)
        case .newline:
            if let declaration = pending, declaration.endsWithLine, declaration.depth == parentheses { pending = nil }
        case .symbol(UInt8(ascii: "(")), .symbol(UInt8(ascii: "[")): parentheses += 1
        case .symbol(UInt8(ascii: ")")), .symbol(UInt8(ascii: "]")): parentheses -= 1
        case .symbol(UInt8(ascii: "{")): open()
        case .symbol(UInt8(ascii: "}")): close()
        case .symbol: break
        }
        previous = token
    }

    private mutating func take(word: String) {
        if case .word("func") = previous {
            pending?.name = word
            return
        }
        if case .word("var") = previous {
            pending?.name = word
            return
        }
        // Inside parentheses a word is a label or a type of a parameter; after a dot it is a member: `.init(…)`.
        if let declaration = pending, parentheses > declaration.depth { return }
        if previous == .symbol(UInt8(ascii: ".")) { return }
        guard Self.declarations.contains(word) else { return }
        pending = nil
        if Self.bodies.contains(word) {
            pending = Pending(line: line, name: word, endsWithLine: word == "var", depth: parentheses)
        }
    }

    private mutating func open() {
        if let declaration = pending, declaration.depth == parentheses {
            braces.append(declaration)
            pending = nil
        } else {
            braces.append(nil)
        }
    }

    private mutating func close() {
        // A closure among the parameters ends nothing.
        if let declaration = pending, declaration.depth == parentheses { pending = nil }
        guard let body = braces.popLast(), let function = body else { return }
        found.append(Function(line: function.line, name: function.name, length: line - function.line + 1))
    }

    private static func tokens(of text: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var word: [UInt8] = []
        for byte in text + [UInt8(ascii: " ")] {
            if isWordByte(byte) {
                word.append(byte)
                continue
            }
            if !word.isEmpty { tokens.append(.word(String(decoding: word, as: UTF8.self))) }
            word = []
            if byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t") { tokens.append(.symbol(byte)) }
        }
        return tokens
    }
}

/// Whether the byte can be part of an identifier, back quotes included.
func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...:
        true
    default: false
    }
}
