/// Ways to cut bytes into pieces. Verdicts of parsers must not depend on them.
enum Feeding {
    /// The largest input that is cut at every position.
    private static let everyPosition = 1200
    /// Longer ones are cut at about so many places, and at every position this near to their ends.
    private static let placesOfLong = 120

    /// Whole, byte by byte, in pieces of seven bytes, and in two at every position.
    static func all(_ bytes: [UInt8]) -> [(name: String, pieces: [ArraySlice<UInt8>])] {
        var ways = [("whole", [bytes[...]])]
        if bytes.count <= 20_000 {
            ways.append(("byte by byte", bytes.indices.map { bytes[$0...$0] }))
        }
        let sevens = stride(from: 0, to: bytes.count, by: 7).map { bytes[$0..<min($0 + 7, bytes.count)] }
        ways.append(("in sevens", sevens))
        let step = bytes.count <= everyPosition ? 1 : bytes.count / placesOfLong | 1
        for cut in 1..<max(bytes.count, 1)
        where cut % step == 0 || cut < placesOfLong || cut > bytes.count - placesOfLong {
            ways.append(("cut at \(cut)", [bytes[..<cut], bytes[cut...]]))
        }
        return ways
    }
}
