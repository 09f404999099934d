/// Replaces the comments and the string contents of a Swift file by blanks, so that what is left is code.
///
/// Knows nested comments, escapes, raw strings, strings of several lines, and that what is interpolated is code again.
/// It does not know regular expression literals between bare slashes; there are none here.
struct CodeBlanker {
    /// What the text at a position is part of; the innermost is last.
    private enum Context {
        /// Code; `depth` counts the parentheses open since an interpolation began.
        case code(depth: Int)
        case lineComment
        case blockComment(depth: Int)
        /// A string literal with this many `#` around it.
        case string(pounds: Int, multiline: Bool)
    }

    private let source: [UInt8]
    private var output: [UInt8] = []
    private var at = 0
    private var stack: [Context] = [.code(depth: 0)]

    private init(_ source: [UInt8]) {
        self.source = source
        output.reserveCapacity(source.count)
    }

    /// The same number of bytes, newlines in their places.
    static func blank(_ source: [UInt8]) -> [UInt8] {
        var blanker = CodeBlanker(source)
        while blanker.at < source.count { blanker.step() }
        return blanker.output
    }

    private mutating func step() {
        switch stack[stack.count - 1] {
        case .code(let depth): code(depth)
        case .lineComment:
            if source[at] == UInt8(ascii: "\n") { stack.removeLast() }
            hide(1)
        case .blockComment(let depth): blockComment(depth)
        case .string(let pounds, let multiline): string(pounds, multiline)
        }
    }

    private mutating func code(_ depth: Int) {
        if sees("//") {
            stack.append(.lineComment)
            return hide(2)
        }
        if sees("/*") {
            stack.append(.blockComment(depth: 1))
            return hide(2)
        }
        let pounds = poundsHere()
        if sees("\"", after: pounds) {
            let multiline = sees("\"\"\"", after: pounds)
            stack.append(.string(pounds: pounds, multiline: multiline))
            return hide(pounds + (multiline ? 3 : 1))
        }
        let byte = source[at]
        if stack.count > 1, byte == UInt8(ascii: "(") { stack[stack.count - 1] = .code(depth: depth + 1) }
        if stack.count > 1, byte == UInt8(ascii: ")") {
            if depth == 1 {
                stack.removeLast()
            } else {
                stack[stack.count - 1] = .code(depth: depth - 1)
            }
        }
        output.append(byte)
        at += 1
    }

    private mutating func blockComment(_ depth: Int) {
        if sees("/*") {
            stack[stack.count - 1] = .blockComment(depth: depth + 1)
            hide(2)
        } else if sees("*/") {
            stack[stack.count - 1] = .blockComment(depth: depth - 1)
            if depth == 1 { stack.removeLast() }
            hide(2)
        } else {
            hide(1)
        }
    }

    private mutating func string(_ pounds: Int, _ multiline: Bool) {
        let quotes = multiline ? 3 : 1
        if sees(multiline ? "\"\"\"" : "\""), poundsHere(after: quotes) >= pounds {
            stack.removeLast()
            hide(quotes + pounds)
        } else if source[at] == UInt8(ascii: "\\"), poundsHere(after: 1) >= pounds {
            if sees("(", after: 1 + pounds) {
                // The parenthesis itself is code, so that it has its partner in what is left.
                hide(1 + pounds)
                stack.append(.code(depth: 0))
            } else {
                hide(2 + pounds)
            }
        } else {
            if !multiline, source[at] == UInt8(ascii: "\n") { stack.removeLast() }
            hide(1)
        }
    }

    private func sees(_ text: StaticString, after offset: Int = 0) -> Bool {
        let from = at + offset
        guard from + text.utf8CodeUnitCount <= source.count else { return false }
        return text.withUTF8Buffer { source[from..<from + $0.count].elementsEqual($0) }
    }

    private func poundsHere(after offset: Int = 0) -> Int {
        source.dropFirst(at + offset).prefix { $0 == UInt8(ascii: "#") }.count
    }

    private mutating func hide(_ count: Int) {
        for byte in source[at..<min(at + count, source.count)] {
            output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        }
        at = min(at + count, source.count)
    }
}
