/// Ways to cut bytes into pieces. Verdicts of parsers must not depend on them.
enum Feeding {
    /// The largest input that is cut at every position.
    private static let everyPosition = 1200
    /// Longer ones are cut at about so many places, and at every position this near to their ends.
    private static let placesOfLong = 120

    /// Whole, byte by byte, in small pieces, and in two at every position.
    static func all(_ bytes: [UInt8]) -> [(name: String, pieces: [ArraySlice<UInt8>])] {
        var ways = [("whole", [bytes[...]])]
        for size in bytes.count <= 20_000 ? [1, 7] : [997] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
            ways.append(("in pieces of \(size)", pieces))
        }
        let step = bytes.count <= everyPosition ? 1 : bytes.count / placesOfLong | 1
        for cut in 1..<max(bytes.count, 1)
        where cut % step == 0 || cut < placesOfLong || cut > bytes.count - placesOfLong {
            ways.append(("cut at \(cut)", [bytes[..<cut], bytes[cut...]]))
        }
        return ways
    }
}
