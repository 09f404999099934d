/// Finds the elements of one long list in a document `{…,"items":[…],…}` without reading them, so that they can be
/// parsed one by one, with other work in between.
///
/// It looks only at quotes, brackets and commas. Whatever it lets through is still parsed: each element, and the
/// document around the list, in which the list is empty then. Together they are as strict as one pass.
public struct JSONListScanner: Sendable {
    /// What comes next in the document.
    public enum Step: Equatable, Sendable {
        /// An element of the list, with the blanks around it; it may be empty or broken.
        case element(Range<Int>)
        /// The element that begins here is longer than allowed.
        case elementTooLong(at: Int)
        /// Everything but the elements, with `[]` in place of the list. Without such a list, the whole document.
        case rest([UInt8])
        /// What stands around the list is longer than allowed.
        case restTooLong
    }

    private enum Stage: Sendable {
        /// Entered at the start; leaves to `list` or `ended`.
        case head
        /// Inside the list; leaves to `ended`.
        case list(opening: Int, position: Int, isFirst: Bool)
        case ended
    }

    private let name: [UInt8]
    private let pieceLimit: Int
    private var stage = Stage.head

    /// A scanner for the list behind the key `name`, written without escapes. No element, and nothing of what stands
    /// around them, may be longer than `pieceLimit` bytes.
    public init(list name: String, pieceLimit: Int) {
        self.name = Array(name.utf8)
        self.pieceLimit = pieceLimit
    }

    /// The next step; each call must be given the same bytes. After the rest there is none.
    public mutating func next(in bytes: Span<UInt8>) -> Step {
        switch stage {
        case .head:
            guard let opening = findList(bytes) else {
                stage = .ended
                return bytes.count <= pieceLimit ? .rest(JSONListScanner.copy(bytes, 0..<bytes.count)) : .restTooLong
            }
            stage = .list(opening: opening, position: opening + 1, isFirst: true)
            return next(in: bytes)
        case .list(let opening, let position, let isFirst):
            return nextElement(bytes, opening: opening, from: position, isFirst: isFirst)
        case .ended:
            preconditionFailure("the document was read to its end")
        }
    }

    private mutating func nextElement(
        _ bytes: Span<UInt8>, opening: Int, from position: Int, isFirst: Bool
    ) -> Step {
        if isFirst {
            let first = JSONListScanner.skipBlanks(bytes, from: position)
            if first < bytes.count, bytes[first] == UInt8(ascii: "]") { return end(bytes, opening, at: first) }
        }
        if position >= bytes.count || !isFirst && bytes[position - 1] != UInt8(ascii: ",") {
            return end(bytes, opening, at: isFirst ? position : position - 1)
        }
        var depth = 0
        var index = position
        while index < bytes.count {
            guard index - position <= pieceLimit else {
                stage = .ended
                return .elementTooLong(at: position)
            }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = JSONListScanner.endOfString(bytes, from: index, before: position + pieceLimit + 1)
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if depth == 0 { return element(position..<index, opening) }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0: return element(position..<index, opening)
            default: break
            }
            index += 1
        }
        guard bytes.count - position <= pieceLimit else {
            stage = .ended
            return .elementTooLong(at: position)
        }
        return element(position..<bytes.count, opening)
    }

    private mutating func element(_ range: Range<Int>, _ opening: Int) -> Step {
        stage = .list(opening: opening, position: range.upperBound + 1, isFirst: false)
        return .element(range)
    }

    /// The list ends at `closing`, where its bracket should be.
    private mutating func end(_ bytes: Span<UInt8>, _ opening: Int, at closing: Int) -> Step {
        stage = .ended
        let closing = min(closing, bytes.count)
        guard opening + 1 + bytes.count - closing <= pieceLimit else { return .restTooLong }
        return .rest(
            JSONListScanner.copy(bytes, 0..<(opening + 1)) + JSONListScanner.copy(bytes, closing..<bytes.count))
    }

    /// The offset of the bracket that opens the list, when the document is an object that has it near its beginning.
    private func findList(_ bytes: Span<UInt8>) -> Int? {
        var index = JSONListScanner.skipBlanks(bytes, from: 0)
        guard index < bytes.count, bytes[index] == UInt8(ascii: "{") else { return nil }
        index += 1
        var depth = 1
        while index < min(bytes.count, pieceLimit) {
            switch bytes[index] {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "\""):
                let close = JSONListScanner.endOfString(bytes, from: index, before: pieceLimit)
                if depth == 1, isName(bytes, index + 1, close), let opening = listBehindKey(bytes, from: close + 1) {
                    return opening
                }
                index = close
            default: break
            }
            index += 1
        }
        return nil
    }

    private func isName(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard end - start == name.count, end <= bytes.count else { return false }
        for offset in 0..<name.count where bytes[start + offset] != name[offset] { return false }
        return true
    }

    private func listBehindKey(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        let colon = JSONListScanner.skipBlanks(bytes, from: start)
        guard colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return nil }
        let opening = JSONListScanner.skipBlanks(bytes, from: colon + 1)
        return opening < bytes.count && bytes[opening] == UInt8(ascii: "[") ? opening : nil
    }

    private static func skipBlanks(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0a, 0x0d: index += 1
            default: return index
            }
        }
        return index
    }

    /// The offset of the quote that closes the string opened at `start`, or the offset before which it must be.
    private static func endOfString(_ bytes: Span<UInt8>, from start: Int, before end: Int) -> Int {
        let end = min(end, bytes.count)
        var index = start + 1
        while index < end {
            switch bytes[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index
            default: index += 1
            }
        }
        return end
    }

    private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }
}
