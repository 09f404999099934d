/// Finds the name that somebody meant: fields and parameters of the API, flags and settings of the command line.
package enum NearestName {
    /// Longer names are not compared: the work grows with the product of the lengths.
    private static let lengthMax = 64

    /// The candidate with the fewest edits, when they are few enough to be a slip: a third of the name. A name that
    /// a candidate begins with counts as one edit (`cluster` for `clusterName`). Letter case does not count.
    static func nearest(to name: String, among candidates: [String]) -> String? {
        let wanted = Array(name.lowercased().utf8)
        guard !wanted.isEmpty, wanted.count <= lengthMax else { return nil }
        var best: (name: String, edits: Int)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().utf8)
            let isPrefix = wanted.count >= 4 && other.starts(with: wanted)
            let edits = isPrefix && other.count > wanted.count ? 1 : distance(wanted, other)
            if edits < best?.edits ?? Int.max { best = (candidate, edits) }
        }
        guard let best, best.edits <= max(1, wanted.count / 3) else { return nil }
        return best.name
    }

    /// `; did you mean serviceName?`, or nothing.
    package static func suggestion(for name: String, among candidates: [String]) -> String {
        nearest(to: name, among: candidates).map { "; did you mean \($0)?" } ?? ""
    }

    /// The Levenshtein distance in which two neighbours that changed places count once (`prot`), as typing slips go.
    static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...other.count)
        for (row, byte) in one.enumerated() {
            var current = [row + 1]
            for (column, otherByte) in other.enumerated() {
                let substituted = previous[column] + (byte == otherByte ? 0 : 1)
                var edits = min(substituted, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, byte == other[column - 1], one[row - 1] == otherByte {
                    edits = min(edits, beforePrevious[column - 1] + 1)
                }
                current.append(edits)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[other.count]
    }
}
