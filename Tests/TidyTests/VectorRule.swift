/// Which conformance vectors of Nacos clients and servers the tests name: the display name of a test that holds one
/// begins with `vector 12:`, of several with `vectors 3, 4:`.
enum VectorRule {
    /// The vectors there are.
    static let all = 1...101

    /// A test that says which vectors it holds.
    struct Claim: Equatable {
        let vectors: [Int]
        let line: Int
        /// False when it, or the suite it is in, is switched off, be it by a condition.
        let isEnabled: Bool
    }

    private static let switches = [".disabled", ".enabled("]

    /// The claims of a file.
    static func claims(in file: SourceFile) -> [Claim] {
        var claims: [Claim] = []
        var suiteIsEnabled = true
        for index in file.code.indices {
            if WordRule.contains(file.code[index], word: Array("@Suite".utf8)) {
                suiteIsEnabled = isEnabled(attribute(in: file, at: index))
            }
            guard WordRule.contains(file.code[index], word: Array("@Test".utf8)) else { continue }
            let vectors = numbers(displayName(in: file, at: index))
            guard !vectors.isEmpty else { continue }
            let isEnabled = suiteIsEnabled && isEnabled(attribute(in: file, at: index))
            claims.append(Claim(vectors: vectors, line: index + 1, isEnabled: isEnabled))
        }
        return claims
    }

    /// Vectors that no enabled test of the files names.
    static func unnamed(in files: [SourceFile]) -> [Int] {
        let named = Set(files.flatMap { claims(in: $0).filter(\.isEnabled).flatMap(\.vectors) })
        return all.filter { !named.contains($0) }
    }

    /// Display names that speak of vectors, and of none that there is.
    static func findings(in file: SourceFile) -> [Finding] {
        let claims = claims(in: file)
        return file.code.indices.compactMap { index in
            guard WordRule.contains(file.code[index], word: Array("@Test".utf8)) else { return nil }
            let name = displayName(in: file, at: index)
            guard name.hasPrefix("vector") || name.drop(while: isOfNumbers).first == ":" else { return nil }
            let claim = claims.first { $0.line == index + 1 }
            if let claim, claim.vectors.allSatisfy(all.contains) { return nil }
            return Finding(path: file.path, line: index + 1, message: "'\(name)' names no vector of 1…101")
        }
    }

    private static func isOfNumbers(_ character: Character) -> Bool {
        character.isNumber || character == "," || character == " "
    }

    /// `vector 7: …`, `vectors 7, 8: …`; nothing for any other text.
    static func numbers(_ name: Substring) -> [Int] {
        guard let colon = name.firstIndex(of: ":") else { return [] }
        let head = name[..<colon]
        for (word, isOne) in [("vectors ", false), ("vector ", true)] where head.hasPrefix(word) {
            let texts = head.dropFirst(word.count).split(separator: ",", omittingEmptySubsequences: false)
            let numbers = texts.map { Int($0.drop { $0 == " " }) }
            guard numbers.allSatisfy({ $0 != nil }), (numbers.count == 1) == isOne else { return [] }
            return numbers.compactMap { $0 }
        }
        return []
    }

    /// The text that is the first argument of the attribute: on its line, or on the next.
    private static func displayName(in file: SourceFile, at index: Int) -> Substring {
        for line in file.lines[index..<min(index + 2, file.lines.count)] {
            let text = line.drop { $0 == " " }
            let argument = text.hasPrefix("@Test(") ? text.dropFirst("@Test(".count) : text
            if argument.hasPrefix("\"") { return argument.dropFirst().prefix { $0 != "\"" } }
            guard argument.isEmpty else { return "" }
        }
        return ""
    }

    /// The code from the attribute's line to what it stands before.
    private static func attribute(in file: SourceFile, at index: Int) -> String {
        var text = ""
        for code in file.code[index...] {
            text += String(decoding: code, as: UTF8.self)
            let ends = ["func", "struct", "class", "enum", "{"].contains {
                WordRule.contains(code, word: Array($0.utf8))
            }
            if ends { break }
        }
        return text
    }

    private static func isEnabled(_ attribute: String) -> Bool { !switches.contains { attribute.contains($0) } }
}
