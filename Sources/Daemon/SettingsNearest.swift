/// Finds the name that somebody meant.
enum SettingsNearest {
    /// Longer names are not compared: the work grows with the product of the lengths.
    private static let lengthMax = 64

    /// `; did you mean --listen?`, or nothing when no name is near: within a third of its length in edits.
    static func suggestion(for name: String, among candidates: [String]) -> String {
        let wanted = Array(name.utf8)
        guard !wanted.isEmpty, wanted.count <= lengthMax else { return "" }
        let nearest = candidates.map { ($0, distance(wanted, Array($0.utf8))) }.min { $0.1 < $1.1 }
        guard let (candidate, edits) = nearest, edits <= max(1, wanted.count / 3) else { return "" }
        return "; did you mean \(candidate)?"
    }

    /// The Levenshtein distance: insertions, deletions and substitutions.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var previous = Array(0...other.count)
        for (row, byte) in one.enumerated() {
            var current = [row + 1]
            for (column, otherByte) in other.enumerated() {
                let substituted = previous[column] + (byte == otherByte ? 0 : 1)
                current.append(min(substituted, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[other.count]
    }
}
