/// The path of a request target in segments, decoded one by one, so that an escaped slash stays within its segment:
/// `/v1/a%2Fb` has the segments `v1` and `a/b`, `/` an empty one, and a slash at the end adds an empty one.
///
/// A path without escapes is compared where it is: no String is made of a segment that nobody reads.
public struct PathSegments: Sendable {
    private let path: String
    /// Where each segment ends in the path. With more of them, the path is cut into Strings.
    private var ends = InlineArray<6, Int32>(repeating: 0)
    /// The decoded segments of a path with escapes or with very many segments; else empty.
    private var decoded: [String] = []
    /// How many there are, 1….
    public private(set) var count = 0

    /// Cuts a path as it was sent. Throws on an escape that cannot be decoded.
    public init(_ path: String) throws(EscapingError) {
        self.path = path
        let bytes = path.utf8.span
        let start = PathSegments.start(bytes)
        for index in start..<bytes.count {
            guard bytes[index] == ASCII.slash || bytes[index] == ASCII.percent else { continue }
            if bytes[index] == ASCII.percent || count == ends.count - 1 {
                decoded = try PathSegments.decode(bytes, from: start)
                count = decoded.count
                return
            }
            ends[count] = Int32(index)
            count += 1
        }
        ends[count] = Int32(bytes.count)
        count += 1
    }

    /// The segment at a place as text.
    public subscript(_ place: Int) -> String {
        guard decoded.isEmpty else { return decoded[place] }
        let bytes = path.utf8.span
        // Part of a String, cut at a slash: UTF-8 as it is.
        return bytes.extracting(range(place, bytes)).text()
    }

    /// Whether the segments are these, in UTF-8. Nil stands for any that is not empty.
    public func match(_ template: [[UInt8]?]) -> Bool {
        guard count == template.count else { return false }
        guard decoded.isEmpty else {
            return zip(decoded, template).allSatisfy { $1.map($0.utf8.elementsEqual) ?? !$0.isEmpty }
        }
        let bytes = path.utf8.span
        for place in 0..<count {
            let range = range(place, bytes)
            guard let text = template[place] else {
                if range.isEmpty { return false }
                continue
            }
            guard range.count == text.count else { return false }
            for offset in 0..<text.count where bytes[range.lowerBound + offset] != text[offset] { return false }
        }
        return true
    }

    /// The first byte of the first segment.
    private static func start(_ bytes: Span<UInt8>) -> Int { bytes.count > 0 && bytes[0] == ASCII.slash ? 1 : 0 }

    private func range(_ place: Int, _ bytes: Span<UInt8>) -> Range<Int> {
        (place == 0 ? PathSegments.start(bytes) : Int(ends[place - 1]) + 1)..<Int(ends[place])
    }

    private static func decode(_ bytes: Span<UInt8>, from first: Int) throws(EscapingError) -> [String] {
        var segments: [String] = []
        var start = first
        while start <= bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != ASCII.slash { end += 1 }
            segments.append(try Escapes.decode(bytes, start..<end, plusIsBlank: false))
            start = end + 1
        }
        return segments
    }
}
