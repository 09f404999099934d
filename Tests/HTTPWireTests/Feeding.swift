/// Ways to cut bytes into pieces. Verdicts of parsers must not depend on them.
enum Feeding {
    /// The largest input that is cut at every position. Longer ones are cut at about this many.
    private static let everyPosition = 600

    /// Whole, byte by byte, and in two at every position.
    static func all(_ bytes: [UInt8]) -> [(name: String, pieces: [ArraySlice<UInt8>])] {
        var ways = [("whole", [bytes[...]])]
        if bytes.count <= 20_000 {
            ways.append(("byte by byte", bytes.indices.map { bytes[$0...$0] }))
        }
        ways.append(
            (
                "in sevens",
                stride(from: 0, to: bytes.count, by: 7).map { bytes[$0..<min($0 + 7, bytes.count)] }
            ))
        // Prime, so that the cuts do not fall on a pattern; the first and last bytes are always cut singly.
        let step = bytes.count <= everyPosition ? 1 : max(7, bytes.count / everyPosition | 1)
        for cut in 1..<max(bytes.count, 1)
        where step == 1 || cut % step == 0 || cut < 100 || cut > bytes.count - 100 {
            ways.append(("cut at \(cut)", [bytes[..<cut], bytes[cut...]]))
        }
        return ways
    }
}
